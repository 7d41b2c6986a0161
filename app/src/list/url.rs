//! The state of a list as the query of its URL, so that reload, the back button and sharing a link work.
//!
//! `filter=status:eq:paid` (repeated), `sort=-created_at` (repeated; `-` is largest first), `page=2`. A
//! column and an operator hold no colon, so a value may hold anything.

use longshore_protocol::{Filter, Sort};
use serde_json::Value;

/// What a list shows: filters, order and page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// Conditions; all must hold.
    pub filters: Vec<ListFilter>,
    /// Order; the dataset's own where empty.
    pub sort: Vec<Sort>,
    /// From 1.
    pub page: u32,
}

/// One condition, as text throughout. The server checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFilter {
    /// Column name.
    pub column: String,
    /// Operator name.
    pub op: String,
    /// The value; for `in` several with commas between; empty for operators without one.
    pub value: String,
}

impl Default for ListQuery {
    fn default() -> ListQuery {
        ListQuery { filters: Vec::new(), sort: Vec::new(), page: 1 }
    }
}

impl ListQuery {
    /// Reads a URL's query, with or without the leading `?`. What can't be read is left out.
    pub fn parse(query: &str) -> ListQuery {
        let mut list = ListQuery::default();
        for pair in query.trim_start_matches('?').split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            match name {
                "filter" => list.filters.extend(ListFilter::parse(&value)),
                "sort" => list.sort.extend(parse_sort(&value)),
                "page" => list.page = value.parse().ok().filter(|page| *page >= 1).unwrap_or(1),
                _ => {}
            }
        }
        list
    }

    /// The query that [`ListQuery::parse`] reads, with the leading `?`; empty for the plain list.
    pub fn to_query(&self) -> String {
        let mut pairs = Vec::new();
        for ListFilter { column, op, value } in &self.filters {
            pairs.push(format!("filter={}", encode(&format!("{column}:{op}:{value}"))));
        }
        for Sort { column, descending } in &self.sort {
            let sign = if *descending { "-" } else { "" };
            pairs.push(format!("sort={sign}{}", encode(column)));
        }
        if self.page > 1 {
            pairs.push(format!("page={}", self.page));
        }
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// With one more filter, from the first page. A filter that is already there is not repeated.
    pub fn with_filter(&self, filter: ListFilter) -> ListQuery {
        let mut filters = self.filters.clone();
        if !filters.contains(&filter) {
            filters.push(filter);
        }
        ListQuery { filters, page: 1, ..self.clone() }
    }

    /// Without the filter at that place, from the first page.
    pub fn without_filter(&self, index: usize) -> ListQuery {
        let mut filters = self.filters.clone();
        if index < filters.len() {
            filters.remove(index);
        }
        ListQuery { filters, page: 1, ..self.clone() }
    }

    /// Without any filter, from the first page.
    pub fn without_filters(&self) -> ListQuery {
        ListQuery { filters: Vec::new(), page: 1, ..self.clone() }
    }

    /// In another order, from the first page.
    pub fn with_sort(&self, sort: Vec<Sort>) -> ListQuery {
        ListQuery { sort, page: 1, ..self.clone() }
    }

    /// Another page.
    pub fn with_page(&self, page: u32) -> ListQuery {
        ListQuery { page, ..self.clone() }
    }

    /// The order after a click on a column's header: ascending, then descending, then the dataset's own.
    pub fn sort_after_click(&self, column: &str) -> Vec<Sort> {
        match self.sort.as_slice() {
            [only] if only.column == column && only.descending => Vec::new(),
            [only] if only.column == column => vec![Sort { column: column.to_owned(), descending: true }],
            _ => vec![Sort { column: column.to_owned(), descending: false }],
        }
    }

    /// The conditions as requests carry them.
    pub fn request_filters(&self) -> Vec<Filter> {
        self.filters.iter().map(ListFilter::to_request).collect()
    }
}

impl ListFilter {
    fn parse(text: &str) -> Option<ListFilter> {
        let mut parts = text.splitn(3, ':');
        let (column, op) = (parts.next()?, parts.next()?);
        let value = parts.next().unwrap_or_default();
        if column.is_empty() || op.is_empty() {
            return None;
        }
        Some(ListFilter { column: column.to_owned(), op: op.to_owned(), value: value.to_owned() })
    }

    /// A condition of a request, for people: values in a list stand between commas.
    pub fn of_request(filter: &Filter) -> ListFilter {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let value = match &filter.value {
            Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
            value => text(value),
        };
        ListFilter { column: filter.column.clone(), op: filter.op.clone(), value }
    }

    /// The condition as requests carry it: `in` takes a list, an operator without a value none.
    fn to_request(&self) -> Filter {
        let value = match self.op.as_str() {
            "in" => split_list(&self.value).collect::<Vec<_>>().into(),
            "is_null" | "not_null" => Value::Null,
            _ => self.value.clone().into(),
        };
        Filter { column: self.column.clone(), op: self.op.clone(), value }
    }
}

