import { after } from "./collector";
import { expect, settled, test } from "./test";
import { warmEnd } from "./warm";

test("from a fresh start to the incident's cause", async ({ fresh, visit }) => {
  const page = await visit(fresh)("/");

  await test.step("with nothing there, the page says what to do", async () => {
    await expect(page.getByTestId("first-steps")).toContainText("OTEL_EXPORTER_OTLP_ENDPOINT");
    await expect(page.getByTestId("first-steps")).toContainText("bin/synthetic");
  });
  await page.evaluate(() => Object.assign(window, { stillHere: true }));
  const begin = after(warmEnd, -120);

  await test.step("streams that warm up are shown as such", async () => {
    await fresh.feed(10, after(begin, 10));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Getting to know your services.");
    await expect(page.getByTestId("health-streams")).toContainText("0 of 60");
    await expect(page.getByTestId("health-streams")).toContainText(/\d+ of \d+ windows/);
    await page.getByRole("link", { name: "Streams" }).click();
    await expect(page.getByTestId("stream-states")).toHaveText(/^60 streams of 20 services: (\d+ new, )?\d+ warming$/);
    await page.getByRole("link", { name: "Overview", exact: true }).click();
  });

  await test.step("an incident appears without a reload", async () => {
    await fresh.feed(110, after(begin, 120), "--incident", "errors@checkout", "--incident-last", "4m");
    const incident = page.getByTestId("incident").filter({ has: page.getByRole("link", { name: /^checkout/ }) }).first();
    await expect(incident).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/incident/);
    await incident.getByRole("link").first().click();
  });

  await test.step("its page says why, and names the service", async () => {
    await expect(page).toHaveURL(/\/anomalies\//);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("checkout");
    await expect(page.getByTestId("bill")).toContainText(/checkout/);
    await settled(page);
  });
  expect(await page.evaluate(() => "stillHere" in window), "the page was never loaded anew").toBe(true);
});
