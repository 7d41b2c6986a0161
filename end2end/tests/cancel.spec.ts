import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { Person } from "./support/person";
import { STUCK_AT_THE_END, UNSTUCK } from "./support/shop";

test("cancelled in the moment of its start an export leaves nothing", async ({ serve, slowShop, page }) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.begin();
  await list.cancel.click();
  await list.reaches("cancelled");
  await expect(list.panel).toContainText("Export cancelled. Nothing was kept.");
  await list.isClickable();
  await expect.poll(() => server.files()).toEqual([]);
  expect((await new Person(page.request, server.url).tasks()).map(({ phase }) => phase)).toEqual(["cancelled"]);
});

test("cancelled near its end an export leaves nothing, and the next one is whole", async ({ serve, shop, page }) => {
  shop.run(STUCK_AT_THE_END);
  const server = await serve({ config: shop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.choose("csv");
  await list.start();
  await expect(list.panel).toContainText("8,192 of 10,000 rows (81%)");
  await list.cancel.click();
  await expect(list.cancel).toHaveAttribute("aria-disabled", "true");
  await list.reaches("cancelled");
  await expect(list.panel, "the button that was pressed is gone; the panel has the focus").toBeFocused();
  await expect.poll(() => server.files()).toEqual([]);
  shop.run(UNSTUCK);
  await list.exported();
  await list.reaches("ready");
});
