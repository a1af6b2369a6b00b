import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { whileSeen } from "./live";

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });

function turn(visibilityState: "visible" | "hidden"): void {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a page that nobody looks at", () => {
  it("rests after a minute, and wakes when it is seen", () => {
    const [rest, wake] = [vi.fn(), vi.fn()];
    turn("visible");
    const end = whileSeen(rest, wake);
    wake.mockClear();
    turn("hidden");
    vi.advanceTimersByTime(59_999);
    expect(rest).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(rest).toHaveBeenCalledTimes(1);
    turn("visible");
    expect(wake).toHaveBeenCalledTimes(1);
    end();
  });

  it("does not rest when somebody comes back in time, or after the end", () => {
    const rest = vi.fn();
    turn("hidden");
    const end = whileSeen(rest, () => undefined);
    vi.advanceTimersByTime(30_000);
    turn("visible");
    vi.advanceTimersByTime(120_000);
    turn("hidden");
    end();
    vi.advanceTimersByTime(120_000);
    turn("hidden");
    vi.advanceTimersByTime(120_000);
    expect(rest).not.toHaveBeenCalled();
  });

  it("rests also where it was opened in the background", () => {
    const rest = vi.fn();
    turn("hidden");
    const end = whileSeen(rest, () => undefined);
    vi.advanceTimersByTime(60_000);
    expect(rest).toHaveBeenCalledTimes(1);
    end();
  });
});
