//! A request for rows, checked against a dataset: every problem is found, and each names its field.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use longshore_protocol::{ColumnType, Filter, FilterOp, Problem, ProblemKind, Sort};

use crate::dataset::{Column, Dataset};
use crate::value::{self, Value};

/// Conditions a request may have.
pub const FILTERS_MAX: usize = 50;
/// Values an `in` condition may list.
pub const IN_VALUES_MAX: usize = 200;
/// Levels a sort may have.
pub const SORT_MAX: usize = 10;

/// A condition whose column, operator and values fit each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Position of the column in the dataset.
    pub column: usize,
    /// How to compare.
    pub op: FilterOp,
    /// Several for `in`, none for `is_null` and `not_null`, else one.
    pub values: Vec<Value>,
}

/// One level of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderBy {
    /// Position of the column in the dataset.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
}

/// A checked request for rows of one dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Positions of the columns wanted, in the order wanted.
    pub columns: Vec<usize>,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// The order; the dataset's key follows it.
    pub order: Vec<OrderBy>,
    /// The zone in which moments are shown.
    pub zone: TimeZone,
}

impl Query {
    /// Checks names, operators and values. Empty `columns` means all, empty `sort` the dataset's default; moments of filters
    /// that say no offset are of `zone`.
    ///
    /// # Errors
    /// Everything that is wrong, with the field of each.
    pub fn check(
        dataset: &Dataset,
        columns: &[String],
        filters: &[Filter],
        sort: &[Sort],
        zone: &TimeZone,
    ) -> Result<Query, Vec<Problem>> {
        let mut problems = Vec::new();
        let columns = check_columns(dataset, columns, &mut problems);
        let conditions = check_filters(dataset, filters, zone, &mut problems);
        let order =
            check_sort(dataset, if sort.is_empty() { &dataset.default_sort } else { sort }, &mut problems);
        if problems.is_empty() {
            Ok(Query { columns, conditions, order, zone: zone.clone() })
        } else {
            Err(problems)
        }
    }

    /// All columns of all rows, by key; moments in UTC.
    pub fn all_of(dataset: &Dataset) -> Query {
        Query {
            columns: (0..dataset.columns.len()).collect(),
            conditions: Vec::new(),
            order: Vec::new(),
            zone: TimeZone::UTC,
        }
    }

    /// The columns wanted, in their order.
    pub fn columns_of<'a>(&self, dataset: &'a Dataset) -> Vec<&'a Column> {
        self.columns.iter().filter_map(|index| dataset.columns.get(*index)).collect()
    }
}

fn problem(field: impl Into<String>, kind: ProblemKind) -> Problem {
    Problem { field: field.into(), kind }
}

fn too_many(field: &str, limit: usize) -> Problem {
    problem(field, ProblemKind::TooMany { limit: u32::try_from(limit).unwrap_or(u32::MAX) })
}

fn check_columns(dataset: &Dataset, names: &[String], problems: &mut Vec<Problem>) -> Vec<usize> {
    if names.is_empty() {
        return (0..dataset.columns.len()).collect();
    }
    let mut columns = Vec::with_capacity(names.len());
    // A longer list than there are columns repeats or invents some: say so for the first of them.
    for (position, name) in names.iter().take(dataset.columns.len() + 1).enumerate() {
        let field = format!("columns[{position}]");
        match dataset.column_index(name) {
            None => problems.push(problem(field, ProblemKind::UnknownColumn { name: short(name) })),
            Some(index) if columns.contains(&index) => {
                problems.push(problem(field, ProblemKind::RepeatedColumn { name: name.clone() }));
            }
            Some(index) => columns.push(index),
        }
    }
    columns
}

fn check_filters(
    dataset: &Dataset,
    filters: &[Filter],
    zone: &TimeZone,
    problems: &mut Vec<Problem>,
) -> Vec<Condition> {
    if filters.len() > FILTERS_MAX {
        problems.push(too_many("filters", FILTERS_MAX));
        return Vec::new();
    }
    let mut conditions = Vec::with_capacity(filters.len());
    for (position, filter) in filters.iter().enumerate() {
        match check_filter(dataset, filter, zone) {
            Ok(condition) => push_condition(condition, &filter.value, zone, &mut conditions),
            Err((part, kind)) => problems.push(problem(format!("filters[{position}].{part}"), kind)),
        }
    }
    conditions
}

