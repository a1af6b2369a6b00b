import type { ReactNode } from "react";
import { asProblem } from "../api/problem";

/** What stands where there is nothing: why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="notice border-dashed" data-testid="empty">
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="mt-1 max-w-prose text-quiet">{children}</div>}
    </div>
  );
}

/** What stands where something could not be had, in the API's words, with the way out. */
export function Failure({ error, retry, what }: { error: unknown; retry?: () => void; what: string }) {
  const problem = asProblem(error);
  return (
    <div className="notice border-l-4 border-l-strong" role="alert" data-testid="failure">
      <p className="font-medium">Cannot show {what}: {problem.message}</p>
      <p className="mt-1 max-w-prose text-quiet">
        {problem.details}
        {problem.code === 403 && " Log in with a key that may, or ask whoever runs this collector."}
        {problem.requestId !== "" && <> In the collector’s log: <code className="font-mono text-sm">{problem.requestId}</code>.</>}
      </p>
      {retry && <button type="button" className="button mt-3" onClick={retry}>Try again</button>}
    </div>
  );
}

/** Holds the room of what is on its way, so that nothing moves when it comes; read out once. */
export function Loading({ what, className = "h-24" }: { what: string; className?: string }) {
  return (
    <div className={`loading ${className}`} role="status" data-testid="loading">
      <span className="sr-only">Loading {what}</span>
    </div>
  );
}
