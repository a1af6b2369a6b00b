import { useQuery } from "@tanstack/react-query";
import { aboutQuery } from "../api/about";

/** Where a trace is shown; undefined where nobody said, or what was said is no web address. */
export function traceHref(template: string, id: string): string | undefined {
  if (!/^https?:\/\//.test(template) || !template.includes("{trace_id}")) return undefined;
  return template.replaceAll("{trace_id}", encodeURIComponent(id));
}

/** A trace's id, a link where the configuration knows where traces are shown. */
export function TraceLink({ id }: { id: string }) {
  const { data: about } = useQuery(aboutQuery());
  const href = traceHref(about?.trace_url ?? "", id);
  if (href === undefined) return <code className="font-mono text-xs wrap-anywhere text-ink select-all" title="dashboard.trace_url in the extension’s configuration makes this a link">{id}</code>;
  return <a href={href} target="_blank" rel="noreferrer" className="link"><span className="sr-only">Trace </span><code className="font-mono text-xs" title={id}>{id.slice(0, 12)}…</code><span className="sr-only"> in another tab</span></a>;
}

export function TraceLinks({ ids }: { ids: readonly string[] }) {
  return <span className="flex flex-wrap gap-x-4 gap-y-0.5">{ids.map((id) => <TraceLink key={id} id={id} />)}</span>;
}
