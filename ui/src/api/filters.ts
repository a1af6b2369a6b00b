import type { Anomaly, AnomalyStatus, Signal } from "./client";

/** Which anomalies a list shows, in the API's own parameters; what is undefined does not narrow it. */
export interface Filters {
  service?: string | undefined;
  stream_type?: Signal | undefined;
  status?: AnomalyStatus | undefined;
  incident_id?: string | undefined;
  start_time?: string | undefined;
  end_time?: string | undefined;
  q?: string | undefined;
}

/** Whether an anomaly belongs into a list with these filters, as the API decides it. */
export function matches(anomaly: Anomaly, f: Filters): boolean {
  const at = Date.parse(anomaly.timestamp);
  return (f.service === undefined || anomaly.service === f.service)
    && (f.stream_type === undefined || anomaly.stream_type === f.stream_type)
    && (f.status === undefined || anomaly.status === f.status)
    && (f.incident_id === undefined || anomaly.incident_id === f.incident_id)
    && (f.start_time === undefined || at >= Date.parse(f.start_time))
    && (f.end_time === undefined || at < Date.parse(f.end_time))
    && (f.q === undefined || speaksOf(anomaly, f.q.toLowerCase()));
}

function speaksOf(anomaly: Anomaly, text: string): boolean {
  return [anomaly.service, anomaly.glass_box_explanation, ...(anomaly.reasons ?? []).map((reason) => reason.text)]
    .some((said) => said.toLowerCase().includes(text));
}
