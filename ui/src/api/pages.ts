import type { Anomaly } from "./client";
import { matches } from "./filters";
import type { Filters } from "./filters";
import { listed } from "./listed";
import type { Listed } from "./listed";

/** Pages of anomalies as an infinite query keeps them. */
export interface Pages {
  pages: { anomalies: Listed[]; next_cursor: string }[];
  pageParams: unknown[];
}

/** The orders a list can have. */
export type Sort = "-timestamp" | "-score";

export function compare(sort: Sort): (a: Listed, b: Listed) => number {
  return (a, b) => {
    const by = sort === "-score" ? b.score - a.score : Date.parse(b.timestamp) - Date.parse(a.timestamp);
    if (by !== 0) return by;
    return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
  };
}

/**
 * The pages with an anomaly that came or changed. One that is shown already is replaced where it stands, also when it no longer fits the
 * filters: a row does not vanish under the reader's hand. A new one goes to its place; behind the last loaded row it will come with its page.
 */
export function merged(pages: Pages, anomaly: Anomaly, filters: Filters, sort: Sort): Pages {
  for (const [index, page] of pages.pages.entries()) {
    const at = page.anomalies.findIndex(({ id }) => id === anomaly.id);
    if (at < 0) continue;
    if (stale(anomaly, page.anomalies[at])) return pages;
    return withPage(pages, index, page.anomalies.with(at, listed(anomaly)));
  }
  if (!matches(anomaly, filters)) return pages;
  const order = compare(sort);
  for (const [index, page] of pages.pages.entries()) {
    const at = page.anomalies.findIndex((other) => order(anomaly, other) < 0);
    if (at >= 0) return withPage(pages, index, page.anomalies.toSpliced(at, 0, listed(anomaly)));
  }
  const last = pages.pages.length - 1;
  const page = pages.pages[last];
  return page?.next_cursor === "" ? withPage(pages, last, [...page.anomalies, listed(anomaly)]) : pages;
}

/** Whether what came is older than what is shown, as after an answer that overtook the stream. */
function stale(came: Anomaly, shown: Listed | undefined): boolean {
  return shown?.updated_at !== undefined && came.updated_at !== undefined && Date.parse(came.updated_at) < Date.parse(shown.updated_at);
}

export function holds(pages: Pages, id: string): boolean {
  return pages.pages.some(({ anomalies }) => anomalies.some((anomaly) => anomaly.id === id));
}

function withPage(pages: Pages, index: number, anomalies: Listed[]): Pages {
  return { ...pages, pages: pages.pages.map((page, at) => (at === index ? { ...page, anomalies } : page)) };
}
