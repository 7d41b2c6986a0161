import { createHash } from "node:crypto";
import fs from "node:fs";

import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";

test("the details of an export are its manifest, which is also a file", async ({ serve, page }) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  await list.open("?filter=status:in:paid,shipped&sort=-total");
  await list.choose("csv");
  await list.drawer.root.getByRole("button", { name: "None", exact: true }).click();
  for (const column of ["Order no.", "Total", "Created"]) await list.drawer.tick(column).check();
  const download = await list.exported();
  const bytes = fs.readFileSync(await download.path());
  const digest = createHash("sha256").update(bytes).digest("hex");
  const row_count = bytes.toString("utf8").split("\r\n").length - 2;

  await page.goto(`${server.url}/tasks`);
  const unfold = page.getByRole("button", { name: "Details: Export Orders" });
  await expect(unfold).toHaveAttribute("aria-expanded", "false");
  await unfold.press("Enter");
  await expect(unfold).toHaveAttribute("aria-expanded", "true");
  const details = page.locator(".details");
  await expect(details).toContainText("Status is one of Paid, Shipped");
  await expect(details).toContainText("Total, descending; then id, ascending");
  await expect(details).toContainText("Order no., Total, Created");
  await expect(details).toContainText(digest);
  await expect(details).toContainText(row_count.toLocaleString("en"));
  await expect(details).toContainText(bytes.length.toLocaleString("en"));
  await expect(details).toContainText("longshore verify FILE MANIFEST");
  for (const label of ["Data as of", "Time zone", "Requested", "Started", "Finished", "Took"]) {
    await expect(details.getByText(label, { exact: true })).toBeVisible();
  }
  await details.getByRole("button", { name: "Copy" }).click();
  await expect(details.getByRole("button", { name: "Copied" })).toBeVisible();

  const downloading = page.waitForEvent("download");
  await details.getByRole("link", { name: "Download manifest" }).click();
  const file = await downloading;
  expect(file.suggestedFilename()).toMatch(/\.manifest\.json$/);
  const manifest = JSON.parse(fs.readFileSync(await file.path(), "utf8"));
  expect(manifest).toMatchObject({ row_count, file: { sha256: digest, size_bytes: bytes.length } });

  await details.getByRole("button", { name: "Export again" }).click();
  await expect(page.getByRole("row", { name: /^Export Orders/ })).toHaveCount(2);
  await page.keyboard.press("Escape");
  const [again] = await new Person(page.request, server.url).tasks();
  expect(again.file.row_count).toBe(row_count);
});

test("details, manifest and operators name the person who has asked for an export, each person another", async ({ serve, page }) => {
  const server = await serve();
  // A session's cookie is a signature of 44 characters, and after it the person.
  const nameOf = async (person: Person) => {
    const { cookies } = await person.http.storageState();
    return decodeURIComponent(cookies.find(({ name }) => name === "longshore_session")?.value ?? "").slice(44);
  };
  const manifestOf = async (person: Person, task: string) => (await person.get(`/files/${task}/manifest`)).json();
  const [mine, other] = [new Person(page.request, server.url), await Person.at(server.url)];
  const export_ = { dataset: "customers", format: "csv" };
  const [task, others] = [await mine.register(export_), await other.register(export_)];
  await mine.finished(task);
  await other.finished(others);
  const name = await nameOf(mine);
  expect(name).toMatch(/^[0-9a-f]{32}$/);
  expect((await manifestOf(mine, task)).requested_by).toBe(name);
  expect((await manifestOf(other, others)).requested_by).toBe(await nameOf(other));
  expect(await nameOf(other)).not.toBe(name);
  expect((await server.tasks("show", task)).stdout).toMatch(new RegExp(`^owner +${name} `, "m"));

  for (const [lang, unfold, label] of [
    ["en", "Details: Export Customers", "Requested by"],
    ["zh", "详情：客户导出", "提交人"],
  ]) {
    await page.context().addCookies([{ name: "lang", value: lang, url: server.url }]);
    await page.goto(`${server.url}/tasks`);
    await page.getByRole("button", { name: unfold }).click();
    await expect(page.locator(".details dt", { hasText: label }).locator("+ dd")).toHaveText(name);
    await expect(page.locator(".history-row")).toHaveCount(1);
  }
});

