import path from "node:path";

import { test as base, expect } from "./support/fixtures";
import { Chance } from "./support/chance";
import { COUNTS, ordersFile, ROWS } from "./support/import-orders";
import { ImportPostgres } from "./support/import-postgres";
import { Pair } from "./support/pair";
import type { Json } from "./support/person";
import * as programs from "./support/programs";
import { Redis } from "./support/redis";

/** How often it all happens; IMPORT_KILL_ROUNDS says otherwise, and IMPORT_KILL_SEED repeats what a run has printed. */
const ROUNDS = Number(process.env.IMPORT_KILL_ROUNDS || 2);
const SEED = Number(process.env.IMPORT_KILL_SEED || Math.floor(Math.random() * 2 ** 31));
/** A database of these tests alone: other tests may use the first ones of the same server. */
const DATABASE = "6";
/** Rows are checked and written together by so many. */
const CHUNKS = ROWS / 20_000;
const SETTINGS = {
  SESSION_SECRET: "an end-to-end secret of thirty-two characters and more",
  WORKER__LEASE: "3s",
  WORKER__BEAT: "300ms",
  WORKER__REAP_INTERVAL: "100ms",
  WORKER__RETRY_PAUSE: "100ms",
};

const test = base.extend<{ postgres: ImportPostgres; pair: Pair }>({
  postgres: async ({ folder }, use) => {
    const shop = await ImportPostgres.make(path.join(folder, "postgres"));
    await use(shop);
    shop.drop();
  },
  pair: async ({ folder, postgres, serve, restart }, use) => {
    const url = new URL(programs.redisUrl());
    url.pathname = `/${DATABASE}`;
    const redis = await Redis.connect(url.href);
    await redis.clear();
    const shared = { config: postgres.config, redisUrl: url.href, dataDir: path.join(folder, "shared"), settings: SETTINGS };
    const chance = new Chance(SEED);
    console.log(`IMPORT_KILL_SEED=${SEED} IMPORT_KILL_ROUNDS=${ROUNDS}`);
    await use(await Pair.of([await serve(shared), await serve(shared)], restart, chance));
    redis.close();
  },
});

async function upload(pair: Pair): Promise<Json> {
  const { person } = pair;
  const response = await person.upload("orders", "orders.csv", ordersFile());
  expect(response.status(), await response.text()).toBe(200);
  return response.json();
}

async function register(pair: Pair, call: string, body: Json): Promise<string> {
  return (await pair.person.ask(call, body)).task.task.id;
}

async function check(pair: Pair, draft: string): Promise<string> {
  return register(pair, "registerImportCheck", { dataset: "orders", draft });
}

async function planOf(pair: Pair): Promise<Json> {
  const draft = await pair.person.ask("getImportDraft", { dataset: "orders" });
  return { dataset: "orders", draft: draft.id, plan: draft.plan.task, way: "valid_rows" };
}

test("workers killed at random in every phase change nothing in the result", async ({ pair, postgres, servers }) => {
  // A task that has lost its worker three times is given up, so no task meets more than two of the moments.
  test.setTimeout(60_000 + ROUNDS * 180_000);
  const [before, wanted] = [postgres.digest(), postgres.digest("wanted")];
  expect(before).not.toBe(wanted);
  for (let round = 0; round < ROUNDS; round += 1) {
    const sent = upload(pair).catch(() => undefined);
    await pair.kill();
    await sent;
    const draft = await upload(pair);
    expect(draft.problems).toEqual([]);

    const checking = await check(pair, draft.id);
    const some = () => 1 + pair.chance.below(CHUNKS);
    const moments = [
      () => pair.made(checking, "staged") >= 1,
      () => pair.made(checking, "checked") >= 1,
      () => pair.made(checking, "checked") >= CHUNKS,
    ];
    moments.splice((round + SEED) % moments.length, 1);
    for (const hasCome of moments) await pair.killAfter(checking, hasCome);
    const checked = await pair.ends(checking);
    expect(checked.counts).toEqual(COUNTS);
    expect(checked.file.row_count).toBe(COUNTS.error);
    expect(postgres.digest(), "a check writes nothing").toBe(before);

    const importing = await register(pair, "registerImportTask", await planOf(pair));
    const parts = some();
    await pair.killAfter(importing, () => pair.made(importing, "kept") >= parts);
    const written = some();
    await pair.killAfter(importing, () => Number(postgres.ledger(importing, "commit")[0]) >= written);
    const imported = await pair.ends(importing);
    expect(imported.counts).toEqual(COUNTS);
    const { import: report } = await pair.person.ask("getTaskDetails", { task: importing });
    expect([report.planned, report.done, report.stopped]).toEqual([COUNTS, COUNTS, null]);
    expect(postgres.digest(), "the table is as wanted").toBe(wanted);
    expect(postgres.ledger(importing, "commit"), "the ledger has every transaction once").toEqual([CHUNKS, CHUNKS]);

    const undoing = await register(pair, "registerImportUndo", { task: importing });
    await pair.killAfter(undoing, () => true);
    const back = some();
    await pair.killAfter(undoing, () => Number(postgres.ledger(importing, "undo")[0]) >= back);
    await pair.ends(undoing);
    const { undo } = await pair.person.ask("getTaskDetails", { task: undoing });
    expect([undo.removed_row_count, undo.restored_row_count, undo.kept_row_count]).toEqual([COUNTS.create, COUNTS.update, 0]);
    expect(postgres.digest(), "the table is as it was").toBe(before);
    expect(postgres.ledger(importing, "undo")).toEqual([CHUNKS, CHUNKS]);
  }
  const lost = servers.map((server) => [...server.log.matchAll(/lease lost/g)].length).reduce((sum, count) => sum + count, 0);
  console.log(`${lost} runs lost their worker`);
  expect(lost, "the kills have hit work").toBeGreaterThan(0);
});

test("an import that is cancelled while its workers are killed says exactly which rows are in", async ({ pair, postgres }) => {
  const before = postgres.digest();
  const draft = await upload(pair);
  await pair.ends(await check(pair, draft.id));
  const importing = await register(pair, "registerImportTask", await planOf(pair));
  const parts = 1 + pair.chance.below(2);
  await expect.poll(() => pair.made(importing, "kept"), { timeout: 60_000, intervals: [5] }).toBeGreaterThanOrEqual(parts);
  await pair.person.ask("cancelTask", { task: importing });
  await pair.kill();
  const { phase } = (await pair.person.status(importing)).task;
  if (phase !== "succeeded") await pair.ends(importing, "cancelled");
  const { import: report } = await pair.person.ask("getTaskDetails", { task: importing });
  const ranges: [number, number][] = report.stopped ? report.stopped.committed : [[2, ROWS + 1]];
  // A row of the file is the order of the number before it.
  const isIn = ranges.map(([first, last]) => `id BETWEEN ${first - 1} AND ${last - 1}`).join(" OR ") || "false";
  const differing = postgres.query(
    `SELECT count(*) FROM wanted w FULL JOIN orders o USING (id) WHERE (${isIn}) AND to_jsonb(w) IS DISTINCT FROM to_jsonb(o)`,
  );
  expect(differing, "what is told to be in is in").toEqual([[0]]);
  const created = postgres.query(`SELECT count(*), count(*) FILTER (WHERE ${isIn}) FROM orders WHERE id > 20000`)[0];
  expect(created, "and nothing else").toEqual([report.done.create, report.done.create]);
  if (report.done.create + report.done.update > 0) {
    await pair.ends(await register(pair, "registerImportUndo", { task: importing }));
  }
  expect(postgres.digest()).toBe(before);
});
