import { heightOf, severityOf } from "../severity/severity";

/** The bars of one lane as SVG paths, one for each step of severity; a bucket is 1 wide, the lane `height` high. Null is no data. */
export function lanePaths(scores: readonly (number | null)[], height: number): string[] {
  const paths = ["", "", "", "", ""];
  for (const [bucket, score] of scores.entries()) {
    if (score === null) continue;
    // A quiet window still has a line at the ground: where it is missing, there was nothing to judge.
    const tall = Math.max(1, heightOf(score) * (height - 2));
    const { step } = severityOf(score);
    paths[step] = `${paths[step] ?? ""}M${bucket} ${height}h.86v${(-tall).toFixed(2)}h-.86z`;
  }
  return paths;
}

/**
 * The names of now in the places that they had before, so that no row jumps while somebody looks: a new one takes the place of one that is
 * gone, further ones follow below.
 */
export function keepPlaces(before: readonly string[], now: readonly string[]): string[] {
  const fresh = now.filter((name) => !before.includes(name));
  const kept = before.map((name) => (now.includes(name) ? name : fresh.shift())).filter((name) => name !== undefined);
  return [...kept, ...fresh];
}

/** Full-height grounds under the buckets in which something was stated. */
export function anomalousPath(anomalous: readonly number[], height: number): string {
  return anomalous.map((count, bucket) => (count > 0 ? `M${bucket} 0h.86v${height}h-.86z` : "")).join("");
}

/** The buckets between two places of a brush, in whichever direction it went, and at least one. */
export function brushed(from: number, to: number, width: number, buckets: number): { first: number; end: number } {
  const bucket = (x: number) => Math.min(Math.max((x / width) * buckets, 0), buckets);
  const first = Math.min(Math.floor(bucket(Math.min(from, to))), buckets - 1);
  return { first, end: Math.max(Math.ceil(bucket(Math.max(from, to))), first + 1) };
}
