import { FEW, expect, test } from "./support/import-fixtures";
import { HEADERS, order, type Row } from "./support/import-shop";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));
/** Four tries with pauses of 1, 2 and 4 seconds, and then the question what there is. */
const LOST_WITHIN_MS = 60_000;

test("statistics that can't be asked for say so, and the button comes back", async ({ serve, shops, page }) => {
  const server = await serve({ config: shops.small.config });
  const list = new ListPage(page, server.url, "orders", "statistics");
  await list.open();
  let sent = 0;
  await page.route("**/api/registerStatisticsTask", async (route) => {
    sent += 1;
    await route.abort("connectionrefused");
  });
  await list.begin();
  await list.reaches("offline");
  await expect(list.panel).toBeVisible();
  await expect(list.panel).toContainText("Connection lost. Submitting again…");
  await list.isGrey();
  await expect.poll(() => sent, { timeout: LOST_WITHIN_MS }).toBe(4);
  await list.reaches("idle");
  await expect(list.panel).toBeVisible();
  await expect(list.panel).toContainText("The server can't be reached.");
  await list.isClickable();
  expect(await new Person(page.request, server.url).tasks()).toEqual([]);
});

test("an import that was registered, though no answer came, is found", async ({ imports, wizard, page }) => {
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", [HEADERS, ...rows(101, 110)]));
  await wizard.check();
  let sent = 0;
  await page.route("**/api/registerImportTask", async (route) => {
    sent += 1;
    if (sent === 1) await route.fetch();
    await route.abort("connectionreset");
  });
  await wizard.import();
  await expect(page.locator("#import-panel")).toContainText("Connection lost. Submitting again…");
  await expect(wizard.importButton).toHaveAttribute("aria-disabled", "true");
  await wizard.ends("ready", LOST_WITHIN_MS);
  await expect(wizard.report).toContainText("Added10");
  await expect(page.getByText("The server can't be reached.")).toHaveCount(0);
  expect(sent).toBe(4);
  expect(imports.query("SELECT count(*) FROM orders")).toEqual([[FEW + 10]]);
});

test("a check whose answer is lost blocks the way on, and is found or offered again", async ({ imports, wizard, page }) => {
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", [HEADERS, ...rows(101, 110)]));
  await page.route("**/api/registerImportCheck", (route) => route.abort("connectionrefused"));
  await wizard.next.click();
  await expect(page.locator("#check-panel")).toContainText("Connection lost. Submitting again…");
  await expect(wizard.next).toHaveAttribute("aria-disabled", "true");
  await expect(wizard.field("Remark")).toBeDisabled();
  await expect(page.locator("#check-panel")).toHaveAttribute("data-phase", "idle", { timeout: LOST_WITHIN_MS });
  await expect(page.locator("#check-panel")).toContainText("The server can't be reached.");
  await expect(wizard.field("Remark")).toBeEnabled();
  await page.unroute("**/api/registerImportCheck");

  let sent = 0;
  await page.route("**/api/registerImportCheck", async (route) => {
    sent += 1;
    if (sent === 1) await route.fetch();
    await route.abort("connectionreset");
  });
  await wizard.next.click();
  await wizard.isAt(4);
  await expect(wizard.counts).toHaveText("10 new, 0 updates, 0 unchanged, 0 errors");
});
