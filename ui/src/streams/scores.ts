import type { Signal, Window } from "../api/client";
import type { ScoreSeries } from "../chart/ScoreChart";

// Further out than this says no more, and would flatten the rest of a chart.
const highest = 300;

/** The score of a p-value, −log10. */
export function scoreOf(p: number): number {
  return p > 0 ? Math.min(-Math.log10(p), highest) + 0 : highest;
}

/** The score window by window, of one signal or of all together; where a minute's window is missing, the line breaks. */
export function scoresOf(windows: readonly Window[], signal: Signal | undefined): ScoreSeries {
  const times: number[] = [];
  const scores: (number | null)[] = [];
  const levels: (number | null)[] = [];
  const flagged: boolean[] = [];
  let before: number | undefined;
  for (const window of windows) {
    const at = Date.parse(window.timestamp) / 1000;
    const length = at - Date.parse(window.window_start) / 1000;
    if (before !== undefined && at <= before) continue; // another processor's, or process's, window of the same time
    if (before !== undefined && at - before > 1.5 * length) {
      times.push(before + length);
      scores.push(null);
      levels.push(null);
      flagged.push(false);
    }
    before = at;
    const stream = window.streams?.find((each) => each.signal === signal);
    times.push(at);
    scores.push(signal === undefined ? window.score : stream ? scoreOf(stream.p_value) : null);
    levels.push(scoreOf(window.level));
    flagged.push(window.anomaly);
  }
  return { times, scores, levels, flagged };
}

/** The exponents that the what-if offers, from 10⁻¹ to 10⁻¹² in halves. */
export const exponents = { from: 1, to: 12, step: 0.5 };

/** The level in a URL, as an exponent of ten; undefined where it is none that is offered. */
export function readLevel(text: string | null): number | undefined {
  const exponent = Number(text ?? "none");
  return Number.isFinite(exponent) && exponent >= exponents.from && exponent <= exponents.to ? exponent : undefined;
}
