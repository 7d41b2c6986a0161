import AxeBuilder from "@axe-core/playwright";
import { expect, type BrowserContext, type Page, type TestInfo } from "@playwright/test";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** Phone, tablet, desk. */
const WIDTHS = [360, 768, 1280];
/** Of these, the widths at which axe looks: what it finds depends on the layout, and the one between has that of one of them. */
const CHECKED_WIDTHS = [360, 1280];

/** How each test of looks is done: in the colours and the language that differ most. */
export const LOOKS = [
  ["light", "en"],
  ["dark", "zh"],
] as const;

/** Has the pages of a server in those colours and that language, and without movement: that is not what is looked at, and half-faded colours would be. */
export async function dress(context: BrowserContext, page: Page, url: string, theme: string, lang: string): Promise<void> {
  await context.addCookies([
    { name: "theme", value: theme, url },
    { name: "lang", value: lang, url },
  ]);
  await page.emulateMedia({ reducedMotion: "reduce" });
}

/** Which part of a page is looked at. A state of the panel is, without the hundreds of cells of the list below, which the page itself is looked at with. */
export type Part = "page" | "panel";

/**
 * Whatever of WCAG 2.2 AA a program can check holds for what the page shows, and nothing sticks out of it. With LONGSHORE_PICTURES=1 pictures
 * of it are kept for people, beside what the test leaves; taking them takes as long as checking.
 */
export async function isAccessible(page: Page, testInfo: TestInfo, name: string, part: Part = "page"): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 844 });
    if (process.env.LONGSHORE_PICTURES) await page.screenshot({ path: testInfo.outputPath(`${name}-${width}.png`), fullPage: true });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect.soft(overflow, `${name}: nothing sticks out at ${width} px`).toBeLessThanOrEqual(0);
    if (!CHECKED_WIDTHS.includes(width)) continue;
    // There are no frames, so axe can do it all in the page; otherwise it opens a second one each time to add up what it has found.
    const axe = new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).withTags(RULES).setLegacyMode();
    const { violations } = await (part === "page" ? axe : axe.exclude("#content table")).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join("\n  ")}`);
    expect.soft(found, `${name} at ${width} px`).toEqual([]);
  }
}
