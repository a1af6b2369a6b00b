import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Schemas } from "../api/client";
import { useStore } from "../app/store";
import { tickLabel } from "../chart/ticks";
import { chartFont, whenTypeface } from "../chart/typeface";
import { useMedia } from "../theme/media";
import { colour, theme } from "../theme/theme";
import { columns, valueRange } from "./band";
import { quantity } from "./quantity";

type Around = Schemas["SeriesAround"];

const height = 200;

/** A series' points on the band that is expected of them. The text beside it says the same for those who do not see it. */
export function BandChart({ series }: { series: Around }) {
  const place = useRef<HTMLDivElement>(null);
  const chosen = useStore(theme);
  const dark = useMedia("(prefers-color-scheme: dark)");
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const plot = new uPlot(options(element.clientWidth, series), columns(series), element);
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    const typeface = whenTypeface(() => plot.redraw(false, true));
    return () => {
      typeface();
      watch.disconnect();
      plot.destroy();
    };
    // The colours are the theme's: another theme is another drawing.
  }, [series, chosen, dark]);
  return <div ref={place} style={{ height }} className="my-1 min-w-0" aria-hidden="true" />;
}

function options(width: number, series: Around): uPlot.Options {
  const [ink, quiet, rule, accent, soft, strong] = ["ink", "quiet", "rule", "accent", "accent-soft", "strong"].map(colour) as [string, string, string, string, string, string];
  const axis = { stroke: quiet, grid: { stroke: rule, width: 1 }, ticks: { show: false }, font: chartFont };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const edge = { stroke: accent, width: 0.75, points: { show: false }, ...(stepped ? { paths: stepped } : {}) };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: () => valueRange(series) } },
    axes: [
      { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => tickLabel(tick * 1000)) },
      { ...axis, size: 72, values: (_, ticks) => ticks.map((tick) => quantity(tick, series.unit)) },
    ],
    bands: [{ series: [2, 1], fill: soft }],
    series: [
      {},
      edge,
      edge,
      { ...edge, dash: [5, 4], width: 1.25 },
      { stroke: ink, width: 1, points: { show: true, size: 4, fill: ink, stroke: ink } },
      { stroke: strong, width: 1.5, points: { show: true, size: 8, fill: strong, stroke: strong } },
    ],
  };
}
