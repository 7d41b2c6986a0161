import { spawn } from "node:child_process";
import fs from "node:fs";

import { FEW, expect, test } from "./support/import-fixtures";
import { HEADERS, ImportShop, order, type Row, rowsOf } from "./support/import-shop";
import { atTerminal, longshore } from "./support/programs";
import { runToEnd } from "./support/server";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));

const command = (shop: ImportShop, file: string, ...args: string[]): string[] =>
  ["import", "orders", file, "--config", shop.config, "--data-dir", shop.file("data"), ...args];

function run(shop: ImportShop, file: string, ...args: string[]) {
  return runToEnd(command(shop, file, ...args), { cwd: shop.folder });
}

test("a dry run tells what would be and writes nothing; the modes decide what is", async ({ imports }) => {
  const before = imports.digest();
  const file = imports.workbook("orders.xlsx", [HEADERS, ...rows(FEW - 9, FEW + 10)]);
  const dry = await run(imports, file, "--dry-run");
  expect(dry).toMatchObject({ code: 0, stderr: "" });
  expect(dry.stdout).toContain("10 rows would be added, 0 would be changed, 10 as they were, 0 not imported");
  const known = await run(imports, file, "--mode", "update", "--dry-run");
  expect([known.code, known.stdout]).toEqual([3, expect.stringContaining("10 as they were, 10 not imported")]);
  expect(imports.digest(), "nothing was written").toBe(before);

  const fresh = await run(imports, file, "--mode", "insert");
  expect([fresh.code, fresh.stdout]).toEqual([3, expect.stringContaining("10 rows added, 0 changed, 0 as they were, 10 not imported")]);
  expect(imports.digest()).toBe(ImportShop.digestOf(FEW + 10));
  const again = await run(imports, file, "--mode", "upsert");
  expect(again).toMatchObject({ code: 0, stderr: "" });
  expect(again.stdout).toContain("20 as they were, 0 not imported");
});

test("rows in error go into a file, which mended imports just those", async ({ imports }) => {
  const bad = rows(FEW + 1, FEW + 10);
  bad[3][2] = "many";
  const errors = imports.file("errors.xlsx");
  const file = imports.workbook("orders.xlsx", [HEADERS, ...bad]);
  const all = await run(imports, file, "--all-or-nothing", "--errors-to", errors);
  expect([all.code, imports.digest()]).toEqual([4, ImportShop.digestOf(FEW)]);
  const some = await run(imports, file, "--errors-to", errors);
  expect(some.code).toBe(3);
  expect(some.stdout).toContain("9 rows added, 0 changed, 0 as they were, 1 not imported");
  expect(some.stdout).toContain("quantity: Not a whole number");
  const [headers, row] = rowsOf(errors);
  expect([headers.slice(0, 3), row.slice(0, 3)]).toEqual([HEADERS.slice(0, 3), [bad[3][0], bad[3][1], "many"]]);
  const mended = imports.workbook("mended.xlsx", [headers, [...order(FEW + 4), ...row.slice(HEADERS.length)]]);
  expect((await run(imports, mended)).code).toBe(0);
  expect(imports.digest()).toBe(ImportShop.digestOf(FEW + 10));
});

