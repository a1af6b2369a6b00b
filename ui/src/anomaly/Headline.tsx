import type { Anomaly } from "../api/client";
import { StatusTag } from "../overview/IncidentRow";
import { Link } from "../route/Link";
import { SeverityMark } from "../severity/SeverityMark";
import { Icon } from "../theme/Icon";
import { Time } from "../time/Time";
import { span } from "../time/format";
import { told } from "./explanation";

const kinds: Readonly<Record<string, string>> = {
  silence: "silence: a stream that was regular has stopped", gap: "gap: most streams stopped together", shift: "shift: a change that lasts",
};

/** The sentence, and what there is to see of it at a glance. */
export function Headline({ anomaly }: { anomaly: Anomaly }) {
  const { service, score, status, kind, episode, window_start, timestamp, incomplete } = anomaly;
  const { headline, more } = told(anomaly.glass_box_explanation);
  const [, said = headline] = headline.startsWith(`${service}: `) ? [service, headline.slice(service.length + 2)] : [];
  const since = episode?.started ?? window_start;
  const last = episode?.last ?? timestamp;
  return (
    <header>
      <Link to="/" className="link inline-flex items-center gap-1 text-sm no-underline hover:underline"><Icon name="left" />Overview</Link>
      <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <SeverityMark score={score} named />
        <StatusTag status={status} />
        <span data-testid="since">
          <span className="text-quiet">since </span><Time at={since} />
          <span className="text-quiet">{episode?.ended || Date.parse(last) - Date.parse(since) <= 0 ? " lasted " : " for "}</span>{span(Date.parse(last) - Date.parse(since))}
          {episode?.ended !== undefined && <span className="text-good"> over</span>}
        </span>
        {kinds[kind] !== undefined && <span className="tag">{kinds[kind]}</span>}
        {incomplete && <span className="tag">records were skipped under overload</span>}
      </div>
      <h1 className="mt-2 max-w-[60rem] text-xl leading-8 font-medium tracking-tight wrap-anywhere sm:text-2xl sm:leading-9">
        <strong className="font-semibold">{service}</strong>: {said}
      </h1>
      {more !== "" && <p className="mt-2 max-w-prose wrap-anywhere text-quiet">{more}</p>}
    </header>
  );
}
