//! The first steps of an import: its frame, the file, the fields.

use longshore_protocol::Lang;
use longshore_protocol::import::{DraftProblem, FileKind, MatchedBy};

use super::Texts;
use crate::format::{grouped, size};
use crate::import::step::WizardStep;

impl Texts {
    /// The link to the import.
    pub fn import(self) -> &'static str {
        self.pick("Import", "导入")
    }

    /// What the pages of an import are called.
    pub fn import_into(self, dataset: &str) -> String {
        match self.lang {
            Lang::En => format!("Import into {dataset}"),
            Lang::Zh => format!("导入到{dataset}"),
        }
    }

    /// A step of an import.
    pub fn step_name(self, step: WizardStep) -> &'static str {
        match step {
            WizardStep::Upload => self.pick("Upload", "上传文件"),
            WizardStep::Map => self.pick("Match fields", "匹配字段"),
            WizardStep::Check => self.pick("Check", "校验"),
            WizardStep::Review => self.pick("Review", "核对"),
            WizardStep::Confirm => self.pick("Confirm", "确认导入"),
        }
    }

    /// The heading of a step.
    pub fn step_heading(self, step: WizardStep) -> String {
        let (number, all, name) = (step.number(), WizardStep::ALL.len(), self.step_name(step));
        match self.lang {
            Lang::En => format!("Step {number} of {all}: {name}"),
            Lang::Zh => format!("第 {number} 步，共 {all} 步：{name}"),
        }
    }

    /// A step that is done, for screen readers.
    pub fn step_done(self) -> &'static str {
        self.pick("done", "已完成")
    }

    /// Name of the list of steps.
    pub fn steps(self) -> &'static str {
        self.pick("Steps of the import", "导入步骤")
    }

    /// To the next step.
    pub fn next_step(self) -> &'static str {
        self.pick("Next", "下一步")
    }

    /// To the step before.
    pub fn previous_step(self) -> &'static str {
        self.pick("Back", "上一步")
    }

    /// Until when the draft is kept; `moment` is in the person's own zone.
    pub fn draft_kept_until(self, moment: &str) -> String {
        match self.lang {
            Lang::En => format!("This import waits for you until {moment}."),
            Lang::Zh => format!("本次导入保留至 {moment}。"),
        }
    }

    /// Gives the import up.
    pub fn discard(self) -> &'static str {
        self.pick("Discard", "放弃导入")
    }

    /// Whether to give it up.
    pub fn discard_question(self) -> &'static str {
        self.pick(
            "Discard this import? The uploaded file is removed; nothing has been imported.",
            "放弃本次导入？上传的文件将被删除，数据未改动。",
        )
    }

    /// Rather not.
    pub fn keep_it(self) -> &'static str {
        self.pick("Keep it", "保留")
    }

    /// Announced when it was given up.
    pub fn discarded(self) -> &'static str {
        self.pick("The import was discarded.", "已放弃本次导入。")
    }

    /// In the drop zone.
    pub fn drop_here(self) -> &'static str {
        self.pick("Drop a file here", "将文件拖到此处")
    }

    /// Between dropping and choosing.
    pub fn or(self) -> &'static str {
        self.pick("or", "或")
    }

    /// Opens the dialog of files.
    pub fn choose_file(self) -> &'static str {
        self.pick("Choose file", "选择文件")
    }

    /// The same when there is one already.
    pub fn choose_other_file(self) -> &'static str {
        self.pick("Choose another file", "更换文件")
    }

    /// What can be uploaded.
    pub fn upload_limits(self, size_bytes_max: u64, row_count_max: u64) -> String {
        let (bytes, rows) = (size(size_bytes_max), grouped(row_count_max));
        match self.lang {
            Lang::En => {
                format!("XLSX, XLS, XLSB, ODS, CSV or TSV; at most {bytes} and {rows} rows")
            }
            Lang::Zh => format!("支持 XLSX、XLS、XLSB、ODS、CSV、TSV，最大 {bytes}，最多 {rows} 行"),
        }
    }

    /// Downloads the template.
    pub fn download_template(self) -> &'static str {
        self.pick("Download template", "下载模板")
    }

    /// What the template is good for.
    pub fn template_hint(self) -> &'static str {
        self.pick(
            "A workbook with the right headers, required fields marked, a sample row and lists of allowed values.",
            "含正确表头、必填标记、示例行和可选值下拉列表的工作簿。",
        )
    }

    /// The file is on its way.
    pub fn uploading(self, name: &str, sent: u64, total: u64) -> String {
        let percent = u128::from(sent) * 100 / u128::from(total.max(1));
        let (sent, total) = (size(sent), size(total));
        match self.lang {
            Lang::En => format!("Uploading {name}: {sent} of {total} ({percent}%)"),
            Lang::Zh => format!("正在上传 {name}：{sent} / {total}（{percent}%）"),
        }
    }

    /// The file is there and is being looked at.
    pub fn recognising(self, name: &str) -> String {
        match self.lang {
            Lang::En => format!("Looking at {name}…"),
            Lang::Zh => format!("正在识别 {name}…"),
        }
    }

    /// Name of the bar.
    pub fn upload_progress(self) -> &'static str {
        self.pick("Upload progress", "上传进度")
    }

    /// The person has stopped it.
    pub fn upload_cancelled(self) -> &'static str {
        self.pick("Upload cancelled. Nothing was kept.", "上传已取消，未保留文件。")
    }

    /// Whether to leave the page while a file is on its way.
    pub fn leave_upload(self) -> &'static str {
        self.pick(
            "The file is still being uploaded. Leave this page and stop the upload?",
            "文件仍在上传。离开本页将中断上传，是否离开？",
        )
    }

    /// The connection was lost on the way.
    pub fn upload_lost(self) -> &'static str {
        self.pick(
            "The upload was interrupted. Check your connection and try again.",
            "上传中断，请检查网络后重试。",
        )
    }

    /// Announced when the file is there.
    pub fn uploaded(self, name: &str) -> String {
        match self.lang {
            Lang::En => format!("{name} was uploaded."),
            Lang::Zh => format!("{name} 已上传。"),
        }
    }

    /// A kind of file.
    pub fn file_kind(self, kind: FileKind) -> &'static str {
        match kind {
            FileKind::Xlsx => "XLSX",
            FileKind::Xlsm => "XLSM",
            FileKind::Xlsb => "XLSB",
            FileKind::Xls => "XLS",
            FileKind::Ods => "ODS",
            FileKind::Csv => "CSV",
            FileKind::Tsv => "TSV",
        }
    }

    /// Label of the sheets.
    pub fn sheet(self) -> &'static str {
        self.pick("Sheet", "工作表")
    }

    /// A sheet that the workbook hides.
    pub fn hidden_sheet(self, name: &str) -> String {
        match self.lang {
            Lang::En => format!("{name} (hidden)"),
            Lang::Zh => format!("{name}（隐藏）"),
        }
    }

    /// Label of the row with the headers.
    pub fn header_row(self) -> &'static str {
        self.pick("Header row", "表头所在行")
    }

    /// Label of the encoding.
    pub fn encoding(self) -> &'static str {
        self.pick("Encoding", "编码")
    }

    /// An encoding.
    pub fn encoding_name(self, name: &str) -> &str {
        match name {
            "utf-8" => "UTF-8",
            "utf-16le" => "UTF-16 LE",
            "utf-16be" => "UTF-16 BE",
            "gb18030" => self.pick("GB18030 (GBK, Chinese)", "GB18030（含 GBK）"),
            "windows-1252" => self.pick("Windows-1252 (Western)", "Windows-1252（西欧）"),
            other => other,
        }
    }

    /// Label of the delimiter.
    pub fn delimiter(self) -> &'static str {
        self.pick("Delimiter", "分隔符")
    }

    /// A delimiter.
    pub fn delimiter_name(self, delimiter: &str) -> &str {
        match delimiter {
            "," => self.pick("Comma ,", "逗号 ,"),
            ";" => self.pick("Semicolon ;", "分号 ;"),
            "\t" => self.pick("Tab", "制表符"),
            "|" => self.pick("Bar |", "竖线 |"),
            other => other,
        }
    }

    /// Heading over the first rows.
    pub fn first_rows(self) -> &'static str {
        self.pick("First rows", "前几行")
    }

    /// No row holds headers.
    pub fn no_header_row(self) -> &'static str {
        self.pick("No header row", "没有表头")
    }

    /// Asks to look at the header row.
    pub fn look_header(self) -> &'static str {
        self.pick(
            "Please check which row holds the headers: it was not obvious.",
            "无法确定表头位置，请确认表头所在行。",
        )
    }

    /// Asks to look at the sheet.
    pub fn look_sheet(self) -> &'static str {
        self.pick(
            "The file has several sheets. Please check that this is the one to import.",
            "文件包含多个工作表，请确认要导入的工作表。",
        )
    }

    /// Asks to look at sheet and header row.
    pub fn look_sheet_and_header(self) -> &'static str {
        self.pick(
            "The file has several sheets. Please check which one to import, and which row holds the headers: it was not obvious.",
            "文件包含多个工作表，且无法确定表头位置，请确认工作表和表头所在行。",
        )
    }

    /// Headers of the table of columns.
    pub fn map_headers(self) -> [&'static str; 4] {
        match self.lang {
            Lang::En => ["Column in your file", "First values", "Goes into", "Match"],
            Lang::Zh => ["文件中的列", "示例值", "导入到字段", "匹配情况"],
        }
    }

    /// A column of the file without a header.
    pub fn nameless_column(self, place: u32) -> String {
        match self.lang {
            Lang::En => format!("Column {place} (no header)"),
            Lang::Zh => format!("第 {place} 列（无表头）"),
        }
    }

    /// Label of the select of a column.
    pub fn goes_into(self, column: &str) -> String {
        match self.lang {
            Lang::En => format!("Field for {column}"),
            Lang::Zh => format!("“{column}”导入到"),
        }
    }

    /// Leaves a column out.
    pub fn leave_out(self) -> &'static str {
        self.pick("Ignore this column", "忽略此列")
    }

    /// How a column came to its field.
    pub fn matched(self, by: MatchedBy) -> &'static str {
        match by {
            MatchedBy::Nothing => self.pick("Ignored", "忽略"),
            MatchedBy::Name => self.pick("Matched automatically", "已自动匹配"),
            MatchedBy::Closeness => self.pick("Similar name, please check", "名称相近，请核对"),
            MatchedBy::Memory => self.pick("As last time", "沿用上次匹配"),
            MatchedBy::Hand => self.pick("Chosen by you", "手动选择"),
        }
    }

    /// A field that every file must have, and this one has not.
    pub fn required_unmatched(self) -> &'static str {
        self.pick("Required, not matched", "必填未匹配")
    }

    /// A field that must be there, in the select.
    pub fn required_field(self, field: &str) -> String {
        match self.lang {
            Lang::En => format!("{field} (required)"),
            Lang::Zh => format!("{field}（必填）"),
        }
    }

    /// What keeps a draft from being checked; `labels` are those of the columns that are missing.
    pub fn draft_problem(self, problem: &DraftProblem, labels: &[String]) -> String {
        match problem {
            DraftProblem::Missing { .. } => {
                let fields = self.join(labels);
                match self.lang {
                    Lang::En => format!(
                        "Choose the column that goes into: {fields}. Without it nothing can be imported."
                    ),
                    Lang::Zh => format!("请选择对应的列：{fields}。缺少必填字段无法导入。"),
                }
            }
            DraftProblem::NoRows => self
                .pick(
                    "No data stands under the header row. Choose another row or sheet, or another file.",
                    "表头下面没有数据，请选择其他表头行、工作表或文件。",
                )
                .to_owned(),
            DraftProblem::NothingMatched => self
                .pick(
                    "No column of the file goes into a field. Choose a field for at least one.",
                    "文件中没有任何列匹配到字段，请至少匹配一列。",
                )
                .to_owned(),
        }
    }

    /// How many columns go into fields.
    pub fn columns_matched(self, matched: usize, all: usize) -> String {
        match self.lang {
            Lang::En if all == 1 => format!("{matched} of 1 column is matched"),
            Lang::En => format!("{matched} of {all} columns are matched"),
            Lang::Zh => format!("已匹配 {matched} / {all} 列"),
        }
    }

    /// Announced when a field was taken from another column.
    pub fn field_freed(self, field: &str, from: &str) -> String {
        match self.lang {
            Lang::En => format!("{field} was taken from {from}, which is ignored now."),
            Lang::Zh => format!("“{field}”已从“{from}”移走，后者现为忽略。"),
        }
    }

    /// A change is on its way to the server, and the next step waits for it.
    pub fn saving_change(self) -> &'static str {
        self.pick("Saving your change…", "正在保存修改…")
    }
}
