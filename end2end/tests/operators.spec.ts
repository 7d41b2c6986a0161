import { expect, test } from "./support/fixtures";
import { Person } from "./support/person";

test("operators list, show, cancel and retry tasks while the server runs", async ({ serve, slowShop }) => {
  const server = await serve({ config: slowShop.config, settings: { WORKER__CONCURRENCY: "1" } });
  const [first, second] = [await Person.at(server.url), await Person.at(server.url)];
  const running = await first.register({ dataset: "orders" });
  await first.reaches(running, "running");
  const waiting = await second.register({ dataset: "orders" });

  const list = await server.tasks("list");
  expect(list.code).toBe(0);
  expect(list.stdout).toMatch(new RegExp(`^ID +KIND +STATE`));
  expect(list.stdout).toMatch(new RegExp(`^${running} +export +running `, "m"));
  expect(list.stdout).toMatch(new RegExp(`^${waiting} +export +queued `, "m"));
  expect((await server.tasks("list", "--state", "queued")).stdout).not.toContain(running);
  const shown = JSON.parse((await server.tasks("show", waiting, "--json")).stdout);
  expect(shown).toMatchObject({ task: { id: waiting, state: "queued" }, ahead: 0 });

  // For the one that waits: it begins as soon as there is room.
  slowShop.open();
  expect((await server.tasks("cancel", running)).stdout).toMatch(/state +cancelling/);
  await first.reaches(running, "cancelled");
  const again = await server.tasks("cancel", running);
  expect([again.code, again.stderr]).toEqual([1, "longshore: the task has ended\n"]);
  const retried = JSON.parse((await server.tasks("retry", running, "--json")).stdout).task.id;
  expect(retried).not.toBe(running);
  await first.finished(retried);
  expect((await server.tasks("dead")).stdout).toBe("No task was given up.\n");
  for (const id of ["nothing-of-that-name", "../etc"]) {
    const unknown = await server.tasks("show", id);
    expect(unknown.code, id).toBe(1);
    expect(unknown.stderr, id).toMatch(/^longshore: /);
  }
});

test("a task that fails again and again is given up, and can be run once more when the cause is mended", async ({ serve, restart, shop }) => {
  const server = await serve({ config: shop.config, settings: { WORKER__RETRY_PAUSE: "50ms" } });
  const person = await Person.at(server.url);
  shop.goAway();
  const task = await person.register({ dataset: "orders", format: "csv" });
  await person.reaches(task, "failed");
  expect((await server.tasks("dead")).stdout).toMatch(new RegExp(`^${task} +export +dead .*Database`, "m"));
  expect((await server.tasks("show", task)).stdout).toMatch(/runs +3 begun, 3 failed/);
  shop.comeBack();
  // Also while the server is stopped.
  await server.terminate();
  const { code, stdout } = await server.tasks("retry", task, "--json");
  expect(code).toBe(0);
  const next = await restart(server);
  await new Person(person.http, next.url).finished(JSON.parse(stdout).task.id);
  expect((await next.tasks("dead")).stdout).toBe("No task was given up.\n");
});

test("the metrics count what happens", async ({ serve, slowShop }) => {
  const settings = { METRICS_LISTEN: "127.0.0.1:0", WORKER__CONCURRENCY: "1" };
  const server = await serve({ config: slowShop.config, settings });
  const [first, second] = [await Person.at(server.url), await Person.at(server.url)];
  const metrics = async () => (await first.http.get(server.metrics)).text();
  const running = await first.register({ dataset: "orders" });
  await first.reaches(running, "running");
  await second.register({ dataset: "orders" });
  const busy = await metrics();
  expect(busy).toContain('longshore_tasks_running{kind="export"} 1\n');
  expect(busy).toContain('longshore_tasks_waiting{kind="export",version="1"} 1\n');
  expect(busy).toMatch(/^longshore_oldest_waiting_seconds\{kind="export",version="1"\} [0-9.]+$/m);
  expect(busy).toContain("longshore_store_up 1\n");
  slowShop.open();
  await first.ask("cancelTask", { task: running });
  await expect.poll(metrics).toContain('longshore_task_runs_total{kind="export",outcome="succeeded"} 1\n');
  const idle = await metrics();
  expect(idle).toContain('longshore_task_runs_total{kind="export",outcome="cancelled"} 1\n');
  expect(idle).toContain('longshore_tasks_running{kind="export"} 0\n');
  expect(idle).toContain('longshore_tasks_waiting{kind="export",version="1"} 0\n');
  expect(idle).toMatch(/^longshore_task_run_seconds_count\{kind="export",outcome="succeeded"\} 1$/m);
  // The pages' own address does not tell.
  expect((await first.get("/metrics")).status()).toBe(404);
});
