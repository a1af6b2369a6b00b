import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useStore } from "../app/store";
import { severityOf } from "../severity/severity";
import { useMedia } from "../theme/media";
import { colour, theme } from "../theme/theme";
import { local, utc } from "../time/format";
import { tickLabel } from "./ticks";
import { chartFont, whenTypeface } from "./typeface";

/** A score over time: all of the same length, times in seconds, null where there is no window. */
export interface ScoreSeries {
  times: readonly number[];
  scores: readonly (number | null)[];
  /** The score from which on a window is stated, as it stood then. */
  levels: readonly (number | null)[];
  flagged: readonly boolean[];
}

interface Props {
  series: ScoreSeries;
  /** Another level to hold the scores against, as a score. */
  whatIf: number | undefined;
  label: string;
}

const height = 240;

/** The score of a stream window by window, with the level that it had to reach. */
export function ScoreChart({ series, whatIf, label }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [at, setAt] = useState<number>();
  const level = useRef(whatIf);
  const chosen = useStore(theme);
  const dark = useMedia("(prefers-color-scheme: dark)");

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(options(element.clientWidth, () => level.current, setAt), columns(series), element);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    const typeface = whenTypeface(() => made.redraw(false, true));
    return () => {
      typeface();
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // The colours are the theme's: another theme is another drawing.
  }, [series, chosen, dark]);

  useEffect(() => {
    level.current = whatIf;
    // A plot that is only just made draws by itself; told to before, it would take its axis for empty.
    if (plot.current?.status === 1) plot.current.redraw();
  }, [whatIf]);

  return (
    <figure aria-label={label} className="min-w-0">
      <div ref={place} style={{ height }} className="min-w-0" aria-hidden="true" />
      <figcaption className="h-5 truncate text-xs text-quiet" data-testid="chart-reading">{reading(series, at)}</figcaption>
    </figure>
  );
}

function reading({ times, scores, levels, flagged }: ScoreSeries, at: number | undefined): string {
  const time = at === undefined ? undefined : times[at];
  if (at === undefined || time === undefined) return summary(scores, flagged);
  const score = scores[at] ?? null;
  const date = new Date(time * 1000);
  const level = levels[at] ?? null;
  return `${local(date, new Date())} (${utc(date)}): ${score === null ? "no window" : `score ${score.toFixed(2)}, ${severityOf(score).name}${flagged[at] ? ", stated" : ""}`}${level === null ? "" : `; stated from ${level.toFixed(2)} on`}`;
}

function summary(scores: ScoreSeries["scores"], flagged: readonly boolean[]): string {
  const known = scores.filter((score) => score !== null);
  if (known.length === 0) return "No windows in this span of time.";
  const stated = flagged.filter(Boolean).length;
  return `${known.length} windows, the highest score ${Math.max(...known).toFixed(1)}, ${stated === 0 ? "none" : stated} stated.`;
}

function columns({ times, scores, levels, flagged }: ScoreSeries): uPlot.AlignedData {
  return [[...times], [...scores], [...levels], scores.map((score, at) => (flagged[at] ? score : null))];
}

function options(width: number, whatIf: () => number | undefined, setAt: (at: number | undefined) => void): uPlot.Options {
  const [ink, quiet, rule, accent, strong] = ["ink", "quiet", "rule", "accent", "strong"].map(colour) as [string, string, string, string, string];
  const axis = { stroke: quiet, grid: { stroke: rule, width: 1 }, ticks: { show: false }, font: chartFont };
  const line = (plot: uPlot, score: number) => {
    const y = Math.round(plot.valToPos(score, "y", true)) + 0.5;
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = accent;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.08, (whatIf() ?? 0) * 1.2, 5)] } },
    axes: [
      { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => tickLabel(tick * 1000)) },
      { ...axis, size: 36 },
    ],
    series: [
      {},
      { stroke: ink, width: 1.25, points: { show: false }, spanGaps: false },
      { stroke: quiet, width: 1.25, dash: [5, 4], points: { show: false } },
      { stroke: strong, width: 0, points: { show: true, size: 6, fill: strong, stroke: strong } },
    ],
    hooks: {
      setCursor: [(plot) => setAt(plot.cursor.idx ?? undefined)],
      draw: [(plot) => {
        const score = whatIf();
        if (score !== undefined) line(plot, score);
      }],
    },
  };
}
