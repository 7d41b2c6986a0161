import AxeBuilder from "@axe-core/playwright";
import type { Page, TestInfo } from "@playwright/test";

import { expect, test } from "./support/import-fixtures";
import { HEADERS, order, type Row } from "./support/import-shop";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const WIDTHS = [360, 1280];

async function isAccessible(page: Page, testInfo: TestInfo, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 844 });
    await page.screenshot({ path: testInfo.outputPath(`${name}-${width}.png`), fullPage: true });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(overflow, `${name}: nothing sticks out at ${width} px`).toBeLessThanOrEqual(0);
    const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join("\n  ")}`);
    expect.soft(found, `${name} at ${width} px`).toEqual([]);
  }
}

for (const [theme, lang] of [
  ["light", "en"],
  ["dark", "zh"],
]) {
  test(`every step is accessible: ${theme}, ${lang}`, async ({ imports, server, wizard, context, page }, testInfo) => {
    await context.addCookies([
      { name: "theme", value: theme, url: server.url },
      { name: "lang", value: lang, url: server.url },
    ]);
    await page.emulateMedia({ reducedMotion: "reduce" });
    const look = (name: string) => isAccessible(page, testInfo, name);
    const rows: Row[] = [HEADERS];
    for (let number = 81; number <= 150; number++) {
      const row = order(number);
      if (number <= 90) row[6] = `imported ${number}`;
      if (number % 7 === 0) row[2] = "many";
      if (number % 9 === 0) row[4] = "Payed";
      if (number % 11 === 0) row[1] = "";
      rows.push(row);
    }

    await wizard.open();
    await look("upload");
    await wizard.choose(imports.text("orders.tsv", "gb18030", "\t", [["订单号", ...HEADERS.slice(1)], ...rows.slice(1)]));
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
    await wizard.check();
    await look("review-errors");
    await wizard.show("updates");
    await expect(page.locator(".plan-table--updates")).toBeVisible();
    await look("review-updates");
    await wizard.show("all");
    await expect(page.locator(".plan-table--updates")).toHaveCount(0);
    await look("review-all");
    await page.goBack();
    await wizard.isAt(3);
    await look("check");
    await page.goForward();
    await wizard.isAt(4);
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
