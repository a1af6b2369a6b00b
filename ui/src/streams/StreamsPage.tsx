import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { streamsQuery } from "../api/queries";
import { useKeys } from "../keyboard/keys";
import { VirtualList } from "../list/VirtualList";
import { Empty, Failure, Loading } from "../notice/notice";
import { Link } from "../route/Link";
import { useQueryParams } from "../route/location";
import { useMedia } from "../theme/media";
import { ServiceDetail } from "./ServiceDetail";
import { ServiceRow } from "./ServiceRow";
import { WhatIf } from "./WhatIf";
import { choose, gather } from "./services";
import type { Service, ServiceOrder } from "./services";

const states = ["new", "warming", "ready"] as const;
const orders = { name: "by name", score: "most severe first", memory: "most memory first" } as const;
const nothing = () => undefined;

/** What is watched, how far each stream has been learnt, its score over time, and what another level would have stated. */
export function StreamsPage() {
  const [query, change] = useQueryParams();
  const streams = useQuery(streamsQuery());
  const services = useMemo(() => gather(streams.data?.streams ?? []), [streams.data]);
  const text = query.get("q") ?? "";
  const state = states.find((each) => each === query.get("state"));
  const order = (Object.keys(orders) as ServiceOrder[]).find((each) => each === query.get("sort")) ?? "name";
  const shown = useMemo(() => choose(services, text, state, order), [services, text, state, order]);
  const selected = services.find(({ key }) => key === keyOf(query.get("service"), query.get("by"))) ?? services.find(({ name }) => name === query.get("service"));
  const [focused, setFocused] = useState<string>();
  const search = useRef<HTMLInputElement>(null);
  const wide = useMedia("(min-width: 56rem)");

  const select = (service: Service | undefined) => change({ service: service?.name ?? null, by: service?.component ?? null });
  const step = (by: number) => {
    const at = shown.findIndex(({ key }) => key === selected?.key);
    const next = shown[at < 0 ? 0 : Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (!next) return;
    select(next);
    setFocused(next.key);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Escape: () => select(undefined),
    "/": (event) => {
      event.preventDefault();
      search.current?.focus();
    },
  });

  if (streams.isError && !streams.data) return <><h1 className="sr-only">Streams</h1><Failure what="the streams" error={streams.error} retry={() => void streams.refetch()} /></>;
  if (streams.isPending) return <><h1 className="sr-only">Streams</h1><Loading what="streams" className="h-96" /></>;
  if (services.length === 0) {
    return (
      <>
        <h1 className="mb-4 text-2xl font-medium tracking-tight">Streams</h1>
        <Empty title="Nothing is watched yet">A stream appears with the first window of its logs, metrics or traces. <Link to="/" className="link">How to send some</Link>.</Empty>
      </>
    );
  }
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_30rem]">
      <section aria-labelledby="streams-title">
        <h1 id="streams-title" className="text-2xl leading-8 font-medium tracking-tight">Streams</h1>
        <p className="text-quiet" data-testid="stream-states">{counted(streams.data.streams.map((stream) => stream.state), services.length)}{streams.data.more && ". These are not all: search for a service in the API"}</p>
        <div className="mt-3 flex flex-wrap gap-2" role="search" aria-label="Streams">
          <input ref={search} type="search" className="field w-full sm:w-64" placeholder="Search for a service" aria-label="Search for a service" aria-keyshortcuts="/" value={text}
            onChange={({ target }) => change({ q: target.value })} onKeyDown={(event) => {
              if (event.key === "Escape") {
                // Chromium empties the field on Escape.
                event.preventDefault();
                event.stopPropagation();
                search.current?.blur();
              }
            }} />
          <select className="field" aria-label="State" value={state ?? ""} onChange={({ target }) => change({ state: target.value })}>
            <option value="">every state</option>
            {states.map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
          <select className="field" aria-label="Order" value={order} onChange={({ target }) => change({ sort: target.value === "name" ? null : target.value })}>
            {Object.entries(orders).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </div>
        {!wide && selected && <div className="mt-4"><ServiceDetail service={selected} close={() => select(undefined)} /></div>}
        <div className="mt-3">
          {shown.length === 0 ? <Empty title="No service is like this"><button type="button" className="link" onClick={() => change({ q: null, state: null })}>Show all of them</button></Empty> : (
            <>
              <div className="service-row service-head" aria-hidden="true"><span>Service</span><span>Logs</span><span>Metrics</span><span>Traces</span><span>Memory</span><span>Last score</span></div>
              <VirtualList rows={shown} keyOf={(service) => service.key} heightOf={wide ? () => 56 : () => 116} onEnd={nothing} show={focused} label="Services"
                render={(service) => <ServiceRow service={service} selected={service.key === selected?.key} select={() => select(service.key === selected?.key ? undefined : service)} />} />
            </>
          )}
        </div>
      </section>
      <aside className="space-y-5 lg:sticky lg:top-5" aria-label="Scores">
        {wide && (selected ? <ServiceDetail service={selected} close={() => select(undefined)} /> : <p className="sheet px-5 py-4 text-quiet">Choose a service to see its score over time.</p>)}
        <WhatIf />
      </aside>
    </div>
  );
}

function keyOf(service: string | null, component: string | null): string {
  return `${service ?? ""}\u0000${component ?? ""}`;
}

function counted(all: readonly string[], services: number): string {
  const of = (state: string) => all.filter((each) => each === state).length;
  const parts = states.flatMap((state) => (of(state) > 0 ? [`${of(state)} ${state}`] : []));
  return `${all.length} streams of ${services} ${services === 1 ? "service" : "services"}: ${parts.join(", ")}`;
}
