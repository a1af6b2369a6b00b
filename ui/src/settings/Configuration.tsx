import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMay } from "../api/about";
import { api, data } from "../api/client";
import { Empty, Failure, Loading } from "../notice/notice";
import { toYaml } from "./yaml";

const configQuery = queryOptions({
  queryKey: ["config"] as const,
  queryFn: ({ signal }) => data(api.GET("/v1/config", { signal })),
});

const sections = ["processors", "extensions", "receivers", "exporters", "connectors", "service"];

/** What the collector runs with, defaults included and secrets left out. */
export function Configuration() {
  const may = useMay("admin");
  const config = useQuery({ ...configQuery, enabled: may });
  if (!may) return <Empty title="The configuration is for admins">Log in with a key of the role admin to read it.</Empty>;
  if (config.isPending) return <Loading what="the configuration" className="h-96" />;
  if (config.isError) return <Failure what="the configuration" error={config.error} retry={() => void config.refetch()} />;
  const { config: all, config_hash } = config.data;
  const names = [...sections.filter((name) => name in all), ...Object.keys(all).filter((name) => !sections.includes(name))];
  return (
    <div className="max-w-4xl space-y-3" data-testid="configuration">
      <p className="text-sm text-quiet">
        In effect now, defaults included. <code className="font-mono">[REDACTED]</code> stands for what is or may be a secret.
        Its hash: <code className="font-mono wrap-anywhere">{config_hash}</code>
      </p>
      {names.map((name) => <Section key={name} name={name} value={all[name]} />)}
    </div>
  );
}

function Section({ name, value }: { name: string; value: unknown }) {
  const parts = typeof value === "object" && value !== null && name !== "service" ? Object.entries(value) : [];
  const summary = parts.length > 0 ? parts.map(([id]) => id).join(", ") : "";
  return (
    <details className="sheet" open={name === "processors"}>
      <summary className="flex items-baseline gap-3 px-4 py-2.5"><span className="font-medium">{name}</span><span className="truncate text-sm text-quiet">{summary}</span></summary>
      {/* Long lines are scrolled to; a scroller has to be in reach of the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} role="region" aria-label={`Configuration of ${name}`} className="overflow-x-auto border-t border-rule px-4 py-3 font-mono text-sm leading-5">{toYaml(value)}</pre>
    </details>
  );
}
