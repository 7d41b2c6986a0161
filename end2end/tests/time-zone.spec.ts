import fs from "node:fs";
import path from "node:path";

import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { python } from "./support/programs";

const TABLE = `
  CREATE TABLE events (id INTEGER PRIMARY KEY, at INTEGER, seen TEXT);
  INSERT INTO events VALUES (1, 1785580200, '2026-08-01T10:30:00Z'), (2, 1772334000, '2026-03-01T03:00:00Z'), (3, NULL, NULL);
`;

const CONFIG = `
  [database.events]
  url = "sqlite:events.db"

  [dataset.events]
  database = "events"
  table = "events"
  key = ["id"]
  label = { en = "Events", zh = "事件" }
  column = [
    { name = "id", type = "integer" },
    { name = "at", type = "timestamp_tz", stored_as = "unix_seconds", label = { en = "At" } },
    { name = "seen", type = "timestamp_tz", stored_as = "iso_t", label = { en = "Seen" } },
  ]
`;

test.use({ timezoneId: "America/New_York" });

test("moments in the list are those of the file, in the person's zone, from the second visit at the first paint", async ({ serve, folder, page }, testInfo) => {
  python("shop.py", ["run", path.join(folder, "events.db")], TABLE);
  const config = path.join(folder, "events.toml");
  fs.writeFileSync(config, CONFIG);
  const server = await serve({ config });
  const list = new ListPage(page, server.url, "events");
  const shown = (): Promise<string[][]> =>
    page.locator("tbody tr").evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.querySelector(".cell-text")?.textContent ?? "")));
  const want = [
    ["1", "2026-08-01 06:30:00", "2026-08-01 06:30:00"],
    ["2", "2026-02-28 22:00:00", "2026-02-28 22:00:00"],
    ["3", "", ""],
  ];
  await list.open();
  await expect.poll(shown).toEqual(want);

  // Now the server knows the zone, before any script has run.
  const html = await (await page.request.get(`${server.url}/d/events`)).text();
  expect(html).toContain("2026-08-01 06:30:00");
  expect(html).toContain('data-time-zone="America/New_York"');
  let asked = 0;
  page.on("request", (request) => (asked += Number(request.url().endsWith("/api/listRows"))));
  await list.open();
  expect(await shown()).toEqual(want);
  expect(asked, "there is nothing to ask again").toBe(0);

  await list.choose("csv");
  const file = testInfo.outputPath("events.csv");
  await (await list.exported()).saveAs(file);
  const lines = fs.readFileSync(file, "utf8").slice(1).trimEnd().split("\r\n");
  expect(lines.slice(1).map((line) => line.split(","))).toEqual(want);
});
