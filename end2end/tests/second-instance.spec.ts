import fs from "node:fs";
import path from "node:path";

import { expect, test } from "./support/fixtures";
import { Person } from "./support/person";
import { runToEnd } from "./support/server";

/** From the program itself, for a person who has to do something about it. */
function isSentence(stderr: string): void {
  expect(stderr).toMatch(/^longshore: .{20,}/m);
  expect(stderr).not.toMatch(/panicked|backtrace/);
}

test("a second process on the same data folder is refused, and the first goes on", async ({ serve, folder }) => {
  const first = await serve();
  const args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", first.options.dataDir];
  const second = await runToEnd(args, { cwd: folder });
  expect(second.code).toBe(1);
  expect(second.stdout).not.toContain("ready");
  isSentence(second.stderr);
  expect(second.stderr).toMatch(/in use by another Longshore process.*REDIS_URL/);
  const person = await Person.at(first.url);
  await person.finished(await person.register({ dataset: "customers" }));
});

test("an address that is taken is named, with what to do", async ({ serve, folder }) => {
  const first = await serve();
  const address = `127.0.0.1:${first.port}`;
  const second = await runToEnd(["serve", "--listen", address, "--data-dir", path.join(folder, "other")], { cwd: folder });
  expect(second.code).toBe(1);
  isSentence(second.stderr);
  expect(second.stderr).toContain(address);
  expect(second.stderr).toContain("--listen");
});

for (const [what, file, settings, named] of [
  ["a duration that is none", "[tasks]\ntime_limit = 'soon'", {}, /time_limit/],
  ["a duration of nothing", "[tasks]\ntime_limit = '0s'", {}, /tasks\.time_limit/],
  ["a setting that does not exist", "[worker]\nspeed = 9", {}, /speed/],
  ["a group of settings that does not exist", "[loging]\nlevel = 'info'", {}, /loging/],
  ["a setting of the environment", "", { WORKER__CONCURRENCY: "0" }, /worker\.concurrency/],
  ["a beat longer than its lease", "[worker]\nbeat = '20s'", {}, /worker\.beat/],
  ["a secret too short", "session_secret = 'short'", {}, /session_secret/],
  ["an address that is none", "listen = 'nowhere'", {}, /listen/],
  ["a database nobody declared", "[dataset.d]\ndatabase='x'\ntable='t'\nkey=['id']\ncolumn=[{name='id',type='text'}]", {}, /dataset\.d\.database/],
  ["what is no TOML", "listen = ", {}, /longshore\.toml/],
] as [string, string, Record<string, string>, RegExp][]) {
  test(`a configuration with ${what} names the key`, async ({ folder }) => {
    const config = path.join(folder, "longshore.toml");
    fs.writeFileSync(config, file);
    const dataDir = path.join(folder, "data");
    // Port 0 on the command line would hide what the file says of the address.
    const listen = file.startsWith("listen") ? [] : ["--listen", "127.0.0.1:0"];
    const args = ["serve", ...listen, "--config", config, "--data-dir", dataDir];
    const ended = await runToEnd(args, { cwd: folder, settings });
    expect(ended.code).toBe(1);
    isSentence(ended.stderr);
    expect(ended.stderr).toMatch(named);
    expect(ended.stderr, "secrets are not repeated").not.toContain("'short'");
    expect(fs.existsSync(dataDir), "nothing was written").toBe(false);
  });
}

test("a Redis that does not answer is named at the start", async ({ folder }) => {
  const args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", path.join(folder, "data")];
  // Nobody listens on port 1.
  const ended = await runToEnd(args, { cwd: folder, redisUrl: "redis://:hunter2@127.0.0.1:1/" });
  expect(ended.code).toBe(1);
  isSentence(ended.stderr);
  expect(ended.stderr).toContain("REDIS_URL");
  expect(ended.stderr).not.toContain("hunter2");
});

test("every command explains itself", async ({ folder }) => {
  for (const command of [[], ["serve"], ["demo"], ["defaults"]]) {
    const { code, stdout } = await runToEnd([...command, "--help"], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: longshore");
  }
  const { stdout } = await runToEnd(["defaults"], { cwd: folder });
  expect(stdout).toContain('time_limit = "30m"');
  expect(fs.readdirSync(folder), "none of them writes anything").toEqual([]);
});
