import type { APIResponse } from "@playwright/test";

import { expect, test } from "./support/fixtures";
import { type Json, Person } from "./support/person";
import { python } from "./support/programs";
import type { Server } from "./support/server";

const NONE = { status: 0, message: null, url: null, state: false };
const CSV = { dataset: "orders", format: "csv" };

/** A refusal has its status, and a body that says why, to programs and to people. */
async function isRefused(response: APIResponse, status: number, code: string): Promise<Json> {
  const text = await response.text();
  expect(response.status(), text).toBe(status);
  expect(response.headers()["content-type"]).toContain("application/json");
  const body = JSON.parse(text);
  expect(body.code).toBe(code);
  expect(body.message.length).toBeGreaterThan(10);
  return body;
}

test.describe("the three calls", () => {
  let server: Server;
  let person: Person;

  test.beforeEach(async ({ serve }) => {
    server = await serve();
    person = await Person.at(server.url);
  });

  // Whatever a test has sent: the server is well, and nothing has panicked.
  test.afterEach(async () => {
    const health = await person.get("/health");
    expect(health.status()).toBe(200);
    expect((await health.json()).status).toBe("ok");
    expect(server.log).not.toMatch(/panic/i);
  });

  test("an export goes from none over in progress to finished, and is cleared", async () => {
    expect(await person.ask("getTaskStatus", { dataset: "orders" })).toEqual(NONE);

    const answer = await person.ask("registerExportTask", { dataset: "orders" });
    expect(answer.registered).toBe(true);
    expect(answer.task).toMatchObject({ status: 1, url: null, state: false });
    expect(typeof answer.task.message).toBe("string");
    const { id, registered_at, expires_at } = answer.task.task;
    expect(expires_at - registered_at, "half an hour by default").toBe(30 * 60 * 1000);

    const finished = await person.finished(id);
    expect(finished).toMatchObject({ status: 2, state: true, url: `/files/${id}` });
    expect(finished.message).toContain(".xlsx");
    expect(await person.ask("getTaskStatus", { dataset: "orders" })).toMatchObject({ status: 2, state: true });

    expect(await person.ask("clearTaskInfo", { task: id })).toEqual({ cleared: true });
    expect(await person.ask("getTaskStatus", { dataset: "orders" })).toEqual(NONE);
    expect(await person.ask("clearTaskInfo", { task: id })).toEqual({ cleared: false });
    expect(await person.ask("clearTaskInfo", { dataset: "orders" })).toEqual({ cleared: false });
    expect((await person.download(id)).length, "clearing keeps the file").toBeGreaterThan(1000);
  });

  test("a request repeated with its key is the same task, running and finished", async () => {
    const request = { ...CSV, idempotency_key: "click-1" };
    const first = await person.register(request);
    await person.finished(first);
    expect(await person.register(request)).toBe(first);
    await person.ask("clearTaskInfo", { task: first });
    expect(await person.register(request)).toBe(first);
    expect(await person.register({ ...request, idempotency_key: "click-2" })).not.toBe(first);
    expect(await person.tasks()).toHaveLength(2);
  });

  test("a key is its owner's: another person's request with it is another task", async () => {
    const other = await Person.at(server.url);
    const request = { ...CSV, idempotency_key: "click-1" };
    expect(await other.register(request)).not.toBe(await person.register(request));
  });

  test("every wrong parameter is named, and no task comes to exist", async () => {
    const filter = (column: string, op: string, value: unknown) => ({ filters: [{ column, op, value }] });
    for (const [request, field, code] of [
      [{ columns: ["order_no", "price"] }, "columns[1]", "unknown_column"],
      [{ columns: ["order_no", "order_no"] }, "columns[1]", "repeated_column"],
      [filter("price", "eq", 1), "filters[0].column", "unknown_column"],
      [filter("total", "like", 1), "filters[0].op", "unknown_operator"],
      [filter("total", "contains", "1"), "filters[0].op", "operator_not_for_type"],
      [filter("total", "eq", "much"), "filters[0].value", "wrong_type"],
      [filter("total", "eq", "1.234"), "filters[0].value", "wrong_type"],
      [filter("quantity", "ge", 1.5), "filters[0].value", "wrong_type"],
      [filter("order_date", "ge", "2026-02-30"), "filters[0].value", "wrong_type"],
      [filter("quantity", "in", []), "filters[0].value", "wrong_type"],
      [filter("status", "eq", "lost"), "filters[0].value", "not_allowed"],
      [{ sort: [{ column: "price" }] }, "sort[0].column", "unknown_column"],
      [{ format: "pdf" }, "format", "unknown_format"],
      [{ file_name: "a/b" }, "file_name", "bad_file_name"],
      [{ file_name: "../../etc/passwd" }, "file_name", "bad_file_name"],
      [{ file_name: "a\nb" }, "file_name", "bad_file_name"],
      [{ file_name: "x".repeat(300) }, "file_name", "too_long"],
      [{ time_zone: "Mars/Olympus" }, "time_zone", "unknown_time_zone"],
      [{ idempotency_key: "k".repeat(65) }, "idempotency_key", "too_long"],
    ] as [Json, string, string][]) {
      const response = await person.call("registerExportTask", { dataset: "orders", ...request });
      const refusal = await isRefused(response, 422, "invalid_parameters");
      expect(refusal.registered).toBe(false);
      expect(refusal.problems, JSON.stringify(request)).toHaveLength(1);
      expect(refusal.problems[0]).toMatchObject({ field, code });
      expect(refusal.problems[0].message.length).toBeGreaterThan(10);
    }
    const all = { columns: ["x"], filters: [{ column: "y", op: "eq", value: 1 }], sort: [{ column: "z" }], format: "pdf" };
    const refusal = await isRefused(await person.call("registerExportTask", { dataset: "orders", ...all }), 422, "invalid_parameters");
    expect(refusal.problems.map((problem: Json) => problem.field)).toEqual([
      "columns[0]",
      "filters[0].column",
      "sort[0].column",
      "format",
    ]);
    expect(await person.tasks()).toEqual([]);
    expect(await person.ask("getTaskStatus", { dataset: "orders" })).toEqual(NONE);
  });

  test("values that look like SQL are values", async () => {
    for (const value of ["x' OR '1'='1", "'; DROP TABLE orders; --", '" OR ""="', "%", "\\"]) {
      const filters = [{ column: "customer_name", op: "eq", value }];
      const task = await person.register({ ...CSV, filters });
      expect((await person.finished(task)).task.file.row_count, value).toBe(0);
    }
    expect((await person.ask("listRows", { dataset: "orders" })).total_row_count).toBe(10_000);
  });

  test("what is no request of the calls is refused", async () => {
    for (const body of ["", "{", "null", "[]", '"orders"', "{}", '{"dataset": 5}', '{"dataset": "orders", "columns": "all"}']) {
      await isRefused(await person.call("registerExportTask", body), 400, "bad_request");
    }
    for (const body of ["{", '{"task": 5}', '{"dataset": "orders", "kind": "theft"}']) {
      for (const call of ["getTaskStatus", "clearTaskInfo", "cancelTask"]) {
        await isRefused(await person.call(call, body), 400, "bad_request");
      }
    }
    await isRefused(await person.call("registerExportTask", Buffer.from([0xff, 0xfe, 0x00]).toString("latin1")), 400, "bad_request");
    for (const dataset of ["nothing", "", "../orders", "orders\u0000", "订单", "x".repeat(10_000)]) {
      for (const call of ["registerExportTask", "getTaskStatus", "clearTaskInfo", "listRows"]) {
        await isRefused(await person.call(call, { dataset }), 404, "unknown_dataset");
      }
    }
    for (const task of ["0".repeat(32), "", "../../etc/passwd", "a:b:{c}", "x".repeat(10_000)]) {
      for (const call of ["getTaskStatus", "clearTaskInfo", "cancelTask"]) {
        await isRefused(await person.call(call, { task }), 404, "unknown_task");
      }
    }
    for (const path of ["/files/0", "/files/..%2F..%2Fsession.key", "/files/%00"]) {
      await isRefused(await person.get(path), 404, "unknown_task");
    }
    await isRefused(await person.call("sellEverything"), 404, "unknown_call");
    await isRefused(await person.get("/api/getTaskStatus"), 405, "unknown_call");
    expect(await person.tasks()).toEqual([]);
  });

  test("another person's task is one that does not exist", async () => {
    const task = await person.register(CSV);
    await person.finished(task);
    const stranger = await Person.at(server.url);
    expect(await stranger.ask("getTaskStatus", { dataset: "orders" })).toEqual(NONE);
    for (const call of ["getTaskStatus", "clearTaskInfo", "cancelTask"]) {
      await isRefused(await stranger.call(call, { task }), 404, "unknown_task");
    }
    await isRefused(await stranger.get(`/files/${task}`), 404, "unknown_task");
    expect(await stranger.tasks()).toEqual([]);
    expect(await person.status(task)).toMatchObject({ status: 2, state: true });
  });

  test("a session cookie that was tampered with is refused on calls and replaced on pages", async () => {
    await person.register(CSV);
    const [cookie] = (await person.http.storageState()).cookies.filter(({ name }) => name === "longshore_session");
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax" });
    const last = cookie.value.at(-1) === "0" ? "1" : "0";
    for (const value of [cookie.value.slice(0, -1) + last, "admin", cookie.value.slice(44)]) {
      const forger = await Person.at(server.url, { cookie: `longshore_session=${value}` });
      for (const call of ["registerExportTask", "getTaskStatus", "clearTaskInfo", "listTasks"]) {
        await isRefused(await forger.call(call, CSV), 401, "session_invalid");
      }
      await isRefused(await forger.get("/files/0"), 401, "session_invalid");
      const page = await forger.get("/");
      expect(page.status()).toBe(200);
      expect(page.headers()["set-cookie"]).toContain("longshore_session=");
    }
  });

  test("refusals speak the language of the request", async () => {
    const reader = await Person.at(server.url, { "accept-language": "zh-CN,zh;q=0.9" });
    const response = await reader.call("registerExportTask", { dataset: "orders", format: "pdf" });
    const refusal = await isRefused(response, 422, "invalid_parameters");
    expect(refusal.message).toMatch(/[\u4e00-\u9fff]/);
    expect(refusal.problems[0].message).toMatch(/[\u4e00-\u9fff]/);
  });

  test("a file can be fetched whole, in parts, and only looked at", async () => {
    const task = await person.register({ ...CSV, file_name: "八月 订单 (终)", columns: ["order_no", "total"] });
    const { url, task: view } = await person.finished(task);
    const size = view.file.size_bytes;
    const whole = await person.get(url);
    const bytes = await whole.body();
    expect(bytes.length).toBe(size);
    const headers = whole.headers();
    expect(headers).toMatchObject({
      "content-type": "text/csv; charset=utf-8",
      "content-length": String(size),
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
    });
    expect(headers["cache-control"]).toContain("private");
    const name = encodeURIComponent("八月 订单 (终).csv").replace(/\(/g, "%28").replace(/\)/g, "%29");
    expect(headers["content-disposition"]).toMatch(/^attachment; filename="[\x20-\x7e]+"; /);
    expect(headers["content-disposition"]).toContain(`filename*=UTF-8''${name}`);

    for (const [range, from, to] of [
      ["bytes=0-9", 0, 10],
      [`bytes=${size - 5}-`, size - 5, size],
      ["bytes=-7", size - 7, size],
      [`bytes=10-${size * 2}`, 10, size],
    ] as [string, number, number][]) {
      const part = await person.get(url, { range });
      expect(part.status(), range).toBe(206);
      expect(part.headers()["content-range"]).toBe(`bytes ${from}-${to - 1}/${size}`);
      expect((await part.body()).equals(bytes.subarray(from, to)), range).toBe(true);
    }
    const resumed = await person.get(url, { range: "bytes=0-9", "if-range": headers.etag });
    expect(resumed.status()).toBe(206);
    const changed = await person.get(url, { range: "bytes=0-9", "if-range": '"another"' });
    expect(changed.status()).toBe(200);
    const outside = await person.get(url, { range: `bytes=${size}-` });
    expect(outside.status()).toBe(416);
    expect(outside.headers()["content-range"]).toBe(`bytes */${size}`);

    const head = await person.http.head(server.url + url);
    expect(head.status()).toBe(200);
    expect(head.headers()["content-length"]).toBe(String(size));
    expect(await head.body()).toHaveLength(0);
  });
});

