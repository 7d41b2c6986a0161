import fs from "node:fs";
import path from "node:path";

import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { columns, compare, orders } from "./support/orders";
import { Person } from "./support/person";
import { python } from "./support/programs";

/** Of a million rows, the last has text where a number is declared. */
const MILLION_BUT_ONE = `
  CREATE TABLE numbers (id INTEGER PRIMARY KEY, amount);
  INSERT INTO numbers
    WITH RECURSIVE step (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM step WHERE n < 1000000)
    SELECT n, CASE WHEN n < 1000000 THEN 2 * n ELSE 'a secret of the row' END FROM step;`;

const MILLION_CONFIG = `
  [database.numbers]
  url = "sqlite:million.db"

  [dataset.numbers]
  database = "numbers"
  table = "numbers"
  key = ["id"]
  label = { en = "Numbers", zh = "数字" }
  column = [{ name = "id", type = "integer" }, { name = "amount", type = "integer" }]
`;

test("while the status can't be asked the button stays grey, and the page recovers by itself", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  slowShop.openIn(3);
  await list.start();
  let missed = 0;
  await page.route("**/api/getTaskStatus", async (route) => {
    missed += 1;
    await route.abort("connectionfailed");
  });
  await list.reaches("offline");
  await expect(list.panel).toContainText("Connection lost. Your task is still running; reconnecting…");
  await list.isGrey();
  await expect.poll(() => missed, { timeout: 20_000 }).toBeGreaterThan(1);
  await list.reaches("offline");
  await list.isGrey();
  const downloading = page.waitForEvent("download", { timeout: 60_000 });
  await page.unroute("**/api/getTaskStatus");
  await list.reaches("ready");
  await list.isClickable();
  await downloading;
});

test("an offline page can be asked to try at once", async ({ serve, slowShop, page, context }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.start();
  await context.setOffline(true);
  await list.reaches("offline");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try now" }).click();
  await list.reaches("running");
  await expect(list.panel).not.toContainText("Connection lost");
});

test("an answer to the click that is lost starts no second task", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  let sent = 0;
  // The server gets the request; only its first answer is lost.
  await page.route("**/api/registerExportTask", async (route) => {
    sent += 1;
    if (sent > 1) return route.continue();
    await route.fetch();
    await route.abort("connectionreset");
  });
  await list.begin();
  await list.reaches("running");
  expect(sent).toBeGreaterThan(1);
  await expect(list.panel).toContainText("Export task submitted.");
  expect(await new Person(page.request, server.url).tasks()).toHaveLength(1);
});

test("a status that never comes at load leaves no dead button", async ({ serve, page }) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  await page.route("**/api/getTaskStatus", (route) => route.abort("connectionrefused"));
  await page.goto(`${server.url}/d/orders`);
  await list.reaches("offline");
  await list.isGrey();
  await expect(list.panel).toContainText("Connection lost. Export is available again as soon as the server answers");
  await page.unroute("**/api/getTaskStatus");
  await list.reaches("idle");
  await list.isClickable();
});

