import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { startFeed } from "./feed";

// What is summed up is read anew at most this often, however many anomalies come.
const settle = 1000;
const summaries = ["overview", "lanes", "incident", "similar", "audit"];

// One tab follows the stream once, whichever views look at it.
let feed: ReturnType<typeof startFeed> | undefined;
let holding = false;
let still = false;
let refresh: () => void = () => undefined;

/** Lets new anomalies wait in `held`, or shows them and those that follow at once. `freeze` also leaves what is summed up as it is. */
export function hold(on: boolean, freeze = false): void {
  if (still && !freeze) refresh();
  still = freeze;
  if (on === holding) return;
  holding = on;
  feed?.hold(on);
}

/** Shows what waits. */
export function showHeld(): void {
  feed?.show();
}

/** Tries again at once where the connection waits for its next try. */
export function reconnect(): void {
  feed?.nudge();
}

// A tab that nobody looks at for this long lets its connection go: a server has only so many, and a browser six for one host.
const patience = 60_000;

/** Calls `rest` when the page was hidden for a while, and `wake` when it is seen again. Returns what ends that. */
export function whileSeen(rest: () => void, wake: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") timer = setTimeout(rest, patience);
    else wake();
  };
  look();
  document.addEventListener("visibilitychange", look);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

/** Follows the live stream as long as the calling component is mounted and the page is looked at. */
export function useLiveFeed(): void {
  const client = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const started = startFeed(client, () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (!still) refresh();
      }, settle);
    });
    refresh = () => {
      for (const key of summaries) void client.invalidateQueries({ queryKey: [key] });
    };
    feed = started;
    started.hold(holding);
    window.addEventListener("online", reconnect);
    const seen = whileSeen(started.rest, started.wake);
    return () => {
      seen();
      window.removeEventListener("online", reconnect);
      clearTimeout(timer);
      started.stop();
      feed = undefined;
    };
  }, [client]);
}