test("while a task runs, a second request gets the running one", async ({ serve, slowShop }) => {
  const person = await Person.at((await serve({ config: slowShop.config })).url);
  const task = await person.register({ dataset: "orders" });
  await person.reaches(task, "running");
  const again = await person.ask("registerExportTask", { ...CSV, idempotency_key: "another click" });
  expect(again).toMatchObject({ registered: false, task: { status: 1, state: false, url: null, task: { id: task } } });
  expect(await person.ask("getTaskStatus", { dataset: "orders" })).toMatchObject({ status: 1, task: { id: task } });
  expect(await person.ask("clearTaskInfo", { task }), "what runs can't be cleared").toEqual({ cleared: false });
  await isRefused(await person.get(`/files/${task}`), 409, "task_not_finished");
  expect(await person.tasks()).toHaveLength(1);
  // Another dataset is another matter.
  await person.finished(await person.register({ dataset: "customers" }));
});

test("of many requests at the same moment one is registered", async ({ serve, slowShop }) => {
  const person = await Person.at((await serve({ config: slowShop.config })).url);
  // The first call gives the session that all of them share.
  await person.tasks();
  const answers = await Promise.all(Array.from({ length: 20 }, () => person.ask("registerExportTask", CSV)));
  expect(answers.filter((answer) => answer.registered)).toHaveLength(1);
  expect(new Set(answers.map((answer) => answer.task.task.id)).size).toBe(1);
  expect(await person.tasks()).toHaveLength(1);
});