test("what can't be imported is named, and the exit code tells usage from failure", async ({ imports }) => {
  const before = imports.digest();
  const good = imports.workbook("good.xlsx", [HEADERS, ...rows(101, 102)]);
  const write = (name: string, content: string | Buffer) => {
    fs.writeFileSync(imports.file(name), content);
    return imports.file(name);
  };
  for (const [file, args, words] of [
    [imports.file("nowhere.xlsx"), [], "there is no file"],
    [write("empty.csv", ""), [], "empty"],
    [write("picture.xlsx", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")), [], "XLSX or CSV"],
    [write("short.csv", "Order no.\nSO000000101\n"), [], "the file lacks columns"],
    [good, ["--mode", "replace"], "none of upsert, insert, update"],
    [good, ["--map", "Nobody=customer"], 'no column "Nobody"'],
  ] as const) {
    const done = await run(imports, file, ...args);
    expect.soft([file, done.code, done.stdout]).toEqual([file, 2, ""]);
    expect.soft(done.stderr).toContain(words);
    expect.soft(done.stderr, "no progress bar where nobody looks").not.toContain("\r");
  }
  expect(imports.digest()).toBe(before);
});

test("at a terminal a bar shows how far check and import are, and is gone at their end; elsewhere, and when told to be quiet, there is none", async ({ imports }) => {
  const many = 100_000;
  const file = imports.text("many.csv", "utf-8", ",", [HEADERS, ...rows(1, many)]);
  const seen = atTerminal(command(imports, file));
  expect(seen.code).toBe(0);
  for (const doing of ["checking", "importing"]) {
    const bar = new RegExp(`^[█░ ]+ ${doing} [\\d,]+ of 100,000 rows \\(\\d+%\\), \\S+ left$`);
    expect(seen.lines.filter((line) => bar.test(line)), seen.lines.join("\n")).not.toEqual([]);
  }
  const end = expect.stringMatching(new RegExp(`many\\.csv: ${many - FEW} rows added, 0 changed, ${FEW} as they were, 0 not imported$`));
  expect(seen.screen, "only what came of it stays").toEqual([end]);
  // Nothing else was ever there but a bar that knew of no total yet.
  expect(seen.lines.filter((line) => !/ (checking|importing) .*rows|^\S  0 rows, 0\/s$/.test(line))).toEqual([end]);
  expect(imports.query("SELECT count(*) FROM orders")).toEqual([[many]]);

  imports.run(`DELETE FROM orders WHERE order_no > '${order(FEW)[0]}'`);
  expect(atTerminal(command(imports, file, "--quiet"))).toEqual({ code: 0, lines: [], screen: [] });
  imports.run(`DELETE FROM orders WHERE order_no > '${order(FEW)[0]}'`);
  const piped = await run(imports, file);
  expect(piped).toMatchObject({ code: 0, stderr: "" });
  expect(piped.stdout.split("\n")).toEqual([end, ""]);
});

test("told to stop in the middle, it says which rows are in, and these are", async ({ imports }) => {
  const file = imports.text("many.csv", "utf-8", ",", [HEADERS, ...rows(1, 100_000)]);
  // The first 60,000 go in at once; whatever comes after them takes longer than anybody waits.
  imports.run(
    `CREATE TRIGGER slow BEFORE INSERT ON orders WHEN NEW.order_no > 'SO000060000' BEGIN SELECT max(i) FROM
     (WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100000) SELECT i FROM c); END`,
  );
  const args = ["import", "orders", file, "--config", imports.config, "--data-dir", imports.file("data")];
  const child = spawn(longshore(), args, { cwd: imports.folder, stdio: "pipe" });
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output.text += data));
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  const count = () => Number(imports.query("SELECT count(*) FROM orders")[0][0]);
  await expect.poll(count, { timeout: 60_000, intervals: [50] }).toBeGreaterThan(FEW);
  child.kill("SIGINT");
  expect(await ended, output.text).toBe(3);
  expect(output.text).toContain("The import was cancelled before its end.");
  const ranges = [...output.text.matchAll(/(\d+) to (\d+)/g)].map(([, first, last]) => [Number(first) - 1, Number(last) - 1]);
  const told = ranges.map(([first, last]) => `substr(order_no, 3) + 0 BETWEEN ${first} AND ${last}`).join(" OR ");
  const size = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  // The orders that were there before may stand outside of what was told; no other may.
  const strays = `NOT (${told}) AND substr(order_no, 3) + 0 > ${FEW}`;
  expect(imports.query(`SELECT sum(${told}), sum(${strays}) FROM orders`)).toEqual([[size, 0]]);
  expect(size).toBeLessThan(100_000);
  expect(fs.readdirSync(imports.file("data/scratch")), "nothing is left of its work").toEqual([]);
});
