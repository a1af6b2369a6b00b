import type { Signal } from "../api/client";

// Written out, so that the style sheet is made with them. Each has a texture of its own beside its colour.
export const signalFills: Readonly<Record<Signal | "rest", string>> = {
  logs: "bg-accent", metrics: "fill-dots", traces: "fill-stripes", rest: "bg-usual",
};

export function SignalName({ signal }: { signal: Signal }) {
  return <span className="inline-flex items-center gap-1.5"><span className={`size-2.5 rounded-xs ${signalFills[signal]}`} aria-hidden="true" />{signal}</span>;
}
