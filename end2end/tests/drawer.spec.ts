import fs from "node:fs";

import { expect, FEW, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";

/** The header line of a CSV file. */
const header = (file: string): string => fs.readFileSync(file, "utf8").slice(1).split("\r\n")[0];

test("Enter twice exports everything as it is listed", async ({ serve, page }) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  await list.open();
  await list.button.focus();
  await page.keyboard.press("Enter");
  await list.drawer.isOpen();
  await expect(list.drawer.root).toContainText("Created, descending");
  await expect(list.drawer.name).toHaveAttribute("placeholder", /^Orders_\d{8}-\d{4}$/);
  const downloading = page.waitForEvent("download");
  await page.keyboard.press("Enter");
  expect((await downloading).suggestedFilename()).toMatch(/^Orders_\d{8}-\d{4}\.xlsx$/);
  await list.reaches("ready");
  await expect(list.drawer.root).toHaveCount(0);
  await expect(list.button).toBeFocused();
});

test("format, name, columns and their order are chosen by keyboard alone, are those of the file, and are remembered", async ({ serve, page }, testInfo) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  const { drawer } = list;
  await list.open();
  await list.button.focus();
  await page.keyboard.press("Enter");
  await drawer.isOpen();

  // From the button that exports, forwards around to the first field: the focus stays in the drawer.
  for (let step = 0; !(await drawer.format("xlsx").evaluate((radio) => radio === document.activeElement)); step += 1) {
    expect(step).toBeLessThan(8);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.closest("main, header") === null || !!document.activeElement?.closest("dialog"))).toBe(true);
  }
  await page.keyboard.press("ArrowDown");
  await expect(drawer.format("csv")).toBeChecked();
  await expect(drawer.root).toContainText("Long ids are safe only in XLSX");
  await page.keyboard.press("Tab");
  await expect(drawer.name).toBeFocused();
  await page.keyboard.type("八月 orders");
  for (const button of ["All", "None"]) {
    await page.keyboard.press("Tab");
    await expect(drawer.root.getByRole("button", { name: button, exact: true })).toBeFocused();
  }
  await page.keyboard.press("Enter");
  await expect(drawer.root).toContainText("0 of 12");

  // Nothing is chosen: it says so and stays.
  await drawer.name.press("Enter");
  await expect(drawer.root).toContainText("Choose at least one column.");
  await drawer.tick("Order no.").focus();
  await page.keyboard.press("Space");
  await drawer.tick("Total").focus();
  await page.keyboard.press("Space");
  await expect(drawer.root).not.toContainText("Choose at least one column.");
  const up = drawer.column("Total").getByRole("button", { name: "Move Total up" });
  await up.focus();
  for (let place = 5; place > 0; place -= 1) {
    await page.keyboard.press("Enter");
    await expect(up, "the focus moves along").toBeFocused();
    await expect.poll(async () => (await drawer.order()).indexOf("Total")).toBe(place - 1);
  }
  await expect(up).toHaveAttribute("aria-disabled", "true");
  await page.keyboard.press("Enter");
  expect((await drawer.order()).slice(0, 3)).toEqual(["Total", "Order no.", "Customer"]);

  const downloading = page.waitForEvent("download");
  await drawer.tick("Total").focus();
  await page.keyboard.press("Enter");
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("八月 orders.csv");
  const file = testInfo.outputPath("chosen.csv");
  await download.saveAs(file);
  expect(header(file)).toBe("Total,Order no.");
  expect(fs.readFileSync(file, "utf8").split("\r\n")).toHaveLength(FEW + 2);

  await page.reload();
  await list.reaches("idle");
  await list.openDrawer();
  await expect(drawer.format("csv")).toBeChecked();
  await expect(drawer.root).toContainText("2 of 12");
  expect((await drawer.order()).slice(0, 2)).toEqual(["Total", "Order no."]);
  await expect(drawer.name, "a name is for one file").toHaveValue("");
  await drawer.root.getByRole("button", { name: "As in the list" }).click();
  await expect(drawer.root).toContainText("12 of 12");
  expect((await drawer.order())[0]).toBe("Order no.");
  // Another dataset has a choice of its own.
  const customers = new ListPage(page, server.url, "customers");
  await customers.open();
  await customers.openDrawer();
  await expect(drawer.format("xlsx")).toBeChecked();
});

