import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { longshore, python } from "./programs";

/** The last rows of an export of orders, in the order of the list, take for ever to be read. */
export const STUCK_AT_THE_END = `
  ALTER TABLE orders RENAME TO orders_data;
  CREATE VIEW orders AS SELECT id, order_no, customer_id, customer_name, phone, product_name, quantity, total_cents, status, gift,
    order_date, created_at, shipped_at,
    CASE WHEN id > 50 THEN remark
    WHEN (WITH RECURSIVE step(n) AS (SELECT id UNION ALL SELECT n + 1 FROM step WHERE n < 1000000000)
          SELECT max(n) FROM step) IS NOT NULL THEN remark
    END AS remark
  FROM orders_data;`;

/** Takes that back. */
export const UNSTUCK = "DROP VIEW orders; ALTER TABLE orders_data RENAME TO orders";

/** A folder with a demo shop and the configuration that declares its datasets. */
export class Shop {
  constructor(readonly folder: string) {}

  static make(folder: string, orders: number): Shop {
    execFileSync(longshore(), ["demo", "--rows", String(orders), "--dir", folder], { stdio: "pipe" });
    return new Shop(folder);
  }

  get database(): string {
    return path.join(this.folder, "shop.db");
  }

  get config(): string {
    return path.join(this.folder, "longshore.toml");
  }

  /** Runs SQL in its database. */
  run(sql: string): void {
    python("shop.py", ["run", this.database], sql);
  }

  /** Takes the database's file away, as a share that is not mounted does. */
  goAway(): void {
    fs.renameSync(this.database, `${this.database}.away`);
  }

  comeBack(): void {
    fs.renameSync(`${this.database}.away`, this.database);
  }

  copyTo(folder: string): Shop {
    fs.cpSync(this.folder, folder, { recursive: true });
    return new Shop(folder);
  }
}

/** A shop whose exports of orders stand still in the middle while its gate is closed; see shop.py. */
export class SlowShop extends Shop {
  static of(shop: Shop): SlowShop {
    python("shop.py", ["slow", shop.database]);
    const slow = new SlowShop(shop.folder);
    slow.close();
    return slow;
  }

  close(): void {
    python("shop.py", ["close", this.database]);
  }

  /** For exports that start from now on; those that run keep the snapshot with the closed gate. */
  open(): void {
    python("shop.py", ["open", this.database]);
  }

  /** For exports that start from now on: they stand still until then, and go on by themselves. */
  openIn(seconds: number): void {
    python("shop.py", ["open-in", this.database, String(seconds)]);
  }
}
