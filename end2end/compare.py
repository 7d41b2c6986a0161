"""Compares an exported file with the database it came from, cell by cell.

Usage: python compare.py SPEC.json

SPEC.json: {"file": …, "database": …, "select": SQL, "columns": [{"header": …, "type": …, "scale": …}, …]}.
The select gives the rows in the order the file must have them: decimals as integers of their last digit, booleans as 0
and 1, dates and timestamps as ISO text. Types are those of longshore.toml. Ends with 1 and says where the first
differences are, or prints the number of rows that are equal.

The readers share no code with Longshore: openpyxl for XLSX, Python's own csv and sqlite3 for the rest.
"""

import csv
import datetime
import decimal
import gc
import io
import itertools
import json
import re
import sqlite3
import sys
import xml.etree.ElementTree
import zipfile

import openpyxl
import openpyxl.cell.read_only
import openpyxl.worksheet._read_only

# Excel's calendar is wrong before this day, and its numbers have 15 digits; what is beyond must be kept as text.
FIRST_SAFE_DAY = "1900-03-01"
LARGEST_SAFE_INTEGER = 10**15 - 1
DIFFERENCES_SHOWN = 10
# The characters of the OWASP page "CSV Injection".
FORMULA_STARTS = "=+-@\t\r\n"
MISSING = object()
BLANK = openpyxl.cell.read_only.EMPTY_CELL
# Where a sheet does not tell its size, openpyxl reads all of it to find out, before it gives a row.
openpyxl.worksheet._read_only.ReadOnlyWorksheet._get_size = lambda sheet: None


def unescaped(text):
    """Text as ECMA-376 §22.4.2.4 means it: _xHHHH_ stands for a character. openpyxl leaves that to its callers."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), text)


def exact(unscaled, scale):
    return decimal.Decimal(unscaled).scaleb(-scale)


def must_be_text(want, kind):
    """Whether a workbook can hold the value as a text only."""
    if kind == "integer":
        return abs(want) > LARGEST_SAFE_INTEGER
    return kind == "text" or (kind in ("date", "timestamp") and want < FIRST_SAFE_DAY)


def check_xlsx_cell(cell, want, column):
    """What is wrong with a cell, or None."""
    kind, value = column["type"], cell.value
    if want is None or want == "":
        return None if not value else "should be blank"
    if must_be_text(want, kind):
        if cell.data_type not in ("s", "inlineStr"):
            return f"should be a string, is of type {cell.data_type}"
        right = unescaped(value) == str(want)
    elif kind == "integer":
        right = type(value) in (int, float) and value == want
    elif kind == "decimal":
        # The shortest text of the number in the file must be the exact amount.
        right = type(value) in (int, float) and decimal.Decimal(repr(value)) == exact(want, column["scale"])
        if right and cell.number_format != "0." + "0" * column["scale"]:
            return f"has the number format {cell.number_format}"
    elif kind == "float":
        right = type(value) in (int, float) and float(value) == want
    elif kind == "boolean":
        right = cell.data_type == "b" and value is bool(want)
    else:
        right = cell.is_date and value == datetime.datetime.fromisoformat(want)
    return None if right else "differs"


def shared_strings(path):
    """The table of shared strings as it stands in the file. openpyxl takes every "x005F_" out of its own, after which a
    text that looks like an escape can't be told from an escape; it leaves inline strings as they are."""
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as file, file.open("xl/sharedStrings.xml") as part:
        items = xml.etree.ElementTree.parse(part).getroot().findall(name + "si")
    return ["".join(text.text or "" for text in item.iter(name + "t")) for item in items]


def xlsx_rows(path):
    """All cells of all sheets, each sheet's header first checked against the first one's."""
    book = openpyxl.load_workbook(path, read_only=True)
    strings = shared_strings(path)
    headers = None
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        sheet._shared_strings = strings
        rows = sheet.iter_rows()
        own = [unescaped(cell.value) for cell in next(rows)]
        if headers is None:
            headers = own
            yield headers
        elif own != headers:
            raise SystemExit(f"sheet {sheet.title} has other headers: {own}")
        # Blank cells at the end of a row are left out of the file.
        yield from (tuple(row) + (BLANK,) * (len(headers) - len(row)) for row in rows)


