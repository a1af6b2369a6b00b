import type { Overview } from "../api/client";
import { Link } from "../route/Link";
import { Time } from "../time/Time";
import { isOpen } from "./incidents";
import type { Incident } from "./incidents";

/** Whether anything is wrong, in one sentence: the first thing to read. `more`: there are older incidents than these. */
export function Summary({ health, incidents, more }: { health: Overview; incidents: readonly Incident[]; more: boolean }) {
  const open = incidents.filter(({ status }) => isOpen(status));
  const now = open.filter(({ ongoing }) => ongoing);
  const first = worst(now.length > 0 ? now : open);
  const { streams } = health;
  return (
    <div className="min-h-16" data-testid="summary">
      <h1 className="text-2xl leading-8 font-medium tracking-tight text-balance">
        {sentence(now.length, open.length, more, streams.ready)}
      </h1>
      <p className="mt-0.5 text-quiet">
        {first ? (
          <>
            <Link to={`/anomalies/${first.lead.id}`} className="link">{first.lead.service}</Link>
            {first.services.length > 1 && <>, which may explain {first.services.length - 1} more</>}, {first.ongoing ? "since" : "from"} <Time at={first.since} />{!first.ongoing && <> to <Time at={first.last} /></>}
          </>
        ) : streams.ready === 0 ? "Nothing is stated before a service’s usual course is known; that takes half an hour of telemetry."
          : `${health.services} ${health.services === 1 ? "service does" : "services do"} what their past explains.`}
      </p>
    </div>
  );
}

function worst(incidents: readonly Incident[]): Incident | undefined {
  return incidents.reduce<Incident | undefined>((most, each) => (most === undefined || each.score > most.score ? each : most), undefined);
}

function sentence(now: number, open: number, more: boolean, ready: number): string {
  if (now > 0) return `${now === 1 ? "One incident goes" : `${now} incidents go`} on.`;
  if (open > 0) return `Quiet now. ${open === 1 ? "One incident waits" : `${open}${more ? " incidents or more wait" : " incidents wait"}`} for a look.`;
  return ready === 0 ? "Getting to know your services." : "All quiet.";
}
