import type { Anomaly } from "../api/client";
import { Scrolled } from "./Scrolled";
import { Section } from "./Section";
import { TraceLinks } from "./TraceLink";
import { of } from "./exhibit";
import { number, quantity } from "./quantity";
import { tree } from "./tree";
import type { Call, Node } from "./tree";

/** The window's calls as a tree, with what each costs. */
export function Calls({ anomaly }: { anomaly: Anomaly }) {
  const calls = of(anomaly.window_data, "traces")?.calls ?? [];
  if (calls.length === 0) return null;
  const rows = tree(calls);
  const most = Math.max(...calls.map(({ bits }) => bits), 1);
  return (
    <Section title="Calls" name="calls"
      about={`Who called what of ${anomaly.service} in this window, the costliest branch first. Durations are without the time of the calls below; “usual” is what the past expects of this window.`}>
      <Scrolled label="Calls, a table" className="sheet px-3 pb-1">
        <table className="table min-w-[44rem]">
          <thead>
            <tr><th scope="col">Operation</th><th scope="col" className="w-28 !text-right">Calls</th><th scope="col" className="w-28 !text-right">Failed</th><th scope="col" className="w-36 !text-right">Takes</th><th scope="col" className="w-44">Bits</th></tr>
          </thead>
          <tbody>{rows.map((row) => <Row key={row.key} row={row} most={most} />)}</tbody>
        </table>
      </Scrolled>
    </Section>
  );
}

function Row({ row: { call, depth, operation }, most }: { row: Node; most: number }) {
  return (
    <tr data-testid={call ? "call" : "caller"}>
      <th scope="row" className="!font-normal !text-ink" style={{ paddingLeft: `${depth * 1.25}rem` }}>
        <span className="wrap-anywhere">{depth > 0 && <span className="text-quiet" aria-hidden="true">└ </span>}{call ? operation : <span className="text-quiet">{operation}</span>}</span>
        {call !== undefined && call.bits >= 0.05 && call.trace_ids && call.trace_ids.length > 0 && (
          <details className="mt-0.5 text-quiet"><summary className="text-xs">traces</summary><TraceLinks ids={call.trace_ids} /></details>
        )}
      </th>
      {call ? <Numbers call={call} most={most} /> : <td colSpan={4} />}
    </tr>
  );
}

function Numbers({ call, most }: { call: Call; most: number }) {
  const { spans, expected, errors, expected_errors: usually, duration_ns: takes, expected_duration_ns: usual, bits } = call;
  return (
    <>
      <td className="text-right">{number(spans)}{expected !== undefined && <Usual text={expected === 0 ? "never" : number(expected)} />}</td>
      <td className={`text-right ${errors > 0 && errors > (usually ?? 0) * 1.5 ? "font-semibold" : ""}`}>{number(errors)}{usually !== undefined && <Usual text={number(usually < 0.01 ? 0 : Number(usually.toPrecision(2)))} />}</td>
      <td className={`text-right ${usual !== undefined && takes > usual * 1.5 ? "font-semibold" : ""}`}>{spans === 0 ? "—" : quantity(takes, "ns")}{usual !== undefined && <Usual text={quantity(usual, "ns")} />}</td>
      <td>
        <span className="flex items-center gap-2">
          <span className="w-10 shrink-0 text-right">{bits >= 0.05 ? bits.toFixed(1) : ""}</span>
          {bits >= 0.05 && <span className="h-2 min-w-0 flex-1 rounded-sm bg-sunken" aria-hidden="true"><span className="fill-stripes block h-full rounded-sm" style={{ width: `${(bits / most) * 100}%` }} /></span>}
        </span>
      </td>
    </>
  );
}

function Usual({ text }: { text: string }) {
  return <span className="block text-xs font-normal text-quiet">usual {text}</span>;
}