/// The values of an `in` filter: between commas of either language, without surrounding blanks.
pub fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，', '、']).map(str::trim).filter(|part| !part.is_empty())
}

fn parse_sort(text: &str) -> Option<Sort> {
    let (column, descending) = match text.strip_prefix('-') {
        Some(column) => (column, true),
        None => (text, false),
    };
    (!column.is_empty()).then(|| Sort { column: column.to_owned(), descending })
}

/// Percent-encodes all but RFC 3986's unreserved characters, the colon and the comma.
fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:,".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// Undoes [`encode`], and reads `+` as a blank as forms write it. A `%` that starts no code stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits fit a byte.
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(column: &str, op: &str, value: &str) -> ListFilter {
        ListFilter { column: column.into(), op: op.into(), value: value.into() }
    }

    fn sort(column: &str, descending: bool) -> Sort {
        Sort { column: column.into(), descending }
    }

    #[test]
    fn a_query_survives_the_url() {
        for (query, want) in [
            (ListQuery::default(), ""),
            (
                ListQuery {
                    filters: vec![filter("status", "eq", "paid")],
                    sort: vec![sort("created_at", true)],
                    page: 2,
                },
                "?filter=status:eq:paid&sort=-created_at&page=2",
            ),
            (
                ListQuery {
                    filters: vec![filter("note", "contains", "a:b&c=d %+é?#")],
                    ..ListQuery::default()
                },
                "?filter=note:contains:a:b%26c%3Dd%20%25%2B%C3%A9%3F%23",
            ),
            (
                ListQuery {
                    filters: vec![filter("note", "is_null", "")],
                    sort: vec![sort("a", false), sort("b", true)],
                    page: 1,
                },
                "?filter=note:is_null:&sort=a&sort=-b",
            ),
            (
                ListQuery {
                    filters: vec![filter("客户", "in", "李小明,王芳")], ..ListQuery::default()
                },
                "?filter=%E5%AE%A2%E6%88%B7:in:%E6%9D%8E%E5%B0%8F%E6%98%8E,%E7%8E%8B%E8%8A%B3",
            ),
        ] {
            assert_eq!(query.to_query(), want);
            assert_eq!(ListQuery::parse(want), query, "{want}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for (text, want) in [
            ("page=0", ListQuery::default()),
            ("page=-3&page=x&other=1", ListQuery::default()),
            ("?filter=&filter=a&filter=:eq:1&sort=&sort=-", ListQuery::default()),
            ("filter=a:eq", ListQuery { filters: vec![filter("a", "eq", "")], ..ListQuery::default() }),
            (
                "filter=a:eq:100%&page=3",
                ListQuery { filters: vec![filter("a", "eq", "100%")], page: 3, sort: vec![] },
            ),
            (
                "filter=a%3Aeq%3Ab+c",
                ListQuery { filters: vec![filter("a", "eq", "b c")], ..ListQuery::default() },
            ),
        ] {
            assert_eq!(ListQuery::parse(text), want, "{text}");
        }
    }

    #[test]
    fn changing_filters_or_order_goes_back_to_the_first_page() {
        let query = ListQuery { filters: vec![filter("a", "eq", "1")], sort: vec![], page: 7 };
        assert_eq!(query.with_filter(filter("b", "eq", "2")).page, 1);
        assert_eq!(query.with_filter(filter("a", "eq", "1")).filters.len(), 1);
        assert_eq!(query.without_filter(0), ListQuery::default());
        assert_eq!(query.without_filter(5).filters.len(), 1);
        assert_eq!(query.with_sort(vec![sort("a", true)]).page, 1);
        assert_eq!(query.with_page(9), ListQuery { page: 9, ..query });
    }

    #[test]
    fn a_header_goes_through_three_orders() {
        let mut query = ListQuery::default();
        for want in [vec![sort("a", false)], vec![sort("a", true)], vec![]] {
            query = query.with_sort(query.sort_after_click("a"));
            assert_eq!(query.sort, want);
        }
        assert_eq!(query.with_sort(vec![sort("b", true)]).sort_after_click("a"), vec![sort("a", false)]);
    }

    #[test]
    fn filters_become_what_requests_carry() {
        let query = ListQuery {
            filters: vec![
                filter("s", "in", " paid, shipped ，,done"),
                filter("n", "is_null", "x"),
                filter("t", "eq", "a,b"),
            ],
            ..ListQuery::default()
        };
        let values: Vec<_> = query.request_filters().into_iter().map(|filter| filter.value).collect();
        assert_eq!(values, [serde_json::json!(["paid", "shipped", "done"]), Value::Null, "a,b".into()]);
    }
}
