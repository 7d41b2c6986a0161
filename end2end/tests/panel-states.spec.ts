import fs from "node:fs";

import { isAccessible } from "./support/accessible";
import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";
import { PacedDatabase } from "./support/paced";

test("a queued task tells its place on its page alone; a task that is being stopped says so", async ({ serve, slowShop, page }, testInfo) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const settings = { WORKER__CONCURRENCY: "1", WORKER__BEAT: "5s" };
  const server = await serve({ config: slowShop.config, settings });
  const other = await Person.at(server.url);
  const blocking = await other.register({ dataset: "orders" });
  await other.reaches(blocking, "running");
  const list = new ListPage(page, server.url);
  await list.open();
  await list.begin();
  await list.reaches("queued");
  await expect(list.panel).toContainText("Queued: you are next");
  await isAccessible(page, testInfo, "queued", "panel");
  await page.goto(`${server.url}/tasks`);
  const card = page.getByRole("listitem").filter({ hasText: "Export · Orders" });
  await expect(card.locator("p").first()).toHaveText("Queued");

  await other.ask("cancelTask", { task: blocking });
  await list.open();
  await list.reaches("running");
  await list.cancel.click();
  await list.reaches("cancelling");
  await expect(list.panel).toContainText("Cancelling…");
  await expect(list.cancel).toHaveAttribute("aria-disabled", "true");
  await list.reaches("cancelled");
});

test("an export that goes at a steady pace tells how fast it is and how long it still takes, in the language of the page", async ({ serve, folder, page }) => {
  const paced = PacedDatabase.make(folder, 1_000_000);
  try {
    const server = await serve({ config: paced.config });
    const list = new ListPage(page, server.url, "numbers");
    await list.open();
    await list.choose("csv");
    await list.start();
    // Only after some answers the page knows the pace, and how long it takes only while that is steady.
    await expect(async () => {
      const words = (await list.panel.innerText()).replaceAll(",", "");
      const told = /^Exporting (\d+) of 1000000 rows \(\d+%\) about (\d+) (s|min) left\s+(\d+) rows per second$/m.exec(words);
      expect(told, words).not.toBeNull();
      const [done, left, pace] = [told?.[1], told?.[2], told?.[4]].map(Number);
      // Both are told in one or two digits, so they agree as far as that goes.
      const seconds = (1_000_000 - done) / pace;
      expect(seconds / (left * (told?.[3] === "min" ? 60 : 1)), words).toBeGreaterThan(0.5);
      expect(seconds / (left * (told?.[3] === "min" ? 60 : 1)), words).toBeLessThan(2);
    }).toPass({ timeout: 60_000, intervals: [200] });
    await expect(list.bar, "screen readers hear it too").toHaveAttribute("aria-valuetext", / left$/);
    await page.getByRole("button", { name: "中文" }).click();
    await expect(list.panel).toContainText(/正在导出 [\d,]+ \/ 1,000,000 行（\d+%），约剩 \d+ (秒|分钟).*每秒 [\d,]+ 行/s);
    await expect(list.bar).toHaveAttribute("aria-valuetext", /，约剩 \d+ (秒|分钟)$/);
    await list.cancel.click();
    await list.reaches("cancelled");
    await expect(list.panel.locator(".task-panel__pace"), "what has ended has no pace").toBeHidden();
  } finally {
    paced.drop();
  }
});

test("a file whose time has passed says so, and another export can be started", async ({ serve, page }, testInfo) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  // The reaper does not come during the test, so that the record is still there.
  const server = await serve({ settings: { TASKS__RETENTION: "3s", WORKER__REAP_INTERVAL: "1h" } });
  const person = new Person(page.request, server.url);
  const list = new ListPage(page, server.url);
  await list.open();
  const task = await person.register({ dataset: "customers", format: "csv" });
  await person.reaches(task, "file_expired");
  const customers = new ListPage(page, server.url, "customers");
  await customers.open();
  await customers.reaches("file_expired");
  await expect(customers.panel).toContainText("File expired: export again");
  await isAccessible(page, testInfo, "file-expired", "panel");
  await customers.isClickable();
});

test("an export that is abandoned is accessible", async ({ serve, slowShop, page }, testInfo) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const server = await serve({ config: slowShop.config, settings: { TASKS__TIME_LIMIT: "3s", WORKER__REAP_INTERVAL: "200ms" } });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.begin();
  await list.reaches("abandoned");
  await isAccessible(page, testInfo, "abandoned", "panel");
});

test("a database that takes too long is named, with what can be done", async ({ serve, slowShop, page }) => {
  const text = fs.readFileSync(slowShop.config, "utf8");
  fs.writeFileSync(slowShop.config, text.replace(/^(\[database\.\w+\]\n)/m, '$1statement_timeout = "2s"\n'));
  const server = await serve({ config: slowShop.config, settings: { WORKER__RETRY_PAUSE: "10ms" } });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.begin();
  await list.reaches("failed");
  await expect(list.panel).toContainText(/Export failed: the database timed out\. Try again or narrow the date range\. .*Ref [0-9A-F]{4}/);
  await list.isClickable();
});

test("Esc that belongs to an input method does not fold the panel", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.start();
  const press = (isComposing: boolean) =>
    page.evaluate((isComposing) => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, isComposing }));
    }, isComposing);
  await press(true);
  await expect(list.panel).toBeVisible();
  await press(false);
  await expect(list.panel).toBeHidden();
});

test("the focus stays with the filters when one is taken off", async ({ serve, page }) => {
  const server = await serve();
  const list = new ListPage(page, server.url);
  await list.open("?filter=status:eq:paid&filter=quantity:gt:1");
  const chips = page.locator(".chip");
  await expect(chips).toHaveCount(2);
  await chips.last().press("Enter");
  await expect(chips).toHaveCount(1);
  await expect(chips.first()).toBeFocused();
  await chips.first().press("Enter");
  await expect(chips).toHaveCount(0);
  await expect(page.locator("#filter-column")).toBeFocused();
});
