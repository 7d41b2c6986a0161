import { COLUMNS, declareOrders, IS_RIGHT, ROWS, THERE } from "./import-orders";
import { postgresUrl, python } from "./programs";

/** The row of number n in SQL, with that note. */
const values = (note: string) =>
  `n, 'SO' || lpad(n::text, 9, '0'), '客户 ' || n % 1000, 1 + n % 97, (n % 100000)::numeric / 100, date '2026-01-01' + (n % 300)::int, ${note}`;

/** A PostgreSQL database whose table `orders` a file is imported into. */
export class ImportPostgres {
  private constructor(
    private readonly url: string,
    private readonly name: string,
    readonly config: string,
  ) {}

  /** Makes it, with a configuration that reaches it by way of `through`. */
  static async make(folder: string, through: (url: string) => Promise<string> = async (url) => url): Promise<ImportPostgres> {
    const name = `longshore_import_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const url = python("postgres.py", ["make", postgresUrl(), name]);
    const shop = new ImportPostgres(url, name, declareOrders(folder, await through(url)));
    const series = (rows: number) => `FROM generate_series(1::bigint, ${rows}) AS n`;
    const before = values("CASE WHEN n % 2 = 1 THEN 'old' ELSE 'note ' || n END");
    shop.run(
      `CREATE TABLE orders (${COLUMNS}); INSERT INTO orders SELECT ${before} ${series(THERE)};` +
        // What is wanted comes from SQL alone, with no file on the way.
        `CREATE TABLE wanted (${COLUMNS}); INSERT INTO wanted SELECT ${before} ${series(THERE)} WHERE NOT (${IS_RIGHT});` +
        `INSERT INTO wanted SELECT ${values("'note ' || n")} ${series(ROWS)} WHERE ${IS_RIGHT}`,
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
}
