import type { ReactNode } from "react";
import type { Anomaly } from "../api/client";
import { formatP } from "../severity/severity";
import { Scrolled } from "./Scrolled";
import { SignalName } from "./SignalName";
import { channelName } from "./Bill";
import { number } from "./quantity";

/** The second opinions and the channels' own numbers, for who wants to know it exactly. */
export function Measures({ anomaly }: { anomaly: Anomaly }) {
  const { ncd_score: ncd, compression_baseline: b, compression_window: w, compression_combined: both, entropy_baseline: eb, entropy_window: ew, permutation_p: p } = anomaly;
  const channels = anomaly.channels ?? [];
  const divisions = anomaly.window_data?.permutations;
  return (
    <details className="min-w-0 border-t border-rule pt-4" data-testid="measures">
      <summary className="text-lg font-medium tracking-tight">All numbers</summary>
      <p className="mt-1 max-w-prose text-sm text-quiet">Second opinions on sampled records, by a compressor that knows nothing of logs, metrics or traces. They decide nothing.</p>
      <dl className="mt-3 grid max-w-prose gap-x-6 gap-y-2 text-sm sm:grid-cols-[11rem_minmax(0,1fr)]">
        <Measure name="Compression distance" value={ncd.toFixed(3)}>0: the window says nothing that the past did not; 1: they have nothing in common. It is (C(past and window) − the smaller) ÷ the larger.</Measure>
        <Measure name="Compressed sizes" value={`${number(b)} · ${number(w)} · ${number(both)} bytes`}>Of the sampled past, of the window’s sample, and of the one after the other.</Measure>
        <Measure name="Entropy" value={`${eb.toFixed(2)} → ${ew.toFixed(2)} bits a byte`}>How mixed the bytes of the past and of the window are.</Measure>
        <Measure name="Permutation test" value={`p = ${formatP(p)}`}>{divisions === undefined ? "The share of random divisions of the same records whose halves are as far apart." : `The share of ${divisions} random divisions of the same records whose halves are as far apart; it cannot be less than ${formatP(1 / (divisions + 1))}.`}</Measure>
      </dl>
      {channels.length > 0 && (
        <Scrolled label="Channels, a table" className="mt-4">
          <table className="table min-w-[34rem] max-w-[52rem]">
            <thead><tr><th scope="col">Channel</th><th scope="col">Signal</th><th scope="col" className="!text-right">Statistic</th><th scope="col" className="!text-right">p-value</th><th scope="col" className="!text-right">History supports</th></tr></thead>
            <tbody>
              {[...channels].sort((a, c) => a.p_value - c.p_value).map(({ signal, name, statistic, p_value, p_floor }) => (
                <tr key={`${signal} ${name}`}>
                  <th scope="row" className="!font-normal !text-ink">{channelName(name)}</th>
                  <td><SignalName signal={signal} /></td>
                  <td className="text-right">{statistic.toFixed(2)}</td>
                  <td className="text-right whitespace-nowrap">{formatP(p_value)}</td>
                  <td className="text-right whitespace-nowrap">{formatP(p_floor)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolled>
      )}
      <p className="mt-3 text-xs wrap-anywhere text-quiet">Anomaly {anomaly.id}; said by {anomaly.component_id}, core {anomaly.core_version}, configuration {anomaly.config_hash}.{(anomaly.trimmed?.length ?? 0) > 0 && ` Shortened to keep it small: ${(anomaly.trimmed ?? []).join(", ")}.`}</p>
    </details>
  );
}

function Measure({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="font-medium">{name}</dt>
      <dd><span className="font-medium">{value}</span> <span className="text-quiet">{children}</span></dd>
    </div>
  );
}
