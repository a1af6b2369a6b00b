import { useState } from "react";
import type { Anomaly, Schemas } from "../api/client";
import { utc } from "../time/format";
import { BandChart } from "./BandChart";
import { Scrolled } from "./Scrolled";
import { Section } from "./Section";
import { of } from "./exhibit";
import { quantity } from "./quantity";
import { within } from "./band";

type Around = Schemas["SeriesAround"];

/** The costliest series around the window, with the band that the past expects. */
export function SeriesAround({ anomaly }: { anomaly: Anomaly }) {
  const series = of(anomaly.window_data, "metrics")?.series ?? [];
  if (series.length === 0) return null;
  return (
    <Section title="Metrics" name="series"
      about="The band held 99 % of the past, around what is expected (dashed). Points before the window are those that were learnt: odd windows are left out of them.">
      <div className="grid gap-5">{series.map((each, i) => <One key={`${each.item} ${each.instance ?? ""} ${i}`} series={each} />)}</div>
    </Section>
  );
}

function One({ series }: { series: Around }) {
  const { item, instance, unit, bits, window, points, drift } = series;
  const now = points.slice(window);
  return (
    <div className="min-w-0">
      <h3 className="flex flex-wrap items-baseline gap-x-3 text-sm">
        <span className="font-medium wrap-anywhere">{item}</span>
        {instance !== undefined && <span className="wrap-anywhere text-quiet">{instance}</span>}
        <span className="ml-auto whitespace-nowrap text-quiet">{bits.toFixed(1)} bits</span>
      </h3>
      <BandChart series={series} />
      <p className="text-sm text-quiet">{words(series, now.length)}{drift === true && " What is odd is a drift: the band is of the level of many points together, not of single ones."}</p>
      <Points series={series} unit={unit} />
    </div>
  );
}

function words(series: Around, n: number): string {
  const outside = series.points.slice(series.window).filter(([t = 0, v = 0]) => !within(series, t, v)).length;
  return `${n} ${n === 1 ? "point" : "points"} in the window, ${outside === 0 ? "none" : outside} outside of the band.`;
}

function Points({ series: { points, start, window, expected }, unit }: { series: Around; unit: string | undefined }) {
  const [open, setOpen] = useState(false);
  const [, value, low, high] = expected?.at(-1) ?? [];
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)} className="text-sm">
      <summary className="text-quiet">The points as a table</summary>
      {open && (
        <Scrolled label="Points, a table" className="mt-1 max-h-64 max-w-md">
          {value !== undefined && <p className="text-quiet">expected {quantity(value, unit)}, from {quantity(low ?? NaN, unit)} to {quantity(high ?? NaN, unit)}</p>}
          <table className="table">
            <thead><tr><th scope="col">Time</th><th scope="col" className="!text-right">Value</th><th scope="col">Of</th></tr></thead>
            <tbody>
              {points.map(([t = 0, v = NaN], i) => (
                <tr key={`${t} ${i}`}><td>{utc(new Date(Date.parse(start) + t * 1000))}</td><td className="text-right">{quantity(v, unit)}</td><td>{i >= window ? "the window" : "the past"}</td></tr>
              ))}
            </tbody>
          </table>
        </Scrolled>
      )}
    </details>
  );
}
