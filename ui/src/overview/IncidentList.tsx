import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "../app/store";
import type { Listed } from "../api/listed";
import { useKeys } from "../keyboard/keys";
import { VirtualList } from "../list/VirtualList";
import { held } from "../live/feed";
import { hold, showHeld } from "../live/live";
import { navigate } from "../route/location";
import type { Changes } from "../route/location";
import { useMedia } from "../theme/media";
import { IncidentRow, MemberRow } from "./IncidentRow";
import type { Incident } from "./incidents";
import type { OverviewState } from "./state";

type Row = { kind: "incident"; key: string; incident: Incident } | { kind: "member"; key: string; anomaly: Listed; lead: boolean };

interface Props {
  incidents: readonly Incident[];
  state: OverviewState;
  change: (changes: Changes) => void;
  loadMore: () => void;
}

// As high as a row's content is at most, in the wide and the narrow form.
const heights = { incident: { wide: 84, narrow: 128 }, member: { wide: 42, narrow: 64 } };

/** The incidents, moved through by j and k. New ones wait while the reader is further down or has paused. */
export function IncidentList({ incidents, state, change, loadMore }: Props) {
  const wide = useMedia("(min-width: 56rem)");
  const top = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<string>();
  const { selected, opened, paused } = state;

  const rows = useMemo(() => incidents.flatMap((incident): Row[] => {
    const row: Row = { kind: "incident", key: incident.id, incident };
    if (incident.id !== opened || incident.members.length < 2) return [row];
    return [row, ...incident.members.map((anomaly): Row => ({ kind: "member", key: `${incident.id}/${anomaly.id}`, anomaly, lead: anomaly === incident.lead }))];
  }), [incidents, opened]);
  const heightOf = useCallback((row: Row) => heights[row.kind][wide ? "wide" : "narrow"], [wide]);

  const step = (by: number) => {
    const at = rows.findIndex(({ key }) => key === selected);
    const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
    if (!next) return;
    change({ at: next.key });
    setFocused(next.key);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => {
      const row = rows.find(({ key }) => key === selected);
      if (row) navigate(`/anomalies/${row.kind === "incident" ? row.incident.lead.id : row.anomaly.id}`);
    },
  });

  const toggle = useCallback((id: string) => change({ open: id === opened ? null : id }), [change, opened]);

  useHold(top, paused);

  return (
    <div>
      <div ref={top} />
      <NewOnes toTop={() => top.current?.scrollIntoView({ block: "start" })} paused={paused} />
      <VirtualList rows={rows} keyOf={(row) => row.key} heightOf={heightOf} onEnd={loadMore} show={focused} label="Incidents"
        render={(row) => row.kind === "incident"
          ? <IncidentRow incident={row.incident} selected={row.key === selected} focus={row.key === focused} opened={row.key === opened}
              toggle={toggle} />
          : <MemberRow anomaly={row.anomaly} lead={row.lead} selected={row.key === selected} focus={row.key === focused} />} />
    </div>
  );
}

// All of the page that is not further up than the screen, wherever below: a jump from below the screen to above it crosses the edge, too.
const belowTop = "20px 0px 10000000px";

/** Holds new anomalies back while the list's beginning is out of sight, so that nothing moves under the reader's eyes. */
function useHold(top: React.RefObject<HTMLDivElement | null>, paused: boolean) {
  useEffect(() => {
    hold(paused, paused);
    // An observer is told when the list's beginning leaves, where a scroll's handler would have to ask each time.
    const beginning = new IntersectionObserver((entries) => hold(paused || entries.at(-1)?.isIntersecting === false, paused), { rootMargin: belowTop });
    if (top.current) beginning.observe(top.current);
    return () => {
      beginning.disconnect();
      hold(false);
    };
  }, [top, paused]);
}

/** How many new ones wait, and the way to them. */
function NewOnes({ toTop, paused }: { toTop: () => void; paused: boolean }) {
  const waiting = useStore(held).size;
  return (
    <div className="sticky top-2 z-10 flex h-0 justify-center" role="status" data-testid="new-count">
      {waiting > 0 && (
        <button type="button" className="button-strong -mt-3 h-8 rounded-full shadow-md" onClick={() => { showHeld(); toTop(); }}>
          {waiting} new {waiting === 1 ? "anomaly" : "anomalies"}{paused ? ", show" : ", to the top"}
        </button>
      )}
    </div>
  );
}
