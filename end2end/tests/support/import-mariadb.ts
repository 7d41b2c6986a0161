import { COLUMNS, declareOrders, IS_RIGHT, ROWS, THERE } from "./import-orders";
import { mariadbUrl, python } from "./programs";

/** The row of number n in SQL, with that note. */
const values = (note: string) =>
  `n, CONCAT('SO', LPAD(n, 9, '0')), CONCAT('客户 ', n % 1000), 1 + n % 97, (n % 100000) / 100, DATE '2026-01-01' + INTERVAL n % 300 DAY, ${note}`;

/** A MariaDB database whose table `orders` a file is imported into. */
export class ImportMariadb {
  private constructor(
    private readonly url: string,
    private readonly name: string,
    readonly config: string,
  ) {}

  /** Makes it, with a configuration that reaches it by way of `through`. */
  static async make(folder: string, through: (url: string) => Promise<string>): Promise<ImportMariadb> {
    const name = `longshore_import_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const url = python("mariadb.py", ["make", mariadbUrl(), name]);
    const shop = new ImportMariadb(url, name, declareOrders(folder, await through(url)));
    const series = (rows: number) => `FROM (SELECT CAST(seq AS SIGNED) AS n FROM seq_1_to_${rows}) AS numbers`;
    const before = values("IF(n % 2 = 1, 'old', CONCAT('note ', n))");
    const statements = [
      `CREATE TABLE orders (${COLUMNS})`,
      `INSERT INTO orders SELECT ${before} ${series(THERE)}`,
      // What is wanted comes from SQL alone, with no file on the way.
      `CREATE TABLE wanted (${COLUMNS})`,
      `INSERT INTO wanted SELECT ${before} ${series(THERE)} WHERE NOT (${IS_RIGHT})`,
      `INSERT INTO wanted SELECT ${values("CONCAT('note ', n)")} ${series(ROWS)} WHERE ${IS_RIGHT}`,
    ];
    python("mariadb.py", ["run", url], statements.join("\n\n"));
    return shop;
  }

  drop(): void {
    python("mariadb.py", ["drop", mariadbUrl(), this.name]);
  }

  private query(sql: string): (string | number)[][] {
    return JSON.parse(python("mariadb.py", ["query", this.url], sql));
  }

  /** A digest of every row of a table. */
  digest(table = "orders"): string {
    const row = "SHA2(CONCAT_WS('|', id, no, customer, quantity, total, day, note), 256)";
    return JSON.stringify(this.query(`SELECT COUNT(*), BIT_XOR(CONV(LEFT(${row}, 15), 16, 10)), SUM(CRC32(${row})) FROM ${table}`)[0]);
  }

  /** Transactions of an import that the ledger has, and how many different ones. */
  ledger(task: string, kind: "commit" | "undo"): (string | number)[] {
    return this.query(`SELECT COUNT(*), COUNT(DISTINCT chunk) FROM longshore_ledger WHERE import = '${task}' AND kind = '${kind}'`)[0];
  }
}
