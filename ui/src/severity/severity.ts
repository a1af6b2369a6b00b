/** How far out something is, in five steps that each have a name, a colour and a height: never a colour alone. */
export interface Severity {
  step: 0 | 1 | 2 | 3 | 4;
  name: "usual" | "slight" | "clear" | "strong" | "extreme";
}

const steps: readonly (Severity & { from: number })[] = [
  { step: 4, name: "extreme", from: 12 },
  { step: 3, name: "strong", from: 8 },
  { step: 2, name: "clear", from: 5 },
  { step: 1, name: "slight", from: 3 },
  { step: 0, name: "usual", from: -Infinity },
];

/** The severity of a score in decades, −log10 of a p-value: 3 is one window in a thousand, 12 one in a million millions. */
export function severityOf(score: number): Severity {
  return steps.find(({ from }) => score >= from) ?? { step: 0, name: "usual" };
}

/** The height of a mark for this score, from 0 to 1: proportional up to 4 decades, beyond that by the logarithm, full at 40. */
export function heightOf(score: number): number {
  if (!(score > 0)) return 0;
  if (score <= 4) return score / 8;
  return Math.min(1, 0.5 + 0.5 * (Math.log10(score / 4) / Math.log10(10)));
}

/** A p-value for people: `0.03`, `7.6 × 10⁻⁶`, `< 10⁻³⁰⁰`. */
export function formatP(p: number): string {
  if (p >= 0.001) return String(Number(p.toPrecision(2)));
  if (!(p > 1e-300)) return "< 10⁻³⁰⁰";
  const [mantissa = "", exponent = ""] = p.toExponential(1).split("e");
  return `${mantissa} × 10${superscript(Number(exponent))}`;
}

function superscript(n: number): string {
  return String(n).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(digit)));
}

const counts = new Intl.NumberFormat("en-GB");

/** How often chance makes a window this odd: `1 in 130,000`. */
export function oneIn(p: number): string {
  if (p >= 1) return "always";
  const n = 1 / p;
  if (n < 1e6) return `1 in ${counts.format(Number(n.toPrecision(2)))}`;
  return `1 in 10${superscript(Math.round(Math.log10(n)))}`;
}
