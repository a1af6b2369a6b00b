import { memo, useEffect, useRef } from "react";
import type { AnomalyStatus } from "../api/client";
import type { Listed } from "../api/listed";
import { Link } from "../route/Link";
import { SeverityMark } from "../severity/SeverityMark";
import { formatP, oneIn } from "../severity/severity";
import { Icon } from "../theme/Icon";
import { Time } from "../time/Time";
import { span } from "../time/format";
import { endOf, headline, startOf } from "./incidents";
import type { Incident } from "./incidents";

interface Props {
  incident: Incident;
  selected: boolean;
  focus: boolean;
  opened: boolean;
  /** Shows the incident's services, or no longer. */
  toggle: (id: string) => void;
}

/** An incident in one row; all of it leads to the anomaly that explains it. */
export const IncidentRow = memo(function IncidentRow({ incident, selected, focus, opened, toggle }: Props) {
  const { lead, services, signals, since, last, ongoing, score, p, status } = incident;
  const link = useFocus(focus);
  const others = services.filter((service) => service !== lead.service);
  return (
    <article className="row group" data-selected={selected || undefined} data-testid="incident" data-incident={incident.id}>
      <span className="row-mark"><SeverityMark score={score} /></span>
      <div className="min-w-0">
        <h3 className="row-sentence">
          <Link ref={link} to={`/anomalies/${lead.id}`} className="row-link">
            <strong className="font-semibold">{lead.service}</strong><span className="sr-only">: </span> <span className="wrap-anywhere">{headline(lead)}</span>
          </Link>
        </h3>
        <p className="mt-1 flex h-6 min-w-0 items-center gap-2 text-sm text-quiet">
          {incident.members.length > 1 ? (
            <button type="button" className="row-toggle" aria-expanded={opened} onClick={() => toggle(incident.id)}>
              <Icon name={opened ? "down" : "right"} />{incident.members.length} {incident.members.length > services.length ? "anomalies" : "services"}
            </button>
          ) : null}
          <span className="truncate">{lead.kind !== "anomaly" && <>{lead.kind} · </>}{others.length > 0 ? <>may explain {others.join(", ")}</> : lead.cause ? <>look at {lead.cause} first</> : "alone"}</span>
        </p>
      </div>
      <span className="row-signals">{signals.join(", ")}</span>
      <span className="row-since"><Time at={since} /> <span className="text-quiet">{ongoing ? "for" : "lasted"} {span(last.getTime() - since.getTime())}</span></span>
      <span className="row-p" title={`${oneIn(p)} windows by chance`}><span className="sr-only">p-value </span>{formatP(p)}</span>
      <span className="row-status"><StatusTag status={status} /></span>
    </article>
  );
});

/** One service of an incident that is opened. */
export const MemberRow = memo(function MemberRow({ anomaly, lead, selected, focus }: { anomaly: Listed; lead: boolean; selected: boolean; focus: boolean }) {
  const link = useFocus(focus);
  return (
    <article className="row row-member group" data-selected={selected || undefined} data-testid="member">
      <span className="row-mark"><SeverityMark score={anomaly.score} /></span>
      <h4 className="min-w-0 truncate">
        <Link ref={link} to={`/anomalies/${anomaly.id}`} className="row-link">
          <strong className="font-medium">{anomaly.service}</strong>{lead && <span className="text-quiet"> likeliest cause</span>}<span className="sr-only">: </span> {headline(anomaly)}
        </Link>
      </h4>
      <span className="row-signals">{anomaly.stream_type}</span>
      <span className="row-since"><Time at={new Date(startOf(anomaly))} /> <span className="text-quiet">for {span(endOf(anomaly) - startOf(anomaly))}</span></span>
      <span className="row-p" title={`${oneIn(anomaly.p_value)} windows by chance`}>{formatP(anomaly.p_value)}</span>
      <span className="row-status"><StatusTag status={anomaly.status} /></span>
    </article>
  );
});

// A sign for each status besides its name, for the eye that skims.
const signs: Record<AnomalyStatus, string> = { pending: "○", acknowledged: "◐", investigating: "◉", resolved: "✓", dismissed: "–" };

export function StatusTag({ status }: { status: AnomalyStatus }) {
  return <span className="whitespace-nowrap"><span aria-hidden="true" className="mr-1.5 inline-block w-3 text-center text-quiet">{signs[status]}</span>{status}</span>;
}

/** Takes the focus where the row was chosen by a key, so that Enter opens it and it is read out. */
function useFocus(focus: boolean) {
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (focus) link.current?.focus({ preventScroll: true });
  }, [focus]);
  return link;
}
