import { Problem, asProblem, readProblem } from "../api/problem";
import { EventParser } from "./parse";
import type { ServerEvent } from "./parse";

/** How the stream stands: `waiting` until the next try after it broke, `stopped` where another try would not help. */
export type Connection =
  | { phase: "connecting" }
  | { phase: "live" }
  | { phase: "waiting"; until: number; problem: Problem }
  | { phase: "stopped"; problem: Problem };

export interface FollowOptions {
  /** Opens the stream behind the event `lastId`; from now on where that is empty. */
  open: (lastId: string, signal: AbortSignal) => Promise<Response>;
  onEvent: (event: ServerEvent) => void;
  onConnection: (connection: Connection) => void;
  /** In [0, 1): spreads the clients of a server that comes back. */
  random?: () => number;
}

const slowest = 30_000;
// The server says something every 15 s; after this long the connection is dead, whatever TCP believes.
const silence = 40_000;

/** How long to wait after the `failures`-th failure in a row: doubling from the server's wish to 30 s, less up to a quarter. */
export function backoff(failures: number, first: number, random: number): number {
  return Math.min(first * 2 ** Math.min(failures - 1, 10), slowest) * (1 - random / 4);
}

/**
 * Follows an event stream until `stop` is called, coming back with the last event's id whenever it breaks, so that nothing is missed.
 * It reads with fetch, since an EventSource cannot send a key. `nudge` tries again at once; `rest` lets the connection go until `wake`,
 * which takes it up behind the last event.
 */
export function follow({ open, onEvent, onConnection, random = Math.random }: FollowOptions): Record<"stop" | "nudge" | "rest" | "wake", () => void> {
  let lastId = "";
  let failures = 0;
  let retry = 2000;
  let ended = false;
  let resting = false;
  let attempt = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const connect = async () => {
    const mine = new AbortController();
    const { signal } = mine;
    attempt = mine;
    onConnection({ phase: "connecting" });
    let watch: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(watch);
      watch = setTimeout(() => mine.abort(new Problem(0, "The live stream fell silent", "Nothing came for 40 s; the connection is made anew.")), silence);
    };
    try {
      alive();
      const response = await open(lastId, signal);
      if (!response.ok) throw await readProblem(response);
      if (!response.body) throw new Problem(response.status, "The live stream is empty", "The answer has no body.");
      const parser = new EventParser();
      parser.lastId = lastId;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        alive();
        for (const event of parser.push(value)) {
          if (event.event === "hello") {
            failures = 0;
            onConnection({ phase: "live" });
          }
          onEvent(event);
          lastId = event.id;
        }
        retry = parser.retry ?? retry;
      }
      throw new Problem(0, "The live stream ended", "The server closed it; it is opened anew.");
    } catch (error) {
      // Another attempt may have begun since this one was let go.
      if (ended || resting || attempt !== mine) return;
      again(signal.aborted && signal.reason instanceof Problem ? signal.reason : asProblem(error));
    } finally {
      clearTimeout(watch);
      mine.abort();
    }
  };

  const again = (problem: Problem) => {
    if (problem.code === 400 && lastId !== "") {
      lastId = ""; // a mark that this server does not know: another store, or one that was set up anew
    } else if (problem.code >= 400 && problem.code < 500 && problem.code !== 408 && problem.code !== 429) {
      ended = true;
      onConnection({ phase: "stopped", problem });
      return;
    }
    failures++;
    const wait = Math.max(backoff(failures, retry, random()), (problem.retryAfter ?? 0) * 1000);
    onConnection({ phase: "waiting", until: Date.now() + wait, problem });
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, wait);
  };

  void connect();
  return {
    stop() {
      ended = true;
      clearTimeout(timer);
      attempt.abort();
    },
    nudge() {
      if (timer === undefined || ended) return;
      clearTimeout(timer);
      timer = undefined;
      void connect();
    },
    rest() {
      if (ended || resting) return;
      resting = true;
      clearTimeout(timer);
      timer = undefined;
      attempt.abort();
    },
    wake() {
      if (ended || !resting) return;
      resting = false;
      failures = 0;
      void connect();
    },
  };
}
