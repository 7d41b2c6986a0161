import fs from "node:fs";

import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { type Column, compare } from "./support/orders";
import { Person } from "./support/person";
import { python } from "./support/programs";

const columns = (headers: string[]): Column[] =>
  ["date", "integer", "integer", "decimal"].map((type, index) => ({ header: headers[index], type, scale: 2 }));
const EN = columns(["Day", "Count", "Sum of Quantity", "Sum of Total"]);
const ZH = columns(["日期", "条数", "数量合计", "金额合计"]);

/** The SQL that gives what a file of statistics must hold: every day from the first to the last, also those without orders. */
const days = (where = "1"): string =>
  `WITH RECURSIVE chosen AS (SELECT * FROM orders WHERE ${where}),
   days(day) AS (SELECT min(order_date) FROM chosen UNION ALL
                 SELECT date(day, '+1 day') FROM days WHERE day < (SELECT max(order_date) FROM chosen))
   SELECT day, count(id), ifnull(sum(quantity), 0), ifnull(sum(total_cents), 0)
   FROM days LEFT JOIN chosen ON order_date = day GROUP BY day ORDER BY day`;

/** Orders of the middle take for ever to be added up, though not to be found or listed. */
const STUCK = `
  ALTER TABLE orders RENAME TO orders_data;
  CREATE VIEW orders AS SELECT id, order_no, customer_id, customer_name, phone, product_name, total_cents, status, gift,
    order_date, created_at, shipped_at, remark,
    CASE WHEN id NOT BETWEEN 5000 AND 6000 THEN quantity
    WHEN (WITH RECURSIVE step(n) AS (SELECT id UNION ALL SELECT n + 1 FROM step WHERE n < 1000000000)
          SELECT max(n) FROM step) IS NOT NULL THEN quantity
    END AS quantity
  FROM orders_data;`;

test("a click counts every day of the shop, and the file is downloaded at the end", async ({ serve, shops, page }, testInfo) => {
  const server = await serve({ config: shops.large.config });
  const list = new ListPage(page, server.url, "orders", "statistics");
  await list.open();
  await expect(list.button).toHaveText("Daily statistics");
  const download = await list.exported();
  expect(download.suggestedFilename()).toMatch(/^Orders by day_\d{8}-\d{4}\.csv$/);
  await list.reaches("ready");
  await list.isClickable();
  await expect(list.panel).toContainText(/Ready: Orders by day_\d{8}-\d{4}\.csv \([\d.]+ kB\)\./i);
  const file = testInfo.outputPath("days.csv");
  await download.saveAs(file);
  const { database } = shops.large;
  const lines = compare(testInfo, { file, database, select: days(), columns: EN });
  expect(lines).toBeGreaterThan(1200);

  const person = new Person(page.request, server.url);
  const tasks = await person.tasks();
  expect(tasks, "its parts are no tasks of a person").toHaveLength(1);
  expect(tasks[0]).toMatchObject({ kind: "daily_statistics", file: { row_count: lines, size_bytes: fs.statSync(file).size } });
  const current = { dataset: "orders", kind: "daily_statistics" };
  await expect.poll(async () => (await person.ask("getTaskStatus", current)).status).toBe(0);
  // The history has it and gives the same file.
  await page.goto(`${server.url}/tasks`);
  const row = page.getByRole("row", { name: /Daily statistics.*Orders/ });
  const again = page.waitForEvent("download");
  await row.getByRole("link", { name: /^Download Orders by day/ }).click();
  expect(fs.readFileSync(await (await again).path()).equals(fs.readFileSync(file))).toBe(true);
});

test("the filter of the page counts, and headers are in the language of the page", async ({ serve, shops, page, context }, testInfo) => {
  const server = await serve();
  await context.addCookies([{ name: "lang", value: "zh", url: server.url }]);
  const list = new ListPage(page, server.url, "orders", "statistics");
  await list.open("?filter=status:eq:refunded");
  await expect(list.button).toHaveText("每日统计");
  const download = await list.exported();
  expect(download.suggestedFilename()).toMatch(/^订单每日统计_\d{8}-\d{4}\.csv$/);
  const file = testInfo.outputPath("days.csv");
  await download.saveAs(file);
  const { database } = shops.small;
  compare(testInfo, { file, database, select: days("status = 'refunded'"), columns: ZH });
  expect(fs.readFileSync(file, "utf8"), "a day without orders").toMatch(/,0,0,0\.00\r\n/);
});

test("while it runs the button is grey and days are told; the export beside it is free; cancelling ends it", async ({ serve, shop, page }, testInfo) => {
  python("shop.py", ["run", shop.database], STUCK);
  const server = await serve({ config: shop.config });
  const list = new ListPage(page, server.url, "orders", "statistics");
  const exports = new ListPage(page, server.url);
  await list.open();
  await list.begin();
  await list.reaches("running");
  await list.isGrey();
  await expect(list.button).toHaveText("Adding up…");
  // The days before those that are stuck have been added up.
  await expect(list.panel).toContainText(/Adding up [1-9][\d,]* of 1,\d{3} days \([1-9]\d?%\)/);
  await expect(list.bar).toBeVisible();
  await exports.isClickable();
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: testInfo.outputPath(`running-${width}.png`) });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow, `nothing sticks out at ${width} px`).toBeLessThanOrEqual(0);
  }

  // A reload finds it again, and so does the task centre.
  await list.open();
  await list.reaches("running");
  await page.goto(`${server.url}/tasks`);
  await expect(page.getByRole("heading", { name: "Daily statistics · Orders" })).toBeVisible();
  await page.screenshot({ path: testInfo.outputPath("tasks-390.png") });
  await list.open();
  await list.cancel.click();
  await list.reaches("cancelled");
  await expect(list.panel).toContainText("Daily statistics cancelled. Nothing was kept.");
  await list.isClickable();
});

test("a dataset that declares none has no such button, and the call says so", async ({ serve, page }) => {
  const server = await serve();
  await page.goto(`${server.url}/d/customers`);
  await expect(page.locator("#export-button")).toBeVisible();
  await expect(page.locator("#statistics-button")).toHaveCount(0);
  const person = new Person(page.request, server.url);
  const refused = await person.call("registerStatisticsTask", { dataset: "customers" });
  expect(refused.status()).toBe(422);
  expect(await refused.json()).toMatchObject({
    code: "invalid_parameters",
    problems: [{ field: "dataset", code: "no_daily_statistics" }],
  });
  expect(await person.tasks()).toEqual([]);
});

test("any program can ask for them as for an export", async ({ serve }) => {
  const person = await Person.at((await serve()).url);
  const body = { dataset: "orders", filters: [{ column: "status", op: "eq", value: "paid" }], lang: "en", idempotency_key: "k1" };
  const first = await person.ask("registerStatisticsTask", body);
  expect(first).toMatchObject({ registered: true, task: { status: 1, task: { kind: "daily_statistics" } } });
  const id = first.task.task.id;
  expect((await person.ask("registerStatisticsTask", body)).task.task.id, "the same request, the same task").toBe(id);
  const done = await person.finished(id);
  expect(done).toMatchObject({ status: 2, state: true, url: `/files/${id}` });
  expect((await person.download(id)).toString("utf8")).toMatch(/^\uFEFFDay,Count,Sum of Quantity,Sum of Total\r\n/);
  const current = { dataset: "orders", kind: "daily_statistics" };
  expect(await person.ask("clearTaskInfo", current)).toEqual({ cleared: true });
  expect((await person.ask("getTaskStatus", current)).status).toBe(0);
});
