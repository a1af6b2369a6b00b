import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { Anomaly } from "../api/client";
import type { Filters } from "../api/filters";
import { holds, merged } from "../api/pages";
import type { Pages, Sort } from "../api/pages";
import { anomaliesKey } from "../api/queries";
import { authorization, refused } from "../api/session";
import { createStore } from "../app/store";
import { follow } from "./follow";
import type { Connection } from "./follow";
import type { ServerEvent } from "./parse";

/** How the live stream stands. */
export const connection = createStore<Connection>({ phase: "connecting" });

/** What came and is not shown yet, by id: while the reader has paused, or reads further down. */
export const held = createStore<ReadonlyMap<string, Anomaly>>(new Map());

// Beyond this many the list is read anew instead of being patched.
const mostHeld = 1000;

interface Feed extends ReturnType<typeof follow> {
  /** Whether new anomalies wait in `held`; what ends the wait shows them. */
  hold: (on: boolean) => void;
  /** Shows what waits, without ending the wait. */
  show: () => void;
}

/** Follows the live stream and keeps every list in step with it. `onChange` is called after each event. */
export function startFeed(client: QueryClient, onChange: () => void): Feed {
  let holding = false;
  let fromNow = true;
  let overflowed = false;

  const apply = (anomaly: Anomaly) => {
    for (const [key, pages] of client.getQueriesData<InfiniteData<Pages["pages"][number]>>({ queryKey: [anomaliesKey] })) {
      if (!pages) continue;
      const [, filters, sort] = key as [string, Filters, Sort];
      const next = merged(pages, anomaly, filters, sort);
      if (next !== pages) client.setQueryData(key, next);
    }
  };

  const known = (id: string) => client.getQueriesData<Pages>({ queryKey: [anomaliesKey] }).some(([, pages]) => pages !== undefined && holds(pages, id));

  const receive = (event: ServerEvent) => {
    if (event.event === "hello") {
      // The lists were read before the stream stood: what came in between is in neither.
      if (fromNow) void client.invalidateQueries({ queryKey: [anomaliesKey] });
      return;
    }
    if (event.event !== "anomaly") return;
    const anomaly = JSON.parse(event.data) as Anomaly;
    void client.invalidateQueries({ queryKey: ["anomaly", anomaly.id] });
    if (holding && !known(anomaly.id)) {
      if (held.get().size >= mostHeld) overflowed = true;
      else held.set(new Map(held.get()).set(anomaly.id, anomaly));
    } else {
      apply(anomaly);
    }
    onChange();
  };

  const show = () => {
    const waiting = held.get();
    if (overflowed) {
      overflowed = false;
      void client.resetQueries({ queryKey: [anomaliesKey] });
    } else {
      for (const anomaly of waiting.values()) apply(anomaly);
    }
    held.set(new Map());
  };

  const following = follow({
    open: (lastId, signal) => {
      fromNow = lastId === "";
      return fetch("/v1/stream/anomalies", {
        headers: { ...authorization(), Accept: "text/event-stream", ...(fromNow ? {} : { "Last-Event-ID": lastId }) },
        credentials: "same-origin",
        cache: "no-store",
        signal,
      });
    },
    onEvent: receive,
    onConnection: (state) => {
      connection.set(state);
      if (state.phase === "stopped" && state.problem.code === 401) refused.set(true);
    },
  });

  return {
    ...following,
    show,
    hold(on) {
      holding = on;
      if (!on) show();
    },
  };
}
