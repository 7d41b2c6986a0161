import path from "node:path";

import { expect, test as base } from "./support/fixtures";
import { Gate } from "./support/gate";
import { ImportMariadb } from "./support/import-mariadb";
import { COUNTS, ordersFile, ROWS } from "./support/import-orders";
import { ImportPostgres } from "./support/import-postgres";
import { type Json, Person } from "./support/person";

/** Rows are checked and written together by so many. */
const CHUNKS = ROWS / 20_000;
/** How long the server is away: some tries are made in vain. */
const AWAY_MS = 3_000;
const ENDS_WITHIN_MS = 120_000;

const KINDS = [
  { name: "PostgreSQL", make: ImportPostgres.make },
  { name: "MariaDB", make: ImportMariadb.make },
];

for (const { name, make } of KINDS) {
  const test = base.extend<{ way: { gate: Gate; shop: ImportPostgres | ImportMariadb } }>({
    way: async ({ folder }, use) => {
      let gate: Gate | undefined;
      const shop = await make(path.join(folder, "database"), async (url) => (gate = await Gate.before(url)).url);
      if (!gate) throw new Error("the database is reached by no gate");
      await use({ gate, shop });
      gate.shut();
      shop.drop();
    },
  });

  test(`${name} is away in the middle of a check, an import and its undoing: each goes on, and the result is exact`, async ({ way: { gate, shop }, serve }) => {
    test.setTimeout(6 * ENDS_WITHIN_MS);
    const server = await serve({ config: shop.config });
    const person = await Person.at(server.url);
    const [before, wanted] = [shop.digest(), shop.digest("wanted")];
    expect(before).not.toBe(wanted);

    /** Registers a task, shuts the gate once so many bytes have gone to the database, opens it again, and waits for the end. */
    const goesOn = async (call: string, body: Json, bytes: number): Promise<Json> => {
      const shut = gate.shutAfter(bytes);
      const id: string = (await person.ask(call, body)).task.task.id;
      await shut;
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      expect(["queued", "running"], "it waits for its database").toContain(await person.phase(id));
      await gate.open();
      await expect.poll(() => person.phase(id), { timeout: ENDS_WITHIN_MS, intervals: [100] }).toBe("succeeded");
      return { id, ...(await person.status(id)).task };
    };

    const uploaded = await person.upload("orders", "orders.csv", ordersFile());
    expect(uploaded.status(), await uploaded.text()).toBe(200);
    const draft = await uploaded.json();
    const checked = await goesOn("registerImportCheck", { dataset: "orders", draft: draft.id }, 300_000);
    expect(checked.counts).toEqual(COUNTS);
    expect(shop.digest(), "a check writes nothing").toBe(before);

    const { plan } = await person.ask("getImportDraft", { dataset: "orders" });
    const order = { dataset: "orders", draft: draft.id, plan: plan.task, way: "valid_rows" };
    const imported = await goesOn("registerImportTask", order, 2_500_000);
    const { import: report } = await person.ask("getTaskDetails", { task: imported.id });
    expect([report.planned, report.done, report.stopped]).toEqual([COUNTS, COUNTS, null]);
    expect(shop.digest(), "the table is as wanted").toBe(wanted);
    expect(shop.ledger(imported.id, "commit"), "the ledger has every transaction once").toEqual([CHUNKS, CHUNKS]);

    const undone = await goesOn("registerImportUndo", { task: imported.id }, 300_000);
    const { undo } = await person.ask("getTaskDetails", { task: undone.id });
    expect([undo.removed_row_count, undo.restored_row_count, undo.kept_row_count]).toEqual([COUNTS.create, COUNTS.update, 0]);
    expect(shop.digest(), "the table is as it was").toBe(before);
    expect(shop.ledger(imported.id, "undo")).toEqual([CHUNKS, CHUNKS]);
  });
}
