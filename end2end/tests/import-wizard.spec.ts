import { FEW, expect, test } from "./support/import-fixtures";
import { HEADERS, ImportShop, order, rowsOf, type Row } from "./support/import-shop";
import { python } from "./support/programs";
import { Wizard } from "./support/wizard";

/** Orders 91 to 130: five change, five are there as they are, thirty are new, and of these four have an error. */
function mixed(): Row[] {
  const rows: Row[] = [HEADERS];
  for (let number = 91; number <= 130; number++) {
    const row = order(number);
    if (number <= 95) row[6] = `changed ${number}`;
    if (number === 111) row[2] = "many";
    if (number === 112) row[4] = "Payed";
    if (number === 113) row[1] = "";
    if (number === 114) row[5] = "soon";
    rows.push(row);
  }
  return rows;
}

test("a workbook goes in, its errors come back as a workbook, and that, mended, goes in too", async ({ imports, server, wizard, page }, testInfo) => {
  const before = imports.digest();
  await page.goto(`${server.url}/d/orders`);
  await page.locator("#import-link").click();
  await wizard.isAt(1);
  await expect(page).toHaveTitle(/Step 1 of 5: Upload – Import into Orders/);

  await wizard.upload(imports.workbook("orders.xlsx", mixed()));
  await expect(page).toHaveTitle(/Step 2 of 5/);
  await expect(wizard.heading).toBeFocused();
  await expect(page.locator("#draft-deadline")).toContainText("waits for you until");
  await expect(wizard.badge("Order no.")).toHaveText("Matched automatically");
  await expect(wizard.field("Order no.")).toHaveValue("order_no");

  await wizard.check();
  await expect(wizard.heading).toBeFocused();
  await expect(wizard.counts).toHaveText("26 new, 5 updates, 5 unchanged, 4 errors");
  // The header is row 1, so order 91 stands in row 2.
  await expect(wizard.row("22")).toContainText("Quantity");
  await expect(wizard.row("22")).toContainText("many");
  await expect(wizard.row("22")).toContainText("Not a whole number; write it like 1200");
  await expect(wizard.row("23")).toContainText("did you mean “Paid”?");
  await expect(wizard.row("24")).toContainText("A value is needed here");
  await expect(wizard.row("25")).toContainText("Not a date; write it like 2026-08-01");
  expect(imports.digest(), "a check writes nothing").toBe(before);

  await wizard.show("updates");
  await expect(wizard.row("2")).toContainText("note 91");
  await expect(wizard.row("2")).toContainText("changed 91");

  const errors = testInfo.outputPath("errors.xlsx");
  await (await wizard.errors()).saveAs(errors);
  const [headers, ...rows] = rowsOf(errors);
  expect(headers).toEqual(expect.arrayContaining(HEADERS));
  expect(rows.map((row) => row[headers.indexOf("Order no.")])).toEqual([111, 112, 113, 114].map((number) => order(number)[0]));

  await wizard.import();
  await wizard.ends();
  await expect(wizard.report).toContainText(/Added\s*26\s*Updated\s*5\s*Unchanged\s*5\s*Not imported\s*4/);
  expect(imports.query("SELECT count(*) FROM orders")).toEqual([[FEW + 26]]);
  expect(imports.query("SELECT remark FROM orders WHERE order_no = 'SO000000091'")).toEqual([["changed 91"]]);

  const mended = testInfo.outputPath("mended.xlsx");
  expect(python("imports.py", ["mend", errors, mended])).toBe("4");
  await page.locator("#import-another").click();
  await wizard.isAt(1);
  await wizard.upload(mended);
  await wizard.check();
  await expect(wizard.counts).toHaveText("4 new, 0 updates, 0 unchanged, 0 errors");
  await wizard.import();
  await wizard.ends();
  imports.run("UPDATE orders SET remark = replace(remark, 'changed', 'note')");
  expect(imports.digest()).toBe(ImportShop.digestOf(130));
});

test("a reload, and another tab, show the same step", async ({ imports, server, wizard, page, context }) => {
  await wizard.open();
  await wizard.isAt(1);
  await wizard.reload();
  await wizard.isAt(1);

  await wizard.upload(imports.workbook("orders.xlsx", mixed()));
  await wizard.mode("insert");
  await expect(wizard.next).toHaveAttribute("aria-disabled", "false");
  await wizard.reload();
  await wizard.isAt(2);
  await expect(page.locator('input[name="import-mode"][value="insert"]')).toBeChecked();
  await wizard.mode("upsert");

  await wizard.check();
  await wizard.reload();
  await wizard.isAt(4);
  await expect(wizard.counts).toContainText("4 errors");
  const other = await context.newPage();
  const second = new Wizard(other, server.url);
  await second.open();
  await second.isAt(4);
  await expect(second.counts).toContainText("4 errors");
  await other.close();

  await wizard.next.click();
  await wizard.isAt(5);
  await wizard.reload();
  await wizard.isAt(5);
  await expect(wizard.importButton).toHaveText("Import 31 rows");
  await wizard.importButton.click();
  await wizard.ends();
  await wizard.reload();
  await wizard.isAt(5);
  await expect(wizard.report).toContainText("Not imported");

  await page.goto(`${server.url}/tasks`);
  const rows = page.locator(".history-row");
  await expect(rows.first()).toContainText("Import");
  await expect(rows.first().locator("td").nth(4)).toHaveText("4");
  await expect(rows.nth(1)).toContainText("Import check");
});

test("discarding asks first, and then starts over", async ({ imports, wizard, page }) => {
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", mixed()));
  await page.locator("#discard-button").click();
  await expect(page.locator("#discard-button-no")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.locator("#discard-button")).toBeFocused();
  await page.locator("#discard-button").click();
  await page.locator("#discard-button-yes").click();
  await wizard.isAt(1);
  await wizard.reload();
  await wizard.isAt(1);
  await expect(page.locator("#preview-title")).toHaveCount(0);
});

test("the wizard can be gone through by keyboard alone, on a phone's width", async ({ imports, wizard, page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await wizard.open();
  const chooser = page.waitForEvent("filechooser");
  await page.locator("#choose-file").focus();
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(imports.workbook("orders.xlsx", mixed()));
  for (const step of [2, 4, 5]) {
    await wizard.isAt(step);
    await expect(wizard.heading).toBeFocused();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(overflow, `nothing sticks out in step ${step}`).toBeLessThanOrEqual(0);
    const button = step === 5 ? wizard.importButton : wizard.next;
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press("Tab");
      if (await button.evaluate((element) => element === document.activeElement)) break;
    }
    await expect(button).toBeFocused();
    await page.keyboard.press("Enter");
  }
  await wizard.ends();
});