test("a column is dragged to another place", async ({ serve, page }, testInfo) => {
  const server = await serve();
  const list = new ListPage(page, server.url, "customers");
  const { drawer } = list;
  await list.open();
  await list.choose("csv");
  const before = await drawer.order();
  const grip = drawer.root.locator(".column").first().locator(".column__grip");
  await grip.scrollIntoViewIfNeeded();
  await grip.hover();
  await page.mouse.down();
  const third = await drawer.root.locator(".column").nth(2).boundingBox();
  if (!third) throw new Error("there is no third column");
  await page.mouse.move(third.x + 20, third.y + third.height / 2, { steps: 8 });
  await page.mouse.up();
  const after = [before[1], before[2], before[0], ...before.slice(3)];
  expect(await drawer.order()).toEqual(after);
  const file = testInfo.outputPath("dragged.csv");
  await (await list.exported()).saveAs(file);
  expect(header(file)).toBe(after.join(","));
});

test("what the page knows of a bad name is told while it is typed, what the server knows at the field", async ({ serve, page }) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  const { drawer } = list;
  await list.open();
  await list.openDrawer();
  await drawer.name.fill("a/b");
  await expect(drawer.nameProblem).toContainText("A file name can't contain");
  await expect(drawer.name).toHaveAttribute("aria-invalid", "true");
  await drawer.confirm.click();
  await expect(drawer.name).toBeFocused();
  const person = new Person(page.request, server.url);
  expect(await person.tasks()).toEqual([]);

  // The name of a device on Windows; only the server knows those.
  await drawer.name.fill("NUL");
  await expect(drawer.nameProblem).toBeEmpty();
  await drawer.name.press("Enter");
  await expect(drawer.nameProblem).toContainText("A file name can't contain");
  await expect(drawer.name).toBeFocused();
  await expect(drawer.root).toBeVisible();
  expect(await person.tasks()).toEqual([]);
  await drawer.name.fill("NULL");
  await expect(drawer.nameProblem).toBeEmpty();
  const downloading = page.waitForEvent("download");
  await drawer.name.press("Enter");
  expect((await downloading).suggestedFilename()).toBe("NULL.xlsx");
});

test("Esc and a click beside close the drawer, start nothing, and give the focus back", async ({ serve, page }) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  await list.open();
  await list.openDrawer();
  await page.keyboard.press("Escape");
  await expect(list.drawer.root).toHaveCount(0);
  await expect(list.button).toBeFocused();
  await list.openDrawer();
  await page.mouse.click(100, 400);
  await expect(list.drawer.root).toHaveCount(0);
  await expect(list.button).toBeFocused();
  await list.openDrawer();
  await list.drawer.root.getByRole("button", { name: "Cancel" }).click();
  await expect(list.drawer.root).toHaveCount(0);
  expect(await new Person(page.request, server.url).tasks()).toEqual([]);
  await list.isClickable();
});

test("while the server does not answer the click the drawer says so at once, and then the panel takes over", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.openDrawer();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/registerExportTask", async (route) => {
    await held;
    await route.continue();
  });
  await list.drawer.confirm.click();
  await expect(list.drawer.confirm).toHaveText("Submitting…");
  await expect(list.drawer.confirm).toHaveAttribute("aria-disabled", "true");
  await list.isGrey();
  release();
  await list.reaches("running");
  await expect(list.drawer.root).toHaveCount(0);
  await expect(list.button).toBeFocused();
  await expect(page.getByRole("status")).toContainText("Export task submitted. You can leave this page; the file will be in Tasks.");
});

for (const [width, lang] of [
  [390, "en"],
  [390, "zh"],
  [1280, "zh"],
] as const) {
  test(`the drawer fits ${width} px in ${lang}`, async ({ serve, page, context }, testInfo) => {
    const server = await serve();
    await context.addCookies([{ name: "lang", value: lang, url: server.url }]);
    await page.setViewportSize({ width, height: 844 });
    const list = new ListPage(page, server.url);
    await list.open("?filter=status:eq:paid");
    await list.choose("csv.gz");
    await expect(list.drawer.root).toContainText(lang === "en" ? "Long ids are safe only in XLSX" : "长编号仅在 XLSX 中安全");
    await page.screenshot({ path: testInfo.outputPath(`drawer-${lang}-${width}.png`) });
    const box = await list.drawer.root.boundingBox();
    const room = await page.evaluate(() => document.body.getBoundingClientRect().width);
    expect(box?.width).toBe(width === 390 ? room : 460);
    const overflow = await list.drawer.root.evaluate((root) => {
      const body = root.querySelector(".drawer__body");
      return Math.max(root.scrollWidth - root.clientWidth, body ? body.scrollWidth - body.clientWidth : 0);
    });
    expect(overflow).toBeLessThanOrEqual(0);
    await list.begin();
    await list.reaches("ready");
  });
}
