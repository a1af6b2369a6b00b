import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { Collector, after } from "./collector";
import { settled, test } from "./test";

// A day that does not move: the same telemetry, and the same pictures, whenever they are made.
const noon = new Date("2026-03-02T11:59:59Z");
const images = fileURLToPath(new URL("../../docs/images/", import.meta.url));

/** The page's clock stands a minute after the telemetry's end; what the server says of its own clock is said of that one. */
async function stand(page: Page, collector: Collector): Promise<void> {
  const now = after(noon, 1);
  await page.clock.setFixedTime(now);
  await page.route("**/v1/overview", async (route) => {
    const answer = await route.fetch();
    const overview = (await answer.json()) as { newest_window: string | null; lag_seconds: number | null; anomalies: { last_24h: number } };
    const day = await collector.get<{ total: number }>(`/v1/stats?start_time=${after(now, -1440).toISOString()}&end_time=${now.toISOString()}`);
    overview.anomalies.last_24h = day.total;
    if (overview.newest_window !== null) overview.lag_seconds = (now.getTime() - Date.parse(overview.newest_window)) / 1000;
    await route.fulfill({ response: answer, json: overview });
  });
}

test("screenshots", async ({ browser }) => {
  test.setTimeout(300_000);
  const collector = await Collector.create();
  try {
    await collector.start();
    await collector.feed(240, noon, "--incident", "errors@checkout", "--incident-last", "9m");
    const id = await collector.anomalyOf("checkout");
    const pages = { overview: "/", anomaly: `/anomalies/${id}`, evidence: `/anomalies/${id}`, streams: "/streams?service=checkout", settings: "/settings", configuration: "/settings?tab=configuration", keys: "/settings?tab=keys" };
    const shoot = async (name: string, path: string, colorScheme: "light" | "dark", width: number) => {
      const context = await browser.newContext({ baseURL: collector.url, reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC", colorScheme, viewport: { width, height: width < 500 ? 844 : name === "anomaly" ? 1000 : 800 } });
      const page = await context.newPage();
      await stand(page, collector);
      await page.goto(path);
      await settled(page);
      // The second visit, as most are: the typeface is in the browser's store and there before the first drawing.
      await page.reload();
      await settled(page);
      if (name === "evidence") await page.getByTestId("lines").evaluate((section) => section.scrollIntoView());
      await page.screenshot({ path: `${images}${name}-${colorScheme}${width < 500 ? "-narrow" : ""}.png` });
      await context.close();
    };
    for (const theme of ["light", "dark"] as const) {
      for (const [name, path] of Object.entries(pages)) await shoot(name, path, theme, 1280);
    }
    for (const name of ["overview", "anomaly"] as const) await shoot(name, pages[name], "light", 390);
    await collector.key("anna", "reader");
    for (const theme of ["light", "dark"] as const) await shoot("login", "/", theme, 1280);
  } finally {
    await collector.remove();
  }
});
