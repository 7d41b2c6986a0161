"""Makes and mends the files that import tests upload, and looks at the tables that they go into.

Usage: python imports.py shop DATABASE ROWS              a table of orders with that many rows
       python imports.py workbook FILE                   the JSON rows on standard input as a workbook; the first are headers
       python imports.py document FILE                   the same as an OpenDocument spreadsheet
       python imports.py correct FILE OUT OLD NEW        replaces text in one, and prints how often it stood there
       python imports.py text FILE ENCODING DELIMITER    the same as text
       python imports.py many FILE ROWS EVERY            a workbook of orders with an error in every so manieth row
       python imports.py mend FILE OUT                   corrects what `many` has planted, in a workbook of errors
       python imports.py set FILE OUT HEADER VALUE       sets a column of every row of a workbook of errors
       python imports.py rows FILE                       the cells of a workbook as JSON
       python imports.py locked FILE                     a workbook that asks for a password, as far as anyone can see
       python imports.py digest DATABASE                 a digest of all orders
       python imports.py expected ROWS                   the digest that a table of the orders 1 to ROWS has
       python imports.py query DATABASE                  the rows of the SQL on standard input as JSON
       python imports.py run DATABASE                    runs the SQL on standard input

DATABASE is a file of SQLite, or the URL of a PostgreSQL database.
"""

import csv
import hashlib
import html
import json
import re
import sqlite3
import struct
import sys
import zipfile

import openpyxl
import psycopg

TABLE = """
    CREATE TABLE orders (
        order_no TEXT PRIMARY KEY NOT NULL, customer TEXT NOT NULL, quantity INTEGER NOT NULL, total_cents INTEGER,
        status TEXT NOT NULL, ordered_on TEXT NOT NULL, remark TEXT)
"""
HEADERS = ["Order no.", "Customer", "Quantity", "Total", "Status", "Order date", "Remark"]


def order(number):
    """The order of that number, as a file has it."""
    day = f"2026-{1 + number % 12:02}-{1 + number % 28:02}"
    status = ["Pending", "Paid", "Shipped"][number % 3]
    return [f"SO{number:09}", f"客户 {number % 1000}", 1 + number % 97, number % 100_000 / 100, status, day, f"note {number}"]


def stored(row):
    """The same as the table has it."""
    number, customer, quantity, total, status, day, remark = row
    return [number, customer, quantity, round(total * 100), status.lower(), day, remark]


def is_postgres(database):
    return database.startswith("postgres://")


def shop(path, rows):
    stored_rows = (stored(order(number)) for number in range(1, rows + 1))
    if is_postgres(path):
        with psycopg.connect(path) as connection, connection.cursor() as cursor:
            cursor.execute(TABLE.replace("ordered_on TEXT", "ordered_on date"))
            cursor.executemany("INSERT INTO orders VALUES (%s, %s, %s, %s, %s, %s, %s)", stored_rows)
        return
    database = sqlite3.connect(path)
    with database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(TABLE)
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)", stored_rows)
    database.close()


def selected(database, sql):
    """The rows of a query, one after the other."""
    if not is_postgres(database):
        yield from sqlite3.connect(database).execute(sql)
        return
    with psycopg.connect(database) as connection, connection.cursor(name="selected") as cursor:
        cursor.itersize = 20_000
        cursor.execute(sql)
        yield from cursor


def workbook(path, rows):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Orders")
    for row in rows:
        sheet.append(row)
    book.save(path)


DOCUMENT_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def document(path, rows):
    def cell(value):
        if isinstance(value, (int, float)):
            return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="string"><text:p>{html.escape(value or "")}</text:p></table:table-cell>'

    lines = "".join("<table:table-row>" + "".join(map(cell, row)) + "</table:table-row>" for row in rows)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", DOCUMENT_TYPE, zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/manifest.xml",
            f'{head}<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="{DOCUMENT_TYPE}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
        )
        archive.writestr(
            "content.xml",
            f'{head}<office:document-content xmlns:office="{OASIS}:office:1.0" xmlns:table="{OASIS}:table:1.0" xmlns:text="{OASIS}:text:1.0">'
            f'<office:body><office:spreadsheet><table:table table:name="Orders">{lines}</table:table></office:spreadsheet></office:body></office:document-content>',
        )


def correct(path, out, old, new):
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as taken:
        for item in given.infolist():
            content = given.read(item)
            if item.filename == "content.xml":
                print(content.decode().count(old))
                content = content.decode().replace(old, new).encode()
            taken.writestr(item, content)


