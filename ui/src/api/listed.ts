import type { Anomaly } from "./client";

/** What a list keeps of an anomaly: ten thousand of them whole would be a hundred megabytes. */
export type Listed = Pick<Anomaly, "id" | "timestamp" | "window_start" | "service" | "stream_type" | "signals" | "status" | "kind" | "episode" | "incident_id"
  | "incident_services" | "cause" | "score" | "p_value" | "updated_at" | "glass_box_explanation" | "reasons">;

/** The anomaly without what lists do not show: of the explanation the first line, of the reasons the first. */
export function listed(anomaly: Anomaly): Listed {
  const { id, timestamp, window_start, service, stream_type, signals, status, kind, score, p_value, glass_box_explanation, reasons } = anomaly;
  const { episode, incident_id, incident_services, cause, updated_at } = anomaly;
  return {
    id, timestamp, window_start, service, stream_type, signals, status, kind, score, p_value,
    glass_box_explanation: glass_box_explanation.split("\n", 1)[0] ?? "",
    reasons: reasons?.slice(0, 1) ?? null,
    ...(episode && { episode }),
    ...(incident_id !== undefined && { incident_id }),
    ...(incident_services && { incident_services }),
    ...(cause !== undefined && { cause }),
    ...(updated_at !== undefined && { updated_at }),
  };
}
