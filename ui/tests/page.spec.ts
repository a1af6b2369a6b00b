import { expectAccessible } from "./axe";
import type { Collector } from "./collector";
import { expect, login, settled, test } from "./test";

async function pages(collector: Collector): Promise<string[]> {
  return ["/", `/anomalies/${await collector.anomalyOf("payment")}`, "/streams?service=payment", "/settings", "/settings?tab=configuration", "/settings?tab=keys"];
}

for (const theme of ["light", "dark"] as const) {
  test(`every page can be used by everyone, in the ${theme} theme`, async ({ warm, fresh, visit }) => {
    for (const path of await pages(warm)) {
      await test.step(path, async () => {
        const page = await visit(warm)(path, { colorScheme: theme });
        await settled(page);
        await expectAccessible(page);
        await page.context().close();
      });
    }
    await test.step("with nothing there", async () => {
      const page = await visit(fresh)("/", { colorScheme: theme });
      await expect(page.getByTestId("first-steps")).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog")).toBeVisible();
      await expectAccessible(page);
    });
  });
}

test("the login can be used by everyone, also after a wrong key", async ({ warm, visit, provoke }) => {
  provoke(/status of 401/);
  await warm.key("anna", "reader");
  for (const colorScheme of ["light", "dark"] as const) {
    await test.step(colorScheme, async () => {
      const page = await visit(warm)("/", { colorScheme });
      await expect(page.getByLabel("API key or token")).toBeFocused();
      await expectAccessible(page);
      await login(page, "dlk_0000000000000000_wrong");
      await expect(page.getByRole("alert")).toContainText("This key opens nothing here");
      await expectAccessible(page);
      await page.context().close();
    });
  }
});

test("the health strip's words are not cut off", async ({ warm, visit }) => {
  for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
    const page = await visit(warm)("/", { viewport });
    await settled(page);
    await expect(page.getByTestId("health-budget")).toContainText(/false a day, (none|[\d.]+) left/);
    const cut = await page.getByTestId("health").locator("dt, dd").evaluateAll((parts) => parts.filter((part) => part.scrollWidth > part.clientWidth).map(({ textContent }) => textContent));
    expect(cut, `at ${viewport.width} px`).toEqual([]);
    await page.context().close();
  }
});

test("the chosen theme holds, also over a reload", async ({ warm, visit }) => {
  const page = await visit(warm)("/", { colorScheme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByTestId("theme-toggle").click();
  await page.getByTestId("theme-toggle").click();
  expect(await ground()).not.toBe(light);
  const dark = await ground();
  await page.reload();
  await settled(page);
  expect(await ground()).toBe(dark);
});

test("on a telephone nothing is wider than the screen", async ({ warm, visit }) => {
  for (const path of await pages(warm)) {
    await test.step(path, async () => {
      const page = await visit(warm)(path, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
      await settled(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
      await page.context().close();
    });
  }
});

test("everything can be done with the keyboard", async ({ warm, visit }) => {
  const page = await visit(warm)("/");
  await settled(page);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();

  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  const found = page.waitForResponse(/[?&]q=payment/);
  await page.keyboard.type("payment");
  // Until the answer is there the list shows what it showed before.
  const [first] = ((await (await found).json()) as { anomalies: { id: string; incident_id?: string }[] }).anomalies;
  await expect(page).toHaveURL(/q=payment/);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("searchbox")).not.toBeFocused();
  await expect(page.getByRole("searchbox")).toHaveValue("payment");

  await expect(page.getByTestId("incident").first()).toHaveAttribute("data-incident", first?.incident_id ?? first?.id ?? "");
  await page.keyboard.press("j");
  await expect(page.getByTestId("incident").first()).toHaveAttribute("data-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/anomalies\//);
  await expect(page.getByTestId("anomaly")).toBeVisible();
  await page.keyboard.press("e");
  await expect(page.getByTestId("status").getByLabel("Status", { exact: true })).toBeFocused();
  await page.keyboard.type("investigating");
  await page.keyboard.press("Tab");
  await page.keyboard.type("seen by keyboard");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("audit-entry")).toContainText("seen by keyboard");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/\?.*q=payment/);
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/q=payment/);

  await page.keyboard.press("s");
  await expect(page).toHaveURL(/\/streams/);
  await settled(page);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.getByTestId("service-detail")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("service-detail")).toBeHidden();
});

test("a copied address shows the same view", async ({ warm, visit }) => {
  const page = await visit(warm)("/");
  await settled(page);
  await page.getByLabel("Service", { exact: true }).selectOption("payment");
  await page.getByLabel("Order", { exact: true }).selectOption("-score");
  await page.getByTestId("lanes").getByRole("button", { name: "Zoom in" }).click();
  const seen = async (of: typeof page) => {
    await settled(of);
    return {
      service: await of.getByLabel("Service", { exact: true }).inputValue(), order: await of.getByLabel("Order", { exact: true }).inputValue(),
      incidents: await of.getByTestId("incident").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-incident"))),
      span: await of.getByLabel("Span of time").last().inputValue(),
    };
  };
  const here = await seen(page);
  expect(here).toMatchObject({ service: "payment", order: "-score" });
  expect(here.incidents.length).toBeGreaterThan(0);
  expect(await seen(await visit(warm)(page.url()))).toEqual(here);
});

test("what cannot be had says so, with the way out", async ({ warm, visit, provoke }) => {
  provoke(/status of 404/);
  const page = await visit(warm)("/anomalies/00000000-0000-4000-8000-000000000000");
  await expect(page.getByTestId("empty")).toContainText("There is no such anomaly");
  await page.getByTestId("empty").getByRole("link", { name: "To the overview" }).click();
  await expect(page.getByTestId("summary")).toBeVisible();
});

test("a path of nothing is a page that says so, for programs an error", async ({ warm, visit, provoke }) => {
  provoke(/status of 404/);
  for (const path of ["/anomalies/7", "/nothing/at/all"]) {
    const page = await visit(warm)(path);
    await expect(page.getByTestId("empty")).toContainText("There is no such page");
    await expect(page).toHaveTitle(/Not found/);
    await page.getByTestId("empty").getByRole("link", { name: "To the overview" }).click();
    await expect(page.getByTestId("summary")).toBeVisible();
    await page.context().close();
    const answer = await fetch(warm.url + path);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(answer.ok).toBe(false);
  }
});

test("the page may load nothing from elsewhere and run nothing inline", async ({ warm }) => {
  const policy = (await fetch(warm.url)).headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain("unsafe");
});
