import path from "node:path";

import { expect, test as base } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { MariaShop } from "./support/mariadb";
import { runToEnd } from "./support/server";

const ROWS = 10_000;

const test = base.extend<{ mariadb: MariaShop }>({
  mariadb: async ({ folder }, use) => {
    const shop = MariaShop.make(folder, ROWS);
    await use(shop);
    shop.drop();
  },
});

test.use({ timezoneId: "Asia/Shanghai" });

test("a table of MariaDB becomes a workbook that equals it in every cell", async ({ mariadb, serve, page }, testInfo) => {
  const server = await serve({ config: mariadb.config });
  const list = new ListPage(page, server.url, "goods");
  await list.open();
  await expect(page.locator("tbody")).toContainText("谢谢 🎉👨‍👩‍👧‍👦");
  const file = testInfo.outputPath("goods.xlsx");
  await (await list.exported()).saveAs(file);
  expect(mariadb.compare(file)).toBe(ROWS);
});

test("the same becomes a CSV file by the command line, filtered and sorted too", async ({ mariadb, folder }) => {
  const file = path.join(folder, "goods.csv");
  const args = ["--where", "total>=100", "--where", "state=new,中", "--sort", "-total", "--time-zone", "Asia/Shanghai"];
  const done = await runToEnd(["export", "goods", "-o", file, ...args, "--config", mariadb.config], { cwd: folder });
  expect(done, done.stderr).toMatchObject({ code: 0, stderr: "" });
  const rows = mariadb.compare(file, { where: "total >= 100 AND state IN ('new', '中')", order: "total DESC, id" });
  expect(rows).toBeGreaterThan(1_000);
  expect(rows).toBeLessThan(ROWS);
  expect(done.stdout).toContain(`goods.csv: ${rows} rows`);
});
