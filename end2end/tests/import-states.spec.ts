import fs from "node:fs";

import { expect, test } from "./support/import-fixtures";
import { HEADERS, order, type Row } from "./support/import-shop";
import { python } from "./support/programs";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));
const MANY = 300_000;
/** A check or an import of so many rows. */
const WITHIN_MS = 120_000;

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
