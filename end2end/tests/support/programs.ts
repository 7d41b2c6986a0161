import { execFileSync, spawn } from "node:child_process";
import path from "node:path";

const root = path.resolve(__dirname, "../..");

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with 'make test'`);
  return value;
}

/** The program under test. */
export const longshore = () => setting("LONGSHORE_BIN");
/** The client's files. */
export const siteRoot = () => setting("LEPTOS_SITE_ROOT");
/** A Redis of the tests alone. */
export const redisUrl = () => setting("LONGSHORE_TEST_REDIS_URL");
/** A bucket of the tests alone, as the setting files_url takes it; its key is in the environment that servers inherit. */
export const bucketUrl = () => setting("LONGSHORE_TEST_S3_URL");

/** A PostgreSQL of the tests alone. */
export const postgresUrl = () => setting("LONGSHORE_TEST_POSTGRES_URL");

/** A MariaDB of the tests alone. */
export const mariadbUrl = () => setting("LONGSHORE_TEST_MYSQL_URL");

/** The Redis server program, for tests that start and stop one of their own. */
export const redisServer = () => process.env.LONGSHORE_REDIS_SERVER || "redis-server";

/** No script takes so long; the limit of a test does not reach into one. */
const SCRIPT_WITHIN_MS = 600_000;

/** Runs a script of this folder with Python and gives what it prints; throws with what it says when it fails. */
export function python(script: string, args: string[], input = ""): string {
  try {
    const options = { encoding: "utf8", input, stdio: "pipe", maxBuffer: 1 << 26, timeout: SCRIPT_WITHIN_MS } as const;
    return execFileSync(setting("LONGSHORE_PYTHON"), [path.join(root, script), ...args], options).trim();
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`${script} ${args[0]}: ${stderr || message}`);
  }
}

/** Starts a script that does something until its input ends; gives, once it has printed that it is done, what ends it. */
export async function pythonUntil(script: string, args: string[]): Promise<() => Promise<void>> {
  const child = spawn(setting("LONGSHORE_PYTHON"), [path.join(root, script), ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    void ended.then(() => reject(new Error(`${script} ${args[0]} has ended by itself`)));
  });
  return () => {
    child.stdin.end();
    return ended;
  };
}

/** What a person at a terminal has seen of the program: every line that was there at some moment, and what is there in the end. */
export function atTerminal(args: string[]): { code: number; lines: string[]; screen: string[] } {
  return JSON.parse(python("terminal.py", [longshore(), ...args]));
}
