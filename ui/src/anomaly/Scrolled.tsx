import type { ReactNode } from "react";

/** What may be wider or higher than its place. It can have the focus, so that a keyboard scrolls it. */
export function Scrolled({ label, className = "", children }: { label: string; className?: string; children: ReactNode }) {
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable without a pointer (WCAG 2.1.1)
  return <div role="region" aria-label={label} tabIndex={0} className={`overflow-auto ${className}`}>{children}</div>;
}
