import path from "node:path";

import { expect, test as base } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { columns, compare, orders } from "./support/orders";
import { OwnRedis } from "./support/own-redis";
import { Person } from "./support/person";

const test = base.extend<{ redis: OwnRedis }>({
  redis: async ({ folder }, use) => {
    const redis = await OwnRedis.start(path.join(folder, "redis"));
    await use(redis);
    await redis.kill();
  },
});

test("while Redis is away calls say so, the page reconnects, and the export ends by itself", async ({ serve, slowShop, redis, page }, testInfo) => {
  const server = await serve({ config: slowShop.config, redisUrl: redis.url });
  const list = new ListPage(page, server.url);
  await list.open();
  // Long enough for everything that happens while it runs.
  slowShop.openIn(25);
  await list.start();
  await expect(list.panel).toContainText("4,096 of 10,000 rows (40%)");
  await redis.kill();
  await list.reaches("offline");
  await list.isGrey();
  await expect(list.panel).toContainText("reconnecting");

  const person = new Person(page.request, server.url);
  for (const [call, body] of [
    ["getTaskStatus", { dataset: "orders" }],
    ["registerExportTask", { dataset: "customers" }],
    ["clearTaskInfo", { dataset: "orders" }],
  ] as const) {
    const response = await person.call(call, body);
    expect(response.status(), call).toBe(503);
    expect(Number(response.headers()["retry-after"]), call).toBeGreaterThan(0);
    expect((await response.json()).code).toBe("store_unavailable");
  }
  expect((await person.get("/health")).status()).toBe(503);

  await redis.start();
  await list.reaches("running");
  const downloading = page.waitForEvent("download", { timeout: 60_000 });
  await list.reaches("ready");
  const file = testInfo.outputPath("orders.xlsx");
  await (await downloading).saveAs(file);
  const select = orders({ table: "orders_data" });
  compare(testInfo, { file, database: slowShop.database, select, columns: columns("en") });
  expect(await person.tasks()).toHaveLength(1);
  // The run went on through the outage: nobody had to begin anew.
  expect(server.log.match(/event="?claim"?/g)).toHaveLength(1);
});

test("a Redis that loses or evicts tasks is warned of at the start", async ({ serve, folder }) => {
  const careless = await OwnRedis.start(path.join(folder, "careless"), [
    ["--appendonly", "no"],
    ["--maxmemory-policy", "allkeys-lru"],
  ]);
  try {
    const server = await serve({ redisUrl: careless.url });
    expect(server.log).toMatch(/WARN.*maxmemory-policy noeviction/);
    expect(server.log).toMatch(/WARN.*appendonly yes/);
  } finally {
    await careless.kill();
  }
});
