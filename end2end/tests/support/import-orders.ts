import fs from "node:fs";
import path from "node:path";

/** Rows of the file, and of these the first that the table has already. */
export const ROWS = 100_000;
export const THERE = 20_000;
/** In every so manieth row of the file the quantity can't be read, and in those halfway between them the day. */
const EVERY = 100;

/** What a check finds, as the wizard shows it. Of the rows that are there, those of odd numbers differ from the file in their note. */
export const COUNTS = {
  create: (ROWS - THERE) - (2 * (ROWS - THERE)) / EVERY,
  update: THERE / 2,
  unchanged: THERE / 2 - (2 * THERE) / EVERY,
  error: (2 * ROWS) / EVERY,
};

/** The table's columns in SQL. */
export const COLUMNS =
  "id bigint PRIMARY KEY, no varchar(20) NOT NULL, customer varchar(40), quantity integer NOT NULL, total numeric(14,2), day date NOT NULL, note varchar(40)";
/** Whether the row of number `n` has no error, in SQL. */
export const IS_RIGHT = `n % ${EVERY} NOT IN (0, ${EVERY / 2})`;

const TYPES = [
  ["id", "integer"],
  ["no", "text"],
  ["customer", "text"],
  ["quantity", "integer"],
  ["total", "decimal"],
  ["day", "date"],
  ["note", "text"],
];

/** A row of the file: the order of that number, with its error where it has one. */
function line(n: number): string {
  const day = new Date(Date.UTC(2026, 0, 1 + (n % 300))).toISOString().slice(0, 10);
  const quantity = n % EVERY === 0 ? "many" : String(1 + (n % 97));
  return `${n},SO${String(n).padStart(9, "0")},客户 ${n % 1000},${quantity},${((n % 100_000) / 100).toFixed(2)},${n % EVERY === EVERY / 2 ? "soon" : day},note ${n}`;
}

/** The file, with its errors. */
export function ordersFile(): Buffer {
  const lines = Array.from({ length: ROWS }, (_, index) => line(index + 1));
  return Buffer.from(["id,no,customer,quantity,total,day,note", ...lines, ""].join("\r\n"));
}

/** Declares the table `orders` of a database for imports; gives the path of the configuration. */
export function declareOrders(folder: string, url: string): string {
  fs.mkdirSync(folder, { recursive: true });
  const config = path.join(folder, "longshore.toml");
  const columns = TYPES.map(([column, type]) => `  { name = "${column}", type = "${type}"${type === "decimal" ? ", scale = 2" : ""} },`);
  fs.writeFileSync(
    config,
    `[database.shop]\nurl = "${url}"\n[dataset.orders]\ndatabase = "shop"\ntable = "orders"\nkey = ["id"]\n` +
      `label = { en = "Orders", zh = "订单" }\nimport = { modes = ["upsert"] }\ncolumn = [\n${columns.join("\n")}\n]\n`,
  );
  return config;
}
