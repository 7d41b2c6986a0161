//! Conditions as they are typed: `status=paid`, `total>=100`, `note~fragile`, `status=paid,shipped`, `paid_at is null`.

use anyhow::{Context, bail};
use longshore_protocol::{Filter, FilterOp};
use serde_json::Value;

/// Marks between column and value, longer ones first.
const MARKS: [(&str, FilterOp); 8] = [
    (">=", FilterOp::Ge),
    ("<=", FilterOp::Le),
    ("!=", FilterOp::Ne),
    ("^=", FilterOp::StartsWith),
    ("~", FilterOp::Contains),
    ("=", FilterOp::Eq),
    (">", FilterOp::Gt),
    ("<", FilterOp::Lt),
];

/// Reads one condition.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub(super) fn parse(text: &str) -> anyhow::Result<Filter> {
    let trimmed = text.trim();
    for (ending, op) in [(" is not null", FilterOp::NotNull), (" is null", FilterOp::IsNull)] {
        let lower = trimmed.to_ascii_lowercase();
        if let Some(column) = lower.strip_suffix(ending) {
            let column = trimmed[..column.len()].trim().to_owned();
            return Ok(Filter { column, op: op.name().to_owned(), value: Value::Null });
        }
    }
    // The mark that stands first; of those at the same place, the longest.
    let found = MARKS.iter().filter_map(|(mark, op)| Some((trimmed.find(mark)?, *mark, *op)));
    let (at, mark, op) = found.min_by_key(|(at, mark, _)| (*at, usize::MAX - mark.len())).with_context(|| {
        format!("--where: {text:?} has no comparison; write for instance 'status=paid', 'total>=100' or 'paid_at is null'")
    })?;
    let (column, value) = (trimmed[..at].trim(), trimmed[at + mark.len()..].trim());
    if column.is_empty() {
        bail!("--where: {text:?} names no column before {mark}");
    }
    let several = op == FilterOp::Eq && value.contains(',') && !value.starts_with('"');
    if several && is_grouped(value) {
        bail!(
            "--where: {text:?} can be read as one number with its thousands set apart, or as a list; write the number without \
             commas, or a space after each comma of a list"
        );
    }
    let (op, value) = if several {
        let values = value.split(',').map(|value| Value::String(value.trim().to_owned()));
        (FilterOp::In, Value::Array(values.collect()))
    } else {
        (op, Value::String(unquoted(value).to_owned()))
    };
    Ok(Filter { column: column.to_owned(), op: op.name().to_owned(), value })
}

/// Whether it reads as a number such as `1,000` or `-12,345.67`.
fn is_grouped(value: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = value.trim_start_matches(['-', '+']);
    let (whole, fraction) = whole.split_once('.').unwrap_or((whole, "0"));
    let mut groups = whole.split(',');
    is_digits(fraction)
        && groups.next().is_some_and(|first| first.len() <= 3 && is_digits(first))
        && groups.all(|group| group.len() == 3 && is_digits(group))
}

/// A value in double quotes may hold commas.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_are_read_as_they_are_typed() {
        for (text, column, op, value) in [
            ("status=paid", "status", "eq", json!("paid")),
            (" total >= 100 ", "total", "ge", json!("100")),
            ("total<=1e3", "total", "le", json!("1e3")),
            ("at<2026-08-01", "at", "lt", json!("2026-08-01")),
            ("note~a=b", "note", "contains", json!("a=b")),
            ("no^=SO-", "no", "starts_with", json!("SO-")),
            ("status!=paid", "status", "ne", json!("paid")),
            ("status=paid, shipped", "status", "in", json!(["paid", "shipped"])),
            ("id=101, 102", "id", "in", json!(["101", "102"])),
            ("id=1,22,333", "id", "in", json!(["1", "22", "333"])),
            ("id=1000,200", "id", "in", json!(["1000", "200"])),
            ("no=\"1,000\"", "no", "eq", json!("1,000")),
            ("total=1.5,2.5", "total", "in", json!(["1.5", "2.5"])),
            ("city=\"Paris, Texas\"", "city", "eq", json!("Paris, Texas")),
            ("name=", "name", "eq", json!("")),
            ("paid_at IS NULL", "paid_at", "is_null", json!(null)),
            ("paid_at is not null", "paid_at", "not_null", json!(null)),
        ] {
            let filter = parse(text).expect(text);
            assert_eq!((filter.column.as_str(), filter.op.as_str()), (column, op), "{text}");
            assert_eq!(filter.value, value, "{text}");
        }
        for text in ["status", "", "=paid", "total=1,000", "total=-12,345.67", "id=101,102"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
