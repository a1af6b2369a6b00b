import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { useMay } from "../api/about";
import { api, data } from "../api/client";
import type { Anomaly, AnomalyStatus, Schemas } from "../api/client";
import { asProblem } from "../api/problem";
import { anomalyQuery } from "../api/queries";
import { useKeys } from "../keyboard/keys";
import { Loading } from "../notice/notice";
import { StatusTag } from "../overview/IncidentRow";
import { Time } from "../time/Time";
import { auditQuery } from "./queries";
import { saveAsRead } from "./saving";

// What may follow a status, as docs/API.md has it.
const next: Readonly<Record<AnomalyStatus, readonly AnomalyStatus[]>> = {
  pending: ["acknowledged", "investigating", "dismissed"],
  acknowledged: ["investigating", "resolved", "dismissed"],
  investigating: ["resolved", "dismissed"],
  resolved: ["pending"],
  dismissed: ["pending"],
};

/** Where the anomaly stands, who said so, and the means to say otherwise. */
export function Status({ anomaly }: { anomaly: Anomaly }) {
  const may = useMay("writer");
  return (
    <section aria-labelledby="status-title" className="sheet px-4 py-3" data-testid="status">
      <h2 id="status-title" className="section-title mb-2">Status</h2>
      {may ? <Change anomaly={anomaly} /> : <p className="text-sm"><StatusTag status={anomaly.status} /> <span className="block text-quiet">A key with the role writer may change it.</span></p>}
      <History id={anomaly.id} />
    </section>
  );
}

function Change({ anomaly }: { anomaly: Anomaly }) {
  const client = useQueryClient();
  const field = useId();
  const select = useRef<HTMLSelectElement>(null);
  const [chosen, setChosen] = useState<AnomalyStatus>();
  const [note, setNote] = useState("");
  const offered = [anomaly.status, ...next[anomaly.status]];
  // What was chosen may no longer follow what somebody else has made of it meanwhile.
  const status = chosen !== undefined && offered.includes(chosen) ? chosen : anomaly.status;
  const change = useMutation({
    mutationFn: () => saveAsRead(anomaly, (updated) => data(api.PATCH("/v1/anomalies/{id}/status", {
      params: { path: { id: anomaly.id }, header: updated === undefined ? {} : { "If-Match": `"${updated}"` } },
      body: note.trim() === "" ? { status } : { status, note: note.trim() },
    })), () => client.query({ ...anomalyQuery(anomaly.id), staleTime: 0 })),
    onSuccess: (changed) => {
      client.setQueryData(anomalyQuery(anomaly.id).queryKey, (old: Anomaly | undefined) => ({ ...old, ...changed }));
      setChosen(undefined);
      setNote("");
      void client.invalidateQueries({ queryKey: ["anomaly", anomaly.id] });
      void client.invalidateQueries({ queryKey: ["audit"] });
    },
    onError: (error) => {
      // Somebody else was quicker: what they said is shown before it is decided anew.
      if (asProblem(error).code === 412) void client.invalidateQueries({ queryKey: ["anomaly", anomaly.id] });
    },
  });
  useKeys({
    e: (event) => {
      event.preventDefault();
      select.current?.focus();
    },
  });
  return (
    <form onSubmit={(event) => {
      event.preventDefault();
      change.mutate();
    }}>
      <label htmlFor={`${field}-status`} className="sr-only">Status</label>
      <select ref={select} id={`${field}-status`} className="field w-full" value={status} aria-keyshortcuts="e" onChange={({ target }) => setChosen(offered.find((each) => each === target.value))}>
        {offered.map((each) => <option key={each} value={each}>{each}</option>)}
      </select>
      <label htmlFor={`${field}-note`} className="sr-only">Note</label>
      <textarea id={`${field}-note`} className="field mt-2 block w-full resize-y" rows={2} maxLength={1000} placeholder="Why, for those who come after you" value={note} onChange={({ target }) => setNote(target.value)} />
      <button type="submit" className="button-strong mt-2" disabled={change.isPending || status === anomaly.status}>Save</button>
      <p aria-live="polite" className="mt-1 text-sm empty:hidden">
        {change.isError ? <span className="text-strong">{asProblem(change.error).message}: {asProblem(change.error).details}</span> : change.isSuccess ? <span className="text-good">Saved.</span> : null}
      </p>
    </form>
  );
}

function History({ id }: { id: string }) {
  const audit = useQuery(auditQuery(id));
  if (audit.isPending) return <Loading what="the history" className="mt-3 h-5" />;
  if (audit.isError) return <p className="mt-3 text-sm text-quiet">The history cannot be read: {asProblem(audit.error).message}</p>;
  if (audit.data.length === 0) return <p className="mt-3 text-sm text-quiet">Nobody has touched it yet.</p>;
  return <ol className="mt-3 space-y-2 border-t border-rule pt-2" aria-label="History">{audit.data.map((entry) => <Entry key={entry.seq} entry={entry} />)}</ol>;
}

function Entry({ entry: { at, actor, action, note, before, after } }: { entry: Schemas["AuditEntry"] }) {
  const [from, to] = [statusOf(before), statusOf(after)];
  return (
    <li className="text-sm" data-testid="audit-entry">
      <p className="wrap-anywhere">{actor} <span className="text-quiet">{to === undefined ? action : from === to || from === undefined ? `said ${to}` : `made ${from} ${to}`}, <Time at={at} ago /></span></p>
      {note !== "" && <p className="border-l-2 border-edge pl-2 wrap-anywhere">{note}</p>}
    </li>
  );
}

function statusOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && "status" in value && typeof value.status === "string") return value.status;
  return undefined;
}
