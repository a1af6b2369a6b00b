import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff, follow } from "./follow";
import type { Connection } from "./follow";

const hello = "id: m1\nevent: hello\ndata: {}\n\n";

function stream(...pieces: string[]): Response {
  const encoder = new TextEncoder();
  return new Response(new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  }));
}

function refusal(code: number, headers: Record<string, string> = {}): Response {
  return Response.json({ code, message: "No", details: "because" }, { status: code, headers });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

// As fetch does: a body from which nothing comes fails when the request is aborted.
function silent(signal: AbortSignal): Response {
  return new Response(new ReadableStream({
    start: (controller) => signal.addEventListener("abort", () => controller.error(signal.reason)),
  }));
}

function start(answers: ((signal: AbortSignal) => Promise<Response>)[]) {
  const ids: string[] = [];
  const seen: string[] = [];
  const connections: Connection[] = [];
  const following = follow({
    open: (lastId, signal) => {
      ids.push(lastId);
      return (answers[ids.length - 1] ?? (() => new Promise<Response>(() => undefined)))(signal);
    },
    onEvent: (event) => seen.push(`${event.event} ${event.id}`),
    onConnection: (connection) => connections.push(connection),
    random: () => 0,
  });
  return { ids, seen, connections, following };
}

describe("following the live stream", () => {
  it("comes back with the id of the last event when the stream ends", async () => {
    const { ids, seen, connections, following } = start([() => Promise.resolve(stream(hello, "id: m2\nevent: anomaly\ndata: {}\n\n"))]);
    await vi.advanceTimersByTimeAsync(10);
    expect(seen).toEqual(["hello m1", "anomaly m2"]);
    expect(connections.map(({ phase }) => phase)).toEqual(["connecting", "live", "waiting"]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(ids).toEqual(["", "m2"]);
    following.stop();
  });

  it("keeps trying while nothing answers, less and less often", async () => {
    const fail = () => Promise.reject(new TypeError("failed to fetch"));
    const { ids, following } = start([fail, fail, fail, fail]);
    await vi.advanceTimersByTimeAsync(1999);
    expect(ids).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(ids).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(3999);
    expect(ids).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(ids).toHaveLength(3);
    following.stop();
  });

  it("waits as long as the server asks it to", async () => {
    const { ids, following } = start([() => Promise.resolve(refusal(503, { "Retry-After": "10" }))]);
    await vi.advanceTimersByTimeAsync(9999);
    expect(ids).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(ids).toHaveLength(2);
    following.stop();
  });

  it("stops where another try would not help", async () => {
    const { ids, connections } = start([() => Promise.resolve(refusal(401))]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ids).toHaveLength(1);
    expect(connections.at(-1)).toMatchObject({ phase: "stopped", problem: { code: 401, details: "because" } });
  });

  it("begins anew where the server does not know the last id", async () => {
    const { ids, following } = start([() => Promise.resolve(stream(hello)), () => Promise.resolve(refusal(400))]);
    await vi.advanceTimersByTimeAsync(2010);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ids).toEqual(["", "m1", ""]);
    following.stop();
  });

  it("gives a connection up from which nothing comes", async () => {
    const { connections, following } = start([(signal) => Promise.resolve(silent(signal))]);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(connections.at(-1)?.phase).toBe("waiting");
    following.stop();
  });

  it("tries at once when told to, and only once", async () => {
    const { ids, following } = start([() => Promise.reject(new TypeError("failed to fetch"))]);
    await vi.advanceTimersByTimeAsync(1);
    following.nudge();
    following.nudge();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ids).toHaveLength(2);
    following.stop();
  });
});

describe("a stream that rests", () => {
  const open = (signal: AbortSignal) => {
    const encoder = new TextEncoder();
    return Promise.resolve(new Response(new ReadableStream({
      start(controller) {
        controller.enqueue(encoder.encode(hello));
        signal.addEventListener("abort", () => controller.error(signal.reason));
      },
    })));
  };

  it("lets its connection go, asks for nothing, and goes on behind the last event", async () => {
    const signals: AbortSignal[] = [];
    const { ids, connections, following } = start([(signal) => (signals.push(signal), open(signal)), open]);
    await vi.advanceTimersByTimeAsync(10);
    following.rest();
    following.rest();
    expect(signals[0]?.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(600_000);
    following.nudge();
    await vi.advanceTimersByTimeAsync(10);
    expect(ids).toEqual([""]);
    following.wake();
    following.wake();
    await vi.advanceTimersByTimeAsync(10);
    expect(ids).toEqual(["", "m1"]);
    expect(connections.map(({ phase }) => phase)).toEqual(["connecting", "live", "connecting", "live"]);
    following.stop();
  });

  it("has one connection after a rest that is over at once", async () => {
    const { ids, connections, following } = start([open, open]);
    await vi.advanceTimersByTimeAsync(10);
    following.rest();
    following.wake();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(ids).toEqual(["", "m1"]);
    expect(connections.at(-1)?.phase).toBe("live");
    following.stop();
  });

  it("rests also while it waits for its next try, and never after it stopped", async () => {
    const { ids, following } = start([() => Promise.reject(new TypeError("failed to fetch")), () => Promise.resolve(refusal(401))]);
    await vi.advanceTimersByTimeAsync(10);
    following.rest();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ids).toHaveLength(1);
    following.wake();
    await vi.advanceTimersByTimeAsync(10);
    following.rest();
    following.wake();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ids).toHaveLength(2);
  });
});

describe("the wait between tries", () => {
  it("doubles up to half a minute, and chance only shortens it", () => {
    expect([1, 2, 3, 4, 5, 50].map((n) => backoff(n, 2000, 0))).toEqual([2000, 4000, 8000, 16000, 30000, 30000]);
    expect(backoff(1, 2000, 0.999)).toBeGreaterThan(1500);
  });
});
