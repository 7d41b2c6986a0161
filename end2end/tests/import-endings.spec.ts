import { expect, test } from "./support/import-fixtures";
import { HEADERS, order, type Row } from "./support/import-shop";
import { python } from "./support/programs";
import { Wizard } from "./support/wizard";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));

test("a file whose import was stopped is checked again, and goes in", async ({ imports, wizard, page }) => {
  const changed = rows(1, 10).map((row) => [...row.slice(0, 6), "imported"]);
  await wizard.open();
  await wizard.upload(imports.workbook("changes.xlsx", [HEADERS, ...changed]));
  await wizard.check();
  imports.run("UPDATE orders SET quantity = quantity + 1 WHERE order_no = 'SO000000004'");
  await wizard.import();
  await wizard.ends("stopped");
  await page.locator("#check-file-again").click();
  await wizard.isAt(4);
  await expect(wizard.counts).toHaveText("0 new, 10 updates, 0 unchanged, 0 errors");
  await wizard.import();
  await wizard.ends();
  await expect(page.locator("#check-file-again")).toBeHidden();
  expect(imports.query("SELECT count(*) FROM orders WHERE remark = 'imported'")).toEqual([[10]]);
});

test("a check that fails says why, and can be started again", async ({ imports, serve, page }) => {
  const server = await serve({ config: imports.config, settings: { WORKER__RETRY_PAUSE: "10ms" } });
  const wizard = new Wizard(page, server.url);
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", [HEADERS, ...rows(101, 110)]));
  imports.run("ALTER TABLE orders RENAME TO elsewhere");
  await wizard.next.click();
  await wizard.isAt(3);
  await expect(page.locator("#check-panel")).toHaveAttribute("data-phase", "failed", { timeout: 60_000 });
  await expect(page.locator("#check-panel")).toContainText(/Import check failed: .* Ref [0-9A-F]{4}/);
  imports.run("ALTER TABLE elsewhere RENAME TO orders");
  await page.locator("#check-again").click();
  await wizard.isAt(4);
  await expect(wizard.counts).toContainText("10 new");
});

test("a check that runs while the connection is lost goes on, and says so", async ({ imports, wizard, page }) => {
  const file = imports.file("many.xlsx");
  python("imports.py", ["many", file, "300000", "400000"]);
  await wizard.open();
  await wizard.upload(file);
  await page.route("**/api/getTaskStatus", (route) => route.abort("connectionfailed"));
  await wizard.next.click();
  await wizard.isAt(3);
  await expect(page.locator("#check-panel")).toHaveAttribute("data-phase", "offline");
  await expect(page.locator("#check-panel")).toContainText("Connection lost. Your task is still running; reconnecting…");
  await page.unroute("**/api/getTaskStatus");
  await expect(page.locator("#check-panel .task-panel__pace, #plan-counts").first()).toContainText(/rows per second|new/, { timeout: 120_000 });
  await expect(wizard.heading).toHaveText(/Step 4/, { timeout: 120_000 });
});

test("a draft whose time has passed is told of, and the page starts over", async ({ imports, serve, page }) => {
  const server = await serve({ config: imports.config, settings: { IMPORT__DRAFT_KEPT: "3s" } });
  const wizard = new Wizard(page, server.url);
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", [HEADERS, ...rows(101, 105)]));
  await expect.poll(async () => (await page.request.post(`${server.url}/api/getImportDraft`, { data: { dataset: "orders" } })).json()).toBeNull();
  await wizard.field("Remark").selectOption("");
  await expect(page.getByText("its time has passed. Upload the file again.")).toBeVisible();
  await wizard.isAt(1);
});

test("of two tabs with one draft the second is told, and sees the newer state", async ({ imports, server, wizard, context, page }) => {
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", [HEADERS, ...rows(101, 105)]));
  const other = await context.newPage();
  const second = new Wizard(other, server.url);
  await second.open();
  await second.isAt(2);
  await wizard.field("Remark").selectOption("");
  await expect(wizard.next).toHaveAttribute("aria-disabled", "false");
  // Not `check`, which would wait for a choice that is refused.
  await other.locator('input[name="import-mode"][value="insert"]').click();
  await expect(other.locator(".wizard__trouble[role=alert]")).toContainText("was changed elsewhere");
  await expect(second.field("Remark"), "as the first tab has left it").toHaveValue("");
  await expect(other.locator('input[name="import-mode"][value="upsert"]')).toBeChecked();
  await second.mode("insert");
  await expect(other.locator(".wizard__trouble[role=alert]")).toBeHidden();
  await page.reload();
  await expect(page.locator('input[name="import-mode"][value="insert"]')).toBeChecked();
});

test("a change on its way to the server keeps the next step closed, and says so", async ({ imports, wizard, page }) => {
  await wizard.open();
  await wizard.upload(imports.workbook("orders.xlsx", [HEADERS, ...rows(101, 105)]));
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route("**/api/updateImportDraft", async (route) => {
    await held;
    await route.continue();
  });
  await wizard.mode("insert");
  await expect(page.locator("#saving")).toHaveText("Saving your change…");
  await expect(wizard.next).toHaveAttribute("aria-disabled", "true");
  // What is not open takes a click all the same, and says why.
  await wizard.next.click({ force: true });
  await wizard.isAt(2);
  await expect(page.getByRole("status")).toContainText("Saving your change…");
  go();
  await expect(page.locator("#saving")).toBeEmpty();
  await wizard.check();
});

test("a draft that is changed while it is checked is checked anew", async ({ imports, wizard, page }) => {
  const file = imports.file("many.xlsx");
  python("imports.py", ["many", file, "300000", "400000"]);
  await wizard.open();
  await wizard.upload(file);
  await wizard.next.click();
  await wizard.isAt(3);
  await page.locator(".stepper a", { hasText: "Match fields" }).click();
  await wizard.isAt(2);
  await wizard.mode("insert");
  await expect(wizard.next).toHaveAttribute("aria-disabled", "false");
  await wizard.next.click();
  await expect(wizard.heading).toHaveText(/Step [34]/, { timeout: 60_000 });
  await expect(wizard.heading).toHaveText(/Step 4/, { timeout: 120_000 });
  await expect(wizard.counts, "only new rows count").toContainText(/ 0 updates, 0 unchanged/);
});

test("a file without headers is imported by place", async ({ imports, wizard, page }) => {
  await wizard.open();
  await wizard.choose(imports.text("bare.csv", "utf-8", ",", rows(101, 105)));
  await expect(page.locator("#preview-title")).toBeVisible();
  await page.locator("#header-row").selectOption({ label: "No header row" });
  await expect(wizard.next).toHaveAttribute("aria-disabled", "false");
  await wizard.next.click();
  await wizard.isAt(2);
  for (const [place, field] of ["order_no", "customer", "quantity", "total", "status", "ordered_on", "remark"].entries()) {
    await wizard.field("ABCDEFG"[place]).selectOption(field);
  }
  await expect(wizard.gaps).toBeHidden();
  await wizard.check();
  await expect(wizard.counts).toHaveText("5 new, 0 updates, 0 unchanged, 0 errors");
});