/// Adds a condition. A day given for a time means the whole day: "not after 1 August" includes its evening.
fn push_condition(
    mut condition: Condition,
    given: &serde_json::Value,
    zone: &TimeZone,
    conditions: &mut Vec<Condition>,
) {
    let is_day = given.as_str().is_some_and(|text| value::parse_day(text.trim()).is_some());
    let next = match condition.values.as_slice() {
        _ if !is_day => None,
        [value] => after_day(value, zone),
        _ => None,
    };
    if let Some(next) = next {
        let next = vec![next];
        match condition.op {
            FilterOp::Le => condition = Condition { op: FilterOp::Lt, values: next, ..condition },
            FilterOp::Gt => condition = Condition { op: FilterOp::Ge, values: next, ..condition },
            FilterOp::Eq => {
                conditions.push(Condition { column: condition.column, op: FilterOp::Lt, values: next });
                condition.op = FilterOp::Ge;
            }
            _ => {}
        }
    }
    conditions.push(condition);
}

/// The beginning of the day after the one that begins with `value`; `None` for what has no time.
fn after_day(value: &Value, zone: &TimeZone) -> Option<Value> {
    match value {
        Value::Timestamp(midnight) => midnight.checked_add(1.day()).ok().map(Value::Timestamp),
        Value::TimestampTz(start) => {
            let next = start.to_zoned(zone.clone()).tomorrow().and_then(|next| next.start_of_day());
            next.ok().map(|next| Value::TimestampTz(next.timestamp()))
        }
        _ => None,
    }
}

fn check_filter(
    dataset: &Dataset,
    filter: &Filter,
    zone: &TimeZone,
) -> Result<Condition, (&'static str, ProblemKind)> {
    let index = dataset
        .column_index(&filter.column)
        .ok_or_else(|| ("column", ProblemKind::UnknownColumn { name: short(&filter.column) }))?;
    let column = &dataset.columns[index];
    let op = FilterOp::from_name(&filter.op)
        .ok_or_else(|| ("op", ProblemKind::UnknownOperator { name: short(&filter.op) }))?;
    if !FilterOp::for_type(column.column_type).contains(&op) {
        let kind =
            ProblemKind::OperatorNotForType { name: op.name().to_owned(), column: column.name.clone() };
        return Err(("op", kind));
    }
    let values = match op {
        FilterOp::IsNull | FilterOp::NotNull => Vec::new(),
        FilterOp::In => match filter.value.as_array() {
            Some(list) if list.len() > IN_VALUES_MAX => {
                return Err(("value", ProblemKind::TooMany { limit: IN_VALUES_MAX as u32 }));
            }
            Some(list) if !list.is_empty() => {
                list.iter().map(|value| check_value(column, op, value, zone)).collect::<Result<_, _>>()?
            }
            _ => {
                let kind = ProblemKind::WrongType {
                    expected: "list".to_owned(),
                    given: value::shown(&filter.value),
                };
                return Err(("value", kind));
            }
        },
        _ => vec![check_value(column, op, &filter.value, zone)?],
    };
    Ok(Condition { column: index, op, values })
}

fn check_value(
    column: &Column,
    op: FilterOp,
    given: &serde_json::Value,
    zone: &TimeZone,
) -> Result<Value, (&'static str, ProblemKind)> {
    let value = value::read(given, column.column_type, zone).map_err(|kind| ("value", kind))?;
    let is_exact = matches!(op, FilterOp::Eq | FilterOp::Ne | FilterOp::In);
    if let Value::Text(text) = &value
        && is_exact
        && column.column_type == ColumnType::Text
        && !column.values.is_empty()
        && !column.values.iter().any(|allowed| allowed.value == *text)
    {
        return Err(("value", ProblemKind::NotAllowed { given: value::shown(given) }));
    }
    Ok(value)
}

fn check_sort(dataset: &Dataset, sort: &[Sort], problems: &mut Vec<Problem>) -> Vec<OrderBy> {
    if sort.len() > SORT_MAX {
        problems.push(too_many("sort", SORT_MAX));
        return Vec::new();
    }
    let mut order: Vec<OrderBy> = Vec::with_capacity(sort.len());
    for (position, level) in sort.iter().enumerate() {
        let field = format!("sort[{position}].column");
        match dataset.column_index(&level.column) {
            None => problems.push(problem(field, ProblemKind::UnknownColumn { name: short(&level.column) })),
            Some(column) if order.iter().any(|earlier| earlier.column == column) => {
                problems.push(problem(field, ProblemKind::RepeatedColumn { name: level.column.clone() }));
            }
            Some(column) => order.push(OrderBy { column, descending: level.descending }),
        }
    }
    order
}

