import { useQuery } from "@tanstack/react-query";
import type { Anomaly } from "../api/client";
import { asProblem } from "../api/problem";
import { StatusTag } from "../overview/IncidentRow";
import { Loading } from "../notice/notice";
import { Link } from "../route/Link";
import { SeverityMark } from "../severity/SeverityMark";
import { Time } from "../time/Time";
import { similarQuery } from "./queries";

/** Earlier anomalies whose reasons are alike, and what became of them. */
export function Similar({ anomaly }: { anomaly: Anomaly }) {
  const similar = useQuery(similarQuery(anomaly.id));
  return (
    <section aria-labelledby="similar-title" data-testid="similar">
      <h2 id="similar-title" className="section-title mb-2">Alike before</h2>
      {similar.isPending ? <Loading what="similar anomalies" className="h-16" />
        : similar.isError ? <p className="text-sm text-quiet">Cannot be said: {asProblem(similar.error).message}</p>
          : similar.data.length === 0 ? <p className="text-sm text-quiet">Nothing stored looks like this one.</p>
            : (
              <ul className="divide-y divide-rule border-y border-rule">
                {similar.data.map(({ similarity, shared, anomaly: other }) => (
                  <li key={other.id} className="py-2 text-sm">
                    <p className="flex items-baseline gap-2">
                      <SeverityMark score={other.score} />
                      <Link to={`/anomalies/${other.id}`} className="link">{other.service}, <Time at={other.window_start} /></Link>
                      <span className="ml-auto whitespace-nowrap">{Math.round(similarity * 100)} %</span>
                    </p>
                    <p className="mt-0.5 text-xs text-quiet"><StatusTag status={other.status} /></p>
                    {shared.length > 0 && <p className="mt-0.5 line-clamp-2 text-xs wrap-anywhere text-quiet">both: {shared.join("; ")}</p>}
                  </li>
                ))}
              </ul>
            )}
    </section>
  );
}
