import { queryOptions } from "@tanstack/react-query";
import { api, data } from "../api/client";

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

/** Earlier anomalies that look alike. */
export function similarQuery(id: string) {
  return queryOptions({
    queryKey: ["similar", id] as const,
    queryFn: async ({ signal }) => {
      const answer = await data(api.GET("/v1/anomalies/{id}/similar", { params: { path: { id } }, signal }));
      return answer.similar;
    },
  });
}

const before = 2 * 3_600_000;
const after = 30 * 60_000;

/** The windows of a service around a window: two hours before, half an hour after. */
export function aroundQuery(service: string, windowStart: string) {
  const at = Date.parse(windowStart);
  return queryOptions({
    queryKey: ["windows", service, "around", windowStart] as const,
    queryFn: async ({ signal }) => {
      const query = { service, start_time: new Date(at - before).toISOString(), end_time: new Date(at + after).toISOString(), limit: 500 };
      const page = await data(api.GET("/v1/windows", { params: { query }, signal }));
      return page.windows;
    },
  });
}
