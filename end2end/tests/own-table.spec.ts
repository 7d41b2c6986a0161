import fs from "node:fs";
import path from "node:path";

import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { compare } from "./support/orders";
import { Person } from "./support/person";
import { python } from "./support/programs";

// Names and contents that careless SQL, TOML or spreadsheets break at. The key has two columns and no order of its own.
const TABLE = `
  CREATE TABLE "my ""odd"" table; --" (
    "Ünïque ""ID""" TEXT NOT NULL, "select" INTEGER NOT NULL, "数量 (件)" INTEGER, "price'€" TEXT, "a.b[c]" REAL,
    "seconds" INTEGER, "millis" INTEGER, "iso t" TEXT, "day" TEXT, "yes/no" TEXT, "?1" TEXT,
    PRIMARY KEY ("Ünïque ""ID""", "select"));
  INSERT INTO "my ""odd"" table; --" VALUES
    ('000000000000000001', 2, 9223372036854775807, '1234567.89', 0.1, 0, 1785580200123, '2026-08-01T10:30:00Z', '2026-08-01', 'true', '=1+1'),
    ('000000000000000001', 1, -5, '-0.05', 1e300, 1785580200, 0, '2026-08-01T10:30:00', '1900-01-01', 'f', NULL),
    ('𠮷野家', 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ''),
    ('x' || char(9) || 'y', 3, 0, '0', -0.5, 951782400, 951782399999, '2000-02-29T23:59:59', '9999-12-31', '1', 'a' || char(13, 10) || 'b');
`;

const CONFIG = `
  [database.other]
  url = "sqlite:its own.db"

  [dataset.odd]
  database = "other"
  table = 'my "odd" table; --'
  key = ['Ünïque "ID"', "select"]
  label = { en = 'The "odd" <table>', zh = "奇怪的表" }
  column = [
    { name = "id", source = 'Ünïque "ID"', type = "text", label = { en = "ID, \\"quoted\\"", zh = "编号" } },
    { name = "select", type = "integer" },
    { name = "amount", source = "数量 (件)", type = "integer", label = { zh = "数量 (件)" } },
    { name = "price", source = "price'€", type = "decimal", scale = 2, label = { en = "Price €" } },
    { name = "abc", source = "a.b[c]", type = "float", label = { en = "=SUM(A1)" } },
    { name = "seconds", type = "timestamp", stored_as = "unix_seconds", label = { en = "Seconds" } },
    { name = "millis", type = "timestamp", stored_as = "unix_millis", label = { en = "Millis" } },
    { name = "iso", source = "iso t", type = "timestamp", stored_as = "iso_t", label = { en = "ISO" } },
    { name = "day", type = "date" },
    { name = "yesno", source = "yes/no", type = "boolean", label = { en = "Yes/no" } },
    { name = "parameter", source = "?1", type = "text", label = { en = "?" } },
  ]
`;

/** The same in the canonical forms of compare.py. */
const SELECT = `
  SELECT "Ünïque ""ID""", "select", "数量 (件)",
    CAST(round("price'€" * 100) AS INTEGER), "a.b[c]", datetime("seconds", 'unixepoch'),
    strftime('%Y-%m-%d %H:%M:%f', "millis" / 1000.0, 'unixepoch'), datetime("iso t"), "day",
    "yes/no" IN ('true', '1'), "?1"
  FROM "my ""odd"" table; --" ORDER BY 1, 2`;

const TYPES = ["text", "integer", "integer", "decimal", "float", "timestamp", "timestamp", "timestamp", "date", "boolean", "text"];
const HEADERS = ['ID, "quoted"', "select", "数量 (件)", "Price €", "=SUM(A1)", "Seconds", "Millis", "ISO", "day", "Yes/no", "?"];

test("a table of one's own needs a few lines of TOML only, whatever its names", async ({ serve, folder, page }, testInfo) => {
  const database = path.join(folder, "its own.db");
  const config = path.join(folder, "own.toml");
  python("shop.py", ["run", database], TABLE);
  fs.writeFileSync(config, CONFIG);
  const server = await serve({ config });
  const person = await Person.at(server.url);
  const list = await person.ask("listRows", { dataset: "odd", filters: [{ column: "id", op: "eq", value: "𠮷野家" }] });
  expect(list).toMatchObject({ total_row_count: 1 });

  const csv = await person.register({ dataset: "odd", format: "csv", lang: "en" });
  await person.finished(csv);
  const text = (await person.download(csv)).toString("utf8");
  expect(text.split("\r\n")[0]).toBe('\ufeff"ID, ""quoted""",select,数量 (件),Price €,\'=SUM(A1),Seconds,Millis,ISO,day,Yes/no,?');
  for (const wanted of [
    "000000000000000001,1,-5,-0.05,1e300,2026-08-01 10:30:00,1970-01-01 00:00:00,2026-08-01 10:30:00,1900-01-01,FALSE,\r\n",
    "000000000000000001,2,9223372036854775807,1234567.89,0.1,1970-01-01 00:00:00,2026-08-01 10:30:00.123,2026-08-01 10:30:00,2026-08-01,TRUE,'=1+1\r\n",
    'x\ty,3,0,0.00,-0.5,2000-02-29 00:00:00,2000-02-28 23:59:59.999,2000-02-29 23:59:59,9999-12-31,TRUE,"a\r\nb"\r\n',
    '𠮷野家,7,,,,,,,,,""\r\n',
  ]) {
    expect(text).toContain(wanted);
  }

  // The workbook, through the page.
  const listPage = new ListPage(page, server.url, "odd");
  await listPage.open();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText('The "odd" <table>');
  const download = await listPage.exported();
  expect(download.suggestedFilename()).toMatch(/^The _odd_ _table__\d{8}-\d{4}\.xlsx$/);
  const file = testInfo.outputPath("odd.xlsx");
  await download.saveAs(file);
  const columns = HEADERS.map((header, index) => ({ header, type: TYPES[index], scale: 2 }));
  expect(compare(testInfo, { file, database, select: SELECT, columns, look: true })).toBe(4);
});
