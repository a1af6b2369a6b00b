import { useMemo, useState } from "react";
import type { Lane, Lanes } from "../api/client";
import { useKeys } from "../keyboard/keys";
import { SeverityMark } from "../severity/SeverityMark";
import { Icon } from "../theme/Icon";
import { moved, presets, writeSpan, zoomed } from "../time/range";
import type { Range } from "../time/range";
import { LanesChart } from "./LanesChart";
import { keepPlaces } from "./lanes";

interface Props {
  lanes: Lanes;
  range: Range;
  setRange: (range: Range) => void;
  service: string | undefined;
  setService: (service: string | undefined) => void;
  all: boolean;
  setAll: (all: boolean) => void;
}

/** How many lanes are shown before one asks for all. */
const few = 8;

/** The timeline of services: choose a span by its controls, or by drawing over it. */
export function LanesPanel({ lanes, range, setRange, service, setService, all, setAll }: Props) {
  const now = () => new Date();
  useKeys({
    "+": () => setRange(zoomed(range, 0.5, now())),
    "=": () => setRange(zoomed(range, 0.5, now())),
    "-": () => setRange(zoomed(range, 2, now())),
  });
  const worst = useMemo(() => {
    if (all) return lanes.services;
    const first = lanes.services.slice(0, few);
    const chosen = lanes.services.find((lane) => lane.service === service);
    return chosen && !first.includes(chosen) ? [...first.slice(0, -1), chosen] : first;
  }, [lanes, all, service]);
  const shown = usePlaces(worst, `${all} ${range.kind === "fixed" ? lanes.start_time : ""} ${lanes.buckets * lanes.step_seconds}`);
  const last = range.kind === "last" ? writeSpan(range.milliseconds) : "";
  return (
    <section aria-labelledby="lanes-title" className="sheet" data-testid="lanes">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-rule px-4 py-2.5">
        <h2 id="lanes-title" className="section-title">Services over time</h2>
        <ul className="flex gap-3 text-xs text-quiet max-lg:hidden" aria-label="What the bars mean">
          {[3, 5, 8, 12].map((score) => <li key={score}><SeverityMark score={score} named /></li>)}
        </ul>
        <div className="ml-auto flex items-center gap-1" role="group" aria-label="Span of time">
          <button type="button" className="icon-button" aria-label="Earlier" title="Earlier" onClick={() => setRange(moved(range, -0.5, now()))}><Icon name="left" /></button>
          <button type="button" className="icon-button" aria-label="Zoom in" title="Zoom in (+)" onClick={() => setRange(zoomed(range, 0.5, now()))}><Icon name="in" /></button>
          <button type="button" className="icon-button" aria-label="Zoom out" title="Zoom out (−)" onClick={() => setRange(zoomed(range, 2, now()))}><Icon name="out" /></button>
          <button type="button" className="icon-button" aria-label="Later" title="Later" disabled={range.kind === "last"} onClick={() => setRange(moved(range, 0.5, now()))}><Icon name="right" /></button>
          <select className="field" aria-label="Span of time" value={last} onChange={({ target }) => setRange({ kind: "last", milliseconds: lengthOf(target.value) })}>
            {last === "" ? <option value="">chosen span</option> : !presets.some((preset) => preset === last) && <option value={last}>last {last}</option>}
            {presets.map((preset) => <option key={preset} value={preset}>last {preset}</option>)}
          </select>
        </div>
      </div>
      {shown.length === 0 ? (
        <p className="px-4 py-8 text-center text-quiet">No windows in this span of time. Zoom out, or choose another one.</p>
      ) : (
        <LanesChart lanes={lanes} shown={shown} service={service} setService={setService}
          setSpan={(from, to) => setRange({ kind: "fixed", from, to })} />
      )}
      {lanes.services.length > few && (
        <button type="button" className="w-full border-t border-rule py-2 text-sm text-accent hover:bg-sunken" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show the most unusual only" : `Show all ${lanes.services.length}${lanes.more ? " and more" : ""} services`}
        </button>
      )}
    </section>
  );
}

/** The lanes in the places that they have had since the view was chosen; another view begins in the order given. */
function usePlaces(lanes: readonly Lane[], view: string): readonly Lane[] {
  const [places, setPlaces] = useState({ view, names: [] as readonly string[] });
  const names = keepPlaces(places.view === view ? places.names : [], lanes.map(({ service }) => service));
  if (places.view !== view || names.join("\n") !== places.names.join("\n")) setPlaces({ view, names });
  const by = new Map(lanes.map((lane) => [lane.service, lane]));
  return names.flatMap((name) => by.get(name) ?? []);
}

function lengthOf(preset: string): number {
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[preset.slice(-1)] ?? 3_600_000;
  return Number(preset.slice(0, -1)) * unit;
}
