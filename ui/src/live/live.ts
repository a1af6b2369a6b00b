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

/** Follows the live stream as long as the calling component is mounted. */
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
    return () => {
      window.removeEventListener("online", reconnect);
      clearTimeout(timer);
      started.stop();
      feed = undefined;
    };
  }, [client]);
}
