const times = [[3.6e12, "h"], [6e10, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"]] as const;
const bytes = [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]] as const;
const nanoseconds: Readonly<Record<string, number>> = { ns: 1, us: 1e3, "µs": 1e3, ms: 1e6, s: 1e9, min: 6e10, h: 3.6e12 };

/** A number for people: three digits, groups of thousands. */
export function number(v: number): string {
  if (!Number.isFinite(v)) return "—";
  const size = Math.abs(v);
  if (size >= 1e9 || (size > 0 && size < 1e-3)) return v.toExponential(2).replace("e+", "e");
  return Number(v.toPrecision(size >= 1000 ? Math.ceil(Math.log10(size)) + 1 : 3)).toLocaleString("en-GB", { maximumFractionDigits: size >= 100 ? 0 : 4 });
}

/** A value in its unit, in the unit's size that reads best: `1.05 ms`, `3.2 GiB`, `12`. Units are as OpenTelemetry writes them. */
export function quantity(v: number, unit = ""): string {
  const ns = nanoseconds[unit];
  if (ns !== undefined) return scaled(v * ns, times, "ns");
  if (unit === "By") return scaled(v, bytes, "B");
  if (unit === "1" || unit === "" || unit.startsWith("{")) return number(v);
  return `${number(v)}${unit === "%" ? "" : " "}${unit}`;
}

function scaled(v: number, sizes: readonly (readonly [number, string])[], base: string): string {
  const [size, name] = sizes.find(([from]) => Math.abs(v) >= from) ?? [1, base];
  return `${number(v / size)} ${name}`;
}
