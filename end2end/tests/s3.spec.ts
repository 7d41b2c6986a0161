import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { request } from "@playwright/test";

import { Bucket } from "./support/bucket";
import { expect, MANY, test as base } from "./support/fixtures";
import { ListPage } from "./support/list-page";
import { columns, compare, orders } from "./support/orders";
import { Person } from "./support/person";
import * as programs from "./support/programs";
import { STUCK_AT_THE_END, UNSTUCK } from "./support/shop";

const test = base.extend<{ bucketUrl: string }>({
  // Below a prefix that no other test uses.
  bucketUrl: async ({}, use) => {
    const url = new URL(programs.bucketUrl());
    url.pathname = `/end2end/${randomUUID()}`;
    await use(url.href);
  },
});

/** What the server answers before any redirect is followed. */
async function first(person: Person, url: string, headers: Record<string, string> = {}) {
  return person.http.get(url, { headers, maxRedirects: 0 });
}

test("a page downloads what is in a bucket, under its name", async ({ serve, shops, bucketUrl, page }, testInfo) => {
  const server = await serve({ settings: { FILES_URL: bucketUrl } });
  const list = new ListPage(page, server.url);
  await list.open();
  const download = await list.exported();
  const person = new Person(page.request, server.url);
  const [newest] = await person.tasks();
  expect(download.suggestedFilename()).toBe(newest.file.name);
  // The browser has followed the redirect.
  expect(new URL(download.url()).host).toBe(new URL(new URL(bucketUrl).searchParams.get("endpoint") ?? "").host);
  const file = testInfo.outputPath("orders.xlsx");
  await download.saveAs(file);
  const what = { file, database: shops.small.database, select: orders(), columns: columns("en") };
  expect(compare(testInfo, what)).toBe(10_000);
  expect(fs.existsSync(path.join(server.options.dataDir, "files")), "nothing is in a folder").toBe(false);
});

test("a link is for the owner, for a minute, and for that file alone", async ({ serve, bucketUrl }) => {
  const server = await serve({ settings: { FILES_URL: bucketUrl } });
  const person = await Person.at(server.url);
  const task = await person.register({ dataset: "orders", format: "csv", file_name: "八月 订单" });
  const { url, task: view } = await person.finished(task);
  const redirect = await first(person, server.url + url);
  expect(redirect.status()).toBe(307);
  expect(redirect.headers()["cache-control"]).toBe("no-store");
  const link = redirect.headers().location;
  expect(new URL(link).searchParams.get("X-Amz-Expires")).toBe("60");

  // Whoever has the link needs no session.
  const anybody = await request.newContext();
  const file = await anybody.get(link);
  expect(file.status()).toBe(200);
  expect((await file.body()).length).toBe(view.file.size_bytes);
  expect(file.headers()).toMatchObject({ "content-type": "text/csv; charset=utf-8" });
  expect(file.headers()["content-disposition"]).toContain(`filename*=UTF-8''${encodeURIComponent("八月 订单.csv")}`);
  expect((await anybody.get(link.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"))).status()).toBe(403);
  expect((await anybody.get(link.split("?")[0])).ok()).toBe(false);
  await anybody.dispose();

  const stranger = await Person.at(server.url);
  expect((await first(stranger, server.url + url)).status()).toBe(404);
  const head = await person.http.head(server.url + url, { maxRedirects: 0 });
  expect(head.status()).toBe(200);
  expect(head.headers()["content-length"]).toBe(String(view.file.size_bytes));
  expect((await first(person, server.url + url, { "if-none-match": head.headers().etag })).status()).toBe(304);
  expect(server.log).not.toContain(process.env.AWS_SECRET_ACCESS_KEY);
  expect(server.log).not.toContain("X-Amz-Signature");
  expect(server.log, "nothing to warn of").not.toContain(" WARN ");
});

test("where browsers can not reach the bucket, the server streams", async ({ serve, bucketUrl }) => {
  const server = await serve({ settings: { FILES_URL: bucketUrl, FILES_PRESIGN: "false" } });
  const person = await Person.at(server.url);
  const { url, task: view } = await person.finished(await person.register({ dataset: "orders", format: "csv" }));
  const whole = await first(person, server.url + url);
  expect(whole.status()).toBe(200);
  const bytes = await whole.body();
  expect(bytes.length).toBe(view.file.size_bytes);
  const part = await first(person, server.url + url, { range: "bytes=100-199" });
  expect(part.status()).toBe(206);
  expect((await part.body()).equals(bytes.subarray(100, 200))).toBe(true);
  const unchanged = await first(person, server.url + url, { "if-none-match": whole.headers().etag });
  expect(unchanged.status()).toBe(304);
  expect(await unchanged.body()).toHaveLength(0);
});

test("a bucket that is not there keeps the server from starting, and the setting is named", async ({ serve, bucketUrl }) => {
  const url = bucketUrl.replace(/^s3:\/\/[^/]+/, "s3://no-such-bucket");
  await expect(serve({ settings: { FILES_URL: url } })).rejects.toThrow(/files_url.*no-such-bucket/);
});

test("cancelled in the middle an export leaves neither a file nor an upload in the bucket, and the next one is whole", async ({ serve, shops, folder, bucketUrl, page }, testInfo) => {
  // So many rows are several parts of an upload before the last ones.
  const shop = shops.large.copyTo(path.join(folder, "large-shop"));
  shop.run(STUCK_AT_THE_END);
  const server = await serve({ config: shop.config, settings: { FILES_URL: bucketUrl } });
  const bucket = new Bucket(bucketUrl);
  const list = new ListPage(page, server.url);
  await list.open();
  await list.choose("csv");
  await list.start();
  await expect(list.panel).toContainText(/ of 200,000 rows \(9\d%\)/, { timeout: 60_000 });
  await expect.poll(() => bucket.uploads(), { message: "it is in the middle of its upload", timeout: 30_000 }).toHaveLength(1);
  expect(await bucket.files(), "which is no file yet").toEqual([]);
  await list.cancel.click();
  await list.reaches("cancelled");
  await expect(list.panel).toContainText("Export cancelled. Nothing was kept.");
  await expect.poll(() => bucket.uploads()).toEqual([]);
  expect(await bucket.files()).toEqual([]);
  await list.isClickable();

  shop.run(UNSTUCK);
  const file = testInfo.outputPath("orders.csv");
  await (await list.exported()).saveAs(file);
  expect(compare(testInfo, { file, database: shop.database, select: orders(), columns: columns("en") })).toBe(MANY);
  expect(await bucket.uploads()).toEqual([]);
  expect(await bucket.files()).toHaveLength(1);
});
