//! The drawer in which an export is chosen.

use longshore_protocol::{ExportFormat, Lang};

use super::Texts;
use crate::format::grouped;

impl Texts {
    /// Title of the drawer.
    pub fn drawer_title(self, dataset: &str) -> String {
        match self.lang {
            Lang::En => format!("Export {dataset}"),
            Lang::Zh => format!("导出{dataset}"),
        }
    }

    /// Closes the drawer without exporting.
    pub fn close(self) -> &'static str {
        self.pick("Close", "关闭")
    }

    /// Which rows are exported; the count is absent while it is not known.
    pub fn export_scope(self, row_count: Option<u64>, is_filtered: bool) -> String {
        let rows = row_count.map(grouped).unwrap_or_default();
        match (self.lang, row_count, is_filtered) {
            (Lang::En, Some(0), true) => {
                "No row matches the current filter: the file will only have its header".to_owned()
            }
            (Lang::Zh, Some(0), true) => "没有符合当前筛选条件的数据，文件将只有表头".to_owned(),
            (Lang::En, Some(0), false) => "There are no rows: the file will only have its header".to_owned(),
            (Lang::Zh, Some(0), false) => "暂无数据，文件将只有表头".to_owned(),
            (Lang::En, Some(1), true) => "The 1 row that matches the current filter".to_owned(),
            (Lang::En, Some(1), false) => "The 1 row of the list".to_owned(),
            (Lang::En, Some(_), true) => format!("All {rows} rows that match the current filter"),
            (Lang::En, Some(_), false) => format!("All {rows} rows"),
            (Lang::En, None, true) => "All rows that match the current filter".to_owned(),
            (Lang::En, None, false) => "All rows".to_owned(),
            (Lang::Zh, Some(_), true) => format!("符合当前筛选条件的全部 {rows} 行"),
            (Lang::Zh, Some(_), false) => format!("全部 {rows} 行"),
            (Lang::Zh, None, true) => "符合当前筛选条件的全部数据".to_owned(),
            (Lang::Zh, None, false) => "全部数据".to_owned(),
        }
    }

    /// More rows than one sheet holds.
    pub fn goes_on_to_sheets(self, count: u64) -> String {
        let count = grouped(count);
        match self.lang {
            Lang::En => format!("A sheet holds 1,048,575 rows, so the workbook will have {count} sheets."),
            Lang::Zh => format!("每个工作表最多 1,048,575 行，文件将分为 {count} 个工作表。"),
        }
    }

    /// Label of the filters.
    pub fn filters(self) -> &'static str {
        self.pick("Filters", "筛选")
    }

    /// There are none.
    pub fn no_filters(self) -> &'static str {
        self.pick("None", "无")
    }

    /// Label of the order.
    pub fn order(self) -> &'static str {
        self.pick("Order", "排序")
    }

    /// Between the levels of an order.
    pub fn then(self) -> &'static str {
        self.pick("; then ", "；其次")
    }

    /// Label of the formats.
    pub fn format(self) -> &'static str {
        self.pick("File format", "文件格式")
    }

    /// A format.
    pub fn format_name(self, format: ExportFormat) -> &'static str {
        match format {
            ExportFormat::Xlsx => "XLSX",
            ExportFormat::Csv => "CSV",
            ExportFormat::CsvGz => self.pick("CSV, gzip", "CSV（gzip 压缩）"),
            ExportFormat::Parquet => "Parquet",
        }
    }

    /// What a format is for.
    pub fn format_hint(self, format: ExportFormat) -> &'static str {
        match format {
            ExportFormat::Xlsx => self.pick("Excel, WPS, Numbers", "Excel、WPS、Numbers"),
            ExportFormat::Csv => self.pick("Plain text, universal", "纯文本，通用"),
            ExportFormat::CsvGz => self.pick("Compressed plain text", "压缩的纯文本"),
            ExportFormat::Parquet => self.pick("Data programs", "数据分析工具"),
        }
    }

    /// Shown while CSV is chosen.
    pub fn csv_hint(self) -> &'static str {
        self.pick(
            "Long ids are safe only in XLSX: Excel shortens them when it opens a CSV.",
            "长编号仅在 XLSX 中安全：Excel 打开 CSV 时会截断长数字。",
        )
    }

    /// Label of the file's name.
    pub fn file_name(self) -> &'static str {
        self.pick("File name", "文件名")
    }

    /// Label of the columns.
    pub fn columns(self) -> &'static str {
        self.pick("Columns", "列")
    }

    /// How many columns are in the file.
    pub fn columns_wanted(self, wanted: usize, all: usize) -> String {
        match self.lang {
            Lang::En => format!("{wanted} of {all}"),
            Lang::Zh => format!("已选 {wanted} / {all}"),
        }
    }

    /// Takes all columns.
    pub fn columns_all(self) -> &'static str {
        self.pick("All", "全选")
    }

    /// Takes no column.
    pub fn columns_none(self) -> &'static str {
        self.pick("None", "全不选")
    }

    /// Back to the columns of the list.
    pub fn columns_as_listed(self) -> &'static str {
        self.pick("As in the list", "恢复为列表顺序")
    }

    /// No column is chosen.
    pub fn columns_missing(self) -> &'static str {
        self.pick("Choose at least one column.", "请至少选择一列。")
    }

    /// Moves a column towards the first.
    pub fn column_up(self, column: &str) -> String {
        match self.lang {
            Lang::En => format!("Move {column} up"),
            Lang::Zh => format!("上移{column}"),
        }
    }

    /// Moves a column towards the last.
    pub fn column_down(self, column: &str) -> String {
        match self.lang {
            Lang::En => format!("Move {column} down"),
            Lang::Zh => format!("下移{column}"),
        }
    }

    /// Announced to screen readers: where a column stands now, from 1.
    pub fn column_moved(self, column: &str, place: usize, all: usize) -> String {
        match self.lang {
            Lang::En => format!("{column}: place {place} of {all}"),
            Lang::Zh => format!("{column}：第 {place} 位，共 {all} 列"),
        }
    }

    /// The button that starts the export; the count is absent while it is not known.
    pub fn export_rows(self, row_count: Option<u64>) -> String {
        let rows = row_count.filter(|rows| *rows > 0).map(grouped);
        match (self.lang, rows) {
            (Lang::En, Some(rows)) if rows == "1" => "Export 1 row".to_owned(),
            (Lang::En, Some(rows)) => format!("Export {rows} rows"),
            (Lang::Zh, Some(rows)) => format!("导出 {rows} 行"),
            (_, None) => self.export().to_owned(),
        }
    }
}
