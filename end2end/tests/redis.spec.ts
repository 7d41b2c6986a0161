import path from "node:path";

import { expect, test as base } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { columns, compare, orders } from "./support/orders";
import { Person } from "./support/person";
import * as programs from "./support/programs";
import { Redis } from "./support/redis";

/** A database of these tests alone: other tests may use the first ones of the same server. */
const DATABASE = "5";
/** Processes that share tasks share the key of the sessions. */
const SECRET = "an end-to-end secret of thirty-two characters and more";

const test = base.extend<{ redisUrl: string; redis: Redis }>({
  redisUrl: async ({}, use) => {
    const url = new URL(programs.redisUrl());
    url.pathname = `/${DATABASE}`;
    await use(url.href);
  },
  redis: async ({ redisUrl }, use) => {
    const redis = await Redis.connect(redisUrl);
    await redis.clear();
    await use(redis);
    await redis.clear();
    redis.close();
  },
});

test("the task entity appears in Redis, changes, and goes when it is cleared", async ({ serve, slowShop, redis, redisUrl }) => {
  const server = await serve({ config: slowShop.config, redisUrl, settings: { WORKER__CONCURRENCY: "1" } });
  const [first, person] = [await Person.at(server.url), await Person.at(server.url)];
  expect(await redis.keys("task:*")).toEqual([]);
  const blocking = await first.register({ dataset: "orders" });
  await first.reaches(blocking, "running");
  slowShop.open();

  const task = await person.register({ dataset: "orders" });
  const [key] = await redis.keys(`task:${task}`);
  expect(await redis.command("TYPE", key)).toBe("hash");
  expect(await redis.hash(key)).toMatchObject({ lane: "export@1", state: "queued" });
  expect(await redis.keys("slot:*")).toHaveLength(2);
  const [blockingKey] = await redis.keys(`task:${blocking}`);
  expect((await redis.hash(blockingKey)).state).toBe("running");

  await first.ask("cancelTask", { task: blocking });
  await person.finished(task);
  const finished = await redis.hash(key);
  expect(finished.state).toBe("succeeded");
  expect(JSON.parse(finished.entity).result.url, "the worker wrote the URL into the entity").toBe(`/files/${task}`);

  await person.ask("clearTaskInfo", { task });
  expect(await redis.keys(`task:${task}`)).toEqual([]);
  expect((await redis.keys("slot:*")).length).toBe(1);
  expect(await person.ask("getTaskStatus", { dataset: "orders" })).toMatchObject({ status: 0 });
});

test("an entity in Redis is gone at its deadline, though its worker has died", async ({ serve, restart, slowShop, redis, redisUrl }) => {
  const settings = { TASKS__TIME_LIMIT: "3s", WORKER__REAP_INTERVAL: "200ms" };
  const server = await serve({ config: slowShop.config, redisUrl, settings });
  const person = await Person.at(server.url);
  const task = await person.register({ dataset: "orders" });
  await person.reaches(task, "running");
  await server.kill();
  expect(await redis.keys(`task:${task}`)).toHaveLength(1);
  await restart(server);
  await expect.poll(() => redis.keys(`task:${task}`), { timeout: 20_000 }).toEqual([]);
  expect(await person.phase(task)).toBe("abandoned");
  slowShop.open();
  await person.finished(await person.register({ dataset: "customers" }));
});

test("two processes on one Redis share sessions, tasks and files", async ({ serve, slowShop, folder, redis, redisUrl, page }, testInfo) => {
  await redis.clear();
  const shared = { config: slowShop.config, redisUrl, dataDir: path.join(folder, "shared") };
  const settings = { SESSION_SECRET: SECRET, WORKER__CONCURRENCY: "1" };
  const a = await serve({ ...shared, settings });
  const b = await serve({ ...shared, settings });

  const list = new ListPage(page, a.url);
  await list.open();
  await list.start();
  const person = new Person(page.request, b.url);
  const task = (await person.ask("getTaskStatus", { dataset: "orders" })).task;
  expect(task).toMatchObject({ phase: "running", dataset: "orders" });
  expect(await person.ask("registerExportTask", { dataset: "orders" })).toMatchObject({ registered: false });
  // Whoever runs it hears of the wish through Redis.
  await person.ask("cancelTask", { task: task.id });
  await list.reaches("cancelled");

  slowShop.open();
  const file = testInfo.outputPath("orders.xlsx");
  await (await list.exported()).saveAs(file);
  const select = orders({ table: "orders_data" });
  compare(testInfo, { file, database: slowShop.database, select, columns: columns("en") });
  const [newest] = await person.tasks();
  expect((await person.download(newest.id)).length).toBe(newest.file.size_bytes);
});

test("a task of a process that died goes on in another, and the page notices nothing but time", async ({ serve, slowShop, folder, redis, redisUrl }) => {
  await redis.clear();
  const shared = { config: slowShop.config, redisUrl, dataDir: path.join(folder, "shared") };
  const settings = { SESSION_SECRET: SECRET, WORKER__LEASE: "2s", WORKER__BEAT: "500ms", WORKER__REAP_INTERVAL: "200ms" };
  const a = await serve({ ...shared, settings });
  const onA = await Person.at(a.url);
  const task = await onA.register({ dataset: "orders", format: "csv" });
  await onA.reaches(task, "running");
  const b = await serve({ ...shared, settings });
  slowShop.open();
  await a.kill();
  const onB = new Person(onA.http, b.url);
  const finished = await onB.finished(task);
  expect(finished.task.file.row_count).toBe(10_000);
  await expect.poll(() => b.files().filter((file) => !file.includes(".unfinished"))).toHaveLength(1);
});

test("a process that only serves and one that only works make a whole", async ({ serve, slowShop, folder, redis, redisUrl, page }, testInfo) => {
  await redis.clear();
  const shared = { config: slowShop.config, redisUrl, dataDir: path.join(folder, "shared") };
  const web = await serve({ ...shared, settings: { ROLE: "web" } });
  slowShop.open();
  const list = new ListPage(page, web.url);
  await list.open();
  await list.isClickable();
  const downloading = page.waitForEvent("download", { timeout: 60_000 });
  await list.begin();
  // Nobody works yet: the task waits, and is not lost.
  await list.reaches("queued");
  const worker = await serve({ ...shared, settings: { ROLE: "worker", METRICS_LISTEN: "127.0.0.1:0" } });
  expect(worker.url).toBe("");
  const file = testInfo.outputPath("orders.xlsx");
  await (await downloading).saveAs(file);
  const select = orders({ table: "orders_data" });
  compare(testInfo, { file, database: slowShop.database, select, columns: columns("en") });
  expect((await page.request.get(worker.metrics)).status()).toBe(200);
  expect(await worker.terminate()).toBe(0);
});
