"""Changes a demo shop for a test.

Usage: python shop.py slow DATABASE        orders from the middle on are read slowly while the gate is closed
       python shop.py close DATABASE       closes the gate
       python shop.py open DATABASE        opens it for exports that start from now on
       python shop.py open-in DATABASE S   closes the gate; it opens by itself after S seconds, for running exports too
       python shop.py spoil DATABASE       an old order gets a quantity that is no number
       python shop.py run DATABASE         runs the SQL on standard input

A slow database is what makes an export observable for as long as a test needs: with the gate closed an export stands
still in the middle, however fast the machine is, and yet can be cancelled at any moment.
"""

import sqlite3
import sys
import time

FAR_FUTURE = 1 << 40

# `strftime` gets the id, so that SQLite asks for the time with each row. The recursive query is what takes time.
SLOW = """
    ALTER TABLE orders RENAME TO orders_data;
    CREATE TABLE gate (closed_until INTEGER NOT NULL);
    INSERT INTO gate VALUES (0);
    CREATE VIEW orders AS SELECT
        id, order_no, customer_id, customer_name, phone, product_name, quantity, total_cents, status, gift, order_date,
        created_at, shipped_at,
        CASE WHEN id > (SELECT max(id) / 2 FROM orders_data) THEN remark
        WHEN CAST(strftime('%s', 'now', (id * 0) || ' seconds') AS INTEGER) >= (SELECT closed_until FROM gate) THEN remark
        WHEN (WITH RECURSIVE step(n) AS (SELECT id UNION ALL SELECT n + 1 FROM step WHERE n < id + 50000)
              SELECT max(n) FROM step) IS NOT NULL THEN remark
        END AS remark
    FROM orders_data;
"""


def main():
    command, path = sys.argv[1], sys.argv[2]
    database = sqlite3.connect(path)
    gate = "UPDATE gate SET closed_until = ?"
    with database:
        if command == "slow":
            # With a write-ahead log the gate can be moved while an export reads.
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(SLOW)
        elif command == "close":
            database.execute(gate, [FAR_FUTURE])
        elif command == "open":
            database.execute(gate, [0])
        elif command == "open-in":
            database.execute(gate, [int(time.time()) + int(sys.argv[3])])
        elif command == "spoil":
            database.execute("UPDATE orders SET quantity = 'many' WHERE id = 1")
        elif command == "run":
            database.executescript(sys.stdin.read())
        else:
            raise SystemExit(__doc__)
    database.close()


main()
