import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { cp, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = (name: string) => join(root, "bin", name);
const run = promisify(execFile);

const minute = 60_000;

/** What a collector is started with on top of tests/collector.yaml's defaults. */
export type Settings = Partial<Record<"UI_IDLE", string>>;

/** A bin/driftlock as users run it, on free ports, with a folder of its own. */
export class Collector {
  /** Where its API and its pages are. */
  readonly url: string;
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #grpc: string;
  #process: ChildProcess | undefined;

  private constructor(folder: string, [grpc, api]: readonly [number, number], settings: Settings) {
    this.folder = folder;
    this.url = `http://localhost:${api}`;
    this.#grpc = `localhost:${grpc}`;
    this.#env = { ...process.env, ...settings, UI_GRPC: this.#grpc, UI_API: `localhost:${api}`, UI_DATA: folder };
  }

  /** One that does not run yet; `from` is the folder of a stopped one whose data it starts with. */
  static async create(from?: string, settings: Settings = {}): Promise<Collector> {
    const folder = await mkdtemp(join(tmpdir(), "driftlock-ui-"));
    if (from !== undefined) await cp(from, folder, { recursive: true });
    return new Collector(folder, [await freePort(), await freePort()], settings);
  }

  /** Starts the process and waits until it answers and takes telemetry. */
  async start(): Promise<void> {
    const log = await open(join(this.folder, "log"), "w");
    const started = spawn(bin("driftlock"), ["--config", join(root, "ui/tests/collector.yaml")], { env: this.#env, stdio: ["ignore", log.fd, log.fd] });
    this.#process = started;
    let failure: Error | undefined;
    started.once("error", (error) => (failure = error));
    await log.close();
    await until(30_000, `the collector to be ready at ${this.url}`, async () => {
      if (failure) throw new Error(`bin/driftlock cannot be started: run \`make collector tools\`: ${failure.message}`);
      if (started.exitCode !== null) throw new Error(`bin/driftlock ended with ${started.exitCode}:\n${await this.log()}`);
      return (await this.log()).includes("Everything is ready") && (await fetch(`${this.url}/readyz`)).ok;
    });
  }

  /** Ends the process as Ctrl-C does; safe to call again. */
  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null || running.pid === undefined) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    const inTime = await Promise.race([ended.then(() => true), wait(30_000, false, { ref: false })]);
    if (!inTime) {
      running.kill("SIGKILL");
      throw new Error(`the collector did not end within 30 s of SIGTERM:\n${await this.log()}`);
    }
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The end of what it printed. */
  async log(): Promise<string> {
    return (await readFile(join(this.folder, "log"), "utf8")).slice(-8000);
  }

  /** Sends so many minutes of the shop's telemetry that end then, at three requests a second, of a day without deploys; returns when the collector has all of it. */
  async feed(minutes: number, end: Date, ...more: string[]): Promise<void> {
    await run(bin("synthetic"), ["--endpoint", this.#grpc, "--history", `${minutes}m`, "--end", end.toISOString(), "--rate", "3",
      "--deploys-per-day", "0", "--churn-per-day", "0", "--quiet", ...more]);
  }

  /** Makes an API key and returns its id and token. */
  async key(name: string, role: "reader" | "writer" | "admin", ...more: string[]): Promise<{ id: string; token: string }> {
    const { stdout, stderr } = await run(bin("driftlock-keys"), ["create", "--store", join(this.folder, "driftlock.db"), "--name", name, "--role", role, ...more]);
    const token = /dlk_\S+/.exec(stdout)?.[0];
    const id = /[0-9a-f]{16}/.exec(stdout + stderr)?.[0];
    if (token === undefined || id === undefined) throw new Error(`driftlock-keys printed neither id nor token:\n${stdout}${stderr}`);
    // The running collector learns of it within seconds; until then it is open to all.
    await until(30_000, "the API to ask for a key", async () => (await fetch(`${this.url}/v1/about`)).status === 401);
    return { id, token };
  }

  async revoke(id: string): Promise<void> {
    await run(bin("driftlock-keys"), ["revoke", "--store", join(this.folder, "driftlock.db"), id]);
  }

  /** GETs JSON from the API. */
  async get<T>(path: string): Promise<T> {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Waits until the API lists an anomaly of the service, and returns its id. */
  async anomalyOf(service: string): Promise<string> {
    let found: string | undefined;
    await until(60_000, `an anomaly of ${service}`, async () => {
      const { anomalies } = await this.get<{ anomalies: { id: string }[] }>(`/v1/anomalies?service=${service}&limit=1`);
      found = anomalies[0]?.id;
      return found !== undefined;
    });
    return found ?? "";
  }
}

/** Asks again and again whether it holds; what it throws while a connection is refused counts as no. */
export async function until(limit: number, what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + limit;
  while (Date.now() < end) {
    try {
      if (await holds()) return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await wait(100);
  }
  throw new Error(`waited ${limit / 1000} s in vain for ${what}`);
}

/** So many minutes later; before, where they are negative. */
export function after(begin: Date, minutes: number): Date {
  return new Date(begin.getTime() + minutes * minute);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "localhost", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address) resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}
