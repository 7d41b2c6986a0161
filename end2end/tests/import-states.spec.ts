import fs from "node:fs";

import path from "node:path";

import { isAccessible } from "./support/accessible";
import { expect, FEW, test as base } from "./support/import-fixtures";
import { HEADERS, ImportShop, order, type Row } from "./support/import-shop";
import { python } from "./support/programs";
import { Wizard } from "./support/wizard";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));
const MANY = 300_000;
/** A check or an import of so many rows. */
const WITHIN_MS = 120_000;

/** How long a task may take of which a test waits for the end of its time. */
const SHORT = { TASKS__TIME_LIMIT: "3s", WORKER__REAP_INTERVAL: "200ms" };
const LONG = { TASKS__TIME_LIMIT: "10m" };

const test = base.extend<{ orders: ImportShop }>({
  /** A table in PostgreSQL, where a test can have tasks wait. */
  orders: async ({ folder }, use) => {
    const shop = ImportShop.inPostgres(path.join(folder, "postgres-shop"), FEW);
    await use(shop);
    shop.drop();
  },
});

test("a reload comes back to a check and to an import that run", async ({ imports, wizard, page }) => {
  const file = imports.file("many.xlsx");
  python("imports.py", ["many", file, String(MANY), String(MANY)]);
  await wizard.open();
  await wizard.upload(file);
  await wizard.next.click();
  await wizard.isAt(3);
  await wizard.reload();
  // It goes on by itself to what the check has found, wherever the reload met it.
  await expect(wizard.heading).toHaveText(/Step [34] of 5/);
  await expect(wizard.heading).toHaveText(/Step 4 of 5/, { timeout: WITHIN_MS });
  await wizard.import();
  await expect(page.locator("#import-panel")).toHaveAttribute("data-phase", /queued|running/);
  await wizard.reload();
  await wizard.isAt(5);
  await expect(wizard.importButton, "what runs is not offered once more").toHaveCount(0);
  await wizard.ends("ready", WITHIN_MS);
  await expect(wizard.report).toContainText("Not imported1");
  expect(imports.query("SELECT count(*) FROM orders")).toEqual([[MANY - 1]]);
});

test("a file that is too big is refused before it is sent, and the next one is taken", async ({ imports, serve, page }) => {
  const server = await serve({ config: imports.config, settings: { IMPORT__SIZE_MIB_MAX: "1" } });
  const sent: string[] = [];
  page.on("request", (request) => request.url().includes("/upload/") && sent.push(request.url()));
  fs.writeFileSync(imports.file("big.csv"), Buffer.alloc(2 << 20, "a,b\n"));
  await page.goto(`${server.url}/d/orders/import`);
  await expect(page.locator(".wizard[data-alive]")).toBeAttached();
  await page.locator("#upload-input").setInputFiles(imports.file("big.csv"));
  await expect(page.locator("#upload-words")).toContainText("The selected file is too big: at most 1");
  await expect(page.locator("#upload-words")).toHaveAttribute("role", "alert");
  expect(sent).toEqual([]);
  await page.locator("#upload-input").setInputFiles(imports.workbook("good.xlsx", [HEADERS, ...rows(101, 105)]));
  await expect(page.locator("#page-title")).toHaveText(/Step 2 of 5/);
});

test("a file with headers alone is not checked, and says why", async ({ imports, wizard, page }) => {
  await wizard.open();
  await wizard.upload(imports.workbook("headers.xlsx", [HEADERS]));
  await expect(wizard.gaps).toContainText("No data stands under the header row");
  await expect(wizard.next).toHaveAttribute("aria-disabled", "true");
  await expect(page.locator("#draft-deadline")).toContainText("waits for you until");
});

