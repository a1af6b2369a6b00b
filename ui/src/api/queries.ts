import { QueryClient, infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { resolve } from "../time/range";
import type { Range } from "../time/range";
import { api, data } from "./client";
import type { Stream, Window } from "./client";
import type { Filters } from "./filters";
import { listed } from "./listed";
import type { Sort } from "./pages";
import { asProblem, worthRetrying } from "./problem";

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < 2 && worthRetrying(error),
        retryDelay: (failures, error) => Math.max(1000 * 2 ** failures, (asProblem(error).retryAfter ?? 0) * 1000),
        // The live stream says what changed; the rest asks again at its own pace.
        staleTime: 10_000,
        refetchOnWindowFocus: true,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** How many anomalies a page of a list has: the first one is small, to be there at once. */
const pageSizes = { first: 50, next: 100 };

export const anomaliesKey = "anomalies";

/** The list of anomalies, page after page. */
export function anomaliesQuery(filters: Filters, sort: Sort) {
  return infiniteQueryOptions({
    queryKey: [anomaliesKey, filters, sort] as const,
    queryFn: async ({ pageParam, signal }) => {
      const place = pageParam === "" ? { limit: pageSizes.first } : { limit: pageSizes.next, cursor: pageParam };
      const page = await data(api.GET("/v1/anomalies", { params: { query: { ...defined(filters), sort, ...place } }, signal }));
      return { anomalies: page.anomalies.map(listed), next_cursor: page.next_cursor };
    },
    initialPageParam: "",
    getNextPageParam: (page) => (page.next_cursor === "" ? undefined : page.next_cursor),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

/** One anomaly with all its evidence. */
export function anomalyQuery(id: string) {
  return queryOptions({
    queryKey: ["anomaly", id] as const,
    queryFn: ({ signal }) => data(api.GET("/v1/anomalies/{id}", { params: { path: { id } }, signal })),
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The object without its undefined members, which a URL would otherwise spell out. */
export function defined<T extends object>(from: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as Partial<Defined<T>>;
}

/** How often what is summed up is asked for; a window a minute is all that is new. */
const pace = 15_000;

/** The health strip's numbers. */
export function overviewQuery(live: boolean) {
  return queryOptions({
    queryKey: ["overview"] as const,
    queryFn: ({ signal }) => data(api.GET("/v1/overview", { signal })),
    refetchInterval: live ? pace : false,
    placeholderData: keepPreviousData,
  });
}

/** The swimlanes of a span of time, the most severe services first. */
export function lanesQuery(range: Range, limit: number, live: boolean) {
  return queryOptions({
    queryKey: ["lanes", range, limit] as const,
    queryFn: ({ signal }) => {
      const { from, to } = resolve(range, new Date());
      return data(api.GET("/v1/lanes", { params: { query: { start_time: from.toISOString(), end_time: to.toISOString(), limit } }, signal }));
    },
    refetchInterval: live && range.kind === "last" ? pace : false,
    placeholderData: keepPreviousData,
  });
}

// Beyond so many pages of services a list is searched by narrowing it, not by reading on.
const mostPages = 20;

/** Every stream, whole: the page searches and sorts them itself. */
export function streamsQuery() {
  return queryOptions({
    queryKey: ["streams"] as const,
    queryFn: async ({ signal }) => {
      const streams: Stream[] = [];
      let cursor = "";
      for (let page = 0; page < mostPages; page++) {
        const answer = await data(api.GET("/v1/streams", { params: { query: { limit: 500, ...(cursor === "" ? {} : { cursor }) } }, signal }));
        streams.push(...answer.streams);
        cursor = answer.next_cursor;
        if (cursor === "") break;
      }
      return { streams, more: cursor !== "" };
    },
    refetchInterval: pace,
  });
}

// A day of minutes, judged by two processes.
const mostWindows = 3000;

/** One service's windows of a span of time, oldest first; a day of minutes at most. */
export function windowsQuery(service: string, range: Range) {
  return queryOptions({
    queryKey: ["windows", service, range] as const,
    queryFn: async ({ signal }) => {
      const { from, to } = resolve(range, new Date());
      const windows: Window[] = [];
      let cursor = "";
      do {
        const query = { service, start_time: from.toISOString(), end_time: to.toISOString(), limit: 500, ...(cursor === "" ? {} : { cursor }) };
        const page = await data(api.GET("/v1/windows", { params: { query }, signal }));
        windows.push(...page.windows);
        cursor = page.next_cursor;
      } while (cursor !== "" && windows.length < mostWindows);
      return windows;
    },
    refetchInterval: range.kind === "last" ? pace : false,
    placeholderData: (before, query) => (query?.queryKey[1] === service ? before : undefined),
  });
}

/** What would have been stated at another level. */
export function levelsQuery(level: number, range: Range) {
  return queryOptions({
    queryKey: ["levels", level, range] as const,
    queryFn: ({ signal }) => {
      const { from, to } = resolve(range, new Date());
      return data(api.GET("/v1/levels", { params: { query: { level, start_time: from.toISOString(), end_time: to.toISOString(), limit: 20 } }, signal }));
    },
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
}
