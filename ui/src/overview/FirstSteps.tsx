import { Empty } from "../notice/notice";

/** What the overview shows before anything has come. */
export function FirstSteps() {
  return (
    <>
      <h1 className="text-2xl leading-8 font-medium tracking-tight">Nothing has come yet.</h1>
      <p className="mt-0.5 text-quiet">This page shows the first window within two minutes of the first record.</p>
      <div className="mt-5" data-testid="first-steps">
        <Empty title="Send OpenTelemetry data to this collector">
          <ol className="mt-2 list-decimal space-y-3 pl-5">
            <li>
              Point your services at its OTLP receiver, usually port 4317 (gRPC) or 4318 (HTTP):
              <Code>OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317</Code>
            </li>
            <li>
              Or try it with a simulated shop whose checkout begins to fail:
              <Code>bin/synthetic --history 2h --incident errors@checkout</Code>
            </li>
            <li>If data come and nothing appears: the processor <code>driftlockcbad</code> has to stand in the pipeline, and an exporter has to write to the store that this page reads. The collector’s log names what it cannot do.</li>
          </ol>
        </Empty>
      </div>
    </>
  );
}

function Code({ children }: { children: string }) {
  return <code className="mt-1 block overflow-x-auto rounded bg-sunken px-3 py-1.5 font-mono text-sm text-ink">{children}</code>;
}
