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
  const z: Intl.DateTimeFormatOptions = zone === undefined ? {} : { timeZone: zone };
  const time = new Intl.DateTimeFormat("en-GB", { ...z, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
  return time === "00:00" ? new Intl.DateTimeFormat("en-GB", { ...z, day: "numeric", month: "short" }).format(at) : time;
}
