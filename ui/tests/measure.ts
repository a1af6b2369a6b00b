import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { Collector, after, until } from "./collector";
import { late, openPeer, sayScroll, scroll } from "./scroll";
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
      if (run === 5) await scrolled(page, await context.newPage());
      await context.close();
    }
    say("first paint", paints, "ms");
    say("incidents on screen", rows, "ms");
  } finally {
    await collector.remove();
  }
});

/** All of the list, down and up again, twice; each time the peer for as many frames. */
async function scrolled(page: Page, peer: Page): Promise<void> {
  await openPeer(peer, page);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (const [what, by] of [["down, loading on the way", 600], ["up, all loaded", -600], ["down", 600], ["up", -600]] as const) {
    await page.bringToFront();
    const list = await scroll(page, by);
    const { rows, drawn } = await page.getByRole("list", { name: "Incidents" }).evaluate((ul) => ({ rows: ul.querySelector("li")?.ariaSetSize, drawn: ul.childElementCount }));
    sayScroll(`scrolled ${what}`, list, `; ${rows} incidents of ${many} anomalies, ${drawn} rows in the document`);
    await peer.bringToFront();
    const plain = await scroll(peer, 600, list.frames.length);
    sayScroll("    a plain page of such rows", plain);
    ours.push(...list.frames);
    theirs.push(...plain.frames);
  }
  console.log(`late in all: ${late(ours)} of ${ours.length}, of the plain page ${late(theirs)}: ${(late(ours) / Math.max(1, late(theirs))).toFixed(2)} times as many`);
}

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
