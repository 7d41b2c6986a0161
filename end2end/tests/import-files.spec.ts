import fs from "node:fs";

import * as XLSX from "xlsx";

import { expect, test } from "./support/import-fixtures";
import { HEADERS, ImportShop, order, type Row } from "./support/import-shop";
import { python } from "./support/programs";

const rows = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, index) => order(from + index));

test("what is no spreadsheet is named, and the next file is taken", async ({ imports, wizard, page }) => {
  const good = imports.workbook("good.xlsx", [HEADERS, ...rows(101, 105)]);
  const whole = fs.readFileSync(good);
  const write = (name: string, bytes: Buffer) => {
    fs.writeFileSync(imports.file(name), bytes);
    return imports.file(name);
  };
  python("imports.py", ["locked", imports.file("locked.xlsx")]);
  const picture = Buffer.from("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489", "hex");
  await wizard.open();
  for (const [file, en] of [
    [write("picture.xlsx", picture), "The selected file must be XLSX or CSV."],
    [write("empty.xlsx", Buffer.alloc(0)), "The selected file is empty."],
    [imports.file("locked.xlsx"), "The selected file is protected by a password."],
    [write("half.xlsx", whole.subarray(0, whole.length >> 1)), "The selected file is damaged or incomplete."],
  ] as const) {
    await wizard.choose(file);
    await expect.soft(wizard.uploadWords).toContainText(en);
    await expect.soft(wizard.uploadWords).toHaveAttribute("role", "alert");
  }
  await page.getByRole("button", { name: "中文" }).click();
  await wizard.choose(imports.file("picture.xlsx"));
  await expect(wizard.uploadWords).toContainText("请选择 XLSX 或 CSV 文件");
  await wizard.upload(good);
});

test("a file of GB18030 is read as such, and can be read otherwise with the preview following", async ({ imports, wizard, page }) => {
  const file = imports.text("订单.csv", "gb18030", ",", [["订单号", "客户", "数量", "金额", "状态", "下单日期", "备注"], ...rows(101, 120)]);
  await wizard.open();
  await wizard.choose(file);
  await wizard.isAt(1);
  await expect(page.locator("#preview-title")).toContainText("订单.csv");
  await expect(page.locator("#encoding")).toHaveValue("gb18030");
  await expect(page.locator("#delimiter")).toHaveValue(",");
  const preview = page.locator(".preview__table");
  await expect(preview).toContainText("订单号");
  await expect(preview).toContainText("客户 101");
  await page.locator("#encoding").selectOption("windows-1252");
  await expect(preview).not.toContainText("订单号");
  await page.locator("#encoding").selectOption("gb18030");
  await expect(preview).toContainText("订单号");
  await page.locator("#delimiter").selectOption(";");
  await expect(preview.locator("tr").first().locator("td")).toHaveCount(1);
  await page.locator("#delimiter").selectOption(",");
  await expect(preview.locator("tr").first().locator("td")).toHaveCount(7);
  await wizard.next.click();
  await wizard.isAt(2);
  await expect(wizard.field("订单号")).toHaveValue("order_no");
  await wizard.check();
  await expect(wizard.counts).toHaveText("20 new, 0 updates, 0 unchanged, 0 errors");
  await wizard.import();
  await wizard.ends();
  expect(imports.query("SELECT customer FROM orders WHERE order_no = 'SO000000101'")).toEqual([["客户 101"]]);
});

test("columns are matched by hand, a field moves, a gap is named, and it is all remembered", async ({ imports, wizard, page }) => {
  const headers = ["No.", "Käufer", "Stück", "Total", "Status", "Order date", "Remark"];
  const file = imports.workbook("other.xlsx", [headers, ...rows(101, 103)]);
  await wizard.open();
  await wizard.upload(file);
  await expect(wizard.field("No\\.")).toHaveValue("order_no");
  await expect(wizard.gaps).toContainText("Required, not matched");
  await expect(wizard.gaps).toContainText("Customer, Quantity");
  await expect(wizard.next).toHaveAttribute("aria-disabled", "true");
  await wizard.next.click({ force: true });
  await expect(wizard.gaps).toBeFocused();
  await wizard.isAt(2);

  await wizard.field("Stück").selectOption("customer");
  await wizard.field("Käufer").selectOption("customer");
  await expect(wizard.field("Stück")).toHaveValue("");
  await expect(wizard.badge("Stück")).toHaveText("Ignored");
  await expect(wizard.badge("Käufer")).toHaveText("Chosen by you");
  await wizard.field("Stück").selectOption("quantity");
  await expect(wizard.gaps).toBeHidden();
  await wizard.check();
  await expect(wizard.counts).toHaveText("3 new, 0 updates, 0 unchanged, 0 errors");

  await page.locator(".stepper a").first().click();
  await wizard.isAt(1);
  await wizard.upload(file);
  await expect(wizard.field("Käufer")).toHaveValue("customer");
  await expect(wizard.badge("Käufer")).toHaveText("As last time");
  await expect(wizard.gaps).toBeHidden();
});

