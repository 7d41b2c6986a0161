//! A cell's text as people read it.

use longshore_protocol::{ColumnType, ColumnView, FilterOp};

use super::url::{ListFilter, split_list};
use crate::format::grouped_text;
use crate::i18n::Texts;

/// The text of a cell that has one. Numbers are grouped unless the column is of the key, whose numbers are
/// names; allowed values get their labels.
pub fn shown(text: &str, column: &ColumnView, is_key: bool, t: Texts) -> String {
    if let Some(allowed) = column.values.iter().find(|allowed| allowed.value == text) {
        return allowed.labels.get(t.lang).to_owned();
    }
    match column.column_type {
        ColumnType::Integer | ColumnType::Decimal { .. } if !is_key => grouped_text(text),
        ColumnType::Boolean => boolean(text, t).to_owned(),
        ColumnType::Timestamp | ColumnType::TimestampTz => text.replacen('T', " ", 1),
        _ => text.to_owned(),
    }
}

/// Whether a column's cells stand at the right, so that digits line up.
pub fn is_numeric(column_type: ColumnType) -> bool {
    matches!(column_type, ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float)
}

/// A filter as a sentence: `Status is Paid`. Without its column, which may be gone, names stand for labels.
pub fn filter_words(filter: &ListFilter, column: Option<&ColumnView>, t: Texts) -> String {
    let op = FilterOp::from_name(&filter.op);
    let column_type = column.map_or(ColumnType::Text, |column| column.column_type);
    let op_words = op.map_or(filter.op.as_str(), |op| t.op(op, column_type));
    let Some(column) = column else {
        let value =
            if op == Some(FilterOp::In) { filter.value.replace(',', ", ") } else { filter.value.clone() };
        return format!("{} {op_words} {value}", filter.column).trim_end().to_owned();
    };
    let value = match op {
        Some(FilterOp::In) => {
            t.join(&split_list(&filter.value).map(|part| shown(part, column, true, t)).collect::<Vec<_>>())
        }
        Some(op) if !op.takes_value() => String::new(),
        _ => shown(&filter.value, column, true, t),
    };
    format!("{} {op_words} {value}", column.labels.get(t.lang)).trim_end().to_owned()
}

/// What a person typed as a value, as the request carries it: labels of allowed values become the values.
pub fn typed(text: &str, column: &ColumnView, op: FilterOp) -> String {
    let text = text.trim();
    let value_of = |part: &str| {
        let is_it = |label: &str| !label.is_empty() && label.to_lowercase() == part.to_lowercase();
        let found =
            column.values.iter().find(|allowed| is_it(&allowed.labels.en) || is_it(&allowed.labels.zh));
        found.map_or(part, |allowed| allowed.value.as_str()).to_owned()
    };
    match op {
        FilterOp::In => split_list(text).map(value_of).collect::<Vec<_>>().join(","),
        _ if !op.takes_value() => String::new(),
        _ if column.values.is_empty() => text.to_owned(),
        _ => value_of(text),
    }
}

fn boolean(text: &str, t: Texts) -> &'static str {
    if text == "true" { t.yes() } else { t.no() }
}

#[cfg(test)]
mod tests {
    use longshore_protocol::dataset::AllowedValue;
    use longshore_protocol::{Labels, Lang};

    use super::*;

    fn column(column_type: ColumnType) -> ColumnView {
        ColumnView {
            name: "c".into(),
            labels: Labels { en: "Cell".into(), zh: "格".into() },
            column_type,
            values: vec![],
            ops: FilterOp::for_type(column_type),
        }
    }

    fn status() -> ColumnView {
        let value = |value: &str, en: &str, zh: &str| AllowedValue {
            value: value.into(),
            labels: Labels { en: en.into(), zh: zh.into() },
        };
        let values = vec![value("paid", "Paid", "已支付"), value("shipped", "Shipped", "已发货")];
        ColumnView { values, ..column(ColumnType::Text) }
    }

    #[test]
    fn cells_read_by_their_type() {
        let t = Texts::new(Lang::Zh);
        for (text, column, is_key, want) in [
            ("1234567", column(ColumnType::Integer), false, "1,234,567"),
            ("1234567", column(ColumnType::Integer), true, "1234567"),
            ("1234.50", column(ColumnType::Decimal { scale: 2 }), false, "1,234.50"),
            ("007", column(ColumnType::Text), false, "007"),
            ("true", column(ColumnType::Boolean), false, "是"),
            ("2026-08-01T10:30:00", column(ColumnType::Timestamp), false, "2026-08-01 10:30:00"),
            ("paid", status(), false, "已支付"),
            ("lost", status(), false, "lost"),
        ] {
            assert_eq!(shown(text, &column, is_key, t), want);
        }
    }

    #[test]
    fn filters_read_as_sentences() {
        let t = Texts::new(Lang::En);
        for (op, value, column, want) in [
            ("eq", "paid", Some(status()), "Cell is Paid"),
            ("in", "paid,shipped", Some(status()), "Cell is one of Paid, Shipped"),
            ("is_null", "", Some(status()), "Cell is empty"),
            ("ge", "2026-08-01", Some(column(ColumnType::Date)), "Cell from 2026-08-01"),
            ("like", "x", Some(status()), "Cell like x"),
            ("eq", "x", None, "c is x"),
            ("like", "x", None, "c like x"),
            ("is_null", "", None, "c is empty"),
        ] {
            let filter = ListFilter { column: "c".into(), op: op.into(), value: value.into() };
            assert_eq!(filter_words(&filter, column.as_ref(), t), want);
        }
    }

    #[test]
    fn labels_can_be_typed_for_values() {
        for (text, op, want) in [
            ("已支付， SHIPPED, other", FilterOp::In, "paid,shipped,other"),
            (" Paid ", FilterOp::Eq, "paid"),
            ("x", FilterOp::IsNull, ""),
        ] {
            assert_eq!(typed(text, &status(), op), want);
        }
    }
}
