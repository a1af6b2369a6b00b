import { useCallback, useMemo } from "react";
import type { AnomalyStatus, Signal } from "../api/client";
import type { Filters } from "../api/filters";
import type { Sort } from "../api/pages";
import { useQueryParams } from "../route/location";
import type { Changes } from "../route/location";
import { readRange, writeRange } from "../time/range";
import type { Range } from "../time/range";

export const statuses: readonly AnomalyStatus[] = ["pending", "acknowledged", "investigating", "resolved", "dismissed"];
export const signals: readonly Signal[] = ["logs", "metrics", "traces"];

/** The span of time that the timeline shows where the URL says none. */
export const usualRange = "6h";

/** What the overview shows, as its URL says it. */
export interface OverviewState {
  range: Range;
  filters: Filters;
  sort: Sort;
  paused: boolean;
  /** The row that j and k are at, and the incident whose members are shown. */
  selected: string | undefined;
  opened: string | undefined;
  allLanes: boolean;
  narrowed: boolean;
}

/** Reads the state from a URL's query; what is no value of ours is as if it were not there. */
export function readState(query: URLSearchParams): OverviewState {
  const text = (name: string) => query.get(name) ?? undefined;
  const range = readRange(query, usualRange);
  const filters: Filters = {
    service: text("service"),
    stream_type: signals.find((signal) => signal === query.get("signal")),
    status: statuses.find((status) => status === query.get("status")),
    q: text("q"),
    ...(range.kind === "fixed" ? { start_time: range.from.toISOString(), end_time: range.to.toISOString() } : {}),
  };
  return {
    range,
    filters,
    sort: query.get("sort") === "-score" ? "-score" : "-timestamp",
    paused: query.get("live") === "off",
    selected: text("at"),
    opened: text("open"),
    allLanes: query.get("lanes") === "all",
    narrowed: Object.values(filters).some((value) => value !== undefined),
  };
}

/** What takes every narrowing away again. */
export const widened: Changes = { service: null, signal: null, status: null, q: null, from: null, to: null, at: null };

/** The overview's state and what changes it. A new span of time is a step that Back takes back; the rest is adjusted in place. */
export function useOverviewState() {
  const [query, change] = useQueryParams();
  const state = useMemo(() => readState(query), [query]);
  const setRange = useCallback((range: Range) => change({ ...writeRange(range, usualRange), at: null }, { replace: false }), [change]);
  return { state, change, setRange };
}
