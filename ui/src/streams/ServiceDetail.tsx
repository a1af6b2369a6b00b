import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { windowsQuery } from "../api/queries";
import { ScoreChart } from "../chart/ScoreChart";
import { Failure, Loading } from "../notice/notice";
import { Link } from "../route/Link";
import { useQueryParams } from "../route/location";
import { Icon } from "../theme/Icon";
import { readRange } from "../time/range";
import { readLevel, scoresOf } from "./scores";
import type { Service } from "./services";

const signals = ["logs", "metrics", "traces"] as const;
const ranges = ["1h", "6h", "24h"] as const;
const usual = "6h";

/** A service's score over time, or one of its streams', with the level it had to reach. */
export function ServiceDetail({ service, close }: { service: Service; close: () => void }) {
  const [query, change] = useQueryParams();
  const signal = signals.find((each) => each === query.get("signal"));
  const text = ranges.find((each) => each === query.get("range")) ?? usual;
  const range = useMemo(() => readRange(new URLSearchParams({ range: text }), usual), [text]);
  const windows = useQuery(windowsQuery(service.name, range));
  const series = useMemo(() => scoresOf((windows.data ?? []).filter(({ component_id }) => component_id === service.component), signal), [windows.data, signal, service.component]);
  const whatIf = readLevel(query.get("level"));
  return (
    <section className="sheet" aria-labelledby="detail-title" data-testid="service-detail">
      <div className="flex items-center gap-3 border-b border-rule px-4 py-2.5">
        <h2 id="detail-title" className="min-w-0 truncate font-medium">{service.name}</h2>
        <Link to={`/?service=${encodeURIComponent(service.name)}`} className="link ml-auto text-sm whitespace-nowrap">its incidents</Link>
        <button type="button" className="icon-button" aria-label="Close" title="Close (Esc)" onClick={close}><Icon name="close" /></button>
      </div>
      <div className="flex flex-wrap gap-2 px-4 pt-3">
        <select className="field" aria-label="Score of" value={signal ?? ""} onChange={({ target }) => change({ signal: target.value })}>
          <option value="">all signals together</option>
          {signals.filter((each) => service.streams[each]).map((each) => <option key={each} value={each}>{each} alone</option>)}
        </select>
        <select className="field" aria-label="Span of time" value={text} onChange={({ target }) => change({ range: target.value === usual ? null : target.value })}>
          {ranges.map((each) => <option key={each} value={each}>last {each}</option>)}
        </select>
      </div>
      <div className="px-4 pt-2 pb-3">
        {windows.isError && !windows.data ? <Failure what="the score over time" error={windows.error} retry={() => void windows.refetch()} />
          : windows.isPending ? <Loading what="the score over time" className="h-65" />
            : <ScoreChart series={series} whatIf={whatIf} label={`Score of ${service.name} over the last ${text}`} />}
        <p className="mt-1 text-xs text-quiet"><span aria-hidden="true">– – </span>the level; dots are windows that were stated{whatIf !== undefined && <>; the line is the level 10<sup>−{whatIf}</sup></>}</p>
      </div>
    </section>
  );
}
