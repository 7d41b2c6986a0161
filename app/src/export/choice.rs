//! What a person chooses before an export, and how the last choice is remembered.

use longshore_protocol::{DatasetView, ExportFormat};
use serde::{Deserialize, Serialize};

/// Format and columns of an export. What is remembered of it is for one dataset and one browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The file's format.
    pub format: ExportFormat,
    /// Every column of the dataset, in the file's order.
    pub columns: Vec<ColumnChoice>,
}

/// A column in the file's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnChoice {
    /// Its name in requests.
    pub name: String,
    /// Whether it is in the file.
    pub is_wanted: bool,
}

impl Choice {
    /// Everything that the list shows, as it shows it.
    pub fn of_list(dataset: &DatasetView) -> Choice {
        let columns = dataset.columns.iter();
        let columns =
            columns.map(|column| ColumnChoice { name: column.name.clone(), is_wanted: true }).collect();
        Choice { format: ExportFormat::default(), columns }
    }

    /// The last choice, fitted to the columns that the dataset has now: gone ones are left out, and new ones come at the end.
    /// What can't be read counts as no choice.
    pub fn restored(stored: Option<&str>, dataset: &DatasetView) -> Choice {
        let list = Choice::of_list(dataset);
        let Some(last) = stored.and_then(|text| serde_json::from_str::<Choice>(text).ok()) else {
            return list;
        };
        let mut columns = Vec::with_capacity(list.columns.len());
        for column in last.columns.into_iter().chain(list.columns.iter().cloned()) {
            let is_known = list.columns.iter().any(|known| known.name == column.name);
            if is_known && columns.iter().all(|taken: &ColumnChoice| taken.name != column.name) {
                columns.push(column);
            }
        }
        Choice { format: last.format, columns }
    }

    /// What [`Choice::restored`] reads.
    pub fn to_stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// How many columns the file has.
    pub fn wanted_count(&self) -> usize {
        self.columns.iter().filter(|column| column.is_wanted).count()
    }

    /// The columns as requests carry them: none where they are those of the list.
    pub fn request_columns(&self, dataset: &DatasetView) -> Vec<String> {
        if self.columns == Choice::of_list(dataset).columns {
            return Vec::new();
        }
        let wanted = self.columns.iter().filter(|column| column.is_wanted);
        wanted.map(|column| column.name.clone()).collect()
    }

    /// The place of a column, from 0.
    pub fn place_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Puts a column at a place, from 0; the last one where there are not so many.
    pub fn put(&mut self, name: &str, place: usize) {
        if let Some(from) = self.place_of(name) {
            let column = self.columns.remove(from);
            self.columns.insert(place.min(self.columns.len()), column);
        }
    }
}

#[cfg(test)]
mod tests {
    use longshore_protocol::{ColumnType, ColumnView, DatasetId, Labels};

    use super::*;

    fn dataset() -> DatasetView {
        let column = |name: &str| ColumnView {
            name: name.into(),
            labels: Labels::default(),
            column_type: ColumnType::Text,
            values: vec![],
            ops: vec![],
        };
        DatasetView {
            id: DatasetId::parse("orders").expect("a valid id"),
            labels: Labels::default(),
            columns: ["a", "b", "c"].map(column).into(),
            key: vec![],
            default_sort: vec![],
            has_daily_statistics: false,
            import: None,
        }
    }

    fn in_words(choice: &Choice) -> String {
        let mark =
            |column: &ColumnChoice| format!("{}{}", if column.is_wanted { "+" } else { "-" }, column.name);
        let columns = choice.columns.iter().map(mark).collect::<String>();
        format!("{} {columns}", choice.format.name())
    }

    #[test]
    fn the_last_choice_is_fitted_to_the_columns_of_today() {
        for (stored, want) in [
            (None, "xlsx +a+b+c"),
            (Some("nonsense"), "xlsx +a+b+c"),
            (Some(r#"{"format":"docx","columns":[]}"#), "xlsx +a+b+c"),
            (Some(r#"{"format":"csv.gz","columns":[]}"#), "csv.gz +a+b+c"),
            (
                Some(
                    r#"{"format":"csv","columns":[{"name":"c","is_wanted":true},{"name":"gone","is_wanted":true},
                        {"name":"a","is_wanted":false},{"name":"c","is_wanted":false}]}"#,
                ),
                "csv +c-a+b",
            ),
        ] {
            let choice = Choice::restored(stored, &dataset());
            assert_eq!(in_words(&choice), want, "{stored:?}");
            assert_eq!(Choice::restored(Some(&choice.to_stored()), &dataset()), choice);
        }
    }

    #[test]
    fn columns_move_and_are_asked_for_only_where_they_differ_from_the_list() {
        let mut choice = Choice::of_list(&dataset());
        assert_eq!(choice.request_columns(&dataset()), Vec::<String>::new());
        for (name, place, want) in [
            ("c", 0, "xlsx +c+a+b"),
            ("c", 1, "xlsx +a+c+b"),
            ("a", 9, "xlsx +c+b+a"),
            ("gone", 0, "xlsx +c+b+a"),
        ] {
            choice.put(name, place);
            assert_eq!(in_words(&choice), want);
        }
        choice.columns[1].is_wanted = false;
        assert_eq!(choice.request_columns(&dataset()), ["c", "a"]);
        assert_eq!(choice.wanted_count(), 2);
    }
}
