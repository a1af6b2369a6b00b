import { readProblem } from "./problem";
import type { AnomalyStatus, Signal, Stream } from "./client";
import { authorization, refused } from "./session";

export interface About {
  version: string;
  core_version: string;
  collector_version: string;
  actor: string;
  role: "reader" | "writer" | "admin";
  open: boolean;
  trace_url: string;
}
export interface Budget { component_id: string; per_day: number; spent: number; level: number }
export interface Overview {
  store: string;
  services: number;
  streams: { new: number; warming: number; ready: number };
  warmup: { service: string; signal: Signal; seen: number; needed: number } | null;
  records_per_second: number;
  newest_window: string | null;
  lag_seconds: number | null;
  unscored: number;
  budgets: Budget[];
  anomalies: Partial<Record<AnomalyStatus, number>> & { pending: number; investigating: number; last_24h: number };
}
export interface Lane { service: string; max_score: number; anomalies: number; scores: (number | null)[]; anomalous: number[] }
export interface Lanes { start_time: string; end_time: string; step_seconds: number; buckets: number; services: Lane[]; more: boolean }
export interface Window {
  component_id: string; timestamp: string; window_start: string; service: string; score: number; p_value: number; level: number; anomaly: boolean;
  streams: Pick<Stream, "signal" | "state" | "seen" | "needed" | "records" | "p_value" | "bits">[];
}
export interface WindowPage { windows: Window[]; next_cursor: string }
export interface Levels {
  level: number; start_time: string; end_time: string; windows: number; anomalous_windows: number; episodes: number; days: number;
  services: { service: string; windows: number; anomalous_windows: number; episodes: number }[];
}

export async function get<T>(path: string, query: Record<string, string | number | undefined>, signal: AbortSignal): Promise<T> {
  const search = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
  const response = await fetch(`${path}?${search.toString()}`.replace(/\?$/, ""), { headers: authorization(), signal });
  if (!response.ok) {
    if (response.status === 401) refused.set(true);
    throw await readProblem(response);
  }
  return await response.json() as T;
}
