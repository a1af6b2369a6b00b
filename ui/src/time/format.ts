// Times are shown in the reader's zone; UTC, as logs and the API have it, is one hover away.

/** `2026-11-27 16:25:00 UTC`. */
export function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

// A formatter costs more to make than a thousand times to use.
const formatters = new Map<string, { date: Intl.DateTimeFormat; time: Intl.DateTimeFormat }>();

/** The formatters of a zone, the reader's where none is named. */
export function formattersOf(zone?: string): { date: Intl.DateTimeFormat; time: Intl.DateTimeFormat } {
  const made = formatters.get(zone ?? "");
  if (made) return made;
  const z: Intl.DateTimeFormatOptions = zone === undefined ? {} : { timeZone: zone };
  const fresh = {
    date: new Intl.DateTimeFormat("en-GB", { ...z, day: "numeric", month: "short", year: "numeric" }),
    time: new Intl.DateTimeFormat("en-GB", { ...z, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  };
  formatters.set(zone ?? "", fresh);
  return fresh;
}

/** The local time: `16:25` of today, else `26 Nov 16:25`, with the year where it is another one. */
export function local(at: Date, now: Date, zone?: string): string {
  const { date, time } = formattersOf(zone);
  const [of, today] = [date.format(at), dayOf(now, zone ?? "", date)];
  if (of === today) return time.format(at);
  return `${of.slice(-4) === today.slice(-4) ? of.slice(0, -5) : of} ${time.format(at)}`;
}

// Every row of a list compares its day with the same now.
let lastDay = { at: NaN, zone: "", text: "" };

function dayOf(now: Date, zone: string, date: Intl.DateTimeFormat): string {
  const at = now.getTime();
  if (lastDay.at !== at || lastDay.zone !== zone) lastDay = { at, zone, text: date.format(now) };
  return lastDay.text;
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: two units at most, rounded down. */
export function span(milliseconds: number): string {
  const s = Math.max(0, Math.floor(milliseconds / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 24) return min % 60 === 0 ? `${h} h` : `${h} h ${min % 60} min`;
  const d = Math.floor(h / 24);
  return h % 24 === 0 ? `${d} d` : `${d} d ${h % 24} h`;
}

/** `now`, `12 min ago`, `in 3 h`. */
export function relative(at: Date, now: Date): string {
  const past = now.getTime() - at.getTime();
  if (Math.abs(past) < 10_000) return "now";
  return past > 0 ? `${coarse(past)} ago` : `in ${coarse(-past)}`;
}

function coarse(milliseconds: number): string {
  return span(milliseconds).split(" ").slice(0, 2).join(" ");
}
