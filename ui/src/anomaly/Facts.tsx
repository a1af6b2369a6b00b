import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Anomaly } from "../api/client";
import { incidentQuery } from "./queries";
import { Link } from "../route/Link";
import { SeverityMark } from "../severity/SeverityMark";
import { formatP, oneIn } from "../severity/severity";
import { Time } from "../time/Time";
import { chance, support } from "./explanation";

/** Where, since when, how sure, and who else is concerned. */
export function Facts({ anomaly }: { anomaly: Anomaly }) {
  const { window_start, timestamp, p_value, p_floor, level, episode, deploy } = anomaly;
  const length = Date.parse(timestamp) - Date.parse(window_start);
  return (
    <dl className="sheet mt-4 grid gap-x-6 gap-y-3 px-4 py-3.5 text-sm sm:grid-cols-[7rem_minmax(0,1fr)]">
      <Fact name="How sure">
        <p>{chance(p_value, length)} <span className="text-quiet">p = {formatP(p_value)}</span></p>
        <p className="text-quiet">{support(p_value, p_floor)}</p>
        <p className="text-quiet">{p_value <= level ? `Stated because that is at or below the level of ${oneIn(level).replace("1 in", "one window in")}.` : "The window as a whole is usual; one of its metric points was so far out that it is stated by itself."}</p>
      </Fact>
      <Fact name="Windows">
        {episode && episode.windows > 1
          ? <p>{episode.windows} unusual windows from <Time at={episode.started} /> to <Time at={episode.last} />; the most unusual, which this page shows, began at <Time at={episode.peak} />.</p>
          : <p>One window, from <Time at={window_start} /> to <Time at={timestamp} />.</p>}
        {episode?.ended !== undefined && <p className="text-quiet">The service has been normal since <Time at={episode.ended} />.</p>}
      </Fact>
      <Incident anomaly={anomaly} />
      {deploy && <Fact name="Deploy"><p>Version {deploy.from || "(none)"} became {deploy.to || "(none)"} at <Time at={deploy.at} />.</p></Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="font-medium text-quiet max-sm:-mb-2">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

/** The services that are unusual at the same time, each a link to its own anomaly. */
function Incident({ anomaly }: { anomaly: Anomaly }) {
  const { service, cause, incident_id: id } = anomaly;
  const services = anomaly.incident_services ?? [];
  const others = useQuery({ ...incidentQuery(id ?? ""), enabled: id !== undefined && services.length > 1 });
  if (services.length < 2 && !cause) return <Fact name="Incident"><p>No other service was unusual with it.</p></Fact>;
  const of = (name: string) => others.data?.find((other) => other.service === name);
  return (
    <Fact name="Incident">
      <p>{cause ? <>Look at <strong className="font-semibold">{cause}</strong> first: it is unusual at the same time, and the calls between them lead there.</>
        : services[0] === service ? "This service is the likeliest cause of what is unusual in:" : "Unusual at the same time, the likeliest cause first:"}</p>
      <ul className="mt-1 flex flex-wrap gap-x-5 gap-y-1" data-testid="incident-services">
        {services.map((name) => {
          const other = of(name);
          if (name === service) return cause ? null : <li key={name} className="sr-only">{name}</li>;
          return (
            <li key={name} className="inline-flex items-center gap-1.5">
              {other ? <SeverityMark score={other.score} /> : <span className="size-4" />}
              {other ? <Link to={`/anomalies/${other.id}`} className="link">{name}</Link> : <span>{name}</span>}
            </li>
          );
        })}
      </ul>
    </Fact>
  );
}
