//! What an export holds, in words: filters, order, sheets.

use longshore_protocol::{DatasetView, ExportFormat, Filter, Sort};

use crate::i18n::Texts;
use crate::list::url::ListFilter;
use crate::list::value::filter_words;

/// Rows a sheet holds below its header: the 1,048,576 rows of a sheet less one (Excel's specifications and limits,
/// <https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3>).
const SHEET_ROWS_MAX: u64 = 1_048_575;

/// How many sheets so many rows take; 1 for formats that have none.
pub fn sheet_count(row_count: u64, format: ExportFormat) -> u64 {
    match format {
        ExportFormat::Xlsx => row_count.div_ceil(SHEET_ROWS_MAX).max(1),
        ExportFormat::Csv | ExportFormat::CsvGz | ExportFormat::Parquet => 1,
    }
}

/// The conditions as sentences, in their order. `dataset` is absent where it is no longer known.
pub fn filters_in_words(filters: &[Filter], dataset: Option<&DatasetView>, t: Texts) -> Vec<String> {
    let words = |filter: &Filter| {
        let column = dataset.and_then(|dataset| dataset.columns.iter().find(|c| c.name == filter.column));
        filter_words(&ListFilter::of_request(filter), column, t)
    };
    filters.iter().map(words).collect()
}

/// The order of the rows as one line: that of the request, or else the dataset's own.
pub fn order_in_words(sort: &[Sort], dataset: Option<&DatasetView>, t: Texts) -> String {
    let own = dataset.map(|dataset| dataset.default_sort.as_slice()).unwrap_or_default();
    let levels = if sort.is_empty() { own } else { sort };
    let words = |level: &Sort| {
        let column = dataset.and_then(|dataset| dataset.columns.iter().find(|c| c.name == level.column));
        let label = column.map_or(level.column.as_str(), |column| column.labels.get(t.lang));
        if level.descending { t.descending(label) } else { t.ascending(label) }
    };
    if levels.is_empty() {
        return t.sort_default().to_owned();
    }
    levels.iter().map(words).collect::<Vec<_>>().join(t.then())
}

#[cfg(test)]
mod tests {
    use longshore_protocol::Lang;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_workbooks_go_on_to_further_sheets() {
        for (rows, format, want) in [
            (0, ExportFormat::Xlsx, 1),
            (1_048_575, ExportFormat::Xlsx, 1),
            (1_048_576, ExportFormat::Xlsx, 2),
            (3_000_000, ExportFormat::Xlsx, 3),
            (3_000_000, ExportFormat::Csv, 1),
            (3_000_000, ExportFormat::Parquet, 1),
        ] {
            assert_eq!(sheet_count(rows, format), want, "{rows} {format:?}");
        }
    }

    #[test]
    fn what_is_no_longer_known_is_told_by_its_name() {
        let t = Texts::new(Lang::En);
        let filter = |op: &str, value| Filter { column: "status".into(), op: op.into(), value };
        let filters = [
            filter("in", json!(["paid", "shipped"])),
            filter("eq", json!(7)),
            filter("is_null", json!(null)),
        ];
        assert_eq!(
            filters_in_words(&filters, None, t),
            ["status is one of paid, shipped", "status is 7", "status is empty"]
        );
        let sort = [("total", true), ("id", false)]
            .map(|(column, descending)| Sort { column: column.into(), descending });
        assert_eq!(order_in_words(&sort, None, t), "total, descending; then id, ascending");
        assert_eq!(order_in_words(&[], None, t), "Default order");
    }
}
