import type { Anomaly } from "../api/client";
import { formatP } from "../severity/severity";
import { Time } from "../time/Time";
import { quantity } from "./quantity";
import { Scrolled } from "./Scrolled";
import { Section } from "./Section";
import { TraceLink, TraceLinks } from "./TraceLink";

/** The requests that ran an unusual course, and every trace that the reasons name. */
export function Requests({ anomaly }: { anomaly: Anomaly }) {
  const requests = anomaly.requests ?? [];
  const traces = anomaly.trace_ids ?? [];
  if (requests.length + traces.length === 0) return null;
  return (
    <Section title="Requests and traces" name="requests">
      {requests.length > 0 && (
        <Scrolled label="Unusual requests, a table" className="sheet px-3 pb-1">
          <table className="table min-w-[34rem]">
            <thead><tr><th scope="col">Trace</th><th scope="col">Began</th><th scope="col" className="!text-right">Lasted</th><th scope="col" className="!text-right">p-value</th></tr></thead>
            <tbody>
              {requests.map(({ trace_id, start, end, p_value }) => (
                <tr key={trace_id}>
                  <td><TraceLink id={trace_id} /></td>
                  <td><Time at={start} /></td>
                  <td className="text-right">{quantity((Date.parse(end) - Date.parse(start)) * 1e6, "ns")}</td>
                  <td className="text-right whitespace-nowrap">{formatP(p_value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolled>
      )}
      {traces.length > 0 && <p className="mt-2 text-sm"><span className="text-quiet">Traces that the reasons name: </span><TraceLinks ids={traces} /></p>}
    </Section>
  );
}
