import { useQueryParams } from "../route/location";
import type { Anomaly } from "../api/client";
import { channelName } from "./Bill";
import { Section } from "./Section";
import { described, drawn } from "./nulls";
import type { Null } from "./nulls";

/** What the window was ranked among: the past scores of a channel, and where the window stands. */
export function Nulls({ anomaly }: { anomaly: Anomaly }) {
  const [query, change] = useQueryParams();
  const exhibit = anomaly.baseline_data;
  const all = [exhibit, ...(exhibit?.also ?? [])].flatMap((part) => (part?.nulls ?? []).map((n) => ({ ...n, signal: part?.signal })));
  const p = ({ channel, signal }: Null & { signal?: string | undefined }) => anomaly.channels?.find((c) => c.name === channel && c.signal === signal)?.p_value ?? 1;
  // What was never anything else than what it is now says nothing.
  const ranked = all.filter(({ width, low, observed }) => width > 0 || observed !== low).sort((a, b) => p(a) - p(b));
  const shown = ranked.find(({ channel }) => channel === query.get("channel")) ?? ranked[0];
  if (shown === undefined) return null;
  const [first] = [...(anomaly.channels ?? [])].sort((a, b) => a.p_value - b.p_value);
  const unranked = first !== undefined && !all.some(({ channel, signal }) => channel === first.name && signal === first.signal) ? first : undefined;
  return (
    <Section title="Among its own past" name="nulls"
      about="How many past windows scored how much, and where this one stands. Its p-value is its rank among them; beyond the furthest of them an exponential tail is fitted.">
      <div className="flex flex-wrap gap-2" role="group" aria-label="Measure">
        {ranked.map((n) => (
          <button key={`${n.signal ?? ""} ${n.channel}`} type="button" className="button aria-pressed:border-accent aria-pressed:bg-accent-soft" aria-pressed={n === shown} onClick={() => change({ channel: n === ranked[0] ? null : n.channel })}>
            {channelName(n.channel)}
          </button>
        ))}
      </div>
      <Histogram of={shown} />
      {unranked && <p className="mt-1 text-sm text-quiet">What is oddest, {channelName(unranked.name)}, is ranked among nothing: its bits are a probability of their own, of something that never was before.</p>}
    </Section>
  );
}

const [width, height, foot] = [1000, 180, 24];

function Histogram({ of }: { of: Null }) {
  const { bars, mark, low, high } = drawn(of);
  const x = (at: number) => at * width;
  const right = mark > 0.7;
  return (
    <figure className="mt-3">
      <div className="relative" aria-hidden="true">
        <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className="block h-45 w-full overflow-visible">
          {bars.map(({ from, to, height: h, count, low: least, high: most }) => (
            <rect key={from} x={x(from)} y={(height - foot) * (1 - h)} width={Math.max(1, x(to - from) - 1)} height={(height - foot) * h} className="fill-usual">
              <title>{`${count} windows from ${least.toFixed(1)} to ${most.toFixed(1)}`}</title>
            </rect>
          ))}
          <line x1="0" x2={width} y1={height - foot} y2={height - foot} className="stroke-edge" vectorEffect="non-scaling-stroke" />
          <line x1={x(mark)} x2={x(mark)} y1="0" y2={height - foot} className="stroke-strong" strokeWidth="2" vectorEffect="non-scaling-stroke" />
        </svg>
        <span className="absolute top-0 text-xs font-medium whitespace-nowrap text-strong" style={right ? { right: `${(1 - mark) * 100 + 0.7}%` } : { left: `${mark * 100 + 0.7}%` }}>this window, {of.observed.toFixed(1)}</span>
        <span className="absolute bottom-0 left-0 text-xs text-quiet">{low.toFixed(1)}</span>
        <span className="absolute right-0 bottom-0 text-xs text-quiet">{high.toFixed(1)} {of.channel === "metric" ? "decades" : "bits"}</span>
      </div>
      <figcaption className="mt-1 text-sm text-quiet">{described(of)} Heights go by the logarithm.</figcaption>
    </figure>
  );
}
