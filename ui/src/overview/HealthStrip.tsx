import type { ReactNode } from "react";
import type { Overview } from "../api/client";
import { span } from "../time/format";

/** At a glance: what is watched, whether it keeps up, and what the alarms cost. */
export function HealthStrip({ health }: { health: Overview }) {
  const { streams, warmup } = health;
  const all = streams.new + streams.warming + streams.ready;
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-rule bg-rule sm:grid-cols-3 lg:grid-cols-6" aria-label="Health" data-testid="health">
      <Cell name="Streams ready" value={`${streams.ready} of ${all}`} testId="health-streams"
        note={warmup ? `${warmup.service} ${warmup.signal}: ${warmup.seen} of ${warmup.needed} windows` : `${health.services} ${health.services === 1 ? "service" : "services"}`}>
        <Meter part={all === 0 ? 0 : streams.ready / all} label={`${streams.ready} of ${all} streams are ready`} />
      </Cell>
      <Cell name="Records" value={`${rate(health.records_per_second)}/s`} note="over the newest windows" testId="health-rate" />
      <Cell name="Scored up to" value={health.lag_seconds === null ? "–" : `${span(health.lag_seconds * 1000)} ago`} testId="health-lag"
        warn={(health.lag_seconds ?? 0) > 600} note={(health.lag_seconds ?? 0) > 600 ? "nothing comes, or scoring is behind" : "the newest window’s end"} />
      <Cell name="Not scored" value={health.unscored.toLocaleString("en-GB")} warn={health.unscored > 0} testId="health-unscored"
        note={health.unscored > 0 ? "records, over a cap or late" : "no record was left out"} />
      <Budgets health={health} />
      <Cell name="Anomalies to look at" value={(health.anomalies.pending + health.anomalies.investigating).toLocaleString("en-GB")} testId="health-open"
        note={`${health.anomalies.last_24h.toLocaleString("en-GB")} in the last 24 h`} />
    </dl>
  );
}

function Budgets({ health }: { health: Overview }) {
  const limited = health.budgets.filter(({ per_day }) => per_day > 0);
  const spent = limited.reduce((sum, budget) => sum + budget.spent, 0);
  const allowed = limited.reduce((sum, budget) => sum + budget.per_day, 0);
  if (limited.length === 0) return <Cell name="Alarm budget" value="fixed level" note="no budget is set" testId="health-budget" />;
  return (
    <Cell name="Alarms, last 24 h" value={number(spent)} note={`${number(allowed)} false a day, ${spent >= allowed ? "none" : number(allowed - spent)} left`} testId="health-budget">
      <Meter part={allowed === 0 ? 1 : spent / allowed} label={`${number(spent)} alarms in 24 hours, a budget of ${number(allowed)} false ones a day`} />
    </Cell>
  );
}

function Cell({ name, value, note, warn = false, testId, children }: { name: string; value: string; note: string; warn?: boolean; testId: string; children?: ReactNode }) {
  return (
    <div className="cell" data-testid={testId}>
      <dt className="text-xs text-quiet">{name}</dt>
      <dd className="mt-0.5 text-lg leading-6 font-medium">{warn && <span className="text-clear" aria-hidden="true">▲ </span>}{value}</dd>
      <dd className="text-xs text-quiet wrap-anywhere">{note}</dd>
      {children !== undefined && <dd className="mt-1.5">{children}</dd>}
    </div>
  );
}

function Meter({ part, label }: { part: number; label: string }) {
  const width = Math.min(Math.max(part, 0), 1) * 100;
  return (
    <div role="img" aria-label={label} className="h-1 overflow-hidden rounded-full bg-sunken">
      <div className="h-full rounded-full bg-accent" style={{ width: `${width}%` }} />
    </div>
  );
}

function rate(perSecond: number): string {
  return perSecond >= 100 ? Math.round(perSecond).toLocaleString("en-GB") : String(Number(perSecond.toPrecision(2)));
}

function number(n: number): string {
  return String(Number(n.toFixed(1)));
}
