"""Reads the files of the example `nasty` with programs that share no code with Longshore, and compares every cell.

Usage: python others.py FOLDER READER, where READER is openpyxl (XLSX), csv (Python's own, and gzip), pyarrow (Parquet) or
libreoffice (XLSX, by the command soffice). Ends with 1 and the first differences. The example describes `wanted.json`.
"""

import base64
import csv
import datetime
import decimal
import gzip
import io
import itertools
import json
import math
import pathlib
import re
import sys
import xml.etree.ElementTree
import zipfile

DIFFERENCES_SHOWN = 10
FORMULA_STARTS = "=+-@\t\r\n"
DAY = datetime.timedelta(days=1)
# openpyxl and LibreOffice read times to the millisecond.
CLOSE = datetime.timedelta(milliseconds=1)


class Wanted:
    def __init__(self, folder):
        with open(folder / "wanted.json", encoding="utf-8") as file:
            wanted = json.load(file)
        self.sheets = wanted["sheets"]
        self.columns = wanted["columns"]
        self.title = wanted["title"]
        # [xlsx, csv, exact], or [xlsx] of a file of errors, and of a text where all are the same.
        same = lambda cell: cell if len(cell) == 3 else [cell[0], *[(cell[0] or {}).get("s")] * 2]
        self.file = folder / wanted["file"]
        self.rows = [[same(cell) for cell in row] for row in wanted["rows"]]
        self.headers = [column["header"] for column in self.columns]


def moment(text):
    """A date and time, whose fraction may have any number of digits."""
    whole, _, fraction = text.partition(".")
    return datetime.datetime.fromisoformat(whole) + datetime.timedelta(microseconds=int(fraction.ljust(6, "0")))


def time_of_day(text):
    return datetime.timedelta(**dict(zip(("hours", "minutes", "seconds"), map(float, text.split(":")))))


def compare(found, wanted, same):
    """Compares rows of cells; `same` says of a cell what is wrong, or None."""
    for number, (row, want) in enumerate(itertools.zip_longest(found, wanted, fillvalue=()), 1):
        if len(row) != len(want):
            yield f"row {number}: {len(row)} cells instead of {len(want)}"
        for column, (cell, value) in enumerate(zip(row, want)):
            if not same(cell, value, column):
                yield f"row {number}, column {column + 1}: {str(cell)[:200]!r} instead of {str(value)[:200]!r}"


