//! The later steps of an import: its plan and the decision.

use longshore_protocol::Lang;
use longshore_protocol::import::{FileKind, ImportMode, ImportWay, PlanCounts, PlanShow, RowAction};

use super::Texts;
use crate::format::grouped;

impl Texts {
    /// Label of the modes.
    pub fn mode_label(self) -> &'static str {
        self.pick("What to import", "导入方式")
    }

    /// What names a row.
    pub fn key_hint(self, labels: &[String]) -> String {
        let labels = self.join(labels);
        match self.lang {
            Lang::En => format!("Rows are recognised by: {labels}"),
            Lang::Zh => format!("按以下字段识别记录：{labels}"),
        }
    }

    /// A mode.
    pub fn mode_name(self, mode: ImportMode) -> &'static str {
        match mode {
            ImportMode::Upsert => self.pick("Add new rows and update existing ones", "新增并更新"),
            ImportMode::Insert => self.pick("Only add new rows", "仅新增"),
            ImportMode::Update => self.pick("Only update existing rows", "仅更新"),
        }
    }

    /// What a mode does with the other rows.
    pub fn mode_hint(self, mode: ImportMode) -> &'static str {
        match mode {
            ImportMode::Upsert => self.pick("Nothing is deleted", "不会删除数据"),
            ImportMode::Insert => self.pick("Rows that exist count as errors", "已存在的记录视为错误"),
            ImportMode::Update => self.pick("Rows that don't exist count as errors", "不存在的记录视为错误"),
        }
    }

    /// A plan in one sentence.
    pub fn plan_counts(self, counts: PlanCounts) -> String {
        let (create, update) = (grouped(counts.create), grouped(counts.update));
        let (unchanged, error) = (grouped(counts.unchanged), grouped(counts.error));
        match self.lang {
            Lang::En => {
                let updates = if counts.update == 1 { "update" } else { "updates" };
                let errors = if counts.error == 1 { "error" } else { "errors" };
                format!("{create} new, {update} {updates}, {unchanged} unchanged, {error} {errors}")
            }
            Lang::Zh => format!("新增 {create}，更新 {update}，无变化 {unchanged}，错误 {error}"),
        }
    }

    /// Under the heading of the check.
    pub fn check_hint(self) -> &'static str {
        self.pick(
            "Every row is compared with the list. Nothing is written yet.",
            "逐行校验并与现有数据比对，此时不会写入任何数据。",
        )
    }

    /// Starts the check once more.
    pub fn check_again(self) -> &'static str {
        self.pick("Check again", "重新校验")
    }

    /// To the review.
    pub fn see_result(self) -> &'static str {
        self.pick("See the result", "查看结果")
    }

    /// Starts the check.
    pub fn start_check(self) -> &'static str {
        self.pick("Next: check", "下一步：校验")
    }

    /// Cells with a warning.
    pub fn plan_warnings(self, count: u64) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "1 cell has a warning and is imported all the same.".to_owned(),
            (Lang::En, _) => {
                format!("{} cells have a warning and are imported all the same.", grouped(count))
            }
            (Lang::Zh, _) => format!("有 {} 个单元格存在提醒，仍会导入。", grouped(count)),
        }
    }

    /// When the check was made; `moment` is in the person's own zone.
    pub fn checked_at(self, moment: &str) -> String {
        match self.lang {
            Lang::En => format!("Checked {moment}"),
            Lang::Zh => format!("校验于 {moment}"),
        }
    }

    /// Heading over the kinds of problems.
    pub fn most_frequent(self) -> &'static str {
        self.pick("Most frequent problems", "最常见的问题")
    }

    /// How many rows have a problem.
    pub fn rows_with(self, count: u64) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "1 row".to_owned(),
            (Lang::En, _) => format!("{} rows", grouped(count)),
            (Lang::Zh, _) => format!("{} 行", grouped(count)),
        }
    }

    /// The row as a whole, in the place of a field.
    pub fn whole_row(self) -> &'static str {
        self.pick("Whole row", "整行")
    }

    /// Downloads the file of errors.
    pub fn download_errors(self) -> &'static str {
        self.pick("Download error rows", "下载错误行")
    }

    /// What to do with it. It is of the kind that was sent; macros are not kept, and two more columns need room.
    pub fn download_errors_hint(self, kind: FileKind) -> &'static str {
        match kind {
            FileKind::Xlsx | FileKind::Xlsb | FileKind::Ods | FileKind::Csv | FileKind::Tsv => self.pick(
                "Your format and columns, with the reason in each row. Correct them and upload that file again.",
                "格式和列与原文件一致，并注明原因；修改后可重新上传。",
            ),
            FileKind::Xlsm => self.pick(
                "Your format and columns, without macros, with the reason in each row. Correct them and upload that file again.",
                "格式和列与原文件一致（不含宏），并注明原因；修改后可重新上传。",
            ),
            FileKind::Xls => self.pick(
                "Your format and columns (XLSX if there are more than 254), with the reason in each row. Correct them and upload that file again.",
                "格式和列与原文件一致（超过 254 列时为 XLSX），并注明原因；修改后可重新上传。",
            ),
        }
    }

    /// Uploads the corrected file.
    pub fn upload_corrected(self) -> &'static str {
        self.pick("Upload corrected file", "上传修改后的文件")
    }

    /// Label of what is shown.
    pub fn shown_rows(self) -> &'static str {
        self.pick("Rows to show", "显示的行")
    }

    /// What is shown of a plan.
    pub fn plan_show(self, show: PlanShow) -> &'static str {
        match show {
            PlanShow::Errors => self.pick("Only errors", "仅看错误"),
            PlanShow::Updates => self.pick("Updates", "更新"),
            PlanShow::Creates => self.pick("New", "新增"),
            PlanShow::Warnings => self.pick("Warnings", "提醒"),
            PlanShow::All => self.pick("All", "全部"),
        }
    }

    /// What would happen to a row.
    pub fn row_action(self, action: RowAction) -> &'static str {
        match action {
            RowAction::Create => self.pick("New", "新增"),
            RowAction::Update => self.pick("Update", "更新"),
            RowAction::Unchanged => self.pick("Unchanged", "无变化"),
            RowAction::Error => self.pick("Error", "错误"),
        }
    }

    /// Name of a number of a plan.
    pub fn plan_number(self, action: RowAction) -> &'static str {
        match action {
            RowAction::Create => self.pick("New", "新增"),
            RowAction::Update => self.pick("Updates", "更新"),
            RowAction::Unchanged => self.pick("Unchanged", "无变化"),
            RowAction::Error => self.pick("Errors", "错误"),
        }
    }

    /// There are no such rows.
    pub fn no_such_rows(self, show: PlanShow) -> &'static str {
        match show {
            PlanShow::Errors => self.pick("No row is in error", "没有错误行"),
            PlanShow::Updates => self.pick("No row would be changed", "没有要更新的行"),
            PlanShow::Creates => self.pick("No row would be added", "没有要新增的行"),
            PlanShow::Warnings => self.pick("No row has a warning", "没有存在提醒的行"),
            PlanShow::All => self.pick("There are no rows", "没有数据"),
        }
    }

    /// Headers of the errors.
    pub fn error_headers(self) -> [&'static str; 4] {
        match self.lang {
            Lang::En => ["Row in the file", "Field", "Value", "What is wrong"],
            Lang::Zh => ["文件行号", "字段", "值", "问题与修改建议"],
        }
    }

    /// Headers of the updates.
    pub fn update_headers(self) -> [&'static str; 5] {
        match self.lang {
            Lang::En => ["Row in the file", "Record", "Field", "Now", "After the import"],
            Lang::Zh => ["文件行号", "记录", "字段", "现值", "导入后"],
        }
    }

    /// Header of what would happen.
    pub fn action_header(self) -> &'static str {
        self.pick("Action", "操作")
    }

    /// A warning's word.
    pub fn warning(self) -> &'static str {
        self.pick("Warning", "提醒")
    }

    /// A cell with nothing in it.
    pub fn empty_cell(self) -> &'static str {
        self.pick("(empty)", "（空）")
    }

    /// Why the import can't be confirmed.
    pub fn nothing_to_import(self, counts: PlanCounts) -> &'static str {
        if counts.error == 0 {
            return self.pick(
                "Every row is in the list already as it is. There is nothing to import.",
                "所有行均与现有数据一致，无需导入。",
            );
        }
        self.pick(
            "No row can be imported. Download the error rows, correct them and upload that file.",
            "没有可导入的行，请下载错误行，修改后重新上传。",
        )
    }

    /// Label of the ways.
    pub fn way_label(self) -> &'static str {
        self.pick("How to import", "导入范围")
    }

    /// A way to carry a plan out.
    pub fn way_name(self, way: ImportWay) -> &'static str {
        match way {
            ImportWay::ValidRows => self.pick("Import valid rows only", "仅导入有效行"),
            ImportWay::AllOrNothing => self.pick("All or nothing", "全部成功才导入"),
        }
    }

    /// What a way does.
    pub fn way_hint(self, way: ImportWay, error_count: u64) -> String {
        let errors = grouped(error_count);
        match (self.lang, way, error_count) {
            (Lang::En, ImportWay::ValidRows, 0) => {
                "No row is in error; if it is cancelled, what is in stays.".to_owned()
            }
            (Lang::Zh, ImportWay::ValidRows, 0) => "没有错误行；中途取消时，已导入的行保留。".to_owned(),
            (Lang::En, ImportWay::ValidRows, 1) => "1 row in error is left out.".to_owned(),
            (Lang::En, ImportWay::ValidRows, _) => format!("{errors} rows in error are left out."),
            (Lang::Zh, ImportWay::ValidRows, _) => format!("跳过 {errors} 个错误行。"),
            (Lang::En, ImportWay::AllOrNothing, 0) => {
                "One transaction: either every row is in, or none.".to_owned()
            }
            (Lang::Zh, ImportWay::AllOrNothing, 0) => {
                "在一个事务中完成：要么全部导入，要么都不导入。".to_owned()
            }
            (Lang::En, ImportWay::AllOrNothing, 1) => "Not possible: 1 row is in error.".to_owned(),
            (Lang::En, ImportWay::AllOrNothing, _) => format!("Not possible: {errors} rows are in error."),
            (Lang::Zh, ImportWay::AllOrNothing, _) => format!("无法使用：存在 {errors} 个错误行。"),
        }
    }

    /// What will be written.
    pub fn will_write(self, counts: PlanCounts) -> String {
        let (create, update) = (grouped(counts.create), grouped(counts.update));
        match self.lang {
            Lang::En => {
                let rows = if counts.create == 1 { "row" } else { "rows" };
                format!("{create} {rows} will be added and {update} changed. You can undo this afterwards.")
            }
            Lang::Zh => format!("将新增 {create} 行，更新 {update} 行，导入后可以撤销。"),
        }
    }

    /// The button that imports.
    pub fn import_rows(self, count: u64) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "Import 1 row".to_owned(),
            (Lang::En, _) => format!("Import {} rows", grouped(count)),
            (Lang::Zh, _) => format!("导入 {} 行", grouped(count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_as_promised() {
        let counts = PlanCounts { create: 4870, update: 110, unchanged: 60, error: 20 };
        let (en, zh) = (Texts::new(Lang::En), Texts::new(Lang::Zh));
        assert_eq!(en.plan_counts(counts), "4,870 new, 110 updates, 60 unchanged, 20 errors");
        assert_eq!(zh.plan_counts(counts), "新增 4,870，更新 110，无变化 60，错误 20");
        let one = PlanCounts { create: 0, update: 1, unchanged: 0, error: 1 };
        assert_eq!(en.plan_counts(one), "0 new, 1 update, 0 unchanged, 1 error");
        assert_eq!(en.import_rows(counts.writes()), "Import 4,980 rows");
        assert_eq!(zh.import_rows(counts.writes()), "导入 4,980 行");
        let one = PlanCounts { create: 1, ..PlanCounts::default() };
        assert_eq!(en.will_write(one), "1 row will be added and 0 changed. You can undo this afterwards.");
    }

    #[test]
    fn what_a_file_of_errors_lacks_is_told() {
        for kind in FileKind::ALL {
            for (texts, macros) in
                [(Texts::new(Lang::En), "without macros"), (Texts::new(Lang::Zh), "不含宏")]
            {
                let hint = texts.download_errors_hint(kind);
                assert_eq!(hint.contains(macros), kind == FileKind::Xlsm, "{kind:?}");
                assert_eq!(hint.contains("254"), kind == FileKind::Xls, "{kind:?}");
            }
        }
    }
}
