import { useEffect, useState } from "react";
import { useStore } from "../app/store";
import { useKeys } from "../keyboard/keys";
import { connection } from "../live/feed";
import { reconnect } from "../live/live";
import { Icon } from "../theme/Icon";

/** Says whether the list is live, and lets it be paused. */
export function LiveControl({ paused, setPaused }: { paused: boolean; setPaused: (paused: boolean) => void }) {
  const state = useStore(connection);
  useKeys({ p: () => setPaused(!paused) });
  const lost = state.phase === "waiting" || state.phase === "stopped";
  return (
    <div className="flex items-center gap-2 text-sm" data-testid="live" data-phase={paused ? "paused" : state.phase}>
      <span role="status" className="flex items-center gap-1.5 text-quiet">
        <span aria-hidden="true" className={`size-2 rounded-full ${paused ? "border border-edge" : lost ? "bg-clear" : state.phase === "live" ? "bg-good" : "bg-usual"}`} />
        {paused ? "Paused" : state.phase === "live" ? "Live" : state.phase === "connecting" ? "Connecting…" : lost && "Connection lost"}
      </span>
      {state.phase === "waiting" && !paused && <><Countdown until={state.until} /><button type="button" className="button" onClick={reconnect}>Try now</button></>}
      {state.phase === "stopped" && <span className="text-quiet">{state.problem.message}</span>}
      <button type="button" className="button" title={paused ? "Go on (p)" : "Pause (p)"} onClick={() => setPaused(!paused)}>
        <Icon name={paused ? "play" : "pause"} />{paused ? "Go on" : "Pause"}
      </button>
    </div>
  );
}

function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span className="text-quiet max-sm:hidden" aria-hidden="true">next try in {Math.max(0, Math.ceil((until - now) / 1000))} s</span>;
}
