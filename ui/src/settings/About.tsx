import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { aboutQuery } from "../api/about";
import { Failure, Loading } from "../notice/notice";
import typeface from "../theme/instrument-sans.txt?url";

/** Versions, who we are to this collector, and where its documents are. */
export function About() {
  const about = useQuery(aboutQuery());
  if (about.isPending) return <Loading what="versions" />;
  if (about.isError) return <Failure what="the versions" error={about.error} retry={() => void about.refetch()} />;
  const { version, core_version, collector_version, actor, role, open } = about.data;
  return (
    <div className="max-w-2xl space-y-6">
      <dl className="sheet divide-y divide-rule" data-testid="about">
        <Line name="Driftlock">{version}</Line>
        <Line name="Core">{core_version}</Line>
        <Line name="OpenTelemetry Collector">{collector_version === "" ? "unknown" : collector_version}</Line>
        <Line name="You are">{open ? "anyone on this machine: the API is open until there is a key" : `${actor}, ${role}`}</Line>
        <Line name="The API for programs"><a className="link" href="/openapi.json">openapi.json</a></Line>
        <Line name="Times">in the zone of this browser, {Intl.DateTimeFormat().resolvedOptions().timeZone}; UTC where you hover</Line>
      </dl>
      <p className="text-sm text-quiet">
        Everything on this page comes from this collector; nothing is loaded from elsewhere and nothing is sent anywhere.
        It is made with <a className="link" href="/assets/licenses.md">free software</a> and
        the typeface <a className="link" href={typeface}>Instrument Sans</a> (SIL Open Font License).
      </p>
    </div>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 px-4 py-2.5 sm:grid-cols-[14rem_1fr]">
      <dt className="text-quiet">{name}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </div>
  );
}
