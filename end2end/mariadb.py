"""A MariaDB database of a test: made, filled, and compared with exported files cell by cell.

Usage: python mariadb.py make URL NAME          prints the URL of the new database
       python mariadb.py drop URL NAME
       python mariadb.py run URL                SQL on standard input, a statement a paragraph
       python mariadb.py query URL              prints the rows of the SELECT on standard input as JSON
       python mariadb.py compare URL FILE       the SELECT on standard input; prints the number of equal rows

FILE is a workbook or a CSV file. PyMySQL, which reads the database, shares no code with Longshore.
"""

import datetime
import json
import re
import sys
import urllib.parse

import pymysql
from pymysql.constants import FIELD_TYPE

import cells

MIDNIGHT = datetime.datetime.min


def connect(url):
    parts = urllib.parse.urlsplit(url)
    connection = pymysql.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=parts.password or "",
        database=parts.path.lstrip("/") or None,
        charset="utf8mb4",
        autocommit=True,
        cursorclass=pymysql.cursors.SSCursor,
    )
    # Moments come in UTC, and what old programs have written may be written.
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00', sql_mode = ''")
    return connection


def told(value, kind):
    """A value as the file should have it."""
    if value is None:
        return None
    if kind == FIELD_TYPE.TINY:
        # What MariaDB has for truth is a number.
        return bool(value)
    if kind == FIELD_TYPE.TIME:
        return (MIDNIGHT + value).time()
    if isinstance(value, bytes):
        # Text that may be none: halves of a pair of surrogates, which no text in UTF-8 can have.
        return re.sub("[\ud800-\udfff]", "\ufffd", value.decode("utf-8", "surrogatepass"))
    return value


def compare(url, path, select):
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(select)
        kinds = [column[1] for column in cursor.description]
        cells.compare(path, ([told(value, kind) for value, kind in zip(row, kinds)] for row in cursor))


def main():
    action, url = sys.argv[1], sys.argv[2]
    if action == "compare":
        compare(url, sys.argv[3], sys.stdin.read())
        return
    with connect(url) as connection, connection.cursor() as cursor:
        if action == "run":
            for statement in sys.stdin.read().split("\n\n"):
                cursor.execute(statement)
        elif action == "query":
            cursor.execute(sys.stdin.read())
            print(json.dumps(cursor.fetchall(), default=str))
        elif action == "make":
            cursor.execute(f"CREATE DATABASE `{sys.argv[3]}` CHARACTER SET utf8mb4")
            print(f"{url.rstrip('/')}/{sys.argv[3]}")
        elif action == "drop":
            cursor.execute(f"DROP DATABASE IF EXISTS `{sys.argv[3]}`")
        else:
            sys.exit(f"there is no action {action}")


main()
