import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";

import { redisServer } from "./programs";

const ANSWERS_WITHIN_MS = 10_000;
const KEEPS_EVERYTHING = [
  ["--appendonly", "yes"],
  ["--appendfsync", "always"],
] as const;

/** A Redis server that a test may kill and start again; it keeps everything on disk unless told otherwise. */
export class OwnRedis {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly settings: readonly (readonly [string, string])[],
  ) {}

  static async start(folder: string, settings: readonly (readonly [string, string])[] = KEEPS_EVERYTHING): Promise<OwnRedis> {
    fs.mkdirSync(folder, { recursive: true });
    const probe = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => probe.once("listening", resolve));
    const { port } = probe.address() as net.AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const redis = new OwnRedis(folder, port, settings);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/`;
  }

  async start(): Promise<void> {
    const args = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder, "--save", ""];
    this.child = spawn(redisServer(), [...args, ...this.settings.flat()], { stdio: "ignore" });
    const until = Date.now() + ANSWERS_WITHIN_MS;
    while (!(await this.answers())) {
      if (Date.now() > until) throw new Error(`no Redis at ${this.url}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = net.connect(this.port, "127.0.0.1");
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.write("PING\r\n"));
      socket.once("data", (data) => {
        socket.destroy();
        resolve(data.toString().startsWith("+PONG"));
      });
    });
  }

  /** Ends it as a power failure would. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child) return;
    this.child = undefined;
    const ended = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGKILL");
    await ended;
  }
}
