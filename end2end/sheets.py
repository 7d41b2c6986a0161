"""What is on the sheets of a workbook, for tests of files of several sheets.

Usage: python sheets.py FILE

Prints JSON: for each sheet its name, its first row, the number of rows below, whether their first cells are whole numbers in
ascending order without a gap, the first and the last of them, and the number of characters of the longest text. The reader,
python-calamine, shares no code with Longshore.
"""

import json
import sys

import python_calamine


def told(workbook, name):
    rows = workbook.get_sheet_by_name(name).iter_rows()
    header, first, last, count, longest, is_gapless = next(rows), None, None, 0, 0, True
    for row in rows:
        number = int(row[0])
        is_gapless = is_gapless and (last is None or number == last + 1)
        first = number if first is None else first
        last, count = number, count + 1
        longest = max([longest, *(len(cell) for cell in row if isinstance(cell, str))])
    return {"name": name, "header": header, "rows": count, "first": first, "last": last, "gapless": is_gapless, "longest": longest}


book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
print(json.dumps([told(book, name) for name in book.sheet_names]))
