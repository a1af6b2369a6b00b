import { useSyncExternalStore } from "react";

// One clock for all that says how long ago something was: it ticks twice a minute, and only while somebody looks.
const tick = 30_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const each of [...listeners]) each();
    }, tick);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** The time, to half a minute. */
export function useNow(): Date {
  return new Date(useSyncExternalStore(subscribe, () => now));
}
