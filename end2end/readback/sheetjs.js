// Reads a workbook of the example `nasty` with SheetJS and compares every cell: node sheetjs.js FOLDER. Ends with 1 and the first
// differences. The example describes wanted.json.
const fs = require("fs");
const path = require("path");
const XLSX = require("xlsx");

const DIFFERENCES_SHOWN = 10;
const DAY = 86_400_000;
const SERIAL_ZERO = Date.UTC(1899, 11, 30);
const folder = process.argv[2];
const wanted = JSON.parse(fs.readFileSync(path.join(folder, "wanted.json"), "utf8"));
const book = XLSX.readFile(path.join(folder, wanted.file), { cellNF: true, cellText: false, cellHTML: false, cellFormula: true });

/** Milliseconds of a time of day, "10:30:15.5". */
function timeOfDay(text) {
  const [hours, minutes, seconds] = text.split(":").map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

function isDate(cell, milliseconds) {
  return cell.t === "n" && XLSX.SSF.is_date(cell.z) && Math.abs(cell.v * DAY - milliseconds) < 1;
}

/** Whether a cell holds what the table has there. */
function isRight(cell, want) {
  if (want === null) return cell === undefined;
  if (cell === undefined || cell.f !== undefined) return false;
  const [[kind, value]] = Object.entries(want);
  if (kind === "s") return cell.t === "s" && cell.v === value;
  // Numbers of ODS have no format here.
  if (kind === "n") return cell.t === "n" && cell.v === Number(value) && !(cell.z && XLSX.SSF.is_date(cell.z));
  if (kind === "b") return cell.t === "b" && cell.v === value;
  if (kind === "t") return isDate(cell, timeOfDay(value));
  return isDate(cell, Date.parse(value + "Z") - SERIAL_ZERO);
}

const differences = [];
function check(cell, want, where) {
  if (!isRight(cell, want)) {
    const shown = (value) => String(JSON.stringify(value)).slice(0, 200);
    differences.push(`${where}: ${shown(cell)} instead of ${shown(want)}`);
  }
}

const names = wanted.sheets.map((sheet) => sheet.name);
if (JSON.stringify(book.SheetNames) !== JSON.stringify(names)) differences.push(`sheets ${book.SheetNames}`);
let start = 0;
for (const { name, row_count: rowCount } of wanted.sheets) {
  const sheet = book.Sheets[name];
  const at = (row, column) => sheet[XLSX.utils.encode_cell({ r: row, c: column })];
  const rows = wanted.rows.slice(start, start + rowCount);
  wanted.columns.forEach((column, index) => check(at(0, index), { s: column.header }, `${name}, header ${index}`));
  rows.forEach((row, number) =>
    row.forEach((cell, index) => check(at(number + 1, index), cell[0], `${name}, row ${number + 1}, column ${index + 1}`)),
  );
  const range = XLSX.utils.decode_range(sheet["!ref"]);
  if (range.e.r !== rowCount || range.e.c !== wanted.columns.length - 1) differences.push(`${name} is ${sheet["!ref"]}`);
  start += rowCount;
}
if (differences.length > 0) {
  console.error(differences.slice(0, DIFFERENCES_SHOWN).join("\n") + `\n${differences.length} differences`);
  process.exit(1);
}
console.log(`SheetJS: ${wanted.rows.length} rows of ${wanted.columns.length} cells are right`);
