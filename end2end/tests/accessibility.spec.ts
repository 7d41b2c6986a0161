import AxeBuilder from "@axe-core/playwright";
import type { Page, TestInfo } from "@playwright/test";

import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";
import { python } from "./support/programs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** Phone, tablet, desk. */
const WIDTHS = [360, 768, 1280];

/**
 * No rule of WCAG 2.2 AA that a program can check is broken; pictures of what was checked are kept for people. A state of
 * the panel is checked at one width and without the table's hundreds of cells, which the page itself is checked with.
 */
async function isAccessible(page: Page, testInfo: TestInfo, name: string, part: "page" | "panel" = "page"): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: testInfo.outputPath(`${name}-${width}.png`) });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(overflow, `${name}: nothing sticks out at ${width} px`).toBeLessThanOrEqual(0);
    if (width === 1280 || (width === 360 && part === "page")) {
      const axe = new AxeBuilder({ page }).withTags(RULES);
      const { violations } = await (part === "page" ? axe : axe.exclude("#content table")).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join("\n  ")}`);
      expect.soft(found, `${name} at ${width} px`).toEqual([]);
    }
  }
}

for (const [theme, lang] of [
  ["light", "en"],
  ["dark", "zh"],
]) {
  test(`every page and every state of the panel is accessible: ${theme}, ${lang}`, async ({ serve, slowShop, context, page }, testInfo) => {
    const server = await serve({ config: slowShop.config });
    await context.addCookies([
      { name: "theme", value: theme, url: server.url },
      { name: "lang", value: lang, url: server.url },
    ]);
    // Movement is not what is checked, and half-faded colours would be.
    await page.emulateMedia({ reducedMotion: "reduce" });
    const list = new ListPage(page, server.url);

    await page.goto(server.url);
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await isAccessible(page, testInfo, "datasets");
    await page.goto(`${server.url}/tasks`);
    await isAccessible(page, testInfo, "tasks-none");
    await list.open("?filter=status:eq:paid&sort=-total");
    await isAccessible(page, testInfo, "orders");
    await list.open("?filter=order_no:eq:nothing");
    await isAccessible(page, testInfo, "orders-no-match");

    await list.open("?filter=status:eq:paid&sort=-total");
    await list.openDrawer();
    await list.drawer.format("csv").check();
    await list.drawer.name.fill("a/b");
    await list.drawer.root.getByRole("button", { name: lang === "en" ? "None" : "全不选", exact: true }).click();
    await list.drawer.confirm.click();
    await expect(list.drawer.root.locator("#columns-missing")).not.toBeEmpty();
    await isAccessible(page, testInfo, "drawer");
    await page.keyboard.press("Escape");

    await list.open();
    await list.start();
    await expect(list.bar).toBeVisible();
    await isAccessible(page, testInfo, "running", "panel");
    await page.route("**/api/getTaskStatus", (route) => route.abort("connectionfailed"));
    await list.reaches("offline");
    await isAccessible(page, testInfo, "offline", "panel");
    await page.unroute("**/api/getTaskStatus");
    await page.goto(`${server.url}/tasks`);
    await expect(page.getByRole("progressbar")).toBeVisible();
    await isAccessible(page, testInfo, "tasks-running");
    await list.open();
    await list.cancel.click();
    await list.reaches("cancelled");
    await isAccessible(page, testInfo, "cancelled", "panel");

    slowShop.open();
    await list.exported();
    await list.reaches("ready");
    await isAccessible(page, testInfo, "ready", "panel");
    python("shop.py", ["run", slowShop.database], "UPDATE orders_data SET quantity = 'many' WHERE id = 1");
    await list.begin();
    await list.reaches("failed");
    await isAccessible(page, testInfo, "failed", "panel");
    await list.open("?filter=total:eq:much");
    await list.begin();
    await expect(list.drawer.root.locator(".drawer__problems")).toBeFocused();
    await isAccessible(page, testInfo, "refused-drawer", "panel");
    await page.keyboard.press("Escape");
    await expect(list.panel).toBeVisible();
    await isAccessible(page, testInfo, "refused", "panel");
    await page.goto(`${server.url}/tasks`);
    await expect.poll(() => page.getByRole("row").count()).toBe(4);
    await isAccessible(page, testInfo, "tasks");
    for (const button of await page.getByRole("button", { name: /^(Details|详情)/ }).all()) await button.click();
    await expect(page.locator(".details .facts").last()).toBeVisible();
    await expect(page.locator(".digest__digits")).toHaveCount(1);
    await isAccessible(page, testInfo, "details");
    await page.goto(`${server.url}/nothing-here`);
    await isAccessible(page, testInfo, "not-found");
  });
}

test("everything that the pages refer to is there, and styled", async ({ serve, page }) => {
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

test("the theme follows the system until the person chooses", async ({ serve, page }) => {
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
