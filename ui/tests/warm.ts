import { rm } from "node:fs/promises";
import { Collector } from "./collector";

/**
 * Where the telemetry of the warm folder ends, always the same: what is found in it does not hang on the time of day. It is a second
 * before a full minute, since the metric point of the full minute would open a window of its own.
 */
export const warmEnd = new Date("2026-03-02T11:59:59Z");

/** The folder of a stopped collector that has learnt the shop, with errors of payment in its last four minutes. */
export function warmFolder(): string {
  return process.env["UI_WARM"] ?? "";
}

/** Makes the warm folder once; each test's collector starts with a copy of it. */
export default async function warm(): Promise<() => Promise<void>> {
  const collector = await Collector.create();
  try {
    await collector.start();
    await collector.feed(120, warmEnd, "--incident", "errors@payment", "--incident-last", "4m");
    await collector.anomalyOf("payment");
    await collector.stop();
    process.env["UI_WARM"] = collector.folder;
  } catch (error) {
    await collector.remove();
    throw error;
  }
  return () => rm(collector.folder, { recursive: true, force: true });
}
