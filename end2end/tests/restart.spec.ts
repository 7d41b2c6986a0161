import { expect, test } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { columns, compare, orders } from "./support/orders";
import { Person } from "./support/person";

test("a server killed in the middle of an export takes it up again, and the page recovers by itself", async ({ serve, restart, slowShop, page }, testInfo) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.start();
  await expect(list.panel).toContainText("4,096 of 10,000 rows (40%)");
  await server.kill();
  await list.reaches("offline");
  await list.isGrey();

  slowShop.open();
  const downloading = page.waitForEvent("download", { timeout: 60_000 });
  const next = await restart(server);
  await list.reaches("ready");
  const file = testInfo.outputPath("orders.xlsx");
  await (await downloading).saveAs(file);
  const select = orders({ table: "orders_data" });
  compare(testInfo, { file, database: slowShop.database, select, columns: columns("en") });
  expect(await new Person(page.request, next.url).tasks()).toHaveLength(1);
  expect(next.files(), "nothing of the killed run is left").toHaveLength(1);
});

test("tasks that waited when the server was killed are done in their order", async ({ serve, restart, slowShop }) => {
  const server = await serve({ config: slowShop.config, settings: { WORKER__CONCURRENCY: "1" } });
  const people = [await Person.at(server.url), await Person.at(server.url), await Person.at(server.url)];
  const tasks: string[] = [];
  for (const [index, person] of people.entries()) {
    tasks.push(await person.register({ dataset: "orders", format: "csv" }));
    await person.reaches(tasks[index], index === 0 ? "running" : "queued");
  }
  await server.kill();
  slowShop.open();
  await restart(server);
  const ends: number[] = [];
  for (const [index, person] of people.entries()) {
    ends.push((await person.finished(tasks[index])).task.finished_at);
  }
  expect(ends).toEqual([...ends].sort((a, b) => a - b));
});

test("a cancellation that the killed server had promised is kept", async ({ serve, restart, slowShop }) => {
  // The worker would hear of it with its next beat, so the kill comes first.
  const settings = { WORKER__BEAT: "10s" };
  const server = await serve({ config: slowShop.config, settings });
  const person = await Person.at(server.url);
  const task = await person.register({ dataset: "orders" });
  await person.reaches(task, "running");
  await person.ask("cancelTask", { task });
  expect(await person.phase(task)).toBe("cancelling");
  await server.kill();
  const next = await restart(server);
  await person.reaches(task, "cancelled");
  await expect.poll(() => next.files()).toEqual([]);
});

test("SIGTERM ends the server soon and in order; the task goes on after the restart", async ({ serve, restart, slowShop, page }, testInfo) => {
  const server = await serve({ config: slowShop.config });
  const list = new ListPage(page, server.url);
  await list.open();
  await list.start();
  const asked = Date.now();
  expect(await server.terminate()).toBe(0);
  expect(Date.now() - asked, "well within what service managers wait").toBeLessThan(9_000);
  expect(server.files(), "the unfinished file went with the run").toEqual([]);
  expect(server.log).not.toMatch(/panic/i);

  slowShop.open();
  const downloading = page.waitForEvent("download", { timeout: 60_000 });
  await restart(server);
  await list.reaches("ready");
  const file = testInfo.outputPath("orders.xlsx");
  await (await downloading).saveAs(file);
  const select = orders({ table: "orders_data" });
  compare(testInfo, { file, database: slowShop.database, select, columns: columns("en") });
});

test("SIGTERM of an idle server, with a page open, ends at once", async ({ serve, page }) => {
  const server = await serve();
  await new ListPage(page, server.url).open();
  const asked = Date.now();
  expect(await server.terminate()).toBe(0);
  expect(Date.now() - asked).toBeLessThan(5_000);
});

test("sessions and finished files outlive a restart", async ({ serve, restart }) => {
  const server = await serve();
  const person = await Person.at(server.url);
  const task = await person.register({ dataset: "customers", format: "csv" });
  await person.finished(task);
  const before = await person.download(task);
  await server.kill();
  await restart(server);
  expect((await person.download(task)).equals(before)).toBe(true);
  expect(await person.tasks()).toHaveLength(1);
});
