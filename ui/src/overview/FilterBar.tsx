import { useEffect, useRef, useState } from "react";
import { useKeys } from "../keyboard/keys";
import type { Changes } from "../route/location";
import { Icon } from "../theme/Icon";
import { local } from "../time/format";
import { signals, statuses, widened } from "./state";
import type { OverviewState } from "./state";

/** Narrows the list of incidents; each part is in the URL. */
export function FilterBar({ state, change, services }: { state: OverviewState; change: (changes: Changes) => void; services: readonly string[] }) {
  const { filters, range } = state;
  const set = (name: string) => (value: string) => change({ [name]: value, at: null });
  const known = filters.service === undefined || services.includes(filters.service) ? services : [filters.service, ...services];
  useKeys({ Escape: () => { if (state.narrowed) change(widened); } });
  return (
    <div className="flex flex-wrap items-center gap-2" role="search" aria-label="Incidents">
      <Search text={filters.q ?? ""} setText={set("q")} />
      <Choice label="Service" any="every service" value={filters.service} options={known} choose={set("service")} />
      <Choice label="Signal" any="every signal" value={filters.stream_type} options={signals} choose={set("signal")} />
      <Choice label="Status" any="every status" value={filters.status} options={statuses} choose={set("status")} />
      <select className="field" aria-label="Order" value={state.sort} onChange={({ target }) => change({ sort: target.value === "-score" ? "-score" : null, at: null })}>
        <option value="-timestamp">newest first</option>
        <option value="-score">most severe first</option>
      </select>
      {range.kind === "fixed" && (
        <button type="button" className="button" onClick={() => change({ from: null, to: null, at: null })} aria-label="No longer only in the chosen span of time">
          {local(range.from, new Date())} – {local(range.to, new Date())}<Icon name="close" />
        </button>
      )}
      {state.narrowed && <button type="button" className="link text-sm" onClick={() => change(widened)} title="Esc">Show all</button>}
    </div>
  );
}

function Choice({ label, any, value, options, choose }: { label: string; any: string; value: string | undefined; options: readonly string[]; choose: (value: string) => void }) {
  return (
    <select className={`field max-w-44 ${value === undefined ? "" : "border-accent bg-accent-soft"}`} aria-label={label} value={value ?? ""} onChange={({ target }) => choose(target.value)}>
      <option value="">{any}</option>
      {options.map((option) => <option key={option} value={option}>{option}</option>)}
    </select>
  );
}

// Typing changes the list when it rests for a moment.
const rest = 250;

function Search({ text, setText }: { text: string; setText: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [typed, setTyped] = useState(text);
  const [shown, setShown] = useState(text);
  if (text !== shown) {
    // Something else changed the URL: what stands there is what is searched for.
    setShown(text);
    setTyped(text);
  }
  useKeys({
    "/": (event) => {
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    },
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (value: string) => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setText(value.trim()), rest);
  };
  return (
    <div className="relative w-full sm:w-64">
      <span className="pointer-events-none absolute inset-y-0 left-2.5 flex items-center text-quiet"><Icon name="search" /></span>
      <input ref={input} type="search" className="field w-full pl-8" placeholder="Search in reasons" aria-label="Search in reasons and services" aria-keyshortcuts="/" maxLength={1024}
        value={typed} onChange={({ target }) => type(target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            // Chromium empties the field on Escape.
            event.preventDefault();
            event.stopPropagation();
            input.current?.blur();
          }
        }} />
    </div>
  );
}
