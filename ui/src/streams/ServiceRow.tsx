import type { Stream } from "../api/client";
import { SeverityMark } from "../severity/SeverityMark";
import { Time } from "../time/Time";
import { bytes, rateOf } from "./services";
import type { Service } from "./services";

/** A service with what is known of each of its streams; it opens the score over time. */
export function ServiceRow({ service, selected, select }: { service: Service; selected: boolean; select: () => void }) {
  const { name, component, streams, memory, score, newest } = service;
  return (
    <div className="service-row group" data-selected={selected || undefined} data-testid="service">
      <div className="min-w-0">
        <button type="button" className="service-link" aria-pressed={selected} onClick={select}>{name}</button>
        <p className="truncate text-xs text-quiet">{component === "driftlockcbad" ? null : <>{component} · </>}<Time at={newest} ago /></p>
      </div>
      <StreamCell name="logs" stream={streams.logs} />
      <StreamCell name="metrics" stream={streams.metrics} />
      <StreamCell name="traces" stream={streams.traces} />
      <span className="max-md:hidden">{bytes(memory)}</span>
      <span className="flex items-center gap-2"><SeverityMark score={score} />{score.toFixed(1)}</span>
    </div>
  );
}

function StreamCell({ name, stream }: { name: string; stream: Stream | undefined }) {
  if (!stream) return <span className="text-quiet"><span className="sr-only">{name}: </span>–</span>;
  const { state, seen, needed } = stream;
  const perSecond = rateOf(stream);
  return (
    <div className="min-w-0" title={`${name}: ${state}, ${seen} of ${needed} windows learnt, ${stream.records} records in the newest, ${bytes(stream.memory_bytes)}${stream.quarantined ? ", newest window not learnt" : ""}`}>
      <span className="sr-only">{name}: </span>
      {state === "ready" ? <span>{state}</span> : <span>{state} <span className="text-quiet">{seen} of {needed}</span></span>}
      {state === "ready"
        ? <p className="truncate text-xs text-quiet">{Number(perSecond.toPrecision(2))}/s{(stream.unscored ?? 0) > 0 && <span className="text-clear"> ▲ {stream.unscored} unscored</span>}</p>
        : <div className="mt-1.5 h-1 w-16 overflow-hidden rounded-full bg-sunken" aria-hidden="true"><div className="h-full bg-accent" style={{ width: `${needed > 0 ? (seen / needed) * 100 : 0}%` }} /></div>}
    </div>
  );
}
