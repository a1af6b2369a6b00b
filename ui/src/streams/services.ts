import type { Signal, Stream } from "../api/client";

/** A service with its streams, one row of the page. */
export interface Service {
  /** Of the service and the processor that watches it. */
  key: string;
  name: string;
  component: string;
  streams: Partial<Record<Signal, Stream>>;
  score: number;
  anomaly: boolean;
  memory: number;
  /** The end of its newest window. */
  newest: Date;
}

export type ServiceOrder = "name" | "score" | "memory";

/** Gathers the streams of each service and processor. */
export function gather(streams: readonly Stream[]): Service[] {
  const services = new Map<string, Service>();
  for (const stream of streams) {
    const key = `${stream.service}\u0000${stream.component_id}`;
    const service = services.get(key) ?? {
      key, name: stream.service, component: stream.component_id, streams: {}, score: stream.score, anomaly: stream.anomaly, memory: 0, newest: new Date(stream.timestamp),
    };
    service.streams[stream.signal] = stream;
    service.memory += stream.memory_bytes;
    services.set(key, service);
  }
  return [...services.values()];
}

/** The services that are searched for, in the order asked for; `state` keeps those that have a stream in it. */
export function choose(services: readonly Service[], text: string, state: string | undefined, order: ServiceOrder): Service[] {
  const wanted = text.toLowerCase();
  const by: Record<ServiceOrder, (a: Service, b: Service) => number> = {
    name: () => 0,
    score: (a, b) => b.score - a.score,
    memory: (a, b) => b.memory - a.memory,
  };
  return services
    .filter(({ name, component }) => name.toLowerCase().includes(wanted) || component.toLowerCase().includes(wanted))
    .filter(({ streams }) => state === undefined || Object.values(streams).some((stream) => stream.state === state))
    .sort((a, b) => by[order](a, b) || a.name.localeCompare(b.name) || a.component.localeCompare(b.component));
}

/** Records a second over the stream's newest window. */
export function rateOf(stream: Stream): number {
  const seconds = (Date.parse(stream.timestamp) - Date.parse(stream.window_start)) / 1000;
  return seconds > 0 ? stream.records / seconds : 0;
}

/** `820 B`, `403 KiB`, `1.2 MiB`. */
export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let value = n;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return `${at > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[at] ?? ""}`;
}