test("a task that fails says why and frees its place", async ({ serve, shop }) => {
  python("shop.py", ["spoil", shop.database]);
  const server = await serve({ config: shop.config });
  const person = await Person.at(server.url);
  const task = await person.register(CSV);
  await person.reaches(task, "failed");
  const status = await person.status(task);
  expect(status).toMatchObject({ status: 2, state: false, url: null });
  expect(status.task.failure).toMatchObject({ code: "bad_value", detail: "quantity" });
  expect(status.message).toContain(status.task.failure.reference);
  expect(server.log, "the reference finds the cause in the log").toContain(status.task.failure.reference);
  await isRefused(await person.get(`/files/${task}`), 409, "task_not_finished");
  expect(server.files()).toEqual([]);
  const again = await person.register({ ...CSV, filters: [{ column: "status", op: "eq", value: "paid" }], columns: ["order_no"] });
  await person.finished(again);
});

test("a finished file is kept as long as configured, then it goes", async ({ serve }) => {
  const server = await serve({ settings: { TASKS__RETENTION: "2s", WORKER__REAP_INTERVAL: "200ms" } });
  const person = await Person.at(server.url);
  const task = await person.register(CSV);
  const { url } = await person.finished(task);
  expect(server.files()).toHaveLength(1);
  await person.ask("clearTaskInfo", { task });
  await expect.poll(() => server.files(), { timeout: 20_000 }).toEqual([]);
  await isRefused(await person.get(url), 410, "file_expired");
});
