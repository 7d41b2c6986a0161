import fs from "node:fs";
import path from "node:path";

import { postgresUrl, python, pythonUntil } from "./programs";

export type Row = (string | number | null)[];

/** The headers of the orders, and what an order of a number looks like in a file; see imports.py. */
export const HEADERS = ["Order no.", "Customer", "Quantity", "Total", "Status", "Order date", "Remark"];

export function order(number: number): Row {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `2026-${two(1 + (number % 12))}-${two(1 + (number % 28))}`;
  const status = ["Pending", "Paid", "Shipped"][number % 3];
  const no = `SO${String(number).padStart(9, "0")}`;
  return [no, `客户 ${number % 1000}`, 1 + (number % 97), (number % 100_000) / 100, status, day, `note ${number}`];
}

const config = (url: string) => `
  [database.shop]
  url = "${url}"
  [dataset.orders]
  database = "shop"
  table = "orders"
  key = ["order_no"]
  label = { en = "Orders", zh = "订单" }
  import = { modes = ["upsert", "insert", "update"] }
  [[dataset.orders.column]]
  name = "order_no"
  type = "text"
  label = { en = "Order no.", zh = "订单号" }
  import = { aliases = ["No."], pattern = "SO\\\\d{9}", form = "SO000000001", example = "SO000000001" }
  [[dataset.orders.column]]
  name = "customer"
  type = "text"
  label = { en = "Customer", zh = "客户" }
  import = { required = true, max_length = 40, example = "张伟" }
  [[dataset.orders.column]]
  name = "quantity"
  type = "integer"
  label = { en = "Quantity", zh = "数量" }
  import = { required = true, min = "1", max = "1000" }
  [[dataset.orders.column]]
  name = "total"
  source = "total_cents"
  type = "decimal"
  scale = 2
  stored_as = "scaled_integer"
  label = { en = "Total", zh = "金额" }
  [[dataset.orders.column]]
  name = "status"
  type = "text"
  label = { en = "Status", zh = "状态" }
  import = { required = true }
  values = [
    { value = "pending", en = "Pending", zh = "待付款" },
    { value = "paid", en = "Paid", zh = "已付款" },
    { value = "shipped", en = "Shipped", zh = "已发货" },
  ]
  [[dataset.orders.column]]
  name = "ordered_on"
  type = "date"
  label = { en = "Order date", zh = "下单日期" }
  import = { required = true }
  [[dataset.orders.column]]
  name = "remark"
  type = "text"
  label = { en = "Remark", zh = "备注" }
`;

/** A folder with a table of orders that files can be imported into. */
export class ImportShop {
  private constructor(
    readonly folder: string,
    /** A file of SQLite, or the URL of a PostgreSQL database. */
    readonly database: string,
  ) {}

  static make(folder: string, rows: number): ImportShop {
    return ImportShop.fill(new ImportShop(folder, path.join(folder, "shop.db")), "sqlite:shop.db", rows);
  }

  /** The same in a PostgreSQL database of its own, which `drop` takes away. */
  static inPostgres(folder: string, rows: number): ImportShop {
    const name = `longshore_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const url = python("postgres.py", ["make", postgresUrl(), name]);
    return ImportShop.fill(new ImportShop(folder, url), url, rows);
  }

  private static fill(shop: ImportShop, url: string, rows: number): ImportShop {
    fs.mkdirSync(shop.folder, { recursive: true });
    python("imports.py", ["shop", shop.database, String(rows)]);
    fs.writeFileSync(shop.config, config(url));
    return shop;
  }

  /** Takes the PostgreSQL database away. */
  drop(): void {
    python("postgres.py", ["drop", postgresUrl(), new URL(this.database).pathname.slice(1)]);
  }

  /**
   * Has whoever reads or writes the PostgreSQL table wait, as long as nobody calls what it gives: so checks and imports stand still for as
   * long as a test needs.
   */
  async hold(who: "readers" | "writers"): Promise<() => Promise<void>> {
    return pythonUntil("postgres.py", ["hold", this.database, "orders", who === "readers" ? "ACCESS EXCLUSIVE" : "SHARE"]);
  }

  get config(): string {
    return path.join(this.folder, "longshore.toml");
  }

  /** A digest of all rows. */
  digest(): string {
    return python("imports.py", ["digest", this.database]);
  }

  /** The digest that a table of the orders 1 to `rows` has. */
  static digestOf(rows: number): string {
    return python("imports.py", ["expected", String(rows)]);
  }

  query(sql: string): Row[] {
    return JSON.parse(python("imports.py", ["query", this.database], sql));
  }

  run(sql: string): void {
    python("imports.py", ["run", this.database], sql);
  }

  /** A file in the shop's folder. */
  file(name: string): string {
    return path.join(this.folder, name);
  }

  workbook(name: string, rows: Row[]): string {
    python("imports.py", ["workbook", this.file(name)], JSON.stringify(rows));
    return this.file(name);
  }

  /** The same as an OpenDocument spreadsheet. */
  document(name: string, rows: Row[]): string {
    python("imports.py", ["document", this.file(name)], JSON.stringify(rows));
    return this.file(name);
  }

  text(name: string, encoding: string, delimiter: string, rows: Row[]): string {
    python("imports.py", ["text", this.file(name), encoding, delimiter], JSON.stringify(rows));
    return this.file(name);
  }
}

/** The cells of a workbook. */
export function rowsOf(file: string): Row[] {
  return JSON.parse(python("imports.py", ["rows", file]));
}
