import fs from "node:fs";
import path from "node:path";

import { expect, FEW, MANY, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { columns, compare, orders } from "./support/orders";
import { Person } from "./support/person";
import { SlowShop } from "./support/shop";

test("on load the button is grey until the server has said that there is no task", async ({ serve, page }) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  let answer = () => {};
  const asked = new Promise<void>((resolve) => {
    const held = new Promise<void>((release) => (answer = release));
    void page.route("**/api/getTaskStatus", async (route) => {
      resolve();
      await held;
      await route.continue();
    });
  });
  await page.goto(`${server.url}/d/orders`);
  await asked;
  await list.reaches("unknown");
  await list.isGrey();
  // `force`, because Playwright, too, takes a grey button for one that can't be clicked.
  await list.button.click({ force: true });
  await list.button.focus();
  await expect(list.button, "grey, but not out of reach").toBeFocused();
  await page.keyboard.press("Enter");
  await list.reaches("unknown");

  answer();
  await list.reaches("idle");
  await list.isClickable();
  await expect(list.button).toHaveText("Export");
  expect(await new Person(page.request, server.url).tasks(), "the clicks did nothing").toEqual([]);
});

test("the page rendered by the server has the grey button, before any script has run", async ({ serve }) => {
  const person = await Person.at((await serve()).url);
  const html = await (await person.get("/d/orders")).text();
  expect(html).toMatch(/<button[^>]*id="export-button"[^>]*aria-disabled="true"|<button[^>]*aria-disabled="true"[^>]*id="export-button"/);
  expect(html).toContain('data-phase="unknown"');
});

