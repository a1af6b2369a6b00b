import { useQuery } from "@tanstack/react-query";
import { levelsQuery, overviewQuery } from "../api/queries";
import type { Levels } from "../api/client";
import { Failure, Loading } from "../notice/notice";
import { useQueryParams } from "../route/location";
import { formatP } from "../severity/severity";
import { exponents, readLevel, scoreOf } from "./scores";

// The services listed by name.
const few = 6;

const day = { kind: "last", milliseconds: 86_400_000 } as const;

/** What the last day would have been at another level, computed on the windows that are stored. */
export function WhatIf() {
  const [query, change] = useQueryParams();
  const health = useQuery(overviewQuery(true));
  const now = health.data?.budgets[0]?.level;
  const usual = now === undefined ? 4 : nearest(scoreOf(now));
  const exponent = readLevel(query.get("level")) ?? usual;
  const level = Number((10 ** -exponent).toPrecision(6));
  const levels = useQuery(levelsQuery(level, day));
  return (
    <section className="sheet px-4 py-3" aria-labelledby="what-if-title" data-testid="what-if">
      <h2 id="what-if-title" className="font-medium">What if the level were …</h2>
      <p className="min-h-10 text-sm text-quiet">Held against the windows of the last 24 hours.{now !== undefined && <> It now is {formatP(now)}, as the budget sets it.</>}</p>
      <label className="mt-3 flex items-center gap-3 text-sm">
        <span className="w-24 shrink-0 font-medium">p ≤ {formatP(level)}</span>
        <input type="range" className="min-w-0 flex-1 accent-accent" min={exponents.from} max={exponents.to} step={exponents.step} value={exponent} aria-label="Level, as a power of ten"
          aria-valuetext={`p at most ${formatP(level)}`} onChange={({ target }) => change({ level: target.value })} />
      </label>
      <div className="mt-3 min-h-70">
        {levels.isError && !levels.data ? <Failure what="what another level would state" error={levels.error} retry={() => void levels.refetch()} />
          : levels.isPending ? <Loading what="what another level would state" className="h-48" />
            : <Outcome levels={levels.data} />}
      </div>
    </section>
  );
}

function Outcome({ levels }: { levels: Levels }) {
  const touched = levels.services.filter(({ episodes }) => episodes > 0);
  return (
    <>
      <p data-testid="what-if-outcome">
        <strong className="text-lg font-medium">{levels.episodes} {levels.episodes === 1 ? "episode" : "episodes"}</strong>{" "}
        <span className="text-quiet">in {levels.anomalous_windows.toLocaleString("en-GB")} of {levels.windows.toLocaleString("en-GB")} windows</span>
      </p>
      {touched.length > 0 && (
        <table className="table mt-2 [&_td]:py-1 [&_th]:py-1">
          <thead><tr><th scope="col">Service</th><th scope="col" className="!text-right">Episodes</th><th scope="col" className="!pr-0 !text-right">Windows</th></tr></thead>
          <tbody>
            {touched.slice(0, few).map(({ service, episodes, anomalous_windows }) => (
              <tr key={service}><td className="max-w-0 truncate">{service}</td><td className="text-right">{episodes}</td><td className="!pr-0 text-right">{anomalous_windows}</td></tr>
            ))}
          </tbody>
        </table>
      )}
      {touched.length > few && <p className="mt-2 text-sm text-quiet">and {touched.length - few}{levels.more ? " or more" : ""} others</p>}
    </>
  );
}

function nearest(exponent: number): number {
  return Math.min(Math.max(Math.round(exponent / exponents.step) * exponents.step, exponents.from), exponents.to);
}
