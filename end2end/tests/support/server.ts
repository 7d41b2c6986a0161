import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { longshore, siteRoot } from "./programs";

const READY = /Longshore is ready (?:at (http:\/\/[0-9.]+:(\d+))|to run tasks)/;
const METRICS = /Metrics are at (http:\S+)/;
const START_WITHIN_MS = 60_000;
const END_WITHIN_MS = 60_000;

export interface ServerOptions {
  /** The configuration file; the built-in demo where absent. */
  config?: string;
  /** Everything the server writes is below it. */
  dataDir: string;
  /** Settings, as environment variables without the prefix LONGSHORE_. */
  settings?: Record<string, string>;
  /** REDIS_URL. */
  redisUrl?: string;
}

/** How a process ended: its exit code, or the signal that ended it. */
export type Ended = number | NodeJS.Signals | null;

/** The environment of a server: nothing of ours but what the test sets. */
function environment(options: Omit<ServerOptions, "dataDir">): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LONGSHORE_|LEPTOS_|REDIS_URL$)/.test(name));
  const settings = Object.entries(options.settings ?? {}).map(([name, value]) => [`LONGSHORE_${name}`, value]);
  return {
    ...Object.fromEntries(inherited),
    LEPTOS_SITE_ROOT: path.resolve(siteRoot()),
    ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
    ...Object.fromEntries(settings),
  };
}

/** Runs the program to its end, which must come by itself. */
export async function runToEnd(
  args: string[],
  options: Omit<ServerOptions, "dataDir"> & { cwd: string },
): Promise<{ code: Ended; stdout: string; stderr: string }> {
  const child = spawn(longshore(), args, { cwd: options.cwd, env: environment(options), stdio: "pipe" });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  const timer = setTimeout(() => child.kill("SIGKILL"), END_WITHIN_MS);
  const code = await new Promise<Ended>((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  clearTimeout(timer);
  return { code, stdout, stderr };
}

/** A server process of one test. */
export class Server {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<Ended>,
    private readonly output: { text: string },
    readonly options: ServerOptions,
    /** Its address, without a slash at the end; empty where it only runs tasks. */
    readonly url: string,
    readonly port: number,
  ) {}

  /** Starts on a free port, or on that one. */
  static async start(options: ServerOptions, port = 0): Promise<Server> {
    const args = ["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", options.dataDir];
    if (options.config) args.push("--config", options.config);
    fs.mkdirSync(options.dataDir, { recursive: true });
    const child = spawn(longshore(), args, { cwd: options.dataDir, env: environment(options), stdio: "pipe" });
    const output = { text: "" };
    const ended = new Promise<Ended>((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
    const ready = new Promise<RegExpExecArray>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not start:\n${output.text}`)), START_WITHIN_MS);
      const listen = (data: Buffer) => {
        output.text += data;
        const match = READY.exec(output.text);
        if (match) {
          clearTimeout(timer);
          resolve(match);
        }
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      child.on("error", reject);
      void ended.then((code) => reject(new Error(`the server ended with ${code}:\n${output.text}`)));
    });
    try {
      const match = await ready;
      return new Server(child, ended, output, options, match[1] ?? "", Number(match[2] ?? 0));
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** Everything the process has written, without colours. */
  get log(): string {
    return this.output.text.replace(/\x1b\[[0-9;]*m/g, "");
  }

  /** Where its metrics are, if the test has set METRICS_LISTEN. */
  get metrics(): string {
    return METRICS.exec(this.log)?.[1] ?? "";
  }

  /** Runs `longshore tasks` beside it, on the same data or the same Redis. */
  async tasks(...args: string[]): Promise<{ code: Ended; stdout: string; stderr: string }> {
    const { dataDir, config, redisUrl } = this.options;
    const where = ["--data-dir", dataDir, ...(config ? ["--config", config] : [])];
    return runToEnd(["tasks", ...args, ...where], { cwd: dataDir, redisUrl });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Ends the process as a power failure would. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** Asks the process to end, as service managers do; gives how it ended. */
  async terminate(): Promise<Ended> {
    this.child.kill("SIGTERM");
    return this.ended;
  }

  /** A new process on the same data and the same port. */
  async restart(settings: Record<string, string> = {}): Promise<Server> {
    return Server.start({ ...this.options, settings: { ...this.options.settings, ...settings } }, this.port);
  }

  /** The exported files that exist, also unfinished ones, below the folder for files. */
  files(): string[] {
    const folder = path.join(this.options.dataDir, "files");
    const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
  }
}