def check_look(path):
    """The header is bold and stays in view, and the whole table can be filtered."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        if not all(cell.font.bold for cell in sheet[1]):
            yield f"{sheet.title}: the header is not bold"
        pane = sheet.sheet_view.pane
        if pane is None or pane.state != "frozen" or pane.topLeftCell != "A2":
            yield f"{sheet.title}: not frozen below the header"
        if sheet.auto_filter.ref != sheet.dimensions:
            yield f"{sheet.title}: the filter covers {sheet.auto_filter.ref}, the table {sheet.dimensions}"
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if re.match("xl/worksheets/.*xml$", name) and re.search(b"<f[ />]", archive.read(name)):
                yield f"{name} contains a formula"


def unguarded(text):
    """What the file's field stands for: an apostrophe before what would begin a formula was put there."""
    bare = text.lstrip("'")
    return text[1:] if text.startswith("'") and bare[:1] and bare[0] in FORMULA_STARTS else text


def csv_text(want, column):
    kind = column["type"]
    if want is None:
        return ""
    if kind == "decimal":
        return str(exact(want, column["scale"]))
    if kind == "boolean":
        return "TRUE" if want else "FALSE"
    return str(want)


def check_csv_cell(field, want, column):
    if column["type"] == "text":
        if field[:1] and field[0] in FORMULA_STARTS:
            return "would run as a formula"
        return None if unguarded(field) == (want or "") else "differs"
    if column["type"] == "float" and want is not None:
        return None if float(field) == want else "differs"
    return None if field == csv_text(want, column) else "differs"


def csv_rows(path):
    with open(path, "rb") as file:
        raw = file.read()
    if not raw.startswith(b"\xef\xbb\xbf"):
        raise SystemExit("the file does not begin with a byte order mark")
    text = raw[3:].decode("utf-8")
    # Outside of quotes every line ends with CRLF (RFC 4180 §2).
    bare = re.sub('"(?:[^"]|"")*"', "", text)
    if not bare.endswith("\r\n") or re.search("\r(?!\n)|(?<!\r)\n", bare):
        raise SystemExit("a line does not end with CRLF")
    yield from csv.reader(io.StringIO(text, newline=""), strict=True)


def main():
    # Cells are many and hold no cycles.
    gc.disable()
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    columns, path = spec["columns"], spec["file"]
    is_xlsx = path.endswith(".xlsx")
    database = sqlite3.connect(spec["database"])
    wanted = database.execute(spec["select"])
    found = xlsx_rows(path) if is_xlsx else csv_rows(path)
    check = check_xlsx_cell if is_xlsx else check_csv_cell
    differences = []

    headers = next(found)
    if headers != [column["header"] for column in columns]:
        differences.append(f"headers {headers}")
    row_count = 0
    for number, (row, want) in enumerate(itertools.zip_longest(found, wanted, fillvalue=MISSING), 2):
        if row is MISSING or want is MISSING:
            differences.append(f"row {number}: missing in the {'file' if row is MISSING else 'database'}")
            break
        if len(row) != len(columns):
            differences.append(f"row {number}: {len(row)} cells")
        for column, cell, value in zip(columns, row, want):
            wrong = check(cell, value, column)
            if wrong:
                shown = cell.value if is_xlsx else cell
                differences.append(f"row {number}, {column['header']}: {shown!r} {wrong}; the database has {value!r}")
        if len(differences) >= DIFFERENCES_SHOWN:
            break
        row_count += 1
    if is_xlsx and spec.get("look"):
        differences.extend(check_look(path))
    if differences:
        raise SystemExit("\n".join(differences[:DIFFERENCES_SHOWN]))
    print(row_count)


main()
