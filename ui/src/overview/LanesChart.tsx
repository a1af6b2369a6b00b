import { memo, useMemo, useState } from "react";
import type { PointerEvent } from "react";
import type { Lane, Lanes } from "../api/client";
import { tickLabel, timeTicks } from "../chart/ticks";
import { useMedia } from "../theme/media";
import { severityOf } from "../severity/severity";
import { local, span } from "../time/format";
import { anomalousPath, brushed, lanePaths } from "./lanes";

const laneHeight = 26;
// Written out, so that the style sheet is made with them.
const fills = ["fill-usual", "fill-slight", "fill-clear", "fill-strong", "fill-extreme"] as const;

interface Props {
  lanes: Lanes;
  shown: readonly Lane[];
  service: string | undefined;
  setService: (service: string | undefined) => void;
  setSpan: (from: Date, to: Date) => void;
}

/** Where the pointer is, and where a brush began. */
interface Hand { x: number; y: number; width: number; from: number | undefined }

/** Each service a trace over time, as a seismograph draws it. Drawing over it chooses a span, a click the service. */
export function LanesChart({ lanes, shown, service, setService, setSpan }: Props) {
  const [hand, setHand] = useState<Hand>();
  const begin = Date.parse(lanes.start_time);
  const step = lanes.step_seconds * 1000;
  const end = begin + lanes.buckets * step;
  const wide = useMedia("(min-width: 40rem)");
  const ticks = useMemo(() => timeTicks(begin, end, wide ? 8 : 4), [begin, end, wide]);

  const place = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top, width: box.width };
  };
  const down = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = place(event);
    setHand({ ...at, from: at.x });
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const at = place(event);
    setHand((before) => ({ ...at, from: before?.from }));
  };
  const up = (event: PointerEvent<HTMLDivElement>) => {
    const at = place(event);
    const from = hand?.from;
    setHand(event.pointerType === "mouse" ? { ...at, from: undefined } : undefined);
    if (from === undefined) return;
    if (Math.abs(at.x - from) < 5) {
      const lane = shown[Math.floor(at.y / laneHeight)];
      if (lane) setService(lane.service === service ? undefined : lane.service);
      return;
    }
    const { first, end: last } = brushed(from, at.x, at.width, lanes.buckets);
    setSpan(new Date(begin + first * step), new Date(begin + last * step));
  };

  const bucket = hand === undefined ? undefined : Math.min(Math.max(Math.floor((hand.x / hand.width) * lanes.buckets), 0), lanes.buckets - 1);
  const lane = hand === undefined ? undefined : shown[Math.min(Math.max(Math.floor(hand.y / laneHeight), 0), shown.length - 1)];
  const left = (time: number) => `${((time - begin) / (end - begin)) * 100}%`;

  return (
    <div className="grid grid-cols-[6.5rem_1fr] gap-x-2 px-3 pt-2 pb-1 sm:grid-cols-[10rem_1fr] sm:px-4">
      <ul aria-label="Services">
        {shown.map((each) => (
          <li key={each.service} style={{ height: laneHeight }}>
            <button type="button" className="lane-name" aria-pressed={each.service === service} title={describe(each)}
              onClick={() => setService(each.service === service ? undefined : each.service)}>
              <span className="truncate">{each.service}</span>
              {each.anomalies > 0 && <span className="ml-auto text-xs text-quiet" aria-label={`${each.anomalies} anomalous windows`}>{each.anomalies}</span>}
            </button>
          </li>
        ))}
      </ul>
      <div className="relative cursor-crosshair touch-pan-y select-none" data-testid="lanes-plot"
        onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={() => setHand(undefined)} onPointerLeave={() => setHand((h) => (h?.from === undefined ? undefined : h))}>
        {ticks.map((tick) => <div key={tick} className="absolute inset-y-0 w-px bg-rule" style={{ left: left(tick) }} />)}
        {shown.map((each) => <LaneBars key={each.service} lane={each} buckets={lanes.buckets} faded={service !== undefined && each.service !== service} />)}
        {hand !== undefined && bucket !== undefined && (
          <Pointer hand={hand} text={hand.from !== undefined ? drawn(hand.from, hand, lanes) : lane ? reading(lane, bucket, begin, step) : ""} />
        )}
      </div>
      <div className="relative col-start-2 h-5 text-xs text-quiet" aria-hidden="true">
        {ticks.map((tick) => <span key={tick} className={`absolute ${!wide && end - tick < (end - begin) / 20 ? "-translate-x-3/4" : "-translate-x-1/2"}`} style={{ left: left(tick) }}>{tickLabel(tick)}</span>)}
      </div>
    </div>
  );
}

const LaneBars = memo(function LaneBars({ lane, buckets, faded }: { lane: Lane; buckets: number; faded: boolean }) {
  const paths = useMemo(() => lanePaths(lane.scores, laneHeight), [lane.scores]);
  return (
    <svg viewBox={`0 0 ${buckets} ${laneHeight}`} preserveAspectRatio="none" role="img" aria-label={describe(lane)}
      className={`block w-full ${faded ? "opacity-35" : ""}`} style={{ height: laneHeight }}>
      <path d={anomalousPath(lane.anomalous, laneHeight)} className="fill-strong" fillOpacity="0.13" />
      {paths.map((d, at) => (d === "" ? null : <path key={fills[at]} d={d} className={fills[at] ?? ""} />))}
    </svg>
  );
});

/** The line under the pointer with what stands there, or the span that is being drawn. */
function Pointer({ hand, text }: { hand: Hand; text: string }) {
  const { width } = hand;
  const right = hand.x > width / 2;
  return (
    <>
      {hand.from === undefined
        ? <div className="pointer-events-none absolute inset-y-0 w-px bg-ink opacity-50" style={{ left: hand.x }} />
        : <div className="brush" style={{ left: Math.max(0, Math.min(hand.from, hand.x)), width: Math.abs(hand.x - hand.from) }} />}
      <div className="reading" style={{ top: Math.max(0, hand.y - 34), ...(right ? { right: width - hand.x + 10 } : { left: hand.x + 10 }) }}>{text}</div>
    </>
  );
}

function reading(lane: Lane, bucket: number, begin: number, step: number): string {
  const from = new Date(begin + bucket * step);
  const score = lane.scores[bucket] ?? null;
  const stated = lane.anomalous[bucket] ?? 0;
  const what = score === null ? "no windows" : `score ${score.toFixed(1)}, ${severityOf(score).name}${stated > 0 ? `, ${stated} anomalous` : ""}`;
  return `${lane.service} · ${local(from, new Date())} · ${what}`;
}

function drawn(from: number, { x, width }: Hand, lanes: Lanes): string {
  const { first, end } = brushed(from, x, width, lanes.buckets);
  const at = (bucket: number) => new Date(Date.parse(lanes.start_time) + bucket * lanes.step_seconds * 1000);
  return `${local(at(first), new Date())} – ${local(at(end), new Date())}, ${span((end - first) * lanes.step_seconds * 1000)}`;
}

function describe(lane: Lane): string {
  const worst = `${lane.service}: worst score ${lane.max_score.toFixed(1)}, ${severityOf(lane.max_score).name}`;
  return lane.anomalies === 0 ? worst : `${worst}; ${lane.anomalies} anomalous ${lane.anomalies === 1 ? "window" : "windows"}`;
}
