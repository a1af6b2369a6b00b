import { useMutation } from "@tanstack/react-query";
import type { Anomaly } from "../api/client";
import { asProblem, readProblem } from "../api/problem";
import { authorization } from "../api/session";

/** What stands behind the anomaly, to take along and to check elsewhere. */
export function Export({ anomaly }: { anomaly: Anomaly }) {
  const { id } = anomaly;
  const name = `driftlock-${id}.json`;
  const save = useMutation({
    mutationFn: async () => {
      const response = await fetch(`/v1/anomalies/${id}/export`, { headers: authorization(), credentials: "same-origin" });
      if (!response.ok) throw await readProblem(response);
      download(await response.blob(), name);
    },
  });
  return (
    <section aria-labelledby="export-title">
      <h2 id="export-title" className="section-title mb-2">Evidence</h2>
      <button type="button" className="button" disabled={save.isPending} onClick={() => save.mutate()}>Download the bundle</button>
      <p className="mt-2 text-xs text-quiet">Everything this page rests on, hashed and, where a key is configured, signed. This makes the verdict of it again, on any machine:</p>
      <code className="mt-1 block rounded bg-sunken px-2 py-1.5 font-mono text-xs wrap-anywhere select-all">replay verify {name}</code>
      {save.isError && <p role="alert" className="mt-2 text-sm text-strong">{asProblem(save.error).message}: {asProblem(save.error).details}</p>}
    </section>
  );
}

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has its own hold on the file once the click is done.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
