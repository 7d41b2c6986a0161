"""Cells of exported files against the values of a database, for the databases that the tests reach through Python.

The readers share no code with Longshore: python-calamine for workbooks, Python's own csv and zipfile for the rest.
"""

import csv
import datetime
import decimal
import gc
import itertools
import sys
import tempfile
import zipfile

import python_calamine

DIFFERENCES_SHOWN = 10
LARGEST_SAFE_INTEGER = 10**15 - 1
FIRST_SAFE_DAY = datetime.date(1900, 3, 1)
SAME_MOMENT = datetime.timedelta(milliseconds=1)
MISSING = object()
FORMULA_STARTS = "=+-@\t\r\n"


def workbook_rows(path):
    book = python_calamine.CalamineWorkbook.from_path(path)
    for sheet in book.sheet_names:
        rows = book.get_sheet_by_name(sheet).iter_rows()
        next(rows)
        yield from rows


def csv_rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def rows_of(path):
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            for name in archive.namelist():
                yield from rows_of(archive.extract(name, folder))
    elif path.endswith(".xlsx"):
        yield from workbook_rows(path)
    else:
        yield from csv_rows(path)


def workbook_cell_is(cell, want):
    """Whether a cell of a workbook is the value of the database."""
    if want is None or want == "":
        return cell in ("", None)
    if isinstance(want, bool):
        return cell is want
    if isinstance(want, int):
        return str(cell) == str(want) if abs(want) > LARGEST_SAFE_INTEGER else cell == want
    if isinstance(want, decimal.Decimal):
        if len(want.as_tuple().digits) > 15:
            return cell == str(want)
        return isinstance(cell, (int, float)) and decimal.Decimal(repr(cell)) == want
    if isinstance(want, float):
        return cell == want
    if isinstance(want, datetime.datetime):
        if want.date() < FIRST_SAFE_DAY:
            return isinstance(cell, str)
        if not isinstance(cell, datetime.datetime):
            # At midnight, readers give a day.
            return want.time() == datetime.time() and cell == want.date()
        return abs(cell - want) < SAME_MOMENT
    if isinstance(want, datetime.date):
        if isinstance(cell, datetime.datetime):
            cell = cell.date()
        return cell == want if want >= FIRST_SAFE_DAY else cell == want.isoformat()
    if isinstance(want, datetime.time):
        return cell == want
    return cell == want


def csv_cell_is(cell, want):
    """Whether a field of a CSV file is the value of the database."""
    if want is None:
        return cell == ""
    if isinstance(want, bool):
        return cell == ("TRUE" if want else "FALSE")
    if isinstance(want, decimal.Decimal):
        return decimal.Decimal(cell) == want
    if isinstance(want, float):
        return float(cell) == want
    if isinstance(want, datetime.datetime):
        return datetime.datetime.fromisoformat(cell) == want
    if isinstance(want, (datetime.date, datetime.time)):
        return type(want).fromisoformat(cell) == want
    if isinstance(want, str) and want[:1] and want[0] in FORMULA_STARTS:
        return cell == "'" + want
    return cell == str(want)


def compare(path, rows):
    """Compares a workbook, a CSV file, or a ZIP archive of such parts; prints the number of equal rows, or ends with 1 and says where the
    first differences are."""
    # Cells are many and hold no cycles.
    gc.disable()
    is_workbook = path.endswith(".xlsx")
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            is_workbook = archive.namelist()[0].endswith(".xlsx")
    is_same = workbook_cell_is if is_workbook else csv_cell_is
    differences, row_count = [], 0
    for number, (cells, wanted) in enumerate(itertools.zip_longest(rows_of(path), rows, fillvalue=MISSING), 1):
        if cells is MISSING or wanted is MISSING:
            differences.append(f"row {number}: is missing in the {'file' if cells is MISSING else 'database'}")
            break
        row_count += 1
        # Blank cells at the end of a row need not be there.
        cells = list(cells) + [""] * (len(wanted) - len(cells))
        for column, (cell, want) in enumerate(itertools.zip_longest(cells, wanted, fillvalue=MISSING), 1):
            if not is_same(cell, want):
                differences.append(f"row {number}, column {column}: {cell!r} instead of {want!r}")
        if len(differences) >= DIFFERENCES_SHOWN:
            break
    if differences:
        sys.exit("\n".join(differences[:DIFFERENCES_SHOWN]))
    print(row_count)
