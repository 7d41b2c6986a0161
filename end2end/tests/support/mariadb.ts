import fs from "node:fs";
import path from "node:path";

import { mariadbUrl, python } from "./programs";

/** A column: its type in SQL, an expression for it from a row's number, the type it is declared as, and how it is asked for where that is not by name. */
type Column = [name: string, sql: string, value: string, declared: string, asked?: string];

const TEXTS = `ELT(1 + n % 9, '张伟 𠮷', 'Ann O''Neil', '=cmd()', 'Łukasz & Co <x>', '谢谢 🎉👨‍👩‍👧‍👦', 'first\\nsecond', '  spaces  ', '"quoted", with a comma', '00000123456789012345678')`;

/** Columns of the types that people have in MariaDB. */
const COLUMNS: Column[] = [
  ["id", "bigint PRIMARY KEY", "n", "integer"],
  ["small", "smallint", "NULLIF(n % 40000 - 20000, 0)", "integer"],
  ["large", "bigint", "IF(n % 2, 9223372036854775807 - n, -9007199254740993 - n)", "integer"],
  // Beyond what a signed number holds.
  ["huge", "bigint unsigned", "18446744073709551615 - n % 3", "text", "CAST(huge AS CHAR)"],
  ["total", "decimal(14,2)", "IF(n % 13, (n * 7919 % 100000000) / 100 - 1000, NULL)", "decimal:2"],
  ["exact", "decimal(30,10)", "CAST('12345678901234567890.0123456789' AS decimal(30,10)) - n", "decimal:10"],
  ["weight", "double", "SQRT(n)", "float"],
  ["gift", "tinyint(1)", "IF(n % 3, n % 7 = 0, NULL)", "boolean"],
  ["label", "text", `IF(n % 50, ${TEXTS}, NULL)`, "text"],
  ["empty", "varchar(9) NOT NULL", "''", "text"],
  ["latin", "varchar(40) CHARACTER SET latin1", "IF(n % 5, 'Ünïcode €', NULL)", "text"],
  // Halves of pairs of surrogates, which are no text: only this character set lets them in.
  ["half", "varchar(20) CHARACTER SET ucs2", "CASE n % 4 WHEN 0 THEN _ucs2 x'0041D8000042DC00' WHEN 1 THEN _ucs2 x'8BA25355' END", "text", "CAST(CONVERT(half USING utf8mb4) AS BINARY)"],
  ["day", "date", "DATE '1890-01-01' + INTERVAL n * 17 DAY", "date"],
  ["at", "datetime(3)", "IF(n % 6, TIMESTAMP '2001-01-01 00:00:00' + INTERVAL n * 37125000 MICROSECOND, NULL)", "timestamp"],
  ["moment", "timestamp(6) NULL", "IF(n % 4, FROM_UNIXTIME(1700000000 + n * 61) + INTERVAL n MICROSECOND, NULL)", "timestamp_tz", "CONVERT_TZ(moment, '+00:00', '+08:00')"],
  ["clock", "time", "SEC_TO_TIME(n * 7 % 86400)", "time"],
  ["state", "enum('new','paid','中')", "1 + n % 3", "text"],
  ["tags", "set('a','b','c')", "n % 8", "text"],
  ["extra", "json", `IF(n % 11, NULL, JSON_OBJECT('n', n, '中', 'x "y" 🎉'))`, "text"],
];

/** A database with one table `goods` of every type, and the configuration that declares it. */
export class MariaShop {
  private constructor(
    private readonly url: string,
    private readonly name: string,
    readonly config: string,
  ) {}

  static make(folder: string, rows: number): MariaShop {
    const name = `longshore_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const url = python("mariadb.py", ["make", mariadbUrl(), name]);
    const columns = COLUMNS.map(([column, sql]) => `${column} ${sql}`).join(", ");
    const values = COLUMNS.map(([, , value]) => value).join(", ");
    python("mariadb.py", ["run", url], `CREATE TABLE goods (${columns})\n\nINSERT INTO goods SELECT ${values} FROM (SELECT CAST(seq AS SIGNED) AS n FROM seq_1_to_${rows}) AS numbers`);
    const config = path.join(folder, "mariadb.toml");
    const declared = COLUMNS.map(([column, , , type]) => {
      const [plain, scale] = type.split(":");
      return `  { name = "${column}", type = "${plain}"${scale ? `, scale = ${scale}` : ""} },`;
    });
    fs.writeFileSync(
      config,
      `[database.shop]\nurl = "${url}"\n[dataset.goods]\ndatabase = "shop"\ntable = "goods"\nkey = ["id"]\n` +
        `label = { en = "Goods", zh = "商品" }\ncolumn = [\n${declared.join("\n")}\n]\n`,
    );
    return new MariaShop(url, name, config);
  }

  drop(): void {
    python("mariadb.py", ["drop", mariadbUrl(), this.name]);
  }

  /** Compares every cell of a file with the table; gives the number of rows. */
  compare(file: string, { where = "1", order = "id" } = {}): number {
    const columns = COLUMNS.map(([column, , , , asked]) => asked ?? column).join(", ");
    return Number(python("mariadb.py", ["compare", this.url, file], `SELECT ${columns} FROM goods WHERE ${where} ORDER BY ${order}`));
  }
}
