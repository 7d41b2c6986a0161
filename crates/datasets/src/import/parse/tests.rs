//! Cells and what they are taken for.

use super::*;
use crate::catalog::Catalog;
use crate::dataset::Dataset;
use crate::import::storage::Doubles;

/// A dataset of the one column `a`.
fn dataset(column: &str) -> Dataset {
    let toml = format!(
        "[database.db]\nurl = 'sqlite:x'\n[dataset.d]\ndatabase = 'db'\ntable = 't'\nkey = ['id']\nimport = {{}}\n\
         column = [{{ name = 'id', type = 'integer' }}, {{ name = 'a', {column} }}]"
    );
    let config = toml::from_str(&toml).expect("well-formed");
    Catalog::from_config(&config, ".".as_ref()).expect("valid").get("d").expect("declared").clone()
}

/// What a cell is read as, or the code of what is wrong; a warning follows the value.
fn read(column: &str, storage: &Storage, kind: CellKind, text: &str) -> String {
    let dataset = dataset(column);
    let rules =
        dataset.importing.as_ref().and_then(|importing| importing.columns[1].clone()).expect("takes part");
    let (texts, kinds) = (StringArray::from(vec![text]), UInt8Array::from(vec![kind as u8]));
    let cells = [Cells { texts, kinds }];
    let zone = TimeZone::get("Asia/Shanghai").expect("known");
    let parsed = super::column(&dataset.columns[1], &rules, storage, false, &cells, &zone).expect("fits");
    let batch = arrow_array::RecordBatch::try_from_iter([("a", parsed.values)]).expect("one column");
    let value = crate::text::rows(&batch)[0][0].clone();
    let problems: Vec<&str> = parsed.problems.iter().map(|(_, problem)| problem.code()).collect();
    match (value, problems.as_slice()) {
        (value, []) => value.unwrap_or_else(|| "-".to_owned()),
        (None, problems) => format!("!{}", problems.join(" ")),
        (Some(value), problems) => format!("{value} ?{}", problems.join(" ")),
    }
}