test("a failed and a cancelled export are tried again from the task centre", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const person = new Person(page.request, server.url);
  await page.goto(`${server.url}/tasks`);
  const body = { dataset: "orders", format: "csv", columns: ["order_no", "quantity", "remark"], file_name: "mine" };
  const cancelled = await person.register(body);
  await person.reaches(cancelled, "running");
  await person.ask("cancelTask", { task: cancelled });
  await person.reaches(cancelled, "cancelled");
  slowShop.open();
  slowShop.run("UPDATE orders_data SET quantity = 'many' WHERE id = 1");
  await page.reload();

  const rows = page.getByRole("row", { name: /^Export Orders/ });
  await expect(rows).toHaveCount(1);
  const retry = rows.getByRole("button", { name: "Retry: Export Orders" });
  await retry.focus();
  await page.keyboard.press("Enter");
  await expect(rows.last()).toContainText("Export task submitted. It is under Running.");
  await expect(rows).toHaveCount(2);
  await expect(rows.last().getByRole("button", { name: "Retry: Export Orders" }), "the focus stays where it was").toBeFocused();
  await expect(rows.first()).toContainText("Failed");
  await rows.first().getByRole("button", { name: "Details: Export Orders" }).click();
  await expect(page.locator(".details")).toContainText(/a value in the data is not of its column's type.*Ref [0-9A-F]{4}/);
  await expect(page.locator(".details")).toContainText("Order no., Quantity, Remark");

  slowShop.run("UPDATE orders_data SET quantity = 2 WHERE id = 1");
  await rows.first().getByRole("button", { name: "Retry: Export Orders" }).click();
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText("Ready");
  const downloading = page.waitForEvent("download");
  await rows.first().getByRole("link", { name: "Download mine.csv" }).click();
  expect(fs.readFileSync(await (await downloading).path(), "utf8")).toMatch(/^\uFEFFOrder no\.,Quantity,Remark\r\n/);
  expect((await person.tasks()).map(({ phase }) => phase)).toEqual(["succeeded", "failed", "cancelled"]);
});

test("a retry that meets a running export says so, and starts no other", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const person = new Person(page.request, server.url);
  await page.goto(`${server.url}/tasks`);
  const first = await person.register({ dataset: "orders" });
  await person.ask("cancelTask", { task: first });
  await person.reaches(first, "cancelled");
  await person.reaches(await person.register({ dataset: "orders" }), "running");
  await page.reload();
  await page.getByRole("button", { name: "Retry: Export Orders" }).click();
  await expect(page.getByRole("row", { name: /^Export Orders/ })).toContainText("An export of this list is already running");
  await expect(page.getByRole("status")).toContainText("An export of this list is already running");
  expect(await person.tasks()).toHaveLength(2);
});

test("a list that refreshes itself keeps the focus and what is unfolded; a card that goes gives it to its row", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const person = new Person(page.request, server.url);
  await page.goto(`${server.url}/tasks`);
  await person.finished(await person.register({ dataset: "customers", format: "csv" }));
  const running = await person.register({ dataset: "orders" });
  await person.reaches(running, "running");
  await page.reload();
  const unfold = page.getByRole("button", { name: "Details: Export Customers" });
  await unfold.click();
  await expect(page.locator(".details .facts").first()).toBeVisible();
  await unfold.focus();
  const node = await unfold.elementHandle();
  let asked = 0;
  page.on("response", (response) => (asked += Number(response.url().endsWith("/api/listTasks"))));
  await expect.poll(() => asked).toBeGreaterThan(2);
  await expect(unfold).toBeFocused();
  expect(await node?.evaluate((button) => button.isConnected), "the row is the same, not a new one like it").toBe(true);
  await expect(unfold).toHaveAttribute("aria-expanded", "true");

  await page.getByRole("button", { name: "Cancel the export of Orders" }).press("Enter");
  await expect(page.getByRole("row", { name: /^Export Orders .* Cancelled/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Details: Export Orders" })).toBeFocused();
  await expect(unfold).toHaveAttribute("aria-expanded", "true");
});

for (const lang of ["en", "zh"] as const) {
  test(`the task centre fits a phone, unfolded too: ${lang}`, async ({ serve, page, context }, testInfo) => {
    const server = await serve();
    await context.addCookies([{ name: "lang", value: lang, url: server.url }]);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${server.url}/tasks`);
    const person = new Person(page.request, server.url);
    await person.finished(await person.register({ dataset: "orders", file_name: "a rather long name of a file ".repeat(2).trim() }));
    await page.reload();
    await page.getByRole("button", { name: lang === "en" ? "Details: Export Orders" : "详情：订单导出" }).click();
    await expect(page.locator(".digest__digits")).toBeVisible();
    await page.screenshot({ path: testInfo.outputPath(`tasks-${lang}.png`), fullPage: true });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
}
