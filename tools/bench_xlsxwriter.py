"""The orders of benches/orders, written by XlsxWriter: bench_xlsxwriter.py ROWS FILE. The same rows, as `make bench` checks."""

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


def main(row_count, file):
    customers = [customer(number) for number in range(50_000)]
    cities = [f"{CITIES[n // 3 * 2 : n // 3 * 2 + 2]}市{DISTRICTS[n % 3]}" for n in range(60)]
    products = [f"{KINDS[n % 10]}, model {100 + n // 10}-{mixed(n) % 1000}" for n in range(2_000)]
    remarks = [REMARKS[n % 10] + (f"（第{n // 10 + 1}次）" if n >= 10 else "") for n in range(40)]
    workbook = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = workbook.add_worksheet()
    bold, text = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "@"})
    money, whole = workbook.add_format({"num_format": "0.00"}), workbook.add_format({"num_format": "0"})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for column, header in enumerate(HEADERS):
        sheet.write_string(0, column, header, bold)
    for row in range(1, row_count + 1):
        bits, more = mixed(row), mixed(row ^ (1 << 63))
        price = more % 200_000 + 99
        serial = 25_569.0 + (1_672_531_200 + (bits >> 5) % 94_608_000) / 86_400
        sheet.write_number(row, 0, row, whole)
        sheet.write_string(row, 1, f"{(bits >> 20) % 10_000_000_000:010}{row % 100_000_000:08}", text)
        sheet.write_string(row, 2, customers[bits % 50_000], text)
        sheet.write_string(row, 3, cities[(bits >> 17) % 60], text)
        sheet.write_string(row, 4, products[(more >> 8) % 2_000], text)
        sheet.write_number(row, 5, price / 100, money)
        sheet.write_number(row, 6, price * ((more >> 32) % 9 + 1) / 100, money)
        sheet.write_boolean(row, 7, more >> 60 == 0)
        sheet.write_number(row, 8, serial, moment)
        if row % 7 != 0:
            sheet.write_string(row, 9, remarks[(more >> 40) % 40], text)
    workbook.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
