import { severityOf } from "./severity";

// Written out, so that the style sheet is made with them.
export const inks = ["text-usual", "text-slight", "text-clear", "text-strong", "text-extreme"] as const;

/** Four bars, as many filled as the severity has steps, with its name for those who do not see it. */
export function SeverityMark({ score, named = false }: { score: number; named?: boolean }) {
  const { step, name } = severityOf(score);
  return (
    <span className={`inline-flex items-center gap-1.5 ${inks[step]}`} title={`${name}: ${score.toFixed(1)} decades`}>
      <svg viewBox="0 0 16 16" width="16" height="16" role="img" aria-label={`Severity ${name}`} className="shrink-0">
        {[1, 2, 3, 4].map((bar) => (
          <rect key={bar} x={(bar - 1) * 4 + 0.5} y={14 - bar * 3.25} width="3" height={bar * 3.25} rx="0.5"
            fill="currentColor" fillOpacity={bar <= step ? 1 : 0} stroke="currentColor" strokeOpacity={bar <= step ? 1 : 0.45} strokeWidth="0.75" />
        ))}
      </svg>
      {named && <span className={`text-sm ${step === 0 ? "text-quiet" : ""}`}>{name}</span>}
    </span>
  );
}
