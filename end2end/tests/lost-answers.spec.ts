import type { Page } from "@playwright/test";

import { FEW, expect, test } from "./support/import-fixtures";
import { HEADERS, order, type Row } from "./support/import-shop";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));
/** How long it may take until the page has asked or heard what it will. */
const LOST_WITHIN_MS = 60_000;
/** What an answer takes that comes. */
const ANSWERED_WITHIN_MS = 5_000;
/** The longest of the pauses between four tries; a question may take longer. */
const TRIES_MS = 4_000;
/** As long as the longest pause after which the page then asks what there is. */
const PAUSE_MS = 36_000;

/** Lets the pauses of the page go by at once, one after the other, until it is so. Its clock must be installed. */
async function later(page: Page, pause: number, isSo: () => void | Promise<void>): Promise<void> {
  await expect(async () => {
    await page.clock.fastForward(pause);
    await isSo();
  }).toPass({ timeout: LOST_WITHIN_MS, intervals: [100] });
}

test("statistics that can't be asked for say so, and the button comes back", async ({ serve, shops, page }) => {
  await page.clock.install();
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
  await later(page, TRIES_MS, () => expect(sent).toBe(4));
  await later(page, PAUSE_MS, () => expect(list.panel).toHaveAttribute("data-phase", "idle", { timeout: ANSWERED_WITHIN_MS }));
  await expect(list.panel).toBeVisible();
  await expect(list.panel).toContainText("The server can't be reached.");
  await list.isClickable();
  expect(await new Person(page.request, server.url).tasks()).toEqual([]);
});

test("an import that was registered, though no answer came, is found", async ({ imports, wizard, page }) => {
  await page.clock.install();
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", [HEADERS, ...rows(101, 110)]));
  let drafts = 0;
  page.on("response", (response) => (drafts += Number(response.url().endsWith("/api/getImportDraft"))));
  await wizard.check();
  // The page asks for the draft when it hears of the check, and again when it hears of its end, be that while the plan is shown
  // already. An answer that comes after the import was registered would name it, and the page would not have to look for it.
  await expect.poll(() => drafts, { timeout: LOST_WITHIN_MS }).toBeGreaterThanOrEqual(2);
  let sent = 0;
  await page.route("**/api/registerImportTask", async (route) => {
    sent += 1;
    if (sent === 1) await route.fetch();
    await route.abort("connectionreset");
  });
  await wizard.import();
  await expect(page.locator("#import-panel")).toContainText("Connection lost. Submitting again…");
  await expect(wizard.importButton).toHaveAttribute("aria-disabled", "true");
  await later(page, TRIES_MS, () => expect(sent).toBe(4));
  await later(page, PAUSE_MS, () => wizard.ends("ready", ANSWERED_WITHIN_MS));
  await expect(wizard.report).toContainText("Added10");
  await expect(page.getByText("The server can't be reached.")).toHaveCount(0);
  expect(sent).toBe(4);
  expect(imports.query("SELECT count(*) FROM orders")).toEqual([[FEW + 10]]);
});

test("a check whose answer is lost blocks the way on, and is found or offered again", async ({ imports, wizard, page }) => {
  await page.clock.install();
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", [HEADERS, ...rows(101, 110)]));
  let sent = 0;
  await page.route("**/api/registerImportCheck", async (route) => {
    sent += 1;
    await route.abort("connectionrefused");
  });
  await wizard.next.click();
  await expect(page.locator("#check-panel")).toContainText("Connection lost. Submitting again…");
  await expect(wizard.next).toHaveAttribute("aria-disabled", "true");
  await expect(wizard.field("Remark")).toBeDisabled();
  await later(page, TRIES_MS, () => expect(sent).toBe(4));
  await later(page, PAUSE_MS, () => expect(page.locator("#check-panel")).toHaveAttribute("data-phase", "idle", { timeout: ANSWERED_WITHIN_MS }));
  await expect(page.locator("#check-panel")).toContainText("The server can't be reached.");
  await expect(wizard.field("Remark")).toBeEnabled();
  await page.unroute("**/api/registerImportCheck");

  sent = 0;
  await page.route("**/api/registerImportCheck", async (route) => {
    sent += 1;
    if (sent === 1) await route.fetch();
    await route.abort("connectionreset");
  });
  await wizard.next.click();
  await later(page, TRIES_MS, () => expect(sent).toBe(4));
  await later(page, PAUSE_MS, () => expect(wizard.heading).toHaveText(/Step 4/, { timeout: ANSWERED_WITHIN_MS }));
  await expect(wizard.counts).toHaveText("10 new, 0 updates, 0 unchanged, 0 errors");
});
