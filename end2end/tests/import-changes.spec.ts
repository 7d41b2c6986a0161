import { FEW, expect, test } from "./support/import-fixtures";
import { HEADERS, ImportShop, order, type Row } from "./support/import-shop";
import { python } from "./support/programs";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));

test("all or nothing needs all, and then is one transaction", async ({ imports, wizard, page }) => {
  const bad: Row[] = [HEADERS, ...rows(101, 110)];
  bad[3][2] = "many";
  await wizard.open();
  await wizard.upload(imports.workbook("bad.xlsx", bad));
  await wizard.check();
  await wizard.next.click();
  await wizard.isAt(5);
  await expect(page.locator('input[name="import-way"][value="all_or_nothing"]')).toBeDisabled();
  await expect(page.locator(".format--impossible")).toContainText("1 row is in error");

  await page.locator(".stepper a").first().click();
  await wizard.upload(imports.workbook("good.xlsx", [HEADERS, ...rows(101, 110)]));
  await wizard.check();
  await wizard.import("all_or_nothing");
  await wizard.ends();
  expect(imports.digest()).toBe(ImportShop.digestOf(110));
});

test("rows that somebody has changed since the check stop the import, which says which", async ({ imports, server, wizard, page }) => {
  const changed = rows(1, 10).map((row) => [...row.slice(0, 6), "imported"]);
  await wizard.open();
  await wizard.upload(imports.workbook("changes.xlsx", [HEADERS, ...changed]));
  await wizard.check();
  await expect(wizard.counts).toHaveText("0 new, 10 updates, 0 unchanged, 0 errors");
  imports.run("UPDATE orders SET quantity = quantity + 1, remark = 'elsewhere' WHERE order_no = 'SO000000004'");
  const before = imports.digest();
  await wizard.import();
  await expect(wizard.report).toContainText("somebody changed the list after the check", { timeout: 60_000 });
  await expect(wizard.report).toContainText("row 5 of the file");
  await expect(wizard.page.locator("#committed-rows")).toHaveText("No row of the file is in the list.");
  expect(imports.digest()).toBe(before);

  // The panel and the page of tasks tell the same truth as the report.
  await wizard.ends("stopped");
  await expect(page.locator("#import-panel")).toContainText("Stopped: none of the 10 rows was imported, because somebody changed the list after the check.");
  await page.goto(`${server.url}/tasks`);
  const status = page.locator(".history-row", { hasText: /^Import(?! check)/ }).locator(".status");
  await expect(status).toHaveText("Nothing imported");
  await expect(status).toHaveClass(/status--warning/);
});

test("an import is taken back, but for the rows that somebody has changed since", async ({ imports, wizard, page }) => {
  const before = imports.digest();
  const changed = rows(1, 5).map((row) => [...row.slice(0, 6), "imported"]);
  const file = imports.workbook("both.xlsx", [HEADERS, ...changed, ...rows(101, 105)]);
  await wizard.open();
  await wizard.upload(file);
  await wizard.check();
  await wizard.import();
  await wizard.ends();
  expect(imports.query("SELECT count(*) FROM orders")).toEqual([[FEW + 5]]);
  await wizard.takeBack();
  await expect(page.locator("#undo-report")).toContainText("Removed5");
  await expect(page.locator("#undo-report")).toContainText("Restored5");
  expect(imports.digest()).toBe(before);
  await expect(wizard.undo).toBeHidden();

  await page.locator("#import-another").click();
  await wizard.upload(file);
  await wizard.check();
  await wizard.import();
  await wizard.ends();
  imports.run("UPDATE orders SET quantity = 77, remark = 'mine' WHERE order_no IN ('SO000000002', 'SO000000103')");
  // The import has not written this one's quantity, so it goes back to its remark and keeps what somebody has changed since.
  imports.run("UPDATE orders SET quantity = 78 WHERE order_no = 'SO000000003'");
  await wizard.takeBack();
  await expect(page.locator("#undo-report")).toContainText("Kept2");
  await expect(page.locator(".report__kept")).toContainText("Row 3: SO000000002");
  await expect(page.locator(".report__kept")).toContainText("Row 9: SO000000103");
  expect(imports.query("SELECT count(*), sum(quantity = 77) FROM orders")).toEqual([[FEW + 1, 2 + 1]]);
  const third = "SELECT quantity, remark FROM orders WHERE order_no = 'SO000000003'";
  expect(imports.query(third)).toEqual([[78, "note 3"]]);
});

test("a check and an import can be cancelled; the import says what is in", async ({ imports, wizard, page }) => {
  const file = imports.file("many.xlsx");
  python("imports.py", ["many", file, "300000", "400000"]);
  await wizard.open();
  await wizard.upload(file);
  await wizard.next.click();
  await wizard.isAt(3);
  await page.locator("#check-cancel-button").click();
  await expect(page.locator("#check-panel")).toHaveAttribute("data-phase", "cancelled", { timeout: 60_000 });
  await page.locator("#check-again").click();
  await wizard.isAt(3);
  await expect(wizard.heading).toHaveText(/Step 4/, { timeout: 120_000 });

  await wizard.import();
  await page.locator("#import-cancel-button").click();
  await wizard.ends(/cancelled|ready/, 120_000);
  await expect(page.locator("#committed-rows")).toBeVisible();
  const [[count]] = imports.query("SELECT count(*) FROM orders");
  const words = await page.locator("#committed-rows").innerText();
  const ranges = [...words.matchAll(/([\d,]+) to ([\d,]+)/g)].map(([, from, to]) => [from, to].map((text) => Number(text.replaceAll(",", ""))));
  const committed = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  // The first 100 orders of the file are in the table already, as they are.
  expect(Number(count)).toBe(committed === 0 ? FEW : committed - (ranges[0][0] <= 2 ? FEW : 0) + FEW);
  expect(committed).toBeLessThan(300_000);
});
