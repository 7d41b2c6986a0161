//! The rows that everybody writes: orders with ten columns, a pure function of the row's number.
//!
//! An integer, two money columns, a boolean, a moment, and five texts: a number of 18 digits that no other row has, a customer of
//! 50,000 and a city of 60 in Chinese, a product of 2,000 in English, a remark of 40 in both, which every seventh row lacks. A million
//! rows have about 9.86 million cells. `tools/bench_xlsxwriter.py` makes the same rows.

/// Columns of a row.
pub const COLUMNS: usize = 10;
/// What stands above the columns.
pub const HEADERS: [&str; COLUMNS] =
    ["id", "order_no", "customer", "city", "product", "unit_price", "total", "gift", "created_at", "remark"];

/// 2023-01-01 00:00:00 in seconds since 1970.
const FIRST_SECOND: i64 = 1_672_531_200;
/// Moments lie in three years.
const SECONDS: u64 = 94_608_000;
const CUSTOMER_COUNT: u64 = 50_000;
const PRODUCT_COUNT: u64 = 2_000;

const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧";
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华建国文玉兰红梅春雪志海燕云飞龙凤";
const CITIES: &str = "北京上海广州深圳杭州南京苏州武汉成都重庆天津西安长沙青岛大连厦门宁波无锡佛山合肥";
const DISTRICTS: [&str; 3] = ["东城区", "高新技术开发区", "西湖区"];
const KINDS: [&str; 10] = [
    "Stainless steel bottle",
    "Desk lamp",
    "Bluetooth keyboard",
    "Cotton T-shirt",
    "Running shoes",
    "Salt & pepper set",
    "Ceramic mug",
    "Notebook A5",
    "Travel backpack",
    "Phone case <clear>",
];
const REMARKS: [&str; 10] = [
    "请尽快发货，谢谢",
    "周末送货，工作日不在家",
    "放门卫处即可",
    "生日礼物，请附贺卡",
    "颜色随机，不要红色",
    "Please leave at the reception desk.",
    "Call before delivery",
    "送货前请电话联系",
    "需要开具增值税专用发票",
    "易碎物品，请小心轻放",
];

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// 1 for the first row.
    pub id: i64,
    /// 18 digits.
    pub order_no: &'a str,
    /// A name in Chinese.
    pub customer: &'a str,
    /// A city and district in Chinese.
    pub city: &'a str,
    /// A product in English.
    pub product: &'a str,
    /// Hundredths.
    pub unit_price_cents: i64,
    /// Hundredths.
    pub total_cents: i64,
    /// A boolean.
    pub gift: bool,
    /// Seconds since 1970.
    pub created_at: i64,
    /// A remark, where there is one.
    pub remark: Option<&'a str>,
}

impl Order<'_> {
    /// The moment as Excel's serial number.
    pub fn serial(&self) -> f64 {
        25_569.0
            + self.created_at.div_euclid(86_400) as f64
            + self.created_at.rem_euclid(86_400) as f64 / 86_400.0
    }
}

/// Makes rows.
pub struct Orders {
    customers: Vec<String>,
    cities: Vec<String>,
    products: Vec<String>,
    remarks: Vec<String>,
}

impl Default for Orders {
    fn default() -> Orders {
        let (surnames, given) = (chars(SURNAMES), chars(GIVEN));
        let customer = |number: u64| {
            let bits = mixed(number) as usize;
            let second = given[(bits >> 8) % given.len()];
            let last =
                if bits & 3 == 0 { String::new() } else { given[(bits >> 20) % given.len()].to_string() };
            format!("{}{second}{last}", surnames[bits % surnames.len()])
        };
        let names = chars(CITIES);
        let city = |number: usize| {
            let name = number / 3 * 2;
            format!("{}市{}", String::from_iter(&names[name..name + 2]), DISTRICTS[number % 3])
        };
        let product = |number: u64| {
            format!("{}, model {}-{}", KINDS[(number % 10) as usize], 100 + number / 10, mixed(number) % 1000)
        };
        let remark = |number: usize| match number / 10 {
            0 => REMARKS[number % 10].to_owned(),
            times => format!("{}（第{}次）", REMARKS[number % 10], times + 1),
        };
        Orders {
            customers: (0..CUSTOMER_COUNT).map(customer).collect(),
            cities: (0..60).map(city).collect(),
            products: (0..PRODUCT_COUNT).map(product).collect(),
            remarks: (0..40).map(remark).collect(),
        }
    }
}

impl Orders {
    /// Hands the rows from `first` on to `take`, in order; rows count from 1.
    pub fn each(&self, first: u64, count: u64, mut take: impl FnMut(&Order<'_>)) {
        for id in first..first + count {
            let (bits, more) = (mixed(id), mixed(id ^ (1 << 63)));
            let unit_price_cents = (more % 200_000 + 99) as i64;
            let quantity = (more >> 32) % 9 + 1;
            // 18 digits that no other row has: ten by chance, eight that count.
            let mut digits = *b"000000000000000000";
            put_digits(&mut digits[..10], bits >> 20);
            put_digits(&mut digits[10..], id);
            take(&Order {
                id: id as i64,
                order_no: std::str::from_utf8(&digits).unwrap_or_default(),
                customer: &self.customers[(bits % CUSTOMER_COUNT) as usize],
                city: &self.cities[((bits >> 17) % 60) as usize],
                product: &self.products[((more >> 8) % PRODUCT_COUNT) as usize],
                unit_price_cents,
                total_cents: unit_price_cents * quantity as i64,
                gift: more >> 60 == 0,
                created_at: FIRST_SECOND + ((bits >> 5) % SECONDS) as i64,
                remark: (id % 7 != 0).then(|| self.remarks[((more >> 40) % 40) as usize].as_str()),
            });
        }
    }
}

/// Appends seconds since 1970 as `YYYY-MM-DD HH:MM:SS`.
pub fn push_moment(out: &mut Vec<u8>, seconds: i64) {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", for days after 0000-03-01.
    let shifted = (seconds.div_euclid(86_400) + 719_468) as u64;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let second = seconds.rem_euclid(86_400) as u64;
    let mut text = *b"0000-00-00 00:00:00";
    put_digits(&mut text[..4], year);
    put_digits(&mut text[5..7], month);
    put_digits(&mut text[8..10], day_of_year - (153 * from_march + 2) / 5 + 1);
    put_digits(&mut text[11..13], second / 3600);
    put_digits(&mut text[14..16], second / 60 % 60);
    put_digits(&mut text[17..19], second % 60);
    out.extend_from_slice(&text);
}

/// What [`push_moment`] has written, in seconds since 1970.
pub fn seconds_of(moment: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        moment.as_bytes().get(from..to)?.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (year, from_march) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?)
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn put_digits(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The finalizer of splitmix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators").
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
