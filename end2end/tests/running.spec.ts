import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { columns, compare, orders } from "./support/orders";
import { Person } from "./support/person";

test("a reload brings the running task back", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.start();
  // Half of the rows are read, in whole batches; there the slow database holds it.
  await expect(list.panel).toContainText("4,096 of 10,000 rows (40%)");
  const [task] = await new Person(page.request, server.url).tasks();

  await page.reload();
  await list.reaches("running");
  await list.isGrey();
  await expect(list.button).toHaveText("Exporting…");
  await expect(list.panel).toContainText("4,096 of 10,000 rows (40%)");
  expect((await new Person(page.request, server.url).tasks()).map(({ id }) => id)).toEqual([task.id]);
});

test("a queued task is the same after a reload and in a second tab, and is ready in both", async ({ serve, slowShop, context, page }, testInfo) => {
  const server = await serve({ config: slowShop.config, settings: { WORKER__CONCURRENCY: "1" } });
  // Another person's export keeps the only worker, a third person's is next.
  const [first, second] = [await Person.at(server.url), await Person.at(server.url)];
  const blocking = await first.register({ dataset: "orders" });
  await first.reaches(blocking, "running");
  const waiting = await second.register({ dataset: "customers" });
  expect(await second.status(waiting)).toMatchObject({ message: "Queued: you are next" });
  slowShop.open();

  const list = new ListPage(page, server.url);
  await list.open();
  await list.begin();
  await list.reaches("queued");
  await expect(list.panel).toContainText("Queued: 1 ahead of you");
  await list.isGrey();
  await page.reload();
  await list.reaches("queued");
  await list.isGrey();
  const other = new ListPage(await context.newPage(), server.url);
  await other.open();
  await other.reaches("queued");
  await other.isGrey();
  await expect(other.panel).toContainText("Queued: 1 ahead of you");

  await first.ask("cancelTask", { task: blocking });
  await list.reaches("ready");
  await other.reaches("ready");
  await list.isClickable();
  await other.isClickable();
  const person = new Person(page.request, server.url);
  expect(await person.tasks()).toHaveLength(1);
  // Neither of them started it, so neither downloads by itself; each offers the file.
  const downloading = other.page.waitForEvent("download");
  await other.download.click();
  const file = testInfo.outputPath("orders.xlsx");
  await (await downloading).saveAs(file);
  const select = orders({ table: "orders_data" });
  compare(testInfo, { file, database: slowShop.database, select, columns: columns("en") });
});

test("a second tab joins the running task instead of starting another", async ({ serve, slowShop, context, page }) => {
  const server = await serve({ config: slowShop.config });
  const [list, other] = [new ListPage(page, server.url), new ListPage(await context.newPage(), server.url)];
  await list.open();
  await other.open();
  await list.start();
  // The other tab still shows a button that can be clicked: it has not asked since.
  await other.start();
  await expect(other.panel).toContainText("An export of this list was already running; this is its progress.");
  expect(await new Person(page.request, server.url).tasks()).toHaveLength(1);
});

test("a double click is one task", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  // The second half of a double click must choose nothing of what the drawer has put under the pointer.
  await list.button.dblclick();
  await list.drawer.isOpen();
  await expect(list.drawer.format("xlsx")).toBeChecked();
  expect(await list.drawer.root.locator(".tick:checked").count()).toBe(12);
  // Two clicks in one turn of the event loop, faster than any hand.
  await list.drawer.confirm.evaluate((button: HTMLElement) => {
    button.click();
    button.click();
  });
  await list.reaches("running");
  await list.button.evaluate((button: HTMLElement) => {
    button.click();
    button.click();
  });
  await list.isGrey();
  await expect(list.drawer.root).toHaveCount(0);
  expect(await new Person(page.request, server.url).tasks()).toHaveLength(1);
});

test("cancelling stops the work, keeps nothing, and makes room", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config, settings: { WORKER__CONCURRENCY: "1" } });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.start();
  // The one worker is busy, so another person waits.
  const other = await Person.at(server.url);
  const waiting = await other.register({ dataset: "customers" });
  expect(await other.phase(waiting)).toBe("queued");

  await list.cancel.click();
  await list.reaches(/^(cancelling|cancelled)$/);
  await list.reaches("cancelled");
  await expect(list.panel).toContainText("Export cancelled. Nothing was kept.");
  await list.isClickable();
  // The gate is still closed: only a worker that really stopped can do this.
  await other.finished(waiting);
  const [task] = await new Person(page.request, server.url).tasks();
  expect(task).toMatchObject({ phase: "cancelled", file: null });
  await expect.poll(() => server.files().filter((file) => !file.includes(waiting))).toEqual([]);
  const response = await page.request.get(`${server.url}/files/${task.id}`);
  expect(response.status()).toBe(409);

  slowShop.open();
  await list.exported();
  await list.reaches("ready");
});

test("a queued task is cancelled at once, also from the task centre", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config, settings: { WORKER__CONCURRENCY: "1" } });
  const other = await Person.at(server.url);
  await other.reaches(await other.register({ dataset: "orders" }), "running");
  const list = new ListPage(page, server.url);
  await list.open();
  await list.begin();
  await list.reaches("queued");
  await page.goto(`${server.url}/tasks`);
  await page.getByRole("button", { name: "Cancel the export of Orders" }).click();
  await expect(page.getByRole("row", { name: /Export Orders .* Cancelled/ })).toBeVisible();
  await list.open();
  await list.reaches("cancelled");
  await list.isClickable();
});

test("Esc folds the panel and does not cancel", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.start();
  await expect(list.panel).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(list.panel).toBeHidden();
  await list.isGrey();
  const person = new Person(page.request, server.url);
  expect((await person.tasks()).map(({ phase }) => phase)).toEqual(["running"]);
  await page.getByRole("button", { name: "Show progress" }).click();
  await expect(list.panel).toBeVisible();
  await list.reaches("running");
});

test("the task centre shows what runs and what has ended, and gives the files", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  const customers = new ListPage(page, server.url, "customers");
  await customers.open();
  await customers.exported();
  await customers.reaches("ready");
  await list.open();
  await list.start();
  await page.getByRole("link", { name: /^Tasks/ }).first().click();
  await expect(page).toHaveURL(`${server.url}/tasks`);
  await expect(page.getByRole("listitem").filter({ hasText: "Export · Orders" })).toContainText("4,096 of 10,000 rows (40%)");
  const row = page.getByRole("row").filter({ hasText: "Customers" });
  await expect(row).toContainText("1,000");
  await expect(row).toContainText("Ready");
  const downloading = page.waitForEvent("download");
  await row.getByRole("link", { name: /^Download/ }).click();
  expect((await downloading).suggestedFilename()).toMatch(/^Customers_.*\.xlsx$/);
  await page.getByRole("button", { name: "Cancel the export of Orders" }).click();
  await expect(page.getByRole("row").filter({ hasText: "Orders" })).toContainText("Cancelled");
});
