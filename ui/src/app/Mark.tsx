/** The sign of Driftlock: a steady trace that leaves its course and is caught. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} fill="none" aria-hidden="true" className="text-accent">
      <path d="M2 19h8l2.5-3 3 9.5 4.5-20 3 13.5h7" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
