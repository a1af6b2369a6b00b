import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Anomaly } from "../api/client";
import { asProblem } from "../api/problem";
import { anomalyQuery } from "../api/queries";
import { useKeys } from "../keyboard/keys";
import { Empty, Failure, Loading } from "../notice/notice";
import { Link } from "../route/Link";
import { navigate } from "../route/location";
import { Bill } from "./Bill";
import { Calls } from "./Calls";
import { Export } from "./Export";
import { Facts } from "./Facts";
import { Headline } from "./Headline";
import { Lines } from "./Lines";
import { Measures } from "./Measures";
import { Nulls } from "./Nulls";
import { Requests } from "./Requests";
import { ScoreHistory } from "./ScoreHistory";
import { SeriesAround } from "./SeriesAround";
import { Similar } from "./Similar";
import { Status } from "./Status";

/** One anomaly: what, where, since when and how sure; then why, in the data's own words. */
export function AnomalyPage({ id }: { id: string }) {
  const anomaly = useQuery(anomalyQuery(id));
  useKeys({ Escape: back });
  const service = anomaly.data?.service;
  useEffect(() => {
    if (service !== undefined) document.title = `${service} · Driftlock`;
  }, [service]);
  if (anomaly.isPending) return <><h1 className="sr-only">Anomaly</h1><Loading what="the anomaly" className="h-96" /></>;
  if (anomaly.isError && !anomaly.data) {
    return (
      <>
        <h1 className="sr-only">Anomaly</h1>
        {asProblem(anomaly.error).code === 404
          ? <Empty title="There is no such anomaly">It may have been deleted after the days that anomalies are kept, or another collector’s store has it. <Link to="/" className="link">To the overview</Link></Empty>
          : <Failure what="this anomaly" error={anomaly.error} retry={() => void anomaly.refetch()} />}
      </>
    );
  }
  return <Shown key={id} anomaly={anomaly.data} />;
}

// The place that this document was loaded at: nothing of ours lies before it in the history.
const loaded = window.location.pathname;

/** To where the reader came from, with the place in its list; else to the overview. */
function back(): void {
  if (window.location.pathname !== loaded) window.history.back();
  else navigate("/");
}

function Shown({ anomaly }: { anomaly: Anomaly }) {
  return (
    <article className="grid items-start gap-x-8 gap-y-6 lg:grid-cols-[minmax(0,1fr)_20rem]" data-testid="anomaly">
      <div className="min-w-0">
        <Headline anomaly={anomaly} />
        <Facts anomaly={anomaly} />
      </div>
      {/* On narrow screens the status follows the facts, and what is less urgent comes last. */}
      <aside className="min-w-0 max-lg:contents lg:row-span-2 lg:grid lg:gap-6" aria-label="What was and can be done">
        <Status anomaly={anomaly} />
        <div className="grid min-w-0 gap-6 max-lg:order-1">
          <Export anomaly={anomaly} />
          <Similar anomaly={anomaly} />
        </div>
      </aside>
      <div className="grid min-w-0 gap-8">
        <Bill anomaly={anomaly} />
        <Lines anomaly={anomaly} />
        <SeriesAround anomaly={anomaly} />
        <Calls anomaly={anomaly} />
        <Requests anomaly={anomaly} />
        <ScoreHistory anomaly={anomaly} />
        <Nulls anomaly={anomaly} />
        <Measures anomaly={anomaly} />
      </div>
    </article>
  );
}
