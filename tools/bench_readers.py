"""Reads the first sheet of a workbook and prints how many cells hold something: bench_readers.py openpyxl|fastexcel FILE."""

import sys


def openpyxl(file: str) -> int:
    import openpyxl

    sheet = openpyxl.load_workbook(file, read_only=True).worksheets[0]
    return sum(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row)


def fastexcel(file: str) -> int:
    import fastexcel

    batch = fastexcel.read_excel(file).load_sheet(0, header_row=None).to_arrow()
    return sum(len(column) - column.null_count for column in batch.columns)


print({"openpyxl": openpyxl, "fastexcel": fastexcel}[sys.argv[1]](sys.argv[2]))
