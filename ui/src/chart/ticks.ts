import { formattersOf } from "../time/format";

const minute = 60_000;
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080].map((minutes) => minutes * minute);

/** Round local times between two times, at most so many; `offset` is the zone's minutes behind UTC, as Date has them. */
export function timeTicks(from: number, to: number, most: number, offset = new Date(from).getTimezoneOffset()): number[] {
  const step = steps.find((each) => (to - from) / each <= most) ?? Math.ceil((to - from) / most);
  const shift = offset * minute;
  const ticks = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) ticks.push(at);
  return ticks;
}

/** `16:00`, and at midnight the day. */
export function tickLabel(at: number, zone?: string): string {
  const { date, time } = formattersOf(zone);
  const text = time.format(at);
  return text === "00:00" ? date.format(at).slice(0, -5) : text;
}
