import fs from "node:fs";
import path from "node:path";

import { postgresUrl, python } from "./programs";

/** Rows of the file, and of these the first that the table has already. */
export const ROWS = 100_000;
const THERE = 20_000;
/** In every so manieth row of the file the quantity can't be read, and in those halfway between them the day. */
const EVERY = 100;

/** What a check finds, as the wizard shows it. Of the rows that are there, those of odd numbers differ from the file in their note. */
export const COUNTS = {
  create: (ROWS - THERE) - (2 * (ROWS - THERE)) / EVERY,
  update: THERE / 2,
  unchanged: THERE / 2 - (2 * THERE) / EVERY,
  error: (2 * ROWS) / EVERY,
};

const COLUMNS = "id bigint PRIMARY KEY, no text NOT NULL, customer text, quantity integer NOT NULL, total numeric(14,2), day date NOT NULL, note text";

/** The row of number n in SQL, with that note. */
const values = (note: string) =>
  `n, 'SO' || lpad(n::text, 9, '0'), '客户 ' || n % 1000, 1 + n % 97, (n % 100000)::numeric / 100, date '2026-01-01' + (n % 300)::int, ${note}`;

/** The same row as a line of the file, with its error where it has one. */
function line(n: number): string {
  const day = new Date(Date.UTC(2026, 0, 1 + (n % 300))).toISOString().slice(0, 10);
  const quantity = n % EVERY === 0 ? "many" : String(1 + (n % 97));
  return `${n},SO${String(n).padStart(9, "0")},客户 ${n % 1000},${quantity},${((n % 100_000) / 100).toFixed(2)},${n % EVERY === EVERY / 2 ? "soon" : day},note ${n}`;
}

const TYPES = [
  ["id", "integer"],
  ["no", "text"],
  ["customer", "text"],
  ["quantity", "integer"],
  ["total", "decimal"],
  ["day", "date"],
  ["note", "text"],
];

/** A PostgreSQL database whose table `orders` a file is imported into. */
export class ImportPostgres {
  private constructor(
    private readonly url: string,
    private readonly name: string,
    readonly config: string,
  ) {}

  static make(folder: string): ImportPostgres {
    const name = `longshore_import_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const url = python("postgres.py", ["make", postgresUrl(), name]);
    fs.mkdirSync(folder, { recursive: true });
    const config = path.join(folder, "longshore.toml");
    const columns = TYPES.map(([column, type]) => `  { name = "${column}", type = "${type}"${type === "decimal" ? ", scale = 2" : ""} },`);
    fs.writeFileSync(
      config,
      `[database.shop]\nurl = "${url}"\n[dataset.orders]\ndatabase = "shop"\ntable = "orders"\nkey = ["id"]\n` +
        `label = { en = "Orders", zh = "订单" }\nimport = { modes = ["upsert"] }\ncolumn = [\n${columns.join("\n")}\n]\n`,
    );
    const shop = new ImportPostgres(url, name, config);
    const series = (rows: number) => `FROM generate_series(1::bigint, ${rows}) AS n`;
    const before = values("CASE WHEN n % 2 = 1 THEN 'old' ELSE 'note ' || n END");
    const right = `n % ${EVERY} NOT IN (0, ${EVERY / 2})`;
    shop.run(
      `CREATE TABLE orders (${COLUMNS}); INSERT INTO orders SELECT ${before} ${series(THERE)};` +
        // What is wanted comes from SQL alone, with no file on the way.
        `CREATE TABLE wanted (${COLUMNS}); INSERT INTO wanted SELECT ${before} ${series(THERE)} WHERE NOT ${right};` +
        `INSERT INTO wanted SELECT ${values("'note ' || n")} ${series(ROWS)} WHERE ${right}`,
    );
    return shop;
  }

  drop(): void {
    python("postgres.py", ["drop", postgresUrl(), this.name]);
  }

  run(sql: string): void {
    python("postgres.py", ["run", this.url], sql);
  }

  query(sql: string): (string | number)[][] {
    return JSON.parse(python("postgres.py", ["query", this.url], sql));
  }

  /** A digest of every row of a table. */
  digest(table = "orders"): string {
    return String(this.query(`SELECT md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM ${table} t`)[0][0]);
  }

  /** Transactions of an import that the ledger has, and how many different ones. */
  ledger(task: string, kind: "commit" | "undo"): (string | number)[] {
    if (this.query("SELECT to_regclass('longshore_ledger') IS NULL")[0][0]) return [0, 0];
    return this.query(`SELECT count(*), count(DISTINCT chunk) FROM longshore_ledger WHERE import = '${task}' AND kind = '${kind}'`)[0];
  }

  /** The file, with its errors. */
  static file(): Buffer {
    const lines = Array.from({ length: ROWS }, (_, index) => line(index + 1));
    return Buffer.from(["id,no,customer,quantity,total,day,note", ...lines, ""].join("\r\n"));
  }
}
