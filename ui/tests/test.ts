import { test as base, expect } from "@playwright/test";
import type { BrowserContextOptions, Page } from "@playwright/test";
import { Collector, after } from "./collector";
import { warmEnd, warmFolder } from "./warm";

type Visit = (path: string, options?: BrowserContextOptions) => Promise<Page>;

interface Fixtures {
  /** Runs, and knows the shop: what globalSetup taught it. */
  warm: Collector;
  /** Runs, and knows nothing. */
  fresh: Collector;
  /** Opens a page of a collector in a browser context of its own; whatever it complains of fails the test. */
  visit: (collector: Collector) => Visit;
  /** Lets the browser complain of this and nothing else: failed requests that the test provokes are written to the console by Chromium itself. */
  provoke: (complaint: RegExp) => void;
}

export const test = base.extend<Fixtures & { complaints: { seen: string[]; provoked: RegExp[] } }>({
  // eslint-disable-next-line no-empty-pattern
  warm: async ({}, use) => {
    const collector = await Collector.create(warmFolder());
    try {
      await collector.start();
      await use(collector);
    } finally {
      await collector.remove();
    }
  },
  // eslint-disable-next-line no-empty-pattern
  fresh: async ({}, use) => {
    const collector = await Collector.create();
    try {
      await collector.start();
      await use(collector);
    } finally {
      await collector.remove();
    }
  },
  // eslint-disable-next-line no-empty-pattern
  complaints: async ({}, use) => {
    const complaints = { seen: [] as string[], provoked: [] as RegExp[] };
    await use(complaints);
    const unexpected = complaints.seen.filter((text) => !complaints.provoked.some((expected) => expected.test(text)));
    expect(unexpected, "errors in the browser's console, among them violations of the Content-Security-Policy").toEqual([]);
  },
  provoke: async ({ complaints }, use) => {
    await use((complaint) => complaints.provoked.push(complaint));
  },
  visit: async ({ browser, complaints }, use) => {
    await use((collector) => async (path, options = {}) => {
      const context = await browser.newContext({ baseURL: collector.url, reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC", ...options });
      context.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.seen.push(`${message.text()} (${message.location().url})`);
      });
      context.on("weberror", (error) => complaints.seen.push(String(error.error())));
      const page = await context.newPage();
      // It is the telemetry's day, so that "the last six hours" are those of which there is some.
      await page.clock.setFixedTime(after(warmEnd, 10));
      await page.goto(path);
      return page;
    });
  },
});

export { expect };

/** Logs in as people do. */
export async function login(page: Page, token: string): Promise<void> {
  await page.getByLabel("API key or token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Everything that is on its way has come. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeAttached();
  await expect(page.getByTestId("loading")).toHaveCount(0);
  await page.evaluate(async () => {
    await Promise.all([...document.fonts].map((face) => face.load()));
  });
}
