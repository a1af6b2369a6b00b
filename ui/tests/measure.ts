import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Collector, after, until } from "./collector";
import { expect, test } from "./test";
import { warmEnd, warmFolder } from "./warm";

const root = fileURLToPath(new URL("../../", import.meta.url));
const many = 10_000;
// The day of the seeded store.
const seeded = new Date("2025-06-01T12:20:00Z");

function say(what: string, values: number[], unit: string): void {
  const sorted = values.toSorted((a, b) => a - b);
  console.log(`${what}: ${(sorted[Math.floor(sorted.length / 2)] ?? NaN).toFixed(0)} ${unit} (${sorted.map((value) => value.toFixed(0)).join(", ")})`);
}

/** Scrolls by so many pixels in each frame until nothing moves for a second. */
async function scroll(by: number) {
  const gaps: number[] = [];
  let long = 0;
  const tasks = new PerformanceObserver((list) => (long += list.getEntries().length));
  tasks.observe({ type: "longtask" });
  let before = await new Promise<number>(requestAnimationFrame);
  for (let still = 0; still < 60;) {
    const at = scrollY;
    scrollBy(0, by);
    const now = await new Promise<number>(requestAnimationFrame);
    gaps.push(now - before);
    before = now;
    still = scrollY === at ? still + 1 : 0;
  }
  tasks.disconnect();
  const list = document.querySelector('ul[aria-label="Incidents"]');
  return { gaps, long, rows: Number(list?.querySelector("li")?.getAttribute("aria-setsize")), nodes: list?.childElementCount ?? 0 };
}

test("what the dashboard weighs", () => {
  console.log(execFileSync("node", ["scripts/size.mjs"], { cwd: join(root, "ui"), encoding: "utf8" }).trim().split("\n").at(-1)?.trim());
});

test("the overview of 10,000 anomalies", async ({ browser }) => {
  test.setTimeout(300_000);
  const collector = await Collector.create();
  try {
    const seed = execFileSync("go", ["run", "-buildvcs=false", "./tests/api/seed", "-db", join(collector.folder, "driftlock.db"), "-anomalies", String(many)], { cwd: root, encoding: "utf8" });
    const { token } = (JSON.parse(seed) as { reader: { token: string } }).reader;
    await collector.start();
    const [paints, rows]: [number[], number[]] = [[], []];
    for (let run = 0; run < 6; run++) {
      const context = await browser.newContext({ baseURL: collector.url, locale: "en-GB", timezoneId: "UTC", viewport: { width: 1280, height: 800 } });
      // Only the date is another: Playwright's clock would take the place of what is measured with, too.
      await context.addInitScript(([key, now]) => {
        const Now = Date;
        window.Date = class extends Now {
          constructor(...given: unknown[]) {
            super(...((given.length === 0 ? [now] : given) as [number]));
          }
          static override now() {
            return now;
          }
        } as DateConstructor;
        sessionStorage.setItem("driftlock.key", key);
        new MutationObserver((_, observer) => {
          if (!document.querySelector('[data-testid="incident"]')) return;
          observer.disconnect();
          performance.mark("rows");
        }).observe(document, { childList: true, subtree: true });
      }, [token, seeded.getTime()] as const);
      const page = await context.newPage();
      await page.goto("/");
      await expect(page.getByTestId("incident").first()).toBeVisible();
      const [paint, row] = await page.evaluate(() => ["first-contentful-paint", "rows"].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? NaN));
      // The first one warms the server's caches and the disk's.
      if (run > 0) {
        paints.push(paint ?? NaN);
        rows.push(row ?? NaN);
      }
      if (run === 5) {
        for (const [what, by] of [["down, loading on the way", 600], ["up again, all loaded", -600]] as const) {
          const { gaps, long, rows: all, nodes } = await page.evaluate(scroll, by);
          const slow = gaps.filter((gap) => gap > 34).length;
          console.log(`scrolled ${what}: ${all} incidents of ${many} anomalies, ${gaps.length} frames, ${slow} of them took more than 34 ms, the longest ${Math.max(...gaps).toFixed(0)} ms; ${long} tasks of more than 50 ms; ${nodes} rows in the document`);
        }
      }
      await context.close();
    }
    say("first paint", paints, "ms");
    say("incidents on screen", rows, "ms");
  } finally {
    await collector.remove();
  }
});

test("from a window's close to the anomaly on screen", async ({ visit }) => {
  test.setTimeout(300_000);
  const took: number[] = [];
  for (let run = 0; run < 3; run++) {
    // Windows close by what comes after them alone.
    const collector = await Collector.create(warmFolder(), { UI_IDLE: "1h" });
    try {
      await collector.start();
      const page = await visit(collector)("/?service=search");
      await expect(page.getByTestId("live")).toHaveAttribute("data-phase", "live");
      await collector.feed(3, after(warmEnd, 3), "--incident", "errors@search", "--incident-last", "1m");
      const shown = page.getByTestId("incident").filter({ hasText: "search" }).first();
      await expect(shown).toBeHidden();
      const closed = Date.now();
      await collector.feed(1, after(warmEnd, 4));
      await until(60_000, "the anomaly", () => shown.isVisible());
      took.push(Date.now() - closed);
      await page.context().close();
    } finally {
      await collector.remove();
    }
  }
  say("from before the telemetry that closes the window is sent to the anomaly on screen", took, "ms");
});
