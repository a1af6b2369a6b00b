import { expect, login, settled, test } from "./test";

// Chromium writes each refused request to the console.
const refusals = /status of 40[13]/;

test("a wrong key stays outside, a right one comes in, and logging out forgets it", async ({ warm, visit, provoke }) => {
  provoke(refusals);
  const { token } = await warm.key("anna", "reader");
  const page = await visit(warm)("/");
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  await login(page, `${token.slice(0, -4)}aaaa`);
  await expect(page.getByRole("alert")).toContainText("This key opens nothing here");
  await login(page, token);
  await expect(page.getByTestId("summary")).toBeVisible();
  await page.reload();
  await expect(page.getByTestId("summary")).toBeVisible();
  expect(await page.evaluate(() => Object.entries(localStorage).join() + document.cookie + location.href)).not.toContain(token);
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  expect(await page.evaluate(() => Object.entries(sessionStorage).join())).not.toContain(token);
});

test("keys that are revoked or expired open nothing", async ({ warm, visit, provoke }) => {
  provoke(refusals);
  await warm.key("root", "admin");
  const brief = await warm.key("brief", "reader", "--expires", "1s");
  const { id, token } = await warm.key("anna", "reader");
  const page = await visit(warm)("/");
  await login(page, token);
  await expect(page.getByTestId("summary")).toBeVisible();
  await warm.revoke(id);
  // Another process's revocation is known within seconds; whatever the page asks for next finds out.
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 30_000 });
  for (const gone of [token, brief.token]) {
    await login(page, gone);
    await expect(page.getByRole("alert")).toContainText("This key opens nothing here");
  }
});

test("each role sees what it may do, and nothing else", async ({ warm, visit, provoke }) => {
  provoke(refusals);
  const id = await warm.anomalyOf("payment");
  const keys = { reader: await warm.key("r", "reader"), writer: await warm.key("w", "writer"), admin: await warm.key("a", "admin") };
  for (const role of ["reader", "writer", "admin"] as const) {
    await test.step(role, async () => {
      const page = await visit(warm)(`/anomalies/${id}`);
      await login(page, keys[role].token);
      await settled(page);
      await expect(page.getByTestId("status").getByRole("button", { name: "Save" })).toHaveCount(role === "reader" ? 0 : 1);
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByRole("link", { name: "API keys" }).click();
      await expect(page.getByRole("button", { name: "Make key" })).toHaveCount(role === "admin" ? 1 : 0);
      await page.getByRole("link", { name: "Configuration" }).click();
      if (role === "admin") await expect(page.getByTestId("configuration")).toContainText("driftlockcbad");
      else await expect(page.getByText("The configuration is for admins")).toBeVisible();
    });
  }
});

test("the first key is made on the page, which goes on with it", async ({ warm, visit, provoke }) => {
  provoke(refusals);
  const page = await visit(warm)("/settings?tab=keys");
  await page.getByLabel("Name").fill("first");
  await page.getByLabel("Good for").selectOption({ label: "without end" });
  await page.getByRole("button", { name: "Make key" }).click();
  await expect(page.getByTestId("token")).toContainText("dlk_");
  await page.reload();
  await expect(page.getByTestId("keys")).toContainText("first");
  await page.getByRole("button", { name: "Revoke first …" }).click();
  await page.getByRole("button", { name: "Revoke first", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
});