def unescaped(text):
    """Text as ECMA-376 part 1, 22.9.2.19 means it: _xHHHH_ stands for a character. openpyxl leaves that to its callers."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), text)


def shared_strings(path):
    """The table of shared strings as it stands in the file: openpyxl takes every "x005F_" out of its own."""
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as file, file.open("xl/sharedStrings.xml") as part:
        items = xml.etree.ElementTree.parse(part).getroot().findall(name + "si")
    return ["".join(text.text or "" for text in item.iter(name + "t")) for item in items]


def with_openpyxl(folder, wanted):
    import openpyxl
    from openpyxl.utils.datetime import to_excel

    path = wanted.file
    book = openpyxl.load_workbook(path, read_only=True)
    strings = shared_strings(path)
    if book.sheetnames != [sheet["name"] for sheet in wanted.sheets]:
        yield f"sheets {book.sheetnames}"

    def same(cell, want, _column):
        want, value = want[0], cell.value
        if want is None:
            return value is None
        ((kind, expected),) = want.items()
        if kind == "s":
            return cell.data_type in ("s", "inlineStr") and unescaped(value) == expected
        if kind == "n":
            return cell.data_type == "n" and not cell.is_date and float(value) == float(expected)
        if kind == "b":
            return cell.data_type == "b" and value is expected
        if not cell.is_date:
            return False
        if kind == "t":
            return cell.number_format == "hh:mm:ss" and abs(to_excel(value) * DAY - time_of_day(expected)) <= CLOSE
        return cell.number_format.startswith("yyyy-mm-dd") and abs(value - moment(expected)) <= CLOSE

    def padded(row, length):
        """Blank cells at the end of a row are left out of the file."""
        return tuple(row) + (openpyxl.cell.read_only.EMPTY_CELL,) * (length - len(row))

    start = 0
    for sheet, name in zip(book.worksheets, wanted.sheets):
        sheet.reset_dimensions()
        sheet._shared_strings = strings
        rows = sheet.iter_rows()
        headers = [unescaped(cell.value) for cell in next(rows)]
        if headers != wanted.headers:
            yield f"headers {headers}"
        found = (padded(row, len(wanted.columns)) for row in rows)
        yield from compare(found, wanted.rows[start : start + name["row_count"]], same)
        start += name["row_count"]


def unguarded(text):
    """An apostrophe before what would begin a formula was put there (OWASP, "CSV Injection")."""
    bare = text.lstrip("'")
    return text[1:] if text.startswith("'") and bare[:1] and bare[0] in FORMULA_STARTS else text


def with_csv(folder, wanted):
    raw = (folder / "nasty.csv").read_bytes()
    if gzip.decompress((folder / "nasty.csv.gz").read_bytes()) != raw:
        yield "nasty.csv.gz holds something else than nasty.csv"
    csv.field_size_limit(1 << 24)
    rows = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
    headers = [unguarded(header) for header in next(rows)]
    if headers != wanted.headers:
        yield f"headers {headers}"

    def same(field, want, column):
        if wanted.columns[column]["type"] == "text":
            return field[:1] not in tuple(FORMULA_STARTS) and unguarded(field) == want[1]
        if wanted.columns[column]["type"] == "float" and want[1]:
            return repr(float(field)) == repr(float(want[1]))
        return field == want[1]

    yield from compare(rows, wanted.rows, same)


def with_pyarrow(folder, wanted):
    import pyarrow
    import pyarrow.parquet

    file = pyarrow.parquet.ParquetFile(folder / "nasty.parquet")
    table = file.read()
    if table.column_names != [column["name"] for column in wanted.columns]:
        yield f"columns {table.column_names}"
    metadata = file.metadata.metadata
    if metadata[b"longshore.title"].decode() != wanted.title or json.loads(metadata[b"longshore.headers"]) != wanted.headers:
        yield f"metadata {metadata}"
    types = {
        "text": "string", "integer": "int64", "decimal": "decimal128(38, 2)", "float": "double", "boolean": "bool",
        "date": "date32[day]", "time": "time64[us]", "timestamp": "timestamp[us]",
    }
    zones = {"moment": "timestamp[us, tz=Asia/Shanghai]", "moment_2": "timestamp[us, tz=America/New_York]"}
    for column in wanted.columns:
        name, kind = column["name"], str(table.schema.field(column["name"]).type)
        if kind != (zones.get(name) or types[column["type"]]):
            yield f"{name} is {kind}"

    def plain(column):
        """Dates and times as the numbers that they are stored as."""
        if pyarrow.types.is_date(column.type):
            column = column.cast(pyarrow.int32())
        elif pyarrow.types.is_temporal(column.type):
            column = column.cast(pyarrow.int64())
        return column.to_pylist()

    def same(value, want, column):
        exact = want[2]
        if value is None or exact is None:
            return value is exact
        kind = wanted.columns[column]["type"]
        if kind == "float":
            return repr(value) == repr(float(exact))
        if kind == "decimal":
            return value == decimal.Decimal(exact)
        return value == exact if kind == "text" else str(value).lower() == exact

    yield from compare(zip(*map(plain, table.columns)), wanted.rows, same)


def with_libreoffice(folder, wanted):
    from libreoffice import sheets_of

    sheets = sheets_of(wanted.file, len(wanted.columns))
    if [name for name, _ in sheets] != [sheet["name"] for sheet in wanted.sheets]:
        yield f"sheets {[name for name, _ in sheets]}"

    def as_odf(text):
        """ODF is XML and has no way to write what XML can't carry; both kinds of line ends are paragraphs."""
        return re.sub("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text.replace("\r\n", "\n"))

    def same(cell, want, _column):
        want = want[0]
        if want is None or cell is None:
            return want is cell
        ((kind, expected),) = want.items()
        if cell[0] != kind:
            return False
        if kind == "s":
            return cell[1] == as_odf(expected)
        if kind == "n":
            # It writes 15 digits.
            return math.isclose(cell[1], expected, rel_tol=1e-14)
        if kind == "b":
            return cell[1] is expected
        if kind == "t":
            return abs(cell[1] - time_of_day(expected)) <= CLOSE
        return abs(moment(cell[1]) - moment(expected)) <= CLOSE

    start = 0
    for (_, rows), name in zip(sheets, wanted.sheets):
        headers = [cell and as_odf(cell[1]) for cell in rows[0]]
        if headers != wanted.headers:
            yield f"headers {headers}"
        yield from compare(rows[1:], wanted.rows[start : start + name["row_count"]], same)
        start += name["row_count"]


READERS = {"openpyxl": with_openpyxl, "csv": with_csv, "pyarrow": with_pyarrow, "libreoffice": with_libreoffice}


def main():
    folder, reader = pathlib.Path(sys.argv[1]), sys.argv[2]
    wanted = Wanted(folder)
    differences = list(READERS[reader](folder, wanted))
    if differences:
        raise SystemExit("\n".join(differences[:DIFFERENCES_SHOWN]) + f"\n{len(differences)} differences")
    print(f"{reader}: {len(wanted.rows)} rows of {len(wanted.columns)} cells are right")


if __name__ == "__main__":
    main()
