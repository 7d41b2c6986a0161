import path from "node:path";

import { expect, test as base } from "./support/fixtures";
import { ImportShop } from "./support/import-shop";
import { python } from "./support/programs";
import { Wizard } from "./support/wizard";

const MILLION = 1_000_000;
/** Every so manieth row has an error: 1 %. */
const EVERY = 100;
const ERRORS = MILLION / EVERY;
/** Rows that are in the table already, as the file has them. */
const FEW = 1000;
const WITHIN_MS = 300_000;

const test = base.extend<{ orders: ImportShop }>({
  orders: async ({ folder }, use) => {
    const shop = ImportShop.inPostgres(path.join(folder, "shop"), FEW);
    await use(shop);
    shop.drop();
  },
});

test("1,000,000 rows with errors in 1 % of them go into PostgreSQL but for these, which go in mended, and undo takes all back", async ({ serve, orders: shop, page }, testInfo) => {
  test.setTimeout(1_500_000);
  const before = shop.digest();
  const file = shop.file("million.xlsx");
  python("imports.py", ["many", file, String(MILLION), String(EVERY)]);
  const server = await serve({ config: shop.config });
  const wizard = new Wizard(page, server.url);

  await wizard.open();
  await wizard.choose(file);
  await expect(wizard.heading).toHaveText(/Step 2/, { timeout: WITHIN_MS });
  await wizard.next.click();
  await expect(wizard.heading).toHaveText(/Step 4/, { timeout: WITHIN_MS });
  const planted = FEW / EVERY;
  const fresh = MILLION - ERRORS - (FEW - planted);
  await expect(wizard.counts).toHaveText(`${fresh.toLocaleString("en")} new, 0 updates, ${FEW - planted} unchanged, ${ERRORS.toLocaleString("en")} errors`);
  const errors = testInfo.outputPath("errors.xlsx");
  await (await wizard.errors()).saveAs(errors);

  await wizard.import();
  await wizard.ends("ready", WITHIN_MS);
  expect(shop.query("SELECT count(*) FROM orders")).toEqual([[MILLION - ERRORS + planted]]);
  // Not one of the rows in error, but for those that were there.
  expect(shop.query(`SELECT count(*) FROM orders WHERE CAST(substr(order_no, 3) AS INTEGER) % ${EVERY} = 0`)).toEqual([[planted]]);

  const mended = testInfo.outputPath("mended.xlsx");
  expect(python("imports.py", ["mend", errors, mended])).toBe(String(ERRORS));
  await page.locator("#import-another").click();
  await wizard.upload(mended);
  await wizard.check();
  await expect(wizard.counts).toHaveText(`${(ERRORS - planted).toLocaleString("en")} new, 0 updates, ${planted} unchanged, 0 errors`);
  await wizard.import();
  await wizard.ends("ready", WITHIN_MS);
  expect(shop.digest(), "the table holds exactly what the file should have held").toBe(ImportShop.digestOf(MILLION));

  await wizard.takeBack(WITHIN_MS);
  await page.goto(`${server.url}/tasks`);
  // Newest first: the undo, the second import, its check, the first import.
  await page.locator(".history-row", { hasText: /^Import(?! check)/ }).nth(1).getByRole("button", { name: /Details/ }).click();
  const details = page.locator(".details-row:not([hidden])");
  await details.getByRole("button", { name: "Undo import" }).click();
  await details.locator(".button--danger").click();
  await expect(details.locator(".undo .task-panel")).toHaveAttribute("data-phase", "ready", { timeout: WITHIN_MS });
  expect(shop.digest(), "the table is as it was").toBe(before);
});
