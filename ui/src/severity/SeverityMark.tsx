import { severityOf } from "./severity";

// Written out, so that the style sheet is made with them.
export const inks = ["text-usual", "text-slight", "text-clear", "text-strong", "text-extreme"] as const;

const bars = [1, 2, 3, 4].map((bar) => `M${bar * 4 - 3.5} 14v${-bar * 3.25}h3v${bar * 3.25}z`);

/** Four bars, as many filled as the severity has steps, with its name for those who do not see it. */
export function SeverityMark({ score, named = false }: { score: number; named?: boolean }) {
  const { step, name } = severityOf(score);
  return (
    <span className={`inline-flex items-center gap-1.5 ${inks[step]}`} title={`${name}: ${score.toFixed(1)} decades`}>
      <svg viewBox="0 0 16 16" width="16" height="16" role="img" aria-label={`Severity ${name}`} className="shrink-0">
        <path d={bars.slice(0, step).join("")} fill="currentColor" stroke="currentColor" strokeWidth="0.75" strokeLinejoin="round" />
        <path d={bars.slice(step).join("")} fill="none" stroke="currentColor" strokeOpacity="0.45" strokeWidth="0.75" strokeLinejoin="round" />
      </svg>
      {named && <span className={`text-sm ${step === 0 ? "text-quiet" : ""}`}>{name}</span>}
    </span>
  );
}
