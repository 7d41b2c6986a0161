//! Which column of the dataset a column of a file goes to.

use longshore_datasets::Dataset;
use longshore_protocol::import::MatchedBy;

/// How close a header must be to a name, from 0 to 1.
const CLOSE_ENOUGH: f64 = 0.8;
/// Characters that a header needs for closeness to say something.
const CLOSE_CHARS_MIN: usize = 4;
/// The columns that a file of errors has behind those of the file: the row's number and the reason, in English and Chinese.
pub(crate) const ADDED: [[&str; 2]; 2] = [["Row in file", "Reason"], ["原行号", "原因"]];

/// Where a column goes, by its name, and how that was found.
pub(crate) type Match = (Option<String>, MatchedBy);

/// How many of the last columns are those that a file of errors adds.
pub(crate) fn added_count(headers: &[String]) -> usize {
    match headers {
        [.., number, reason] if ADDED.iter().any(|added| *added == [number.trim(), reason.trim()]) => 2,
        _ => 0,
    }
}

/// A header without what differs between people: case, spaces, width, punctuation.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            // The wide forms of ASCII (Unicode, "Halfwidth and Fullwidth Forms").
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Matches headers with the columns that can be imported: as they were matched before, else by name, label or alias, else by
/// closeness. No column of the dataset is taken twice.
pub(crate) fn matches(
    dataset: &Dataset,
    headers: &[String],
    remembered: Option<&[Option<String>]>,
) -> Vec<Match> {
    let mut found: Vec<Match> = vec![(None, MatchedBy::Nothing); headers.len()];
    let Some(importing) = &dataset.importing else { return found };
    let candidates: Vec<(&str, Vec<String>)> = importing
        .importable()
        .map(|(position, rules)| {
            let column = &dataset.columns[position];
            let names = [column.name.as_str(), &column.labels.en, &column.labels.zh];
            let all = names.into_iter().chain(rules.aliases.iter().map(String::as_str));
            (column.name.as_str(), all.map(plain).filter(|name| !name.is_empty()).collect())
        })
        .collect();
    let own = headers.len() - added_count(headers);
    let headers: Vec<String> = headers[..own].iter().map(|header| plain(header)).collect();
    let mut taken: Vec<&str> = Vec::new();
    if let Some(remembered) = remembered {
        for (index, target) in remembered.iter().enumerate().take(own) {
            let known = candidates.iter().find(|(name, _)| Some(*name) == target.as_deref());
            match known {
                Some((name, _)) if !taken.contains(name) => {
                    taken.push(name);
                    found[index] = (Some((*name).to_owned()), MatchedBy::Memory);
                }
                // What a person has left out stays out.
                _ if target.is_none() => found[index] = (None, MatchedBy::Memory),
                _ => {}
            }
        }
    }
    for (index, header) in headers.iter().enumerate() {
        if found[index].1 != MatchedBy::Nothing || header.is_empty() {
            continue;
        }
        let is_it = |(name, names): &&(&str, Vec<String>)| !taken.contains(name) && names.contains(header);
        if let Some((name, _)) = candidates.iter().find(is_it) {
            taken.push(name);
            found[index] = (Some((*name).to_owned()), MatchedBy::Name);
        }
    }
    let mut close: Vec<(f64, usize, &str)> = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        if found[index].1 != MatchedBy::Nothing || header.chars().count() < CLOSE_CHARS_MIN {
            continue;
        }
        for (name, names) in candidates.iter().filter(|(name, _)| !taken.contains(name)) {
            let score = names
                .iter()
                .map(|name| strsim::normalized_damerau_levenshtein(header, name))
                .fold(0.0, f64::max);
            if score >= CLOSE_ENOUGH {
                close.push((score, index, name));
            }
        }
    }
    close.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index, name) in close {
        if found[index].1 == MatchedBy::Nothing && !taken.contains(&name) {
            taken.push(name);
            found[index] = (Some(name.to_owned()), MatchedBy::Closeness);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use longshore_datasets::Catalog;

    use super::*;

    const SHOP: &str = r#"
[database.shop]
url = "sqlite:shop.db"
[dataset.orders]
database = "shop"
table = "orders"
key = ["id"]
import = { modes = ["upsert"] }
[[dataset.orders.column]]
name = "id"
type = "integer"
[[dataset.orders.column]]
name = "order_no"
type = "text"
label = { en = "Order no.", zh = "订单号" }
import = { aliases = ["No.", "编号"] }
[[dataset.orders.column]]
name = "customer_name"
type = "text"
label = { en = "Customer", zh = "客户" }
[[dataset.orders.column]]
name = "secret"
type = "text"
import = { excluded = true }
"#;

    fn found(headers: &[&str], remembered: Option<&[Option<String>]>) -> Vec<Match> {
        let config = toml::from_str(SHOP).expect("well-formed");
        let catalog = Catalog::from_config(&config, Path::new(".")).expect("valid");
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        matches(catalog.get("orders").expect("is there"), &headers, remembered)
    }

    #[test]
    fn headers_find_their_columns() {
        for (header, want) in [
            ("id", Some(("id", MatchedBy::Name))),
            ("ID *", Some(("id", MatchedBy::Name))),
            ("Order No", Some(("order_no", MatchedBy::Name))),
            ("ＯＲＤＥＲ　ＮＯ．", Some(("order_no", MatchedBy::Name))),
            (" 订单号 ", Some(("order_no", MatchedBy::Name))),
            ("no", Some(("order_no", MatchedBy::Name))),
            ("编号", Some(("order_no", MatchedBy::Name))),
            ("customer-name", Some(("customer_name", MatchedBy::Name))),
            ("Custmer", Some(("customer_name", MatchedBy::Closeness))),
            ("secret", None),
            ("Weight", None),
            ("", None),
        ] {
            let want = want.map_or((None, MatchedBy::Nothing), |(name, by)| (Some(name.to_owned()), by));
            assert_eq!(found(&[header], None), [want], "{header:?}");
        }
    }

    #[test]
    fn a_column_is_taken_once_and_memory_goes_first() {
        let names = |found: Vec<Match>| found.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(names(found(&["no", "order_no"], None)), [some("order_no"), None]);
        let remembered = [some("customer_name"), None, some("gone")];
        let found = found(&["no", "customer", "id"], Some(&remembered));
        let kinds: Vec<MatchedBy> = found.iter().map(|(_, by)| *by).collect();
        assert_eq!(kinds, [MatchedBy::Memory, MatchedBy::Memory, MatchedBy::Name]);
        assert_eq!(names(found), [some("customer_name"), None, some("id")]);
    }

    #[test]
    fn columns_of_a_file_of_errors_are_left_out() {
        for (headers, count) in [
            (vec!["id", "Row in file", "Reason"], 2),
            (vec!["id", "原行号", "原因"], 2),
            (vec!["id", "Reason"], 0),
            (vec!["Row in file", "Reason", "id"], 0),
        ] {
            let headers: Vec<String> = headers.into_iter().map(str::to_owned).collect();
            assert_eq!(added_count(&headers), count, "{headers:?}");
        }
    }
}
