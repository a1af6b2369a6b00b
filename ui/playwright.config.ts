import { defineConfig } from "@playwright/test";

// scripts/browser.sh finds it, or gets one.
const executablePath = process.env["DRIFTLOCK_CHROMIUM"] ?? "";
if (executablePath === "") throw new Error("DRIFTLOCK_CHROMIUM names no browser: run `make test-browser`, or DRIFTLOCK_CHROMIUM=$(scripts/browser.sh)");

const args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  globalSetup: "./tests/warm.ts",
  // One after the other: each has a collector and a browser, which two cores are busy with.
  workers: 1,
  forbidOnly: true,
  reporter: [["list"]],
  // Nobody's patience is tested here: these are for what never comes.
  timeout: 90_000,
  expect: { timeout: 30_000 },
  use: {
    launchOptions: { executablePath, args, chromiumSandbox: false },
    trace: "retain-on-failure",
  },
  projects: [
    { name: "tests", testMatch: "*.spec.ts" },
    // A trace takes pictures and copies of the page all the time: what it costs would be measured with it.
    { name: "measure", testMatch: "measure.ts", use: { trace: "off" } },
    { name: "screenshots", testMatch: "screenshots.ts" },
  ],
});
