import { after } from "./collector";
import { expect, settled, test } from "./test";
import { warmEnd } from "./warm";

test("a status with its note survives a reload, and stands in the history", async ({ warm, visit }) => {
  const page = await visit(warm)(`/anomalies/${await warm.anomalyOf("payment")}`);
  const status = page.getByTestId("status");
  await status.getByLabel("Status", { exact: true }).selectOption("investigating");
  await status.getByLabel("Note").fill("the deploy of noon");
  await status.getByRole("button", { name: "Save" }).click();
  await expect(status.getByTestId("audit-entry")).toContainText("made pending investigating");
  await page.reload();
  await expect(status.getByLabel("Status", { exact: true })).toHaveValue("investigating");
  await expect(status.getByTestId("audit-entry")).toHaveCount(1);
  await expect(status.getByTestId("audit-entry")).toContainText("the deploy of noon");
});

test("a status is saved although the episode went on meanwhile", async ({ warm, visit, provoke }) => {
  provoke(/status of 412/);
  const page = await visit(warm)(`/anomalies/${await warm.anomalyOf("payment")}`);
  await settled(page);
  const asked: string[] = [];
  // What the page read is made older than what is stored, as by a window that closed in between.
  await page.route("**/v1/anomalies/*/status", (route) => {
    asked.push(route.request().headers()["if-match"] ?? "");
    return route.continue(asked.length === 1 ? { headers: { ...route.request().headers(), "if-match": '"2026-03-02T00:00:00Z"' } } : {});
  });
  const status = page.getByTestId("status");
  await status.getByLabel("Status", { exact: true }).selectOption("acknowledged");
  await status.getByRole("button", { name: "Save" }).click();
  await expect(status.getByTestId("audit-entry")).toContainText("made pending acknowledged");
  await expect(status).toContainText("Saved.");
  expect(asked).toHaveLength(2);
});

test("two windows stay in step", async ({ warm, visit }) => {
  const id = await warm.anomalyOf("payment");
  const [overview, one, other] = [await visit(warm)("/?service=payment"), await visit(warm)(`/anomalies/${id}`), await visit(warm)(`/anomalies/${id}`)];
  await expect(overview.getByTestId("live")).toHaveAttribute("data-phase", "live");
  await settled(other);
  await one.getByTestId("status").getByLabel("Status", { exact: true }).selectOption("acknowledged");
  await one.getByTestId("status").getByRole("button", { name: "Save" }).click();
  await expect(overview.getByTestId("incident").filter({ hasText: "acknowledged" })).toBeVisible();
  await expect(other.getByTestId("status").getByLabel("Status", { exact: true })).toHaveValue("acknowledged");
  await expect(other.getByTestId("audit-entry")).toContainText("acknowledged");
});

test("a collector that goes and comes back is noticed, and nothing is missed", async ({ warm, visit, provoke }) => {
  provoke(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/);
  const page = await visit(warm)("/");
  const live = page.getByTestId("live");
  await expect(live).toHaveAttribute("data-phase", "live");
  await warm.stop();
  await expect(live).toContainText("Connection lost");
  await expect(page.getByTestId("incident").first()).toBeVisible();
  await warm.start();
  await expect(live).toHaveAttribute("data-phase", "live");
});

test("what comes while the connection is away is shown when it is back", async ({ warm, visit, provoke }) => {
  provoke(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED/);
  const page = await visit(warm)("/");
  const live = page.getByTestId("live");
  await expect(live).toHaveAttribute("data-phase", "live");
  const inventory = page.getByTestId("incident").filter({ hasText: /inventory/ });
  const before = await inventory.count();
  await page.route("**/v1/**", (route) => route.abort("internetdisconnected"));
  await warm.stop();
  await expect(live).toContainText("Connection lost");
  await warm.start();
  await warm.feed(8, after(warmEnd, 8), "--incident", "errors@inventory", "--incident-last", "4m");
  await warm.anomalyOf("inventory");
  await page.unroute("**/v1/**");
  await expect(live).toHaveAttribute("data-phase", "live", { timeout: 60_000 });
  await expect(inventory).not.toHaveCount(before);
});

test("while paused new anomalies wait, and are counted", async ({ warm, visit }) => {
  const page = await visit(warm)("/");
  await expect(page.getByTestId("live")).toHaveAttribute("data-phase", "live");
  await page.keyboard.press("p");
  await expect(page.getByTestId("live")).toHaveAttribute("data-phase", "paused");
  await expect(page).toHaveURL(/live=off/);
  const before = await page.getByTestId("incident").count();
  await warm.feed(8, after(warmEnd, 8), "--incident", "errors@search", "--incident-last", "4m");
  await expect(page.getByTestId("new-count")).toContainText(/\d+ new anomal/);
  await expect(page.getByTestId("incident")).toHaveCount(before);
  await page.getByTestId("new-count").getByRole("button").click();
  await expect(page.getByTestId("incident")).not.toHaveCount(before);
});

test("further down the list new anomalies wait until the reader comes back", async ({ warm, visit }) => {
  const page = await visit(warm)("/", { viewport: { width: 1280, height: 400 } });
  await settled(page);
  await expect(page.getByTestId("live")).toHaveAttribute("data-phase", "live");
  const before = await page.getByTestId("incident").count();
  await page.evaluate(() => {
    // As far down as a long list lets one go.
    document.body.style.paddingBottom = "1000px";
    scrollTo(0, document.body.scrollHeight);
  });
  await warm.feed(8, after(warmEnd, 8), "--incident", "errors@search", "--incident-last", "4m");
  await expect(page.getByTestId("new-count")).toContainText(/\d+ new anomal/);
  await expect(page.getByTestId("incident")).toHaveCount(before);
  await page.evaluate(() => scrollTo(0, 0));
  await expect(page.getByTestId("incident")).not.toHaveCount(before);
});
