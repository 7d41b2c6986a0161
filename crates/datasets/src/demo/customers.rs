//! The table `customers`.

use jiff::civil::{Date, date};
use rusqlite::{Transaction, params};

use super::dice::{Dice, days_after, seconds_after, sql_moment};
use super::{Report, ShopSize, insert_rows, sql_id};

const CREATE: &str = "
    CREATE TABLE customers (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        phone TEXT NOT NULL,
        email TEXT,
        city TEXT NOT NULL,
        birthday TEXT,
        vip INTEGER NOT NULL,
        note TEXT,
        registered_at TEXT NOT NULL
    )";
const INSERT: &str = "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const INDEXES: &str = "
    CREATE INDEX customers_registered_at ON customers (registered_at);
    CREATE INDEX customers_city ON customers (city);";

const FIRST_BIRTHDAY: Date = date(1950, 1, 1);
const BIRTHDAY_DAYS: u64 = 57 * 365;
/// What old systems keep for "unknown"; before the first day that spreadsheets agree on.
const PLACEHOLDER_BIRTHDAY: Date = date(1900, 1, 1);
const FIRST_REGISTRATION: Date = date(2019, 1, 1);
const REGISTRATION_SECONDS: u64 = 4 * 365 * 86_400;

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "林", "郭",
    "何", "高", "罗", "欧阳", "司马", "诸葛",
];
const GIVEN_NAMES: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "勇", "军", "杰", "秀英", "建国", "子涵", "雨桐",
    "浩然", "思远", "嘉怡", "晓明", "志强", "美玲", "梓萱", "一诺",
];
const FIRST_NAMES: &[&str] = &[
    "Anna",
    "José",
    "Zoë",
    "François",
    "Łukasz",
    "Jürgen",
    "Siobhán",
    "Søren",
    "Nguyễn",
    "Emily",
    "Oliver",
    "Chloé",
    "Beyza",
    "İsmail",
    "Māra",
];
const LAST_NAMES: &[&str] = &[
    "Müller",
    "O'Brien",
    "García Núñez",
    "Dvořák",
    "Smith",
    "Lefèvre",
    "Åkesson",
    "Kowalski",
    "Van der Berg",
    "Smith-Jones",
    "Şahin",
    "Jr., Brown",
];
/// Names with characters that few fonts and some encodings have: from CJK extension A, and from
/// beyond the basic plane, where UTF-16 needs two units.
const RARE_NAMES: &[&str] = &["刘䶮", "𠮷田太郎", "李𣲷", "王㛃", "陈𬱖", "𠮷野家", "张䶮"];
/// Every so many customers one has a rare name; they take turns, so that small shops have them too.
const CUSTOMERS_PER_RARE_NAME: u64 = 25;
const CITIES: &[&str] = &[
    "北京",
    "上海",
    "深圳",
    "广州",
    "杭州",
    "成都",
    "武汉",
    "西安",
    "南京",
    "哈尔滨",
    "呼和浩特",
    "亳州",
    "London",
    "München",
    "São Paulo",
    "Kraków",
    "Singapore",
    "Zürich",
];
const MOBILE_PREFIXES: &[&str] = &["138", "139", "150", "177", "186", "199"];
const NOTES: &[&str] = &[
    "老客户，优先发货",
    "Prefers e-mail",
    "开发票：抬头 \"上海某某有限公司\"",
    "Allergic to nuts, please check",
    "需要\n上门安装",
    "@VIP group",
];

/// What orders copy from a customer.
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) phone: String,
}

/// Name and phone of a customer, who need not be in the table yet.
pub(super) fn contact(id: u64) -> Contact {
    let mut dice = Dice::for_row("contacts", id);
    Contact { name: name(id, &mut dice), phone: phone(&mut dice) }
}

fn name(id: u64, dice: &mut Dice) -> String {
    if id.is_multiple_of(CUSTOMERS_PER_RARE_NAME) {
        let turn = id / CUSTOMERS_PER_RARE_NAME % RARE_NAMES.len() as u64;
        return RARE_NAMES[turn as usize].to_owned();
    }
    if dice.percent(70) {
        format!("{}{}", dice.pick(SURNAMES), dice.pick(GIVEN_NAMES))
    } else {
        format!("{} {}", dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES))
    }
}

fn phone(dice: &mut Dice) -> String {
    let prefix = dice.pick(MOBILE_PREFIXES);
    match dice.below(100) {
        0..60 => format!("{prefix}{}", dice.digits(8)),
        60..75 => format!("+86 {prefix} {} {}", dice.digits(4), dice.digits(4)),
        75..86 => format!("010-{}", dice.digits(8)),
        86..94 => format!("0755{}", dice.digits(8)),
        _ => format!("+49 30 {}", dice.digits(7)),
    }
}

/// Makes and fills the table.
pub(super) fn fill(
    transaction: &Transaction<'_>,
    size: ShopSize,
    report: &mut Report<'_>,
) -> rusqlite::Result<()> {
    transaction.execute_batch(CREATE)?;
    insert_rows(transaction, INSERT, size.customer_count, report, |statement, id| {
        let Contact { name, phone } = contact(id);
        let mut dice = Dice::for_row("customers", id);
        let domain = dice.pick(&["example.com", "example.org", "mail.example.net"]);
        let email = dice.percent(70).then(|| format!("user{id:05}@{domain}"));
        let city = dice.pick(CITIES);
        let birthday = match dice.below(100) {
            0..2 => Some(PLACEHOLDER_BIRTHDAY),
            2..76 => Some(days_after(FIRST_BIRTHDAY, dice.below(BIRTHDAY_DAYS))),
            _ => None,
        };
        let vip = dice.percent(8);
        let note = dice.percent(12).then(|| dice.pick(NOTES));
        let registered_at = seconds_after(FIRST_REGISTRATION, dice.below(REGISTRATION_SECONDS));
        statement.execute(params![
            sql_id(id),
            name,
            phone,
            email,
            city,
            birthday.map(|day| day.to_string()),
            vip,
            note,
            sql_moment(registered_at),
        ])
    })?;
    transaction.execute_batch(INDEXES)
}