#[test]
fn cells_are_read_as_their_columns_type() {
    use CellKind::{Boolean as B, Date as D, Empty, Error, Number as N, Text as T};
    let status = "type = 'text', values = [{ value = 'paid', en = 'Paid', zh = '已付款' }, { value = 'open', en = 'Open' }]";
    let cases = "type = 'text', values = [{ value = 'a', en = 'One' }, { value = 'A', en = 'Two' }]";
    let money = "type = 'decimal', scale = 2";
    for (column, kind, text, want) in [
        ("type = 'text'", T, "\u{A0} 00123\u{3000}", "00123"),
        ("type = 'text'", T, "a  b", "a  b"),
        ("type = 'text'", T, "ＡＢ", "ＡＢ"),
        ("type = 'text'", N, "19.989999999999998", "19.99"),
        ("type = 'text'", N, "1E3", "1000"),
        ("type = 'text'", N, "202608010000001", "202608010000001"),
        ("type = 'text'", N, "2026080100000012", "2026080100000012 ?digits_lost"),
        ("type = 'text'", N, "2.0260801000001E+17", "202608010000010000 ?digits_lost"),
        ("type = 'text'", T, "2026080100000012", "2026080100000012"),
        ("type = 'text'", T, "2.02608E+17", "2.02608E+17 ?digits_lost"),
        ("type = 'text'", T, "2E+5", "2E+5"),
        ("type = 'integer'", N, "2026080100000012", "2026080100000012 ?digits_lost"),
        ("type = 'integer'", N, "202608010000001", "202608010000001"),
        ("type = 'integer'", T, "2026080100000012", "2026080100000012"),
        ("type = 'decimal', scale = 2", N, "1234567890123456", "1234567890123456.00 ?digits_lost"),
        ("type = 'decimal', scale = 2", N, "0,500", "!wrong_type"),
        ("type = 'timestamp_tz'", T, "9999-12-31T23:59:59Z", "!out_of_range"),
        ("type = 'timestamp_tz'", T, "9999-12-31 23:59:59", "!out_of_range"),
        ("type = 'timestamp'", T, "9999-12-31 23:59:59", "9999-12-31 23:59:59"),
        ("type = 'text'", D, "2026-08-01", "2026-08-01"),
        ("type = 'text'", B, "true", "true"),
        ("type = 'text'", T, "a\0b", "!not_storable"),
        ("type = 'text'", Empty, "", "-"),
        ("type = 'text'", T, " \u{3000} ", "-"),
        ("type = 'text', import = { required = true }", T, " ", "!required"),
        ("type = 'text', import = { max_length = 3 }", T, "订单号", "订单号"),
        ("type = 'text', import = { max_length = 3 }", T, "abcd", "!too_long"),
        ("type = 'text', import = { pattern = '[A-Z]{2}|x' }", T, "AB", "AB"),
        ("type = 'text', import = { pattern = '[A-Z]{2}|x' }", T, "xAB", "!pattern"),
        ("type = 'text'", Error, "#N/A", "!formula_error"),
        (status, T, "PAID", "paid"),
        (status, T, "已付款", "paid"),
        (status, T, " Ｏｐｅｎ ", "open"),
        (status, T, "paidd", "!not_allowed"),
        (cases, T, "A", "A"),
        (cases, T, "a", "a"),
        (cases, T, "two", "A"),
        (cases, T, "ａ", "!not_allowed"),
        ("type = 'integer'", T, "１，２００", "1200"),
        ("type = 'integer'", N, "12.0", "12"),
        ("type = 'integer'", T, "12.5", "!wrong_type"),
        ("type = 'integer'", T, "-9223372036854775808", "-9223372036854775808"),
        ("type = 'integer'", T, "9223372036854775808", "!out_of_range"),
        ("type = 'integer'", B, "true", "!wrong_type"),
        ("type = 'integer', import = { min = '1', max = '9' }", T, "0", "!out_of_range"),
        ("type = 'integer', import = { min = '1', max = '9' }", T, "9", "9"),
        (money, N, "19.989999999999998", "19.99"),
        (money, N, "0.30000000000000004", "0.30"),
        (money, T, "19.989999999999998", "!too_many_decimals"),
        (money, T, "(1,234.50)", "-1234.50"),
        (money, T, "1.234,50", "!wrong_type"),
        (money, T, "1e99", "!out_of_range"),
        ("type = 'decimal', scale = 2, import = { min = '0.10' }", T, "0.09", "!out_of_range"),
        ("type = 'float'", N, "0.30000000000000004", "0.30000000000000004"),
        ("type = 'float'", T, "１.５", "1.5"),
        ("type = 'float'", T, "1,000.5", "1000.5"),
        ("type = 'float'", T, "inf", "!wrong_type"),
        ("type = 'float'", T, "1e999", "!out_of_range"),
        ("type = 'boolean'", T, "是", "true"),
        ("type = 'boolean'", T, "No", "false"),
        ("type = 'boolean'", N, "1", "true"),
        ("type = 'boolean'", B, "false", "false"),
        ("type = 'boolean'", T, "maybe", "!wrong_type"),
        ("type = 'date'", T, "2026/8/1", "2026-08-01"),
        ("type = 'date'", T, "2026年8月1日", "2026-08-01"),
        ("type = 'date'", N, "46235", "2026-08-01"),
        ("type = 'date'", N, "46235.5", "!wrong_type"),
        ("type = 'date'", D, "2026-08-01T00:00:00", "2026-08-01"),
        ("type = 'date'", T, "2026-08-01 10:30", "!wrong_type"),
        ("type = 'date'", T, "01/08/2026", "!wrong_type"),
        ("type = 'date', import = { min = '2026-08-01' }", T, "2026-07-31", "!out_of_range"),
        ("type = 'time'", D, "10:30:00", "10:30:00"),
        ("type = 'time'", N, "0.4375", "10:30:00"),
        ("type = 'time'", T, "下午3点05分", "15:05:00"),
        ("type = 'timestamp'", N, "46235.4375", "2026-08-01 10:30:00"),
        ("type = 'timestamp'", T, "2026-08-01T10:30:00Z", "2026-08-01 10:30:00"),
        ("type = 'timestamp'", T, "2026-08-01T10:30:00+02:00", "!wrong_type"),
        ("type = 'timestamp'", T, "10:30", "!wrong_type"),
        ("type = 'timestamp', stored_as = 'unix_seconds'", T, "2026-08-01 10:30:00.9", "2026-08-01 10:30:00"),
        // Shown in the zone in which what has no offset is read.
        ("type = 'timestamp_tz'", T, "2026-08-01 10:30", "2026-08-01 10:30:00"),
        ("type = 'timestamp_tz'", T, "2026-08-01T10:30:00Z", "2026-08-01 18:30:00"),
    ] {
        let storage = Storage::declared(&dataset(column).columns[1]);
        assert_eq!(read(column, &storage, kind, text), want, "{text:?} as {kind:?} in {column}");
    }
}

