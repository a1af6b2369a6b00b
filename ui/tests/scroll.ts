import { loadavg } from "node:os";
import type { Page } from "@playwright/test";

/** How long each frame of a scroll took, in milliseconds, and how many tasks held the page up for more than 50 ms. */
export interface Scroll {
  frames: number[];
  long: number;
}

/** A frame is late when the one after next was due: at 60 a second, after 34 ms. */
const due = 34;

/** Scrolls by so many pixels in each frame: so many frames to and fro, or in one direction until nothing moves for a second. */
export function scroll(page: Page, by: number, frames = Infinity): Promise<Scroll> {
  return page.evaluate(async ([pixels, count]) => {
    const took: number[] = [];
    let long = 0;
    const tasks = new PerformanceObserver((list) => (long += list.getEntries().length));
    tasks.observe({ type: "longtask" });
    let step = pixels;
    let before = await new Promise<number>(requestAnimationFrame);
    for (let still = 0; still < 60 && took.length < count;) {
      const at = scrollY;
      scrollBy(0, step);
      if (scrollY === at && Number.isFinite(count)) scrollBy(0, step = -step);
      still = scrollY === at ? still + 1 : 0;
      const now = await new Promise<number>(requestAnimationFrame);
      took.push(now - before);
      before = now;
    }
    tasks.disconnect();
    // Those in which it waited whether more would come.
    return { frames: Number.isFinite(count) ? took : took.slice(0, -60), long };
  }, [by, frames] as const);
}

/**
 * What the browser can do on this machine: a page of nothing but the same rows, without any script, 20 screens of them. It is measured
 * in the same run, since without a GPU it is the processor that draws, and whatever else the machine does takes frames from both.
 */
export async function openPeer(page: Page, like: Page): Promise<void> {
  const { row, height, style } = await like.getByTestId("incident").first().evaluate((incident) => ({
    row: incident.outerHTML,
    height: incident.getBoundingClientRect().height,
    style: document.querySelector('link[rel="stylesheet"]')?.outerHTML ?? "",
  }));
  const item = `<li style="height:${height}px">${row}</li>`;
  const body = `<!doctype html><html lang="en"><head>${style}<title>Peer</title></head><body><main class="mx-auto max-w-350 px-6"><ul>${item.repeat(20 * Math.ceil(800 / height))}</ul></main></body></html>`;
  await page.route("**/peer", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto("/peer");
}

/** One line of figures; `more` says what is particular to it. */
export function sayScroll(what: string, { frames, long }: Scroll, more = ""): void {
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? NaN).toFixed(0);
  console.log(`${what}: ${late(frames)} of ${frames.length} frames late (over ${due} ms); median ${at(0.5)}, 95th percentile ${at(0.95)}, longest ${at(1)} ms; ${long} tasks over 50 ms; load ${loadavg()[0]?.toFixed(1)}${more}`);
}

export function late(frames: readonly number[]): number {
  return frames.filter((took) => took > due).length;
}