fn short(name: &str) -> String {
    value::shown(&serde_json::Value::String(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use serde_json::json;

    fn orders() -> Dataset {
        let toml = r#"
            [database.shop]
            url = "sqlite:shop.db"
            [dataset.orders]
            database = "shop"
            table = "orders"
            key = ["id"]
            sort = ["-at"]
            [[dataset.orders.column]]
            name = "no"
            type = "text"
            [[dataset.orders.column]]
            name = "total"
            type = "decimal"
            scale = 2
            [[dataset.orders.column]]
            name = "status"
            type = "text"
            values = [{ value = "paid", en = "Paid", zh = "已付" }]
            [[dataset.orders.column]]
            name = "at"
            type = "timestamp"
        "#;
        let config = toml::from_str(toml).expect("well-formed");
        let catalog = Catalog::from_config(&config, std::path::Path::new(".")).expect("valid");
        catalog.get("orders").expect("declared").clone()
    }

    fn filter(column: &str, op: &str, value: serde_json::Value) -> Filter {
        Filter { column: column.into(), op: op.into(), value }
    }

    #[test]
    fn an_empty_request_is_all_columns_in_the_default_order() {
        let query = Query::check(&orders(), &[], &[], &[], &TimeZone::UTC).expect("valid");
        assert_eq!(query.columns, [0, 1, 2, 3]);
        assert_eq!(query.order, [OrderBy { column: 3, descending: true }]);
    }

    #[test]
    fn a_day_given_for_a_timestamp_means_the_whole_day() {
        let conditions = |op: &str, value: &str| -> Vec<String> {
            let filters = [filter("at", op, json!(value))];
            let query = Query::check(&orders(), &[], &filters, &[], &TimeZone::UTC).expect("valid");
            query.conditions.iter().map(|c| format!("{} {:?}", c.op.name(), c.values)).collect()
        };
        let at = |time: &str| format!("[Timestamp({time})]");
        assert_eq!(conditions("le", "2026-08-01"), [format!("lt {}", at("2026-08-02T00:00:00"))]);
        assert_eq!(conditions("lt", "2026-08-01"), [format!("lt {}", at("2026-08-01T00:00:00"))]);
        assert_eq!(conditions("gt", "2026-08-01"), [format!("ge {}", at("2026-08-02T00:00:00"))]);
        for given in ["2026-08-01 10:00", "2026-08-01T10", "2026-08-01 10"] {
            assert_eq!(conditions("le", given), [format!("le {}", at("2026-08-01T10:00:00"))], "{given}");
        }
        let day = [format!("lt {}", at("2026-08-02T00:00:00")), format!("ge {}", at("2026-08-01T00:00:00"))];
        assert_eq!(conditions("eq", "2026-08-01"), day);
    }

    #[test]
    fn each_problem_names_its_field() {
        let check = |columns: &[&str], filters: &[Filter], sort: &[&str]| {
            let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
            let sort: Vec<Sort> =
                sort.iter().map(|name| Sort { column: (*name).to_owned(), descending: false }).collect();
            match Query::check(&orders(), &columns, filters, &sort, &TimeZone::UTC) {
                Ok(_) => Vec::new(),
                Err(problems) => problems
                    .into_iter()
                    .map(|p| {
                        let kind = serde_json::to_value(&p.kind).expect("plain data");
                        format!("{} {}", p.field, kind["code"].as_str().unwrap_or_default())
                    })
                    .collect(),
            }
        };
        assert_eq!(
            check(&["no", "x", "no"], &[], &[]),
            ["columns[1] unknown_column", "columns[2] repeated_column"]
        );
        assert_eq!(check(&[], &[filter("x", "eq", json!(1))], &[]), ["filters[0].column unknown_column"]);
        assert_eq!(check(&[], &[filter("no", "like", json!(1))], &[]), ["filters[0].op unknown_operator"]);
        assert_eq!(
            check(&[], &[filter("total", "contains", json!(1))], &[]),
            ["filters[0].op operator_not_for_type"]
        );
        assert_eq!(check(&[], &[filter("total", "eq", json!("x"))], &[]), ["filters[0].value wrong_type"]);
        assert_eq!(check(&[], &[filter("total", "in", json!("1"))], &[]), ["filters[0].value wrong_type"]);
        assert_eq!(check(&[], &[filter("total", "in", json!([]))], &[]), ["filters[0].value wrong_type"]);
        assert_eq!(
            check(&[], &[filter("status", "eq", json!("lost"))], &[]),
            ["filters[0].value not_allowed"]
        );
        assert_eq!(check(&[], &[filter("status", "contains", json!("lost"))], &[]), Vec::<String>::new());
        assert_eq!(check(&[], &[], &["x"]), ["sort[0].column unknown_column"]);
        assert_eq!(check(&[], &[], &["at", "at"]), ["sort[1].column repeated_column"]);
        assert_eq!(check(&[], &vec![filter("no", "eq", json!(1)); 51], &[]), ["filters too_many"]);
        let many: Vec<_> = (0..201).map(|n| json!(n)).collect();
        assert_eq!(check(&[], &[filter("total", "in", json!(many))], &[]), ["filters[0].value too_many"]);
        assert_eq!(check(&["y"], &[filter("no", "z", json!(1))], &["x"]).len(), 3, "all are told at once");
    }
}
