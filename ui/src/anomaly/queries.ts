import { queryOptions } from "@tanstack/react-query";
import { api, data } from "../api/client";
import type { Anomaly } from "../api/client";
import { get } from "../api/contract";
import type { Window, WindowPage } from "../api/contract";

/** The anomalies of an incident, the most severe first. */
export function incidentQuery(id: string) {
  return queryOptions({
    queryKey: ["incident", id] as const,
    queryFn: async ({ signal }) => {
      const page = await data(api.GET("/v1/anomalies", { params: { query: { incident_id: id, sort: "-score", limit: 100 } }, signal }));
      return page.anomalies;
    },
  });
}

/** Who did what with an anomaly, newest first. */
export function auditQuery(id: string) {
  return queryOptions({
    queryKey: ["audit", id] as const,
    queryFn: async ({ signal }) => {
      const page = await data(api.GET("/v1/audit", { params: { query: { target: id, limit: 50 } }, signal }));
      return page.entries;
    },
  });
}

export interface Likeness { similarity: number; shared: string[]; anomaly: Anomaly }

/** Earlier anomalies that look alike. */
export function similarQuery(id: string) {
  return queryOptions({
    queryKey: ["similar", id] as const,
    queryFn: async ({ signal }) => (await get<{ similar: Likeness[] }>(`/v1/anomalies/${id}/similar`, {}, signal)).similar,
  });
}

const before = 2 * 3_600_000;
const after = 30 * 60_000;

/** The windows of a service around a window: two hours before, half an hour after. */
export function aroundQuery(service: string, windowStart: string) {
  const at = Date.parse(windowStart);
  return queryOptions({
    queryKey: ["windows", service, "around", windowStart] as const,
    queryFn: async ({ signal }): Promise<Window[]> => {
      const query = { service, start_time: new Date(at - before).toISOString(), end_time: new Date(at + after).toISOString(), limit: 500 };
      return (await get<WindowPage>("/v1/windows", query, signal)).windows;
    },
  });
}