test("the template has the headers in the person's language and can be uploaded as it is", async ({ wizard, page }, testInfo) => {
  await wizard.open();
  const downloading = page.waitForEvent("download");
  await page.locator("#template-link").click();
  const file = testInfo.outputPath("template.xlsx");
  await (await downloading).saveAs(file);
  await wizard.upload(file);
  await expect(wizard.gaps).toBeHidden();
});

/**
 * How orders are written as a workbook, and the file of errors is mended, in each format. What SheetJS writes as XLSB does not say where its
 * cells are, and is refused.
 */
const WORKBOOKS = {
  ods: {
    hint: "Your format and columns, with the reason in each row.",
    write: (imports: ImportShop, rows: Row[]) => imports.document("orders.ods", rows),
    mend: (errors: string, mended: string) =>
      expect(python("imports.py", ["correct", errors, mended, ">many<", `>${order(102)[2]}<`])).toBe("1"),
  },
  xlsm: sheetjs("xlsm", "Your format and columns, without macros, with the reason in each row."),
  xls: sheetjs("xls", "Your format and columns (XLSX if there are more than 254), with the reason in each row."),
};

function sheetjs(bookType: "xlsm" | "xls", hint: string) {
  const write = (imports: ImportShop, rows: Row[]) => {
    const book = XLSX.utils.book_new();
    XLSX.utils.book_append_sheet(book, XLSX.utils.aoa_to_sheet(rows), "Orders");
    XLSX.writeFile(book, imports.file(`orders.${bookType}`), { bookType });
    return imports.file(`orders.${bookType}`);
  };
  const mend = (errors: string, mended: string) => {
    const book = XLSX.readFile(errors, { cellStyles: true });
    const sheet = book.Sheets["Orders"];
    expect(sheet?.["C2"]).toMatchObject({ t: "s", v: "many" });
    XLSX.utils.sheet_add_aoa(sheet!, [[order(102)[2]]], { origin: "C2" });
    XLSX.writeFile(book, mended, { bookType });
  };
  return { hint, write, mend };
}

for (const [ending, { hint, write, mend }] of Object.entries(WORKBOOKS)) {
  test(`the errors of a .${ending} file come back as one, and that, mended, goes in`, async ({ imports, wizard, page }, testInfo) => {
    const wrong = order(102);
    wrong[2] = "many";
    await wizard.open();
    await wizard.upload(write(imports, [HEADERS, order(101), wrong, order(103)]));
    await wizard.check();
    await expect(wizard.counts).toHaveText("2 new, 0 updates, 0 unchanged, 1 error");
    await expect(page.getByText(hint)).toBeVisible();
    const download = await wizard.errors();
    expect(download.suggestedFilename()).toBe(`orders_errors.${ending}`);
    const errors = testInfo.outputPath(`errors.${ending}`);
    await download.saveAs(errors);
    await wizard.import();
    await wizard.ends();

    const mended = testInfo.outputPath(`mended.${ending}`);
    mend(errors, mended);
    await page.locator("#import-another").click();
    await wizard.upload(mended);
    await wizard.check();
    await expect(wizard.counts).toHaveText("1 new, 0 updates, 0 unchanged, 0 errors");
    await wizard.import();
    await wizard.ends();
    expect(imports.digest()).toBe(ImportShop.digestOf(103));
  });
}

test("an upload can be cancelled and sent again, and survives a lost connection", async ({ imports, wizard, page }) => {
  const file = imports.workbook("good.xlsx", [HEADERS, ...rows(101, 105)]);
  await wizard.open();
  const held: (() => void)[] = [];
  await page.route("**/upload/**", async (route) => {
    await new Promise<void>((resolve) => held.push(resolve));
    await route.abort("connectionreset").catch(() => undefined);
  });
  await wizard.choose(file);
  await expect.poll(() => held.length).toBe(1);
  await page.locator("#upload-cancel").click();
  await expect(wizard.uploadWords).toHaveText("Upload cancelled. Nothing was kept.");
  await expect(page.locator("#choose-file")).toBeFocused();
  held.pop()?.();
  await page.locator("#upload-retry").click();
  await expect.poll(() => held.length).toBe(1);
  held.pop()?.();
  await expect(wizard.uploadWords).toContainText("The upload was interrupted.");
  await page.unroute("**/upload/**");
  await page.locator("#upload-retry").click();
  await wizard.isAt(2);
});
