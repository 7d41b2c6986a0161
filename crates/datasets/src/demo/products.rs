//! The table `products`.

use jiff::civil::{Date, date};
use rusqlite::{Transaction, params};

use super::dice::{Dice, days_after};
use super::{Report, ShopSize, insert_rows, sql_id};

const CREATE: &str = "
    CREATE TABLE products (
        id INTEGER PRIMARY KEY,
        sku TEXT NOT NULL,
        name TEXT NOT NULL,
        category TEXT NOT NULL,
        price_cents INTEGER NOT NULL,
        weight_kg REAL,
        on_sale INTEGER NOT NULL,
        listed_on TEXT NOT NULL
    )";
const INSERT: &str = "INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const INDEXES: &str = "
    CREATE UNIQUE INDEX products_sku ON products (sku);
    CREATE INDEX products_category ON products (category);";

const FIRST_LISTING: Date = date(2018, 3, 1);
const LISTING_DAYS: u64 = 7 * 365;

/// A kind of goods: category, names, and the range of its price in cents.
struct Kind {
    category: &'static str,
    chinese: &'static [&'static str],
    english: &'static [&'static str],
    least_cents: u64,
    most_cents: u64,
}

const KINDS: &[Kind] = &[
    Kind {
        category: "家电 Appliances",
        chinese: &["电热水壶", "空气净化器", "扫地机器人", "微波炉"],
        english: &["Kettle", "Air purifier", "Robot vacuum", "Desk lamp"],
        least_cents: 4_900,
        most_cents: 499_900,
    },
    Kind {
        category: "食品 Food",
        chinese: &["龙井茶 250g", "云南咖啡豆", "五常大米 5kg", "坚果礼盒"],
        english: &["Green tea 250 g", "Crème brûlée mix", "Olive oil, 1 l", "Dark chocolate 85%"],
        least_cents: 500,
        most_cents: 29_900,
    },
    Kind {
        category: "服装 Clothing",
        chinese: &["纯棉T恤", "羽绒服", "牛仔裤", "运动鞋"],
        english: &["Cotton T-shirt", "Down jacket", "Jeans \"slim\"", "Running shoes"],
        least_cents: 2_900,
        most_cents: 159_900,
    },
    Kind {
        category: "图书 Books",
        chinese: &["《红楼梦》", "《三体》全集", "儿童绘本", "编程入门"],
        english: &["War & Peace", "The Rust Book", "Atlas of the World", "Cookbook <for two>"],
        least_cents: 1_200,
        most_cents: 39_900,
    },
    Kind {
        category: "数码 Electronics",
        chinese: &["蓝牙耳机", "移动电源 20000mAh", "机械键盘", "27\"显示器"],
        english: &["USB-C cable", "Power bank", "Mechanical keyboard", "27\" monitor"],
        least_cents: 990,
        most_cents: 899_900,
    },
];
const CHINESE_GRADES: &[&str] = &["经典款", "升级版", "家庭装", "限量版", "2025新款"];
const ENGLISH_GRADES: &[&str] = &["Classic", "Pro", "Family pack", "Limited edition", "Mk II"];

/// What orders copy from a product.
pub(super) struct Article {
    pub(super) name: String,
    pub(super) price_cents: u64,
    category: &'static str,
}

/// Name and price of a product, which need not be in the table yet.
pub(super) fn article(id: u64) -> Article {
    let mut dice = Dice::for_row("articles", id);
    let kind = &KINDS[dice.below(KINDS.len() as u64) as usize];
    let name = if dice.percent(60) {
        format!("{} {}", dice.pick(kind.chinese), dice.pick(CHINESE_GRADES))
    } else {
        format!("{} {}", dice.pick(kind.english), dice.pick(ENGLISH_GRADES))
    };
    let price_cents = kind.least_cents + dice.below(kind.most_cents - kind.least_cents);
    Article { name, price_cents, category: kind.category }
}

/// Makes and fills the table.
pub(super) fn fill(
    transaction: &Transaction<'_>,
    size: ShopSize,
    report: &mut Report<'_>,
) -> rusqlite::Result<()> {
    transaction.execute_batch(CREATE)?;
    insert_rows(transaction, INSERT, size.product_count, report, |statement, id| {
        let Article { name, price_cents, category } = article(id);
        let mut dice = Dice::for_row("products", id);
        let sku = format!("{id:06}{}", dice.digits(2));
        let weight_kg = dice.percent(85).then(|| (1 + dice.below(25_000)) as f64 / 1000.0);
        let on_sale = dice.percent(90);
        let listed_on = days_after(FIRST_LISTING, dice.below(LISTING_DAYS));
        statement.execute(params![
            sql_id(id),
            sku,
            name,
            category,
            price_cents.cast_signed(),
            weight_kg,
            on_sale,
            listed_on.to_string(),
        ])
    })?;
    transaction.execute_batch(INDEXES)
}
