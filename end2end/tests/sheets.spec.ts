import fs from "node:fs";
import path from "node:path";

import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { python } from "./support/programs";

/** Rows of a sheet below its header (<https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3>). */
const SHEET_ROWS = 1_048_575;
/** Characters of a cell, by the same page. */
const CELL_CHARACTERS = 32_767;
const ROWS = SHEET_ROWS + 10;

const CONFIG = `
  [database.other]
  url = "sqlite:empty.db"

  [dataset.long]
  database = "other"
  query = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${ROWS})
    SELECT n, CASE n WHEN 3 THEN printf('%.*c', ${CELL_CHARACTERS + 1}, 'x') WHEN 4 THEN printf('%.*c', ${CELL_CHARACTERS}, 'y') END AS note FROM numbers"""
  key = ["n"]
  label = { en = "Long", zh = "长表" }
  column = [{ name = "n", type = "integer" }, { name = "note", type = "text", label = { en = "Note" } }]
`;

test("rows past the end of a sheet go on with the next, texts too long for a cell are cut, and the page says both", async ({ serve, folder, page }, testInfo) => {
  const config = path.join(folder, "long.toml");
  python("shop.py", ["run", path.join(folder, "empty.db")], "CREATE TABLE unused (n)");
  fs.writeFileSync(config, CONFIG);
  const server = await serve({ config });
  const list = new ListPage(page, server.url, "long");
  await list.open();
  const download = await list.exported();
  await expect(list.panel).toContainText("2 sheets");
  await expect(list.panel).toContainText("1 cell was longer than the format allows and was shortened.");
  const file = testInfo.outputPath("long.xlsx");
  await download.saveAs(file);

  const header = ["n", "Note"];
  const [first, second, ...others] = JSON.parse(python("sheets.py", [file]));
  expect(first).toMatchObject({ header, rows: SHEET_ROWS, first: 1, last: SHEET_ROWS, gapless: true, longest: CELL_CHARACTERS });
  expect(second).toMatchObject({ header, rows: 10, first: SHEET_ROWS + 1, last: ROWS, gapless: true });
  expect(second.name).not.toBe(first.name);
  expect(others).toEqual([]);

  await page.goto(`${server.url}/tasks`);
  await page.getByRole("button", { name: "Details: Export Long" }).click();
  const details = page.locator(".details");
  await expect(details).toContainText(/Note.*row 3/s);
});
