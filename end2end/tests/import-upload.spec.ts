import fs from "node:fs";

import type { Page } from "@playwright/test";

import { expect, test } from "./support/import-fixtures";
import { HEADERS, order, type Row } from "./support/import-shop";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));

/** Drops a file on an element as the system does; gives whether the page has taken it for itself. */
async function drop(page: Page, selector: string, name: string, content: Buffer): Promise<boolean> {
  const data = await page.evaluateHandle(
    ({ name, bytes }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name));
      return transfer;
    },
    { name, bytes: [...content] },
  );
  return page.locator(selector).evaluate((element, dataTransfer) => {
    const send = (kind: string) => element.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
    return !send("dragover") && !send("drop");
  }, data);
}

test("a file is dropped in its zone, and screen readers hear of each step", async ({ imports, wizard, page }) => {
  await wizard.open();
  const said: string[] = [];
  await page.exposeFunction("heard", (words: string) => said.push(words));
  await page.getByRole("status").first().evaluate((status) => {
    const hear = () => (window as unknown as { heard: (words: string) => void }).heard(status.textContent ?? "");
    new MutationObserver(hear).observe(status, { childList: true, characterData: true, subtree: true });
  });
  const content = fs.readFileSync(imports.workbook("dropped.xlsx", [HEADERS, ...rows(101, 105)]));
  expect(await drop(page, "#drop-zone", "dropped.xlsx", content)).toBe(true);
  await wizard.isAt(2);
  await expect.poll(() => said).toContain("dropped.xlsx was uploaded.");
  await wizard.field("Remark").selectOption("customer");
  await expect.poll(() => said).toContain("Customer was taken from Customer, which is ignored now.");
  await wizard.field("Customer").selectOption("customer");
  await wizard.field("Remark").selectOption("remark");
  await wizard.check();
  await expect.poll(() => said).toContain("Checked: 5 new, 0 updates, 0 unchanged, 0 errors");
});

test("a file that is dropped beside the zone is not opened in its place", async ({ imports, wizard, page }) => {
  await wizard.open();
  const content = fs.readFileSync(imports.workbook("beside.xlsx", [HEADERS, ...rows(101, 105)]));
  expect(await drop(page, "body", "beside.xlsx", content)).toBe(true);
  await wizard.isAt(1);
  await expect(page.locator("#upload-line")).toBeHidden();
});

test("whoever leaves while a file is sent is asked first", async ({ imports, wizard, page }) => {
  await wizard.open();
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route("**/upload/**", async (route) => {
    await held;
    await route.continue();
  });
  await wizard.choose(imports.workbook("slow.xlsx", [HEADERS, ...rows(101, 105)]));
  await expect(page.locator("#upload-line")).toHaveAttribute("data-phase", /sending|recognising/);
  const asked: string[] = [];
  page.once("dialog", async (dialog) => {
    asked.push(dialog.message());
    await dialog.dismiss();
  });
  await page.getByRole("link", { name: /^Tasks/ }).first().click();
  await expect.poll(() => asked).toEqual(["The file is still being uploaded. Leave this page and stop the upload?"]);
  await wizard.isAt(1);
  go();
  await wizard.isAt(2);
});
