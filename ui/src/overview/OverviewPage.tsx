import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import type { Pages } from "../api/pages";
import { anomaliesQuery, lanesQuery, overviewQuery } from "../api/queries";
import { Empty, Failure, Loading } from "../notice/notice";
import { FilterBar } from "./FilterBar";
import { FirstSteps } from "./FirstSteps";
import { HealthStrip } from "./HealthStrip";
import { IncidentList } from "./IncidentList";
import { LanesPanel } from "./LanesPanel";
import { LiveControl } from "./LiveControl";
import { Summary } from "./Summary";
import { groupIncidents } from "./incidents";
import { useOverviewState, widened } from "./state";

// Of every incident list the newest page says whether anything is wrong now.
const everything = {};
const firstPage = ({ pages }: Pages) => pages[0]?.anomalies ?? [];

/** From "something is wrong" to what and where: a sentence, the health, the timeline, the incidents. */
export function OverviewPage() {
  const { state, change, setRange } = useOverviewState();
  const overview = useQuery(overviewQuery(!state.paused));
  const lanes = useQuery(lanesQuery(state.range, 200, !state.paused));
  const newest = useInfiniteQuery({ ...anomaliesQuery(everything, "-timestamp"), select: firstPage });
  const now = useMemo(() => groupIncidents(newest.data ?? []), [newest.data]);

  if (overview.isError && !overview.data) return <><h1 className="sr-only">Overview</h1><Failure what="the overview" error={overview.error} retry={() => void overview.refetch()} /></>;
  // All of the upper part comes at once: one after the other they would push each other down.
  if (overview.isPending || lanes.isPending || newest.isPending) return <Waiting />;
  if (overview.data.newest_window === null && now.length === 0) return <FirstSteps />;
  return (
    <div className="space-y-5">
      <Summary health={overview.data} incidents={now} more={newest.hasNextPage} />
      <HealthStrip health={overview.data} />
      {lanes.data
        ? <LanesPanel lanes={lanes.data} range={state.range} setRange={setRange} service={state.filters.service} all={state.allLanes}
            setService={(service) => change({ service: service ?? null, at: null })} setAll={(all) => change({ lanes: all ? "all" : null })} />
        : <Failure what="the timeline" error={lanes.error} retry={() => void lanes.refetch()} />}
      <Incidents services={lanes.data?.services.map(({ service }) => service).sort() ?? []} />
    </div>
  );
}

function Incidents({ services }: { services: readonly string[] }) {
  const { state, change } = useOverviewState();
  const list = useInfiniteQuery(anomaliesQuery(state.filters, state.sort));
  const { data, fetchNextPage, hasNextPage, isFetchingNextPage } = list;
  const incidents = useMemo(() => groupIncidents(data?.pages.flatMap(({ anomalies }) => anomalies) ?? []), [data]);
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  return (
    <section aria-labelledby="incidents-title" data-testid="incidents">
      <div className="mb-3 flex items-center justify-between gap-4">
        <h2 id="incidents-title" className="section-title">Incidents</h2>
        <LiveControl paused={state.paused} setPaused={(paused) => change({ live: paused ? "off" : null })} />
      </div>
      <FilterBar state={state} change={change} services={services} />
      <div className="mt-3 min-h-screen">
        {list.isError && !data ? <Failure what="the incidents" error={list.error} retry={() => void list.refetch()} />
          : list.isPending ? <Loading what="incidents" className="h-96" />
            : incidents.length === 0 ? <NoIncidents narrowed={state.narrowed} widen={() => change(widened)} />
              : (
                <>
                  <div className="row row-head" aria-hidden="true"><span /><span>What</span><span>Signals</span><span>Since</span><span>p-value</span><span>Status</span></div>
                  <IncidentList incidents={incidents} state={state} change={change} loadMore={loadMore} />
                  <p className="py-4 text-center text-sm text-quiet">{hasNextPage ? "Loading more…" : `${incidents.length === 1 ? "That is the only one" : `That is all: ${incidents.length.toLocaleString("en-GB")} incidents`}.`}</p>
                </>
              )}
      </div>
    </section>
  );
}

function NoIncidents({ narrowed, widen }: { narrowed: boolean; widen: () => void }) {
  return narrowed
    ? <Empty title="No incident is like this"><button type="button" className="link" onClick={widen}>Show all of them</button>, or search for less.</Empty>
    : <Empty title="No incidents">A window that a service’s past does not explain appears here by itself. Try it: <code className="font-mono text-sm">bin/synthetic --history 2h --incident latency@checkout</code></Empty>;
}

function Waiting() {
  return (
    <div className="space-y-5" aria-busy="true">
      <h1 className="sr-only">Overview</h1>
      <Loading what="the overview" className="h-16" />
      <div className="loading h-22" />
      <div className="loading h-96" />
    </div>
  );
}
