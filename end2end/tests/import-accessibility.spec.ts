import type { TestInfo } from "@playwright/test";

import { dress, isAccessible, LOOKS } from "./support/accessible";
import { expect, test as base } from "./support/import-fixtures";
import { HEADERS, order, type Row } from "./support/import-shop";

/** Orders 81 to 150: new ones, changed ones, such as are there already, and errors of several kinds. */
function mixed(): Row[] {
  const rows: Row[] = [HEADERS];
  for (let number = 81; number <= 150; number++) {
    const row = order(number);
    if (number <= 90) row[6] = `imported ${number}`;
    if (number % 7 === 0) row[2] = "many";
    if (number % 9 === 0) row[4] = "Payed";
    if (number % 11 === 0) row[1] = "";
    rows.push(row);
  }
  return rows;
}

for (const [theme, lang] of LOOKS) {
  const test = base.extend<{ look: (name: string) => Promise<void> }>({
    look: async ({ server, context, page }, use, testInfo: TestInfo) => {
      await dress(context, page, server.url, theme, lang);
      await use((name) => isAccessible(page, testInfo, name));
    },
  });

  test(`uploading and matching are accessible: ${theme}, ${lang}`, async ({ imports, wizard, look, page }) => {
    const [, ...rows] = mixed();
    await wizard.open();
    await look("upload");
    await wizard.choose(imports.text("orders.tsv", "gb18030", "\t", [["订单号", ...HEADERS.slice(1)], ...rows]));
    await expect(page.locator("#preview-title")).toBeVisible();
    await look("preview");
    await wizard.next.click();
    await wizard.isAt(2);
    await wizard.field("Remark").selectOption("");
    await wizard.field("Status").selectOption("");
    await expect(wizard.gaps).toBeVisible();
    await look("map-gap");
    await wizard.field("Status").selectOption("status");
    await wizard.field("Remark").selectOption("remark");
    await expect(wizard.gaps).toBeHidden();
    await look("map");
  });

  test(`check and review are accessible: ${theme}, ${lang}`, async ({ imports, wizard, look, page }) => {
    await wizard.open();
    await wizard.upload(imports.workbook("orders.xlsx", mixed()));
    await wizard.check();
    await look("review-errors");
    await wizard.show("updates");
    await expect(page.locator(".plan-table--updates")).toBeVisible();
    await look("review-updates");
    await wizard.show("all");
    await expect(page.locator(".plan-table--updates")).toHaveCount(0);
    await look("review-all");
    // Not by going back: a check that is over at once is no step of the history.
    await page.locator('.stepper a[href$="step=check"]').click();
    await wizard.isAt(3);
    await look("check");
  });

  test(`importing and taking back are accessible: ${theme}, ${lang}`, async ({ imports, server, wizard, look, page }) => {
    await wizard.open();
    await wizard.upload(imports.workbook("orders.xlsx", mixed()));
    await wizard.check();
    await wizard.next.click();
    await wizard.isAt(5);
    await look("confirm");
    await wizard.importButton.click();
    await wizard.ends();
    await expect(wizard.report).toBeVisible();
    await look("report");
    await wizard.undo.click();
    await look("undo-question");
    await page.locator("#undo-button-yes").click();
    await expect(page.locator("#undo-report")).toBeVisible({ timeout: 60_000 });
    await look("undone");
    await page.goto(`${server.url}/tasks`);
    await expect(page.locator(".history-row")).toHaveCount(3);
    await page.locator(".history-row__unfold").nth(1).click();
    await expect(page.locator(".details .report__facts").first()).toBeVisible();
    await look("tasks");
  });
}
