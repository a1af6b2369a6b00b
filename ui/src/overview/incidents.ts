import type { AnomalyStatus, Signal } from "../api/client";
import type { Listed } from "../api/listed";

/** Episodes that belong together, as one row: what happened, where it comes from, since when, and what became of it. */
export interface Incident {
  /** The incident's id; of an anomaly without one its own. */
  id: string;
  /** The episode that explains the others, else the worst one. */
  lead: Listed;
  /** All of them that are loaded, the lead first. */
  members: readonly Listed[];
  /** The services, the likeliest cause first; also those whose episodes are not loaded. */
  services: readonly string[];
  signals: readonly Signal[];
  since: Date;
  last: Date;
  /** Whether any of its episodes may go on. */
  ongoing: boolean;
  score: number;
  p: number;
  /** The one status of all, else that of those furthest from being settled. */
  status: AnomalyStatus;
}

const order: readonly AnomalyStatus[] = ["pending", "investigating", "acknowledged", "resolved", "dismissed"];

// What was made of which anomalies, by the first of them: a list that grows by a page makes only what is new of it, and rows that did
// not change are not drawn again.
const made = new WeakMap<Listed, { of: readonly Listed[]; incident: Incident }>();

/**
 * Groups anomalies by incident. An incident stands where the first of its anomalies stands, so the list's order is kept. Of the same
 * anomalies the same object is made.
 */
export function groupIncidents(anomalies: readonly Listed[]): Incident[] {
  const groups = new Map<string, Listed[]>();
  for (const anomaly of anomalies) {
    const id = anomaly.incident_id ?? anomaly.id;
    const group = groups.get(id);
    if (group) group.push(anomaly);
    else groups.set(id, [anomaly]);
  }
  return Array.from(groups, ([id, members]) => known(members) ?? incident(id, members));
}

function known(anomalies: readonly Listed[]): Incident | undefined {
  const before = anomalies[0] && made.get(anomalies[0]);
  return before?.of.length === anomalies.length && before.of.every((each, at) => each === anomalies[at]) ? before.incident : undefined;
}

function incident(id: string, anomalies: Listed[]): Incident {
  // The newest statement knows most of the incident's services.
  const services = anomalies.reduce<readonly string[]>((most, { incident_services: named = [] }) => (named.length > most.length ? named : most), []);
  const place = (anomaly: Listed) => {
    const at = services.indexOf(anomaly.service);
    return at < 0 ? services.length : at;
  };
  const members = anomalies.toSorted((a, b) => place(a) - place(b) || b.score - a.score);
  const [first, lead] = [anomalies[0], members[0]];
  if (first === undefined || lead === undefined) throw new Error("an incident has at least one anomaly");
  const whole: Incident = {
    id,
    lead,
    members,
    services: [...new Set([...services, ...members.map(({ service }) => service)])],
    signals: (["logs", "metrics", "traces"] as const).filter((signal) => members.some(({ stream_type, signals }) => stream_type === signal || signals?.includes(signal))),
    since: new Date(Math.min(...members.map(startOf))),
    last: new Date(Math.max(...members.map(endOf))),
    ongoing: members.some(({ episode }) => episode !== undefined && episode.ended === undefined),
    score: Math.max(...members.map(({ score }) => score)),
    p: Math.min(...members.map(({ p_value }) => p_value)),
    status: order.find((status) => members.some((member) => member.status === status)) ?? "pending",
  };
  made.set(first, { of: anomalies, incident: whole });
  return whole;
}

export function startOf(anomaly: Listed): number {
  return Date.parse(anomaly.episode?.started ?? anomaly.window_start);
}

export function endOf(anomaly: Listed): number {
  return Date.parse(anomaly.episode?.last ?? anomaly.timestamp);
}

/** What happened, in one phrase without the service's name and the time, which stand beside it. */
export function headline(anomaly: Listed): string {
  const said = anomaly.reasons?.[0]?.text;
  if (said !== undefined && said !== "" && anomaly.kind === "anomaly") return compact(said);
  const first = anomaly.glass_box_explanation.split("\n", 1)[0] ?? "";
  const plain = first.startsWith(`${anomaly.service}: `) ? first.slice(anomaly.service.length + 2) : first;
  const end = plain.search(/, in the minute from |\. (?=[A-Z])/);
  return end > 0 ? plain.slice(0, end) : plain;
}

/** A text in which a series' attributes, `{http.route=/cart http.request.method=GET}`, are told by their values alone. */
export function compact(text: string): string {
  const begin = text.search(/\{[a-zA-Z_][\w.-]*=/);
  if (begin < 0) return text;
  let depth = 0;
  for (let at = begin; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) {
      return text.slice(0, begin) + text.slice(begin, at + 1).replace(/(?<=^\{| )[a-zA-Z_][\w.-]*=/g, "") + text.slice(at + 1);
    }
  }
  return text;
}

/** Whether somebody still has to look at it. */
export function isOpen(status: AnomalyStatus): boolean {
  return status === "pending" || status === "investigating" || status === "acknowledged";
}
