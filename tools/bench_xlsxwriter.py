"""The orders of benches/orders, written by XlsxWriter: bench_xlsxwriter.py ROWS FILE makes the same rows, as `make bench` checks;
bench_xlsxwriter.py sqlite DATABASE FILE and bench_xlsxwriter.py postgres URL FILE read them."""

import datetime
import sys

import xlsxwriter

ALL = (1 << 64) - 1
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华建国文玉兰红梅春雪志海燕云飞龙凤"
CITIES = "北京上海广州深圳杭州南京苏州武汉成都重庆天津西安长沙青岛大连厦门宁波无锡佛山合肥"
DISTRICTS = ["东城区", "高新技术开发区", "西湖区"]
KINDS = [
    "Stainless steel bottle", "Desk lamp", "Bluetooth keyboard", "Cotton T-shirt", "Running shoes", "Salt & pepper set",
    "Ceramic mug", "Notebook A5", "Travel backpack", "Phone case <clear>",
]
REMARKS = [
    "请尽快发货，谢谢", "周末送货，工作日不在家", "放门卫处即可", "生日礼物，请附贺卡", "颜色随机，不要红色",
    "Please leave at the reception desk.", "Call before delivery", "送货前请电话联系", "需要开具增值税专用发票", "易碎物品，请小心轻放",
]
# Excel counts days from here.
DAY_0, DAY = datetime.datetime(1899, 12, 30), datetime.timedelta(days=1)
HEADERS = ["id", "order_no", "customer", "city", "product", "unit_price", "total", "gift", "created_at", "remark"]


def mixed(number):
    bits = (number * 0x9E3779B97F4A7C15) & ALL
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & ALL
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & ALL
    return bits ^ (bits >> 31)


def customer(number):
    bits = mixed(number)
    second = GIVEN[(bits >> 8) % len(GIVEN)]
    last = "" if bits & 3 == 0 else GIVEN[(bits >> 20) % len(GIVEN)]
    return SURNAMES[bits % len(SURNAMES)] + second + last


def made(row_count):
    customers = [customer(number) for number in range(50_000)]
    cities = [f"{CITIES[n // 3 * 2 : n // 3 * 2 + 2]}市{DISTRICTS[n % 3]}" for n in range(60)]
    products = [f"{KINDS[n % 10]}, model {100 + n // 10}-{mixed(n) % 1000}" for n in range(2_000)]
    remarks = [REMARKS[n % 10] + (f"（第{n // 10 + 1}次）" if n >= 10 else "") for n in range(40)]
    for row in range(1, row_count + 1):
        bits, more = mixed(row), mixed(row ^ (1 << 63))
        price = more % 200_000 + 99
        yield (
            row,
            f"{(bits >> 20) % 10_000_000_000:010}{row % 100_000_000:08}",
            customers[bits % 50_000],
            cities[(bits >> 17) % 60],
            products[(more >> 8) % 2_000],
            price / 100,
            price * ((more >> 32) % 9 + 1) / 100,
            more >> 60 == 0,
            25_569.0 + (1_672_531_200 + (bits >> 5) % 94_608_000) / 86_400,
            remarks[(more >> 40) % 40] if row % 7 != 0 else None,
        )


def from_sqlite(database):
    import sqlite3

    columns = ", ".join(HEADERS).replace("unit_price, total", "unit_price_cents, total_cents")
    rows = sqlite3.connect(database).execute(f"SELECT {columns} FROM orders ORDER BY id")
    for row, number, customer, city, product, price, total, gift, created_at, remark in rows:
        serial = (datetime.datetime.fromisoformat(created_at) - DAY_0) / DAY
        yield row, number, customer, city, product, price / 100, total / 100, gift, serial, remark


def from_postgres(url):
    import psycopg

    # A name makes it a cursor of the server.
    with psycopg.connect(url) as connection, connection.cursor("orders", binary=True) as cursor:
        cursor.itersize = 10_000
        cursor.execute(f"SELECT {', '.join(HEADERS)} FROM orders ORDER BY id")
        for row, number, customer, city, product, price, total, gift, created_at, remark in cursor:
            serial = (created_at - DAY_0) / DAY
            yield row, number, customer, city, product, float(price), float(total), gift, serial, remark


def write(orders, file):
    workbook = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = workbook.add_worksheet()
    bold, text = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "@"})
    money, whole = workbook.add_format({"num_format": "0.00"}), workbook.add_format({"num_format": "0"})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for column, header in enumerate(HEADERS):
        sheet.write_string(0, column, header, bold)
    for row, number, customer, city, product, price, total, gift, serial, remark in orders:
        sheet.write_number(row, 0, row, whole)
        sheet.write_string(row, 1, number, text)
        sheet.write_string(row, 2, customer, text)
        sheet.write_string(row, 3, city, text)
        sheet.write_string(row, 4, product, text)
        sheet.write_number(row, 5, price, money)
        sheet.write_number(row, 6, total, money)
        sheet.write_boolean(row, 7, gift)
        sheet.write_number(row, 8, serial, moment)
        if remark is not None:
            sheet.write_string(row, 9, remark, text)
    workbook.close()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sqlite", database, file]:
            write(from_sqlite(database), file)
        case ["postgres", url, file]:
            write(from_postgres(url), file)
        case [rows, file]:
            write(made(int(rows)), file)
        case _:
            sys.exit(__doc__)
