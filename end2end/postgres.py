"""A PostgreSQL database of a test: made, filled, and compared with exported files cell by cell.

Usage: python postgres.py make URL NAME         prints the URL of the new database
       python postgres.py drop URL NAME
       python postgres.py run URL               SQL on standard input
       python postgres.py query URL             prints the rows of the SELECT on standard input as JSON
       python postgres.py hold URL TABLE MODE   locks a table until standard input ends; prints a line when it has it
       python postgres.py end URL NAME          ends every connection to that database; prints how many
       python postgres.py compare URL FILE      the SELECT on standard input; prints the number of equal rows

FILE is a workbook, a CSV file, or a ZIP archive of parts. psycopg, which reads the database, shares no code with Longshore.
"""

import json
import sys

import psycopg

import cells

def compare(url, path, select):
    with psycopg.connect(url) as connection, connection.cursor(name="wanted") as cursor:
        cursor.itersize = 20_000
        cursor.execute(select)
        cells.compare(path, cursor)


def hold(url, table, mode):
    with psycopg.connect(url) as connection:
        connection.execute(f'LOCK TABLE "{table}" IN {mode} MODE')
        print("held", flush=True)
        sys.stdin.read()


def main():
    action, url = sys.argv[1], sys.argv[2]
    if action == "compare":
        compare(url, sys.argv[3], sys.stdin.read())
        return
    if action == "hold":
        hold(url, *sys.argv[3:])
        return
    with psycopg.connect(url, autocommit=True) as connection:
        if action == "run":
            connection.execute(sys.stdin.read())
        elif action == "query":
            print(json.dumps(connection.execute(sys.stdin.read()).fetchall(), default=str))
        elif action == "make":
            connection.execute(f'CREATE DATABASE "{sys.argv[3]}"')
            info = psycopg.conninfo.conninfo_to_dict(url)
            user = info["user"] + (":" + info["password"] if info.get("password") else "")
            print(f"postgres://{user}@{info['host']}:{info['port']}/{sys.argv[3]}")
        elif action == "end":
            select = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND query ILIKE '%%from \"orders\"%%'"
            print(connection.execute(select, [sys.argv[3]]).fetchone()[0])
        elif action == "drop":
            connection.execute(f'DROP DATABASE IF EXISTS "{sys.argv[3]}" WITH (FORCE)')
        else:
            sys.exit(f"there is no action {action}")


main()
