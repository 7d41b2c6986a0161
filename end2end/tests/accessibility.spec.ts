import type { TestInfo } from "@playwright/test";

import { dress, isAccessible, LOOKS, type Part } from "./support/accessible";
import { expect, test as base } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";
import type { Server } from "./support/server";

/** A worker that hears of nothing while it makes no progress: what is being cancelled stays so for as long as a test looks at it. */
const DEAF = { WORKER__LEASE: "10m", WORKER__BEAT: "3m" };

interface Fixtures {
  /** The list of orders of a server, dressed as the test wants it. */
  listOf: (server: Server) => Promise<ListPage>;
  look: (name: string, part?: Part) => Promise<void>;
}

for (const [theme, lang] of LOOKS) {
  const test = base.extend<Fixtures>({
    listOf: async ({ context, page }, use) => {
      await use(async (server) => {
        await dress(context, page, server.url, theme, lang);
        return new ListPage(page, server.url);
      });
    },
    look: async ({ page }, use, testInfo: TestInfo) => {
      await use((name, part) => isAccessible(page, testInfo, name, part));
    },
  });

  test(`pages with and without content are accessible: ${theme}, ${lang}`, async ({ serve, listOf, look, page }) => {
    const server = await serve();
    const list = await listOf(server);
    await page.goto(server.url);
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await look("datasets");
    await page.goto(`${server.url}/tasks`);
    await look("tasks-none");
    await list.open("?filter=status:eq:paid&sort=-total");
    await look("orders");
    await list.open("?filter=order_no:eq:nothing");
    await look("orders-no-match");
    await page.goto(`${server.url}/nothing-here`);
    await look("not-found");
  });

  test(`the drawer and what is refused are accessible: ${theme}, ${lang}`, async ({ serve, listOf, look, page }) => {
    const list = await listOf(await serve());
    await list.open("?filter=status:eq:paid&sort=-total");
    await list.openDrawer();
    await list.drawer.format("csv").check();
    await list.drawer.name.fill("a/b");
    await list.drawer.root.getByRole("button", { name: lang === "en" ? "None" : "全不选", exact: true }).click();
    await list.drawer.confirm.click();
    await expect(list.drawer.root.locator("#columns-missing")).not.toBeEmpty();
    await look("drawer");
    await list.open("?filter=total:eq:much");
    await list.begin();
    await expect(list.drawer.root.locator(".drawer__problems")).toBeFocused();
    await look("refused-drawer", "panel");
    await page.keyboard.press("Escape");
    await expect(list.panel).toBeVisible();
    await look("refused", "panel");
  });

  test(`an export at work is accessible: ${theme}, ${lang}`, async ({ serve, listOf, look, slowShop, page }) => {
    const server = await serve({ config: slowShop.config, settings: DEAF });
    const list = await listOf(server);
    await list.open();
    await list.start();
    await expect(list.bar).toBeVisible();
    await look("running", "panel");
    await page.route("**/api/getTaskStatus", (route) => route.abort("connectionfailed"));
    await list.reaches("offline");
    await look("offline", "panel");
    await page.unroute("**/api/getTaskStatus");
    await page.goto(`${server.url}/tasks`);
    await expect(page.getByRole("progressbar")).toBeVisible();
    await look("tasks-running");
    await list.open();
    await list.cancel.click();
    await list.reaches("cancelling");
    await expect(list.panel).toContainText(lang === "en" ? "Cancelling…" : "正在取消…");
    await look("cancelling", "panel");
    await expect(list.panel, "this is what was looked at").toHaveAttribute("data-phase", "cancelling");
  });

  test(`exports that have ended are accessible: ${theme}, ${lang}`, async ({ serve, listOf, look, slowShop, page }) => {
    const server = await serve({ config: slowShop.config });
    const list = await listOf(server);
    await list.open();
    await list.start();
    await list.cancel.click();
    await list.reaches("cancelled");
    await look("cancelled", "panel");
    slowShop.open();
    await list.exported();
    await list.reaches("ready");
    await look("ready", "panel");
    slowShop.run("UPDATE orders_data SET quantity = 'many' WHERE id = 1");
    await list.begin();
    await list.reaches("failed");
    await look("failed", "panel");
    await page.goto(`${server.url}/tasks`);
    await expect(page.getByRole("row")).toHaveCount(4);
    await look("tasks");
    for (const button of await page.getByRole("button", { name: /^(Details|详情)/ }).all()) await button.click();
    await expect(page.locator(".details .facts").last()).toBeVisible();
    await expect(page.locator(".digest__digits")).toHaveCount(1);
    await look("details");
  });
}

base("everything that the pages refer to is there, and styled", async ({ serve, page }) => {
  const server = await serve();
  const missing: string[] = [];
  const scripts: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) missing.push(`${response.status()} ${response.url()}`);
    if (response.url().includes("/pkg/")) scripts.push(response.headers()["cache-control"]);
  });
  for (const path of ["/", "/d/orders", "/tasks"]) {
    await page.goto(server.url + path, { waitUntil: "networkidle" });
    const bar = await page.locator(".top-bar__inner").boundingBox();
    expect(bar?.height, "the top bar as designed").toBe(56);
  }
  expect(missing).toEqual([]);
  expect(scripts.length).toBeGreaterThanOrEqual(3);
  for (const kept of scripts) expect(kept).toContain("immutable");
});

base("the theme follows the system until the person chooses", async ({ serve, page }) => {
  const server = await serve();
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${server.url}/tasks`);
  const dark = await background();
  await page.emulateMedia({ colorScheme: "light" });
  const light = await background();
  expect(light).not.toBe(dark);
  const person = new Person(page.request, server.url);
  expect(await person.tasks()).toEqual([]);
  const toggle = page.getByRole("button", { name: /^Theme/ });
  await toggle.click();
  await expect(toggle).toHaveAccessibleName("Theme: light");
  await toggle.click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await background()).toBe(dark);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await background()).toBe(dark);
});
