/** An answer that is not the one asked for, in the API's own words. `code` is the HTTP status, 0 where there was no answer at all. */
export class Problem extends Error {
  readonly code: number;
  readonly details: string;
  /** What the collector's log has this request under; empty without an answer. */
  readonly requestId: string;
  /** Seconds to wait before another try, where the API says so. */
  readonly retryAfter: number | undefined;

  constructor(code: number, message: string, details: string, requestId = "", retryAfter?: number) {
    super(message);
    this.name = "Problem";
    this.code = code;
    this.details = details;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** Reads an error answer; one that is not the API's own, as a proxy's, keeps its status. */
export async function readProblem(response: Response): Promise<Problem> {
  const requestId = response.headers.get("X-Request-Id") ?? "";
  const wait = Number(response.headers.get("Retry-After") ?? "none");
  const retryAfter = Number.isFinite(wait) ? wait : undefined;
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    body = undefined;
  }
  const { message, details } = (typeof body === "object" && body !== null ? body : {}) as { message?: unknown; details?: unknown };
  return new Problem(
    response.status,
    typeof message === "string" ? message : `The server answered ${response.status}`,
    typeof details === "string" ? details : "The answer was not the API's own; a proxy in between may have given it.",
    requestId,
    retryAfter,
  );
}

/** Whatever was thrown, as a Problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) {
    return new Problem(0, "Driftlock does not answer", "The collector may be down or restarting, or the network between it and this page. It is tried again by itself.");
  }
  return new Problem(0, "Something went wrong in this page", error instanceof Error ? error.message : String(error));
}

/** Whether another try may help: not where the request itself is at fault. */
export function worthRetrying(error: unknown): boolean {
  const { code } = asProblem(error);
  return code === 0 || code === 429 || code >= 500;
}
