import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Anomaly } from "../api/client";
import { ScoreChart } from "../chart/ScoreChart";
import { Failure, Loading } from "../notice/notice";
import { scoresOf } from "../streams/scores";
import { aroundQuery } from "./queries";
import { Section } from "./Section";

/** The service's score around the window, with the level it had to reach. */
export function ScoreHistory({ anomaly }: { anomaly: Anomaly }) {
  const { service, component_id: component } = anomaly;
  const going = anomaly.episode?.ended === undefined;
  const windows = useQuery({ ...aroundQuery(service, anomaly.episode?.peak ?? anomaly.window_start), refetchInterval: going ? 30_000 : false });
  const series = useMemo(() => scoresOf((windows.data ?? []).filter(({ component_id }) => component_id === component), undefined), [windows.data, component]);
  return (
    <Section title="Score around the window" name="score-history"
      about="The score counts decades: 3 is once in a thousand windows. Dots are windows that were stated; the dashed line is the level they had to reach.">
      {windows.isError && !windows.data ? <Failure what="the score over time" error={windows.error} retry={() => void windows.refetch()} />
        : windows.isPending ? <Loading what="the score over time" className="h-65" />
          : series.times.length === 0 ? <p className="h-65 text-sm text-quiet">The windows of that time are no longer stored.</p>
            : <ScoreChart series={series} whatIf={undefined} label={`Score of ${service} around the window`} />}
    </Section>
  );
}