test("a failed export says why, and can be started again", async ({ serve, shop, page }) => {
  python("shop.py", ["spoil", shop.database]);
  const server = await serve({ config: shop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.begin();
  await list.reaches("failed");
  await expect(list.panel).toContainText(/Export failed: a value in the data is not of its column's type\. .*quantity.* Ref [0-9A-F]{4}/);
  await list.isClickable();
  await page.getByLabel("Column", { exact: true }).selectOption("quantity");
  await page.getByLabel("Condition").selectOption("lt");
  await page.getByLabel("Value").fill("3");
  await page.getByRole("button", { name: "Add filter" }).click();
  await expect(page).toHaveURL(/filter=/);
  await list.exported();
  await list.reaches("ready");
});

for (const format of ["xlsx", "csv"] as const) {
  test(`a value that can't be read in the millionth row fails the export as ${format}, and nothing is kept`, async ({ serve, folder, page }) => {
    const config = path.join(folder, "million.toml");
    python("shop.py", ["run", path.join(folder, "million.db")], MILLION_BUT_ONE);
    fs.writeFileSync(config, MILLION_CONFIG);
    const server = await serve({ config });
    const list = new ListPage(page, server.url, "numbers");
    await list.open();
    const downloads: string[] = [];
    page.on("download", (download) => downloads.push(download.url()));
    await list.choose(format);
    await list.begin();
    await list.reaches("failed");
    await expect(list.panel).toContainText(/Export failed: a value in the data is not of its column's type\. .*amount.* Ref [0-9A-F]{4}/);
    await list.isClickable();
    const [task] = await new Person(page.request, server.url).tasks();
    expect(task).toMatchObject({ phase: "failed", file: null, failure: { code: "bad_value", detail: "amount" } });
    expect(server.files(), "neither a file nor the beginning of one").toEqual([]);
    expect(server.log, "the operator learns which row, and not the value").toContain("column amount, row 1000000 of the result");
    expect(server.log).not.toContain("a secret of the row");
    expect(downloads).toEqual([]);

    await list.open("?filter=id:lt:1000000&filter=id:gt:999000");
    await list.choose("csv");
    const lines = fs.readFileSync(await (await list.exported()).path(), "utf8").trimEnd().split("\r\n");
    expect([lines.length, lines[1], lines[999]]).toEqual([1000, "999001,1998002", "999999,1999998"]);
  });
}

test("an export whose database is away for a moment says so, and ends by itself", async ({ serve, shop, page }, testInfo) => {
  const server = await serve({ config: shop.config, settings: { WORKER__RETRY_PAUSE: "4s" } });
  const list = new ListPage(page, server.url);
  await list.open();
  const downloading = page.waitForEvent("download", { timeout: 60_000 });
  shop.goAway();
  await list.begin();
  await expect(list.panel).toContainText(/The database did not answer; trying again in a moment\. Ref [0-9A-F]{4}/);
  await list.isGrey();
  shop.comeBack();
  await list.reaches("ready");
  const file = testInfo.outputPath("orders.xlsx");
  await (await downloading).saveAs(file);
  compare(testInfo, { file, database: shop.database, select: orders(), columns: columns("en") });
});

for (const state of ["running", "queued"] as const) {
  test(`a task that is ${state} at its deadline is abandoned, and the person can start again`, async ({ serve, slowShop, page }, testInfo) => {
    const settings = { TASKS__TIME_LIMIT: "3s", WORKER__REAP_INTERVAL: "200ms", WORKER__CONCURRENCY: "1" };
    const server = await serve({ config: slowShop.config, settings });
    const list = new ListPage(page, server.url);
    await list.open();
    const other = await Person.at(server.url);
    if (state === "queued") await other.reaches(await other.register({ dataset: "orders" }), "running");
    const downloads: string[] = [];
    page.on("download", (download) => downloads.push(download.url()));
    await list.begin();
    await list.reaches(state);
    await list.isGrey();
    await list.reaches("abandoned");
    await expect(list.panel).toContainText(/Export stopped after .* You can start it again\./);
    await list.isClickable();
    const person = new Person(page.request, server.url);
    expect((await person.tasks()).map(({ phase }) => phase)).toEqual(["abandoned"]);
    // The gate is still closed: only a worker that has stopped can do this, and what it began is gone.
    const probe = await other.register({ dataset: "customers" });
    await other.finished(probe);
    expect(server.files().filter((file) => !file.includes(probe))).toEqual([]);
    expect(downloads).toEqual([]);

    // CSV is quick: this export has the same short time.
    slowShop.open();
    await list.choose("csv");
    const file = testInfo.outputPath("orders.csv");
    await (await list.exported()).saveAs(file);
    const select = orders({ table: "orders_data" });
    compare(testInfo, { file, database: slowShop.database, select, columns: columns("en") });
  });
}

test("a page that comes back after the deadline finds a button that can be clicked", async ({ serve, slowShop, page }) => {
  // The reaper does not come during the test: the deadline alone must free the button.
  const settings = { TASKS__TIME_LIMIT: "2s", WORKER__REAP_INTERVAL: "1h" };
  const server = await serve({ config: slowShop.config, settings });
  const list = new ListPage(page, server.url);
  await list.open();
  const person = new Person(page.request, server.url);
  const task = await person.register({ dataset: "orders" });
  await person.reaches(task, "abandoned");
  await list.open();
  await list.reaches("idle");
  await list.isClickable();
  slowShop.open();
  await list.choose("csv");
  await list.exported();
});
