import { QueryClient, infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data } from "./client";
import type { Filters } from "./filters";
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

/** How many anomalies a page of a list has. */
export const pageSize = 200;

export const anomaliesKey = "anomalies";

/** The list of anomalies, page after page. */
export function anomaliesQuery(filters: Filters, sort: Sort) {
  return infiniteQueryOptions({
    queryKey: [anomaliesKey, filters, sort] as const,
    queryFn: ({ pageParam, signal }) => data(api.GET("/v1/anomalies", {
      params: { query: { ...defined(filters), sort, limit: pageSize, ...(pageParam === "" ? {} : { cursor: pageParam }) } },
      signal,
    })),
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
