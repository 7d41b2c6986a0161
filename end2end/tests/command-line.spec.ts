import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { expect, FEW, test } from "./support/fixtures";
import { columns, compare, orders } from "./support/orders";
import { atTerminal, longshore } from "./support/programs";
import { runToEnd } from "./support/server";
import { SlowShop } from "./support/shop";

test("an export by the command line equals the database, and verify tells it from any other file", async ({ shop, folder }, testInfo) => {
  const run = (...args: string[]) => runToEnd(args, { cwd: folder });
  const config = ["--config", shop.config];
  const file = path.join(folder, "out.xlsx");
  const exported = await run("export", "orders", "-o", file, "--where", "status=paid,shipped", "--where", "total>=100", "--sort", "total,-created_at", "--manifest", ...config);
  expect(exported, exported.stderr).toMatchObject({ code: 0 });
  const where = "status IN ('paid', 'shipped') AND total_cents >= 10000";
  const select = orders({ where, order: "total_cents, created_at DESC, id" });
  const rows = compare(testInfo, { file, database: shop.database, select, columns: columns("en") });
  expect(rows).toBeLessThan(FEW);
  expect(exported.stdout).toContain(`out.xlsx: ${rows} rows`);
  expect(fs.readdirSync(folder).filter((name) => name.startsWith(".longshore")), "nothing is left beside it").toEqual([]);

  expect(await run("verify", file)).toMatchObject({ code: 0, stdout: expect.stringContaining("whole and unchanged") });
  const manifest = JSON.parse(fs.readFileSync(`${file}.manifest.json`, "utf8"));
  expect(manifest).toMatchObject({ dataset: "orders", row_count: rows, filters: [{ column: "status", op: "in" }, { column: "total", op: "ge" }] });
  const bytes = fs.readFileSync(file);
  bytes[bytes.length >> 1] ^= 1;
  fs.writeFileSync(file, bytes);
  expect(await run("verify", file, `${file}.manifest.json`)).toMatchObject({ code: 1, stderr: expect.stringContaining("is not the file of this manifest") });
  expect(await run("verify", file, shop.config)).toMatchObject({ code: 1, stderr: expect.stringContaining("is not a manifest") });
});

test("every format comes from the command line, and a file that is there is not replaced unasked", async ({ shop, folder }) => {
  for (const [name, start] of [["a.csv", "\ufeff"], ["a.csv.gz", "\x1f"], ["a.parquet", "PAR1"], ["a.xlsx", "PK"]]) {
    const file = path.join(folder, name);
    const run = () => runToEnd(["export", "customers", "-o", file, "--quiet", "--config", shop.config], { cwd: folder });
    expect(await run()).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const first = fs.readFileSync(file);
    expect(first.toString(name.endsWith("gz") ? "latin1" : "utf8").startsWith(start), name).toBe(true);
    expect(await run()).toMatchObject({ code: 1, stderr: expect.stringContaining("exists already") });
    expect(fs.readFileSync(file).equals(first)).toBe(true);
  }
});

test("what is wrong with a command is said, and no file comes to exist", async ({ shop, folder }) => {
  for (const [args, said] of [
    [["export", "nope", "-o", "x.csv"], "there is no dataset nope"],
    [["export", "orders", "-o", "x.pdf"], "the name ends with none of xlsx, csv, csv.gz, parquet"],
    [["export", "orders", "--format", "doc"], "is none of xlsx, csv, csv.gz, parquet"],
    [["export", "orders", "-o", "x.csv", "--where", "status"], "has no comparison"],
    [["export", "orders", "-o", "x.csv", "--where", "nope=1"], "filters[0].column"],
    [["export", "orders", "-o", "x.csv", "--where", "total=much"], "filters[0].value"],
    [["export", "orders", "-o", "x.csv", "--columns", "total,nope"], "columns[1]"],
    [["export", "orders", "-o", "x.csv", "--time-zone", "Mars/Olympus"], "time_zone"],
    [["export", "orders", "-o", "no/such/folder/x.csv"], "can't write"],
  ] as [string[], string][]) {
    const ended = await runToEnd([...args, "--config", shop.config], { cwd: folder });
    expect(ended, args.join(" ")).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
  }
  expect(fs.readdirSync(folder).filter((name) => /^x|^orders|^\.longshore/.test(name))).toEqual([]);
});

test("at a terminal a bar shows how far an export is, and is gone at its end; elsewhere, and when told to be quiet, there is none", async ({ slowShop, folder }) => {
  const args = (name: string) => ["export", "orders", "-o", path.join(folder, name), "--config", slowShop.config];
  // Until then it stands still in the middle.
  slowShop.openIn(4);
  const seen = atTerminal(args("seen.xlsx"));
  expect(seen.code).toBe(0);
  const bars = seen.lines.filter((line) => /^[█░ ]+ [\d,]+ of 10,000 rows \(\d+%\), [\d,.]+\/s, \S+ left$/.test(line));
  expect(bars.length, seen.lines.join("\n")).toBeGreaterThan(0);
  expect(bars.join("\n")).toContain(" 4,096 of 10,000 rows (41%)");
  const end = expect.stringMatching(/seen\.xlsx: 10000 rows, .* SHA-256 [0-9a-f]{64}$/);
  expect(seen.screen, "only what came of it stays").toEqual([end]);
  // Nothing else was ever there but a bar without a total.
  const others = seen.lines.filter((line) => !bars.includes(line) && !/^\S [\d,]+ rows, [\d,.]+\/s$|^\S finishing the file$/.test(line));
  expect(others).toEqual([end]);

  slowShop.openIn(2);
  expect(atTerminal([...args("quiet.xlsx"), "--quiet"])).toEqual({ code: 0, lines: [], screen: [] });
  slowShop.openIn(2);
  const piped = await runToEnd(args("piped.xlsx"), { cwd: folder });
  expect(piped).toMatchObject({ code: 0, stderr: "" });
  expect(piped.stdout.split("\n")).toEqual([expect.stringMatching(/piped\.xlsx: 10000 rows/), ""]);
});

test("Ctrl-C ends an export and leaves nothing", async ({ shops, folder }) => {
  const shop = SlowShop.of(shops.small.copyTo(path.join(folder, "slow")));
  const child = spawn(longshore(), ["export", "orders", "-o", path.join(folder, "x.xlsx"), "--config", shop.config], { cwd: folder, stdio: "pipe" });
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  await expect.poll(() => fs.readdirSync(folder).some((name) => name.startsWith(".longshore"))).toBe(true);
  child.kill("SIGINT");
  expect(await ended).toBe(1);
  expect(said).toContain("stopped; nothing was kept");
  expect(fs.readdirSync(folder).filter((name) => /^x|^\.longshore/.test(name))).toEqual([]);
});
