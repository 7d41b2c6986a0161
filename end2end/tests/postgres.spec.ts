import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect, test as base } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";
import { PostgresShop } from "./support/postgres";
import { postgresUrl, python } from "./support/programs";

const MILLION = 1_000_000;

const test = base.extend<{}, { million: PostgresShop }>({
  million: [
    async ({}, use) => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "longshore-postgres-"));
      const shop = PostgresShop.make(folder, MILLION);
      await use(shop);
      shop.drop();
      fs.rmSync(folder, { recursive: true });
    },
    { scope: "worker", timeout: 300_000 },
  ],
});

test.use({ timezoneId: "Asia/Shanghai" });

test("1,000,000 rows of PostgreSQL become a workbook that equals the table in every cell", async ({ million, serve, page }, testInfo) => {
  test.setTimeout(600_000);
  const server = await serve({ config: million.config });
  const list = new ListPage(page, server.url);
  await list.open();
  const downloading = page.waitForEvent("download", { timeout: 120_000 });
  await list.start();
  const file = testInfo.outputPath("orders.xlsx");
  await (await downloading).saveAs(file);
  await list.reaches("ready");
  expect(million.compare(file, { zone: "Asia/Shanghai" })).toBe(MILLION);
  fs.rmSync(file);
});

test("a server killed in the middle goes on from the parts that are finished, and the archive equals the table", async ({ million, serve, restart }, testInfo) => {
  test.setTimeout(600_000);
  const server = await serve({ config: million.config, settings: { EXPORT__PART_SIZE_MIB: "4" } });
  const person = await Person.at(server.url);
  const task = await person.register({ dataset: "orders", format: "csv" });
  await expect.poll(() => server.files().filter((file) => !file.includes(".unfinished")).length, { timeout: 60_000, intervals: [20] }).toBeGreaterThan(2);
  // Until a beat has carried the checkpoint.
  await expect.poll(async () => (await server.tasks("show", task, "--json")).stdout, { timeout: 30_000, intervals: [50] }).toContain("rows_digest");
  await server.kill();
  const next = await restart(server);
  await person.finished(task);
  const details = await person.ask("getTaskDetails", { task });
  const { manifest } = details;
  expect(manifest.row_count).toBe(MILLION);
  expect(manifest.parts.length).toBeGreaterThan(3);
  expect(manifest.resumed).toHaveLength(1);
  expect(manifest.resumed[0].kept_part_count).toBeGreaterThan(0);
  const file = testInfo.outputPath("orders.zip");
  fs.writeFileSync(file, await person.download(task));
  expect(million.compare(file)).toBe(MILLION);
  expect(next.files(), "one file is left").toHaveLength(1);
  fs.rmSync(file);
});

test("a database that goes away in the middle fails the export, and nothing is left", async ({ million, serve }) => {
  const settings = { EXPORT__PART_SIZE_MIB: "4", WORKER__RETRY_PAUSE: "100ms" };
  const server = await serve({ config: million.config, settings });
  const person = await Person.at(server.url);
  const task = await person.register({ dataset: "orders", format: "csv" });
  // Each of the three attempts that it has.
  for (const attempt of [1, 2, 3]) {
    await expect
      .poll(() => Number(python("postgres.py", ["end", postgresUrl(), million.name])), { message: `attempt ${attempt}`, timeout: 30_000, intervals: [50] })
      .toBeGreaterThan(0);
  }
  await person.reaches(task, "failed");
  expect((await person.tasks())[0].failure.code).toBe("database");
  await expect.poll(() => server.files()).toEqual([]);
});

test("a row of a million for which the database has no answer fails the export with its words for the operator, and nothing is left", async ({ million, serve, folder, page }) => {
  const config = path.join(folder, "broken.toml");
  fs.writeFileSync(
    config,
    `[database.shop]
    url = "${million.url}"
    [dataset.broken]
    database = "shop"
    query = "SELECT id, 10 / (id - ${MILLION}) AS share FROM orders"
    key = ["id"]
    label = { en = "Broken", zh = "坏" }
    column = [{ name = "id", type = "integer" }, { name = "share", type = "integer" }]`,
  );
  const server = await serve({ config, settings: { WORKER__RETRY_PAUSE: "100ms" } });
  const list = new ListPage(page, server.url, "broken");
  await list.open();
  await list.choose("csv");
  await list.begin();
  await list.reaches("failed");
  await expect(list.panel).toContainText(/Export failed: the database does not answer or refused the query\. .* Ref [0-9A-F]{4}/);
  await list.isClickable();
  expect(server.log).toContain("division by zero");
  expect(server.log.match(/run failed/g), "trying again would bring the same").toHaveLength(1);
  expect(server.files()).toEqual([]);
  expect((await new Person(page.request, server.url).tasks()).map(({ phase }) => phase)).toEqual(["failed"]);
});