#[test]
fn what_the_database_has_no_room_for_is_wrong_before_it_is_written() {
    let any = || Storage::ANY;
    for (column, storage, text, want) in [
        ("type = 'text'", Storage { length_max: Some(2), ..any() }, "abc", "!too_long"),
        ("type = 'text'", Storage { char_max: '\u{FFFF}', ..any() }, "订😀", "!not_storable"),
        ("type = 'text'", Storage { form: Form::Uuid, ..any() }, "x", "!wrong_type"),
        ("type = 'text'", Storage { form: Form::Labels(vec!["a".into()]), ..any() }, "b", "!not_allowed"),
        ("type = 'text'", Storage { is_nullable: false, ..any() }, "", "!required"),
        ("type = 'integer'", Storage { whole: Some((-128, 127)), ..any() }, "128", "!out_of_range"),
        ("type = 'integer'", Storage { digits: Some((2, 0)), ..any() }, "100", "!out_of_range"),
        ("type = 'decimal', scale = 2", Storage { digits: Some((2, 2)), ..any() }, "100.00", "!out_of_range"),
        ("type = 'decimal', scale = 2", Storage { digits: Some((2, 2)), ..any() }, "99.99", "99.99"),
        (
            "type = 'decimal', scale = 2",
            Storage { digits: Some((2, 1)), ..any() },
            "9.99",
            "!too_many_decimals",
        ),
        (
            "type = 'decimal', scale = 2",
            Storage { whole: Some((0, 9)), ..any() },
            "9.50",
            "!too_many_decimals",
        ),
        ("type = 'text'", Storage { bytes_max: Some(5), ..any() }, "订单", "!too_long"),
        ("type = 'text'", Storage { takes_empty: true, is_nullable: false, ..any() }, "", ""),
        ("type = 'text'", Storage { form: Form::Numeric { is_real: false }, ..any() }, "007", "!wrong_type"),
        (
            "type = 'decimal', scale = 2",
            Storage { doubles: Doubles::All, ..any() },
            "12345678901234.00",
            "!out_of_range",
        ),
        (
            "type = 'decimal', scale = 2",
            Storage { doubles: Doubles::Fractions, ..any() },
            "12345678901234.50",
            "!out_of_range",
        ),
        (
            "type = 'decimal', scale = 2",
            Storage { doubles: Doubles::Fractions, ..any() },
            "12345678901234",
            "12345678901234.00",
        ),
        ("type = 'float'", Storage { digits: Some((2, 2)), ..any() }, "100", "!out_of_range"),
        ("type = 'float'", Storage { digits: Some((2, 2)), ..any() }, "9.999", "!too_many_decimals"),
        ("type = 'float'", Storage { digits: Some((2, 2)), ..any() }, "9.99", "9.99"),
        ("type = 'float'", Storage { whole: Some((0, 9)), ..any() }, "10", "!out_of_range"),
        ("type = 'float'", Storage { is_single: true, ..any() }, "0.123456789", "0.12345679"),
        ("type = 'text'", Storage { bytes_max: Some(5), ..any() }, "订单", "!too_long"),
        ("type = 'text'", Storage { takes_empty: true, is_nullable: false, ..any() }, "", ""),
        ("type = 'text'", Storage { form: Form::Numeric { is_real: false }, ..any() }, "007", "!wrong_type"),
        (
            "type = 'decimal', scale = 2",
            Storage { doubles: Doubles::All, ..any() },
            "12345678901234.00",
            "!out_of_range",
        ),
        (
            "type = 'decimal', scale = 2",
            Storage { doubles: Doubles::Fractions, ..any() },
            "12345678901234.50",
            "!out_of_range",
        ),
        (
            "type = 'decimal', scale = 2",
            Storage { doubles: Doubles::Fractions, ..any() },
            "12345678901234",
            "12345678901234.00",
        ),
        ("type = 'float'", Storage { digits: Some((2, 2)), ..any() }, "100", "!out_of_range"),
        ("type = 'float'", Storage { digits: Some((2, 2)), ..any() }, "9.999", "!too_many_decimals"),
        ("type = 'float'", Storage { digits: Some((2, 2)), ..any() }, "9.99", "9.99"),
        ("type = 'float'", Storage { whole: Some((0, 9)), ..any() }, "10", "!out_of_range"),
        ("type = 'float'", Storage { is_single: true, ..any() }, "1e300", "!out_of_range"),
        ("type = 'time'", Storage { grain: 1_000_000, ..any() }, "10:30:00.9", "10:30:00"),
    ] {
        assert_eq!(read(column, &storage, CellKind::Text, text), want, "{text} in {column}");
    }
}

#[test]
fn a_slip_of_the_keyboard_is_told_what_was_meant() {
    let dataset =
        dataset("type = 'text', values = [{ value = 'completed', zh = '已完成' }, { value = 'pending' }]");
    let (texts, kinds) = (StringArray::from(vec!["compleet", "xyz"]), UInt8Array::from(vec![1, 1]));
    let cells = [Cells { texts, kinds }];
    let rules = ColumnRules::default();
    let parsed = super::column(&dataset.columns[1], &rules, &Storage::ANY, false, &cells, &TimeZone::UTC)
        .expect("fits");
    let closest: Vec<Option<&str>> = parsed
        .problems
        .iter()
        .map(|(_, problem)| match problem {
            CellProblem::NotAllowed { closest, .. } => closest.as_deref(),
            problem => panic!("{problem:?}"),
        })
        .collect();
    assert_eq!(closest, [Some("completed"), None]);
}

#[test]
fn a_key_has_to_be_surely_what_was_meant() {
    let dataset = dataset("type = 'text'");
    let (texts, kinds) = (StringArray::from(vec!["2026080100000012", "12"]), UInt8Array::from(vec![2, 2]));
    assert_eq!(CellKind::from_u8(2), Some(CellKind::Number));
    let cells = [Cells { texts, kinds }];
    let rules = ColumnRules::default();
    let column = &dataset.columns[1];
    let parsed = super::column(column, &rules, &Storage::ANY, true, &cells, &TimeZone::UTC).expect("fits");
    assert_eq!(parsed.problems, [(0, CellProblem::KeyDigitsLost)]);
    assert!(!CellProblem::KeyDigitsLost.is_warning());
}
