import fs from "node:fs";
import path from "node:path";

import { postgresUrl, python } from "./programs";

/** Columns of every type that people have, and an expression for each from a row's number. */
const COLUMNS: [name: string, sql: string, value: string, declared: string][] = [
  ["id", "bigint PRIMARY KEY", "n", "integer"],
  ["order_no", "varchar(20) NOT NULL", "'SO' || lpad(n::text, 12, '0')", "text"],
  ["customer", "text", "CASE WHEN n % 50 <> 0 THEN (ARRAY['张伟','王芳','Ann O''Neil','=cmd()','Łukasz & Co <x>'])[(1 + n % 5)::int] || n % 1000 END", "text"],
  ["quantity", "integer", "NULLIF(n % 97, 0)", "integer"],
  ["total", "numeric(14,2)", "((n * 7919) % 100000000)::numeric / 100 - 1000", 'decimal", scale = 2, x = "'],
  ["weight", "double precision", "sqrt(n::float8)", "float"],
  ["gift", "boolean", "CASE WHEN n % 3 > 0 THEN n % 7 = 0 END", "boolean"],
  ["ordered_on", "date", "date '1890-01-01' + (n % 60000)::int", "date"],
  ["picked_at", "time", "time '00:00' + (n % 86400) * interval '1 second'", "time"],
  ["created_at", "timestamp", "timestamp '2001-01-01' + n * interval '37.125 seconds'", "timestamp"],
  ["paid_at", "timestamptz", "CASE WHEN n % 4 > 0 THEN timestamptz '2024-01-01Z' + n * interval '61 seconds' END", "timestamp_tz"],
  ["ref", "uuid", "md5(n::text)::uuid", "text"],
  ["extra", "jsonb", `CASE WHEN n % 11 = 0 THEN jsonb_build_object('n', n, '中', 'x "y"') END`, "text"],
  ["tags", "text[]", "CASE WHEN n % 5 = 0 THEN ARRAY['a', 'b c', NULL] END", "text"],
];

/** A database with one table `orders` of every type, and the configuration that declares it. */
export class PostgresShop {
  private constructor(
    readonly url: string,
    readonly name: string,
    readonly config: string,
  ) {}

  static make(folder: string, rows: number): PostgresShop {
    const name = `longshore_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const url = python("postgres.py", ["make", postgresUrl(), name]);
    const columns = COLUMNS.map(([column, sql]) => `${column} ${sql}`).join(", ");
    const values = COLUMNS.map(([, , value]) => value).join(", ");
    python("postgres.py", ["run", url], `CREATE TABLE orders (${columns}); INSERT INTO orders SELECT ${values} FROM generate_series(1::bigint, ${rows}) AS n; ANALYZE orders`);
    fs.mkdirSync(folder, { recursive: true });
    const config = path.join(folder, "longshore.toml");
    const declared = COLUMNS.map(([column, , , type]) => `  { name = "${column}", type = "${type}" },`.replace(', x = ""', ""));
    fs.writeFileSync(
      config,
      `[database.shop]\nurl = "${url}"\n[dataset.orders]\ndatabase = "shop"\ntable = "orders"\nkey = ["id"]\nsort = ["-created_at"]\n` +
        `label = { en = "Orders", zh = "订单" }\ncolumn = [\n${declared.join("\n")}\n]\n`,
    );
    return new PostgresShop(url, name, config);
  }

  drop(): void {
    python("postgres.py", ["drop", postgresUrl(), this.name]);
  }

  run(sql: string): void {
    python("postgres.py", ["run", this.url], sql);
  }

  /** Compares every cell of a file with the table; gives the number of rows. */
  compare(file: string, { where = "true", order = "created_at DESC, id", zone = "UTC" } = {}): number {
    const shown: Record<string, string> = {
      paid_at: `paid_at AT TIME ZONE '${zone}'`,
      ref: "ref::text",
      extra: "extra::text",
      tags: "tags::text",
    };
    const columns = COLUMNS.map(([column]) => shown[column] ?? column).join(", ");
    return Number(python("postgres.py", ["compare", this.url, file], `SELECT ${columns} FROM orders WHERE ${where} ORDER BY ${order}`));
  }
}
