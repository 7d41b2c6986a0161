import fs from "node:fs";

import { expect, type TestInfo } from "@playwright/test";

import { python } from "./programs";

/** A column as compare.py takes it. */
export interface Column {
  header: string;
  type: string;
  scale?: number;
}

const TYPES = ["text", "text", "text", "text", "integer", "decimal", "text", "boolean", "date", "timestamp", "timestamp", "text"];
const EN = ["Order no.", "Customer", "Phone", "Product", "Quantity", "Total", "Status", "Gift", "Order date", "Created", "Shipped", "Remark"];
const ZH = ["订单号", "客户", "电话", "商品", "数量", "金额", "状态", "礼品", "下单日期", "创建时间", "发货时间", "备注"];

/** The columns of the demo shop's orders. */
export const columns = (lang: "en" | "zh"): Column[] =>
  TYPES.map((type, index) => ({ header: (lang === "en" ? EN : ZH)[index], type, scale: 2 }));

/** The SQL that gives what an export of orders must hold. */
export const orders = ({ table = "orders", where = "1", order = "created_at DESC, id" } = {}): string =>
  `SELECT order_no, customer_name, phone, product_name, quantity, total_cents, status, gift, order_date, created_at,
   shipped_at, remark FROM ${table} WHERE ${where} ORDER BY ${order}`;

/** Checks every cell of a file against the database; gives the number of rows. */
export function compare(
  testInfo: TestInfo,
  what: { file: string; database: string; select: string; columns: Column[]; look?: boolean },
): number {
  const spec = testInfo.outputPath(`compare-${Math.random().toString(36).slice(2)}.json`);
  fs.writeFileSync(spec, JSON.stringify(what));
  const rows = Number(python("compare.py", [spec]));
  expect(rows, "a comparison of nothing proves nothing").toBeGreaterThan(0);
  return rows;
}
