import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { columns, compare, orders } from "./support/orders";

test("switching to Chinese changes the page at once, and the file's header and name", async ({ serve, shops, page }, testInfo) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  await list.open();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Orders");
  await page.getByRole("button", { name: "中文" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("订单");
  await expect(list.button).toHaveText("导出");
  await expect(page.getByRole("columnheader", { name: "订单号" })).toBeVisible();
  await expect(page).toHaveTitle(/订单/);

  const download = await list.exported();
  await list.reaches("ready");
  await expect(list.panel).toContainText(/导出完成：订单_\d{8}-\d{4}\.xlsx（.*）。 *文件保留至/);
  expect(download.suggestedFilename()).toMatch(/^订单_\d{8}-\d{4}\.xlsx$/);
  const file = testInfo.outputPath("zh.xlsx");
  await download.saveAs(file);
  compare(testInfo, { file, database: shops.small.database, select: orders(), columns: columns("zh"), look: true });

  // The choice stays: a reload is rendered in Chinese by the server.
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh");
  await expect(list.button).toHaveText("导出");
  await page.getByRole("button", { name: "English" }).click();
  await expect(list.button).toHaveText("Export");
});

test.describe("a visitor from China", () => {
  test.use({ locale: "zh-CN", timezoneId: "Asia/Shanghai" });

  test("sees Chinese at the first visit, and the file is named by the local time", async ({ serve, slowShop, page }) => {
    const server = await serve({ config: slowShop.config });
    const list = new ListPage(page, server.url);
    await list.open();
    await expect(page.locator("html")).toHaveAttribute("lang", "zh");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("订单");
    await list.start();
    await expect(list.button).toHaveText("导出中…");
    await expect(list.panel).toContainText("正在导出 4,096 / 10,000 行（40%）");
    await expect(list.panel).toContainText("导出任务已提交，可离开本页，稍后在「任务中心」下载。");
    await list.cancel.click();
    await list.reaches("cancelled");
    await expect(list.panel).toContainText("导出已取消，未保留文件");

    slowShop.open();
    const minute = () => new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 13);
    const before = minute();
    const name = (await list.exported()).suggestedFilename();
    expect([before, minute()].map((time) => `订单_${time}.xlsx`)).toContain(name);
  });
});