test("200,000 orders become a workbook, with the button grey and progress shown on the way", async ({ serve, shops, folder, page }, testInfo) => {
  const shop = SlowShop.of(shops.large.copyTo(path.join(folder, "large-shop")));
  const server = await serve({ config: shop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.openDrawer();
  await expect(list.drawer.root).toContainText("All 200,000 rows");
  await expect(list.drawer.confirm).toHaveText("Export 200,000 rows");
  // Long enough to see it running on any machine; then it goes on by itself.
  shop.openIn(4);
  const downloading = page.waitForEvent("download", { timeout: 90_000 });
  await list.start();
  await list.isGrey();
  await expect(list.button).toHaveText("Exporting…");
  await expect(list.bar).toBeVisible();
  await expect(list.panel).toContainText(/Exporting [\d,]+ of 200,000 rows \(\d+%\)/);
  await expect(list.panel).toContainText("Export task submitted. You can leave this page; the file will be in Tasks.");
  const percent = Number(await list.bar.getAttribute("aria-valuenow"));
  expect(percent).toBeGreaterThanOrEqual(0);
  expect(percent).toBeLessThan(100);
  await list.button.click({ force: true });

  const download = await downloading;
  await list.reaches("ready");
  await list.isClickable();
  await expect(list.panel).toContainText(/Ready: Orders_\d{8}-\d{4}\.xlsx \([\d.]+ MB\)\. Kept until /);
  expect(download.suggestedFilename()).toMatch(/^Orders_\d{8}-\d{4}\.xlsx$/);
  const file = testInfo.outputPath("orders.xlsx");
  await download.saveAs(file);

  const person = new Person(page.request, server.url);
  const tasks = await person.tasks();
  expect(tasks, "the click on the grey button did nothing").toHaveLength(1);
  expect(tasks[0].file).toMatchObject({ row_count: MANY, shortened_cell_count: 0, size_bytes: fs.statSync(file).size });
  // The page that took the file has cleared the entity: the next visit starts afresh.
  await expect.poll(async () => (await person.ask("getTaskStatus", { dataset: "orders" })).status).toBe(0);
  // The link is there for those who missed it, and gives the same file.
  const again = page.waitForEvent("download");
  await list.download.click();
  expect(fs.readFileSync(await (await again).path()).equals(fs.readFileSync(file))).toBe(true);

  const select = orders({ table: "orders_data" });
  expect(compare(testInfo, { file, database: shop.database, select, columns: columns("en") })).toBe(MANY);
});

test("200,000 orders become a CSV file", async ({ serve, shops, page }, testInfo) => {
  const server = await serve({ config: shops.large.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.choose("csv");
  await expect(page.getByText("Long ids are safe only in XLSX")).toBeVisible();
  const download = await list.exported();
  expect(download.suggestedFilename()).toMatch(/^Orders_\d{8}-\d{4}\.csv$/);
  const file = testInfo.outputPath("orders.csv");
  await download.saveAs(file);
  const { database } = shops.large;
  expect(compare(testInfo, { file, database, select: orders(), columns: columns("en") })).toBe(MANY);

  // What the data holds to be broken at is in it; an empty trap would catch nothing.
  const text = fs.readFileSync(file, "utf8");
  for (const trap of ["'=SUM(A1:A2)", "'+1", "'-5 off", "'@home", '"第一行\n第二行"', '"first line\r\nsecond line"', "谢谢 🎉", "👨‍👩‍👧‍👦", "𠮷", ",0755", "_x0041_", "\r\n00"]) {
    expect(text, trap).toContain(trap);
  }
});

test("filter and sort of the page are those of the file", async ({ serve, shops, page }, testInfo) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  await list.open();
  await page.getByLabel("Column", { exact: true }).selectOption("status");
  await page.getByLabel("Condition").selectOption("eq");
  await page.getByLabel("Value").selectOption("paid");
  await page.getByRole("button", { name: "Add filter" }).click();
  await expect(page).toHaveURL(/filter=status(:|%3A)eq(:|%3A)paid/);
  // Many orders share a total, some have none: only a tie-breaker makes this order whole.
  const header = page.getByRole("columnheader", { name: "Quantity" });
  await header.getByRole("button").click();
  await expect(header).toHaveAttribute("aria-sort", "ascending");
  await header.getByRole("button").click();
  await expect(header).toHaveAttribute("aria-sort", "descending");
  await expect(page).toHaveURL(/sort=-quantity/);
  await list.openDrawer();
  await expect(list.drawer.root).toContainText(/All [\d,]+ rows that match the current filter/);
  await expect(list.drawer.root).toContainText("Status is Paid");
  await expect(list.drawer.root).toContainText("Quantity, descending");

  const select = orders({ where: "status = 'paid'", order: "quantity DESC, id" });
  const { database } = shops.small;
  const file = testInfo.outputPath("paid.xlsx");
  await (await list.exported()).saveAs(file);
  const rows = compare(testInfo, { file, database, select, columns: columns("en"), look: true });
  expect(rows).toBeLessThan(FEW / 2);

  // A reload keeps what is shown, and so what is exported.
  await page.reload();
  await list.reaches("idle");
  await list.choose("csv");
  const csv = testInfo.outputPath("paid.csv");
  await (await list.exported()).saveAs(csv);
  expect(compare(testInfo, { file: csv, database, select, columns: columns("en") })).toBe(rows);
  const shown = await page.locator("tbody tr td:first-child").allInnerTexts();
  const first = fs.readFileSync(csv, "utf8").split("\r\n").slice(1, 4).map((line) => line.split(",")[0]);
  expect(shown).toHaveLength(50);
  expect(shown.slice(0, 3).map((text) => text.trim())).toEqual(first);
});

test("a filter that can't be read is told in the panel, and no task comes to exist", async ({ serve, page }) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  await list.open("?filter=total:eq:much&filter=price:eq:1");
  await list.begin();
  await expect(list.drawer.root).toContainText("“much” is not a number such as 12.50.");
  await page.keyboard.press("Escape");
  await expect(list.drawer.root).toHaveCount(0);
  await expect(list.panel).toContainText("The export was not started:");
  await expect(list.panel).toContainText("“much” is not a number such as 12.50.");
  await expect(list.panel).toContainText("There is no column “price”.");
  await list.isClickable();
  expect(await new Person(page.request, server.url).tasks()).toEqual([]);
});

test("the page stops asking when the task has ended", async ({ serve, slowShop, page }) => {
  await page.clock.install();
  const server = await serve({ config: slowShop.config });
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/api/getTaskStatus")) asked += 1;
  });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.start();
  const before = asked;
  await page.clock.runFor(20_000);
  expect(asked, "it asks while the task runs").toBeGreaterThan(before);
  await list.cancel.click();
  await list.reaches("cancelled");
  const atTheEnd = asked;
  await page.clock.runFor(120_000);
  // A request of ours is answered after all that the timers may have sent.
  await page.evaluate(() => fetch("/health"));
  expect(asked).toBe(atTheEnd);
});