test("a check at the end of its time is abandoned, says so, and can be started again", async ({ orders, serve, restart, page }, testInfo) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const server = await serve({ config: orders.config, settings: SHORT });
  const wizard = new Wizard(page, server.url);
  await wizard.open();
  await wizard.upload(orders.workbook("orders.xlsx", [HEADERS, ...rows(FEW + 1, FEW + 10)]));
  const release = await orders.hold("readers");
  await wizard.next.click();
  await wizard.isAt(3);
  const panel = page.locator("#check-panel");
  await expect(panel).toHaveAttribute("data-phase", "abandoned", { timeout: 60_000 });
  await expect(panel).toContainText("Check stopped after 3 seconds. You can start it again.");
  await isAccessible(page, testInfo, "check-abandoned");
  await wizard.reload();
  await expect(panel).toHaveAttribute("data-phase", "abandoned");
  await release();
  await server.terminate();
  await restart(server, LONG);
  await page.locator("#check-again").click();
  await wizard.isAt(4);
  await expect(wizard.counts).toHaveText("10 new, 0 updates, 0 unchanged, 0 errors");
});

test("an import at the end of its time is abandoned, says what is in, and the rest goes in with another check", async ({ orders, serve, restart, page }, testInfo) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  let server = await serve({ config: orders.config, settings: LONG });
  const wizard = new Wizard(page, server.url);
  await wizard.open();
  await wizard.upload(orders.workbook("orders.xlsx", [HEADERS, ...rows(FEW + 1, FEW + 10)]));
  await wizard.check();
  await server.terminate();
  server = await restart(server, SHORT);
  const before = orders.digest();
  const release = await orders.hold("writers");
  await wizard.import();
  await wizard.ends("abandoned");
  await expect(page.locator("#import-panel")).toContainText("Import stopped after 3 seconds. Check the file again; rows that are in already count as unchanged.");
  await isAccessible(page, testInfo, "import-abandoned");
  await release();
  await server.terminate();
  await restart(server, LONG);
  expect(orders.digest(), "what waited was not written later").toBe(before);
  await wizard.reload();
  await wizard.ends("abandoned");
  await expect(page.locator("#committed-rows")).toHaveText("No row of the file is in the list.");
  await page.locator("#check-file-again").click();
  await wizard.isAt(4);
  await expect(wizard.counts).toHaveText("10 new, 0 updates, 0 unchanged, 0 errors");
  await wizard.import();
  await wizard.ends();
  expect(orders.digest()).toBe(ImportShop.digestOf(FEW + 10));
});

test("while a check and an import run the network may go away and come back", async ({ orders, serve, context, page }, testInfo) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const server = await serve({ config: orders.config });
  const wizard = new Wizard(page, server.url);
  await wizard.open();
  await wizard.upload(orders.workbook("orders.xlsx", [HEADERS, ...rows(FEW + 1, FEW + 10)]));
  const offline = async (panel: string) => {
    await expect(page.locator(panel)).toHaveAttribute("data-phase", "running");
    await context.setOffline(true);
    await expect(page.locator(panel)).toHaveAttribute("data-phase", "offline", { timeout: 60_000 });
    await expect(page.locator(panel)).toContainText("Connection lost. Your task is still running; reconnecting…");
    await isAccessible(page, testInfo, `${panel.slice(1)}-offline`);
    await context.setOffline(false);
  };

  let release = await orders.hold("readers");
  await wizard.next.click();
  await wizard.isAt(3);
  await offline("#check-panel");
  // By itself.
  await expect(page.locator("#check-panel")).toHaveAttribute("data-phase", "running", { timeout: 60_000 });
  await expect(page.locator("#check-panel")).not.toContainText("Connection lost");
  await release();
  await wizard.isAt(4);
  await expect(wizard.counts).toHaveText("10 new, 0 updates, 0 unchanged, 0 errors");

  release = await orders.hold("writers");
  await wizard.import();
  await offline("#import-panel");
  // What ends in the meantime is told as well.
  await context.setOffline(true);
  await release();
  await expect.poll(() => orders.query("SELECT count(*) FROM orders")).toEqual([[FEW + 10]]);
  await expect(page.locator("#import-panel")).not.toHaveAttribute("data-phase", "ready");
  await context.setOffline(false);
  await wizard.ends();
  await expect(wizard.report).toContainText("Added10");
  expect(orders.digest()).toBe(ImportShop.digestOf(FEW + 10));
});