# What `many` plants and `mend` corrects: a column and the value that is wrong there.
PLANTED = [(2, "many"), (5, "soon"), (4, "Lost"), (1, "")]


def cell_xml(value):
    if isinstance(value, (int, float)):
        return f"<c><v>{value}</v></c>"
    if value == "":
        return "<c/>"
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def many(path, rows, every):
    """Written by hand, because openpyxl takes minutes for a million rows."""
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Orders" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            lines = ["<row>" + "".join(map(cell_xml, HEADERS)) + "</row>"]
            for number in range(1, rows + 1):
                row = order(number)
                if number % every == 0:
                    column, value = PLANTED[number // every % len(PLANTED)]
                    row[column] = value
                lines.append("<row>" + "".join(map(cell_xml, row)) + "</row>")
                if len(lines) >= 10_000:
                    sheet.write("".join(lines).encode())
                    lines = []
            sheet.write("".join(lines).encode() + b"</sheetData></worksheet>")


def columns_of(sheet):
    return {cell.value: cell.column for cell in sheet[1]}


def mend(path, out):
    book = openpyxl.load_workbook(path)
    sheet = book.active
    places = columns_of(sheet)
    count = 0
    for row in range(2, sheet.max_row + 1):
        number = int(re.sub(r"\D", "", sheet.cell(row, places["Order no."]).value))
        for header, value in zip(HEADERS, order(number)):
            sheet.cell(row, places[header]).value = value
        count += 1
    book.save(out)
    print(count)


def set_column(path, out, header, value):
    book = openpyxl.load_workbook(path)
    sheet = book.active
    place = columns_of(sheet)[header]
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, place).value = value
    book.save(out)


def locked(path):
    """A compound file with the two streams of an encrypted workbook ([MS-OFFCRYPTO] 2.3.4), which hold nothing."""
    end, free, fat = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<I", 0) + struct.pack("<I", free) * 108
    table = struct.pack("<III", fat, end, free) + struct.pack("<I", free) * 125

    def entry(name, kind, left, right, child):
        text = name.encode("utf-16-le") + b"\0\0"
        fixed = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text) if name else 0, kind, 1, left, right, child)
        return fixed + bytes(36) + struct.pack("<IQ", end if kind != 5 else end, 0)

    directory = entry("Root Entry", 5, free, free, 1) + entry("EncryptedPackage", 2, 2, free, free)
    directory += entry("EncryptionInfo", 2, free, free, free) + entry("", 0, free, free, free)
    with open(path, "wb") as file:
        file.write(header + table + directory)


def main():
    command, path, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    if command == "shop":
        shop(path, int(rest[0]))
    elif command == "workbook":
        workbook(path, json.load(sys.stdin))
    elif command == "document":
        document(path, json.load(sys.stdin))
    elif command == "correct":
        correct(path, *rest)
    elif command == "text":
        with open(path, "w", encoding=rest[0], newline="") as file:
            csv.writer(file, delimiter=rest[1]).writerows(json.load(sys.stdin))
    elif command == "many":
        many(path, int(rest[0]), int(rest[1]))
    elif command == "mend":
        mend(path, rest[0])
    elif command == "set":
        set_column(path, *rest)
    elif command == "rows":
        sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
        print(json.dumps([list(row) for row in sheet.iter_rows(values_only=True)], default=str))
    elif command == "locked":
        locked(path)
    elif command == "digest":
        digest = hashlib.sha256()
        day = "ordered_on::text" if is_postgres(path) else "ordered_on"
        columns = f"order_no, customer, quantity, total_cents, status, {day}, remark"
        for row in selected(path, f"SELECT {columns} FROM orders ORDER BY order_no"):
            digest.update(repr(row).encode())
        print(digest.hexdigest())
    elif command == "expected":
        # The digest that a table of that many orders has.
        digest = hashlib.sha256()
        for number in range(1, int(path) + 1):
            digest.update(repr(tuple(stored(order(number)))).encode())
        print(digest.hexdigest())
    elif command == "query":
        print(json.dumps(list(selected(path, sys.stdin.read()))))
    elif command == "run" and is_postgres(path):
        with psycopg.connect(path) as connection:
            connection.execute(sys.stdin.read())
    elif command == "run":
        database = sqlite3.connect(path, timeout=30)
        with database:
            database.executescript(sys.stdin.read())
        database.close()
    else:
        raise SystemExit(__doc__)


main()
