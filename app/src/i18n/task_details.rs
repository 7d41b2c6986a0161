//! The details of a task: what was asked for, what came of it, and the proof.

use longshore_protocol::Lang;
use longshore_protocol::manifest::{Resumed, Shortened};

use super::Texts;
use crate::format::grouped;

impl Texts {
    /// Heading over what was asked for.
    pub fn asked_for(self) -> &'static str {
        self.pick("What was asked for", "导出内容")
    }

    /// Heading over what is in the file.
    pub fn result(self) -> &'static str {
        self.pick("Result", "结果")
    }

    /// Heading over when what happened.
    pub fn course(self) -> &'static str {
        self.pick("Course", "过程")
    }

    /// Label of the number of rows.
    pub fn rows(self) -> &'static str {
        self.pick("Rows", "行数")
    }

    /// Label of the number of sheets.
    pub fn sheets_label(self) -> &'static str {
        self.pick("Sheets", "工作表")
    }

    /// Label of the size.
    pub fn size(self) -> &'static str {
        self.pick("Size", "大小")
    }

    /// Heading over the files in an archive.
    pub fn parts_label(self) -> &'static str {
        self.pick("Files in the ZIP", "ZIP 内的文件")
    }

    /// Label of a file.
    pub fn file(self) -> &'static str {
        self.pick("File", "文件")
    }

    /// Label of the moment of the snapshot.
    pub fn snapshot_at(self) -> &'static str {
        self.pick("Data as of", "数据时间")
    }

    /// Label of the time zone.
    pub fn time_zone(self) -> &'static str {
        self.pick("Time zone", "时区")
    }

    /// Label of who asked for a file.
    pub fn requested_by(self) -> &'static str {
        self.pick("Requested by", "提交人")
    }

    /// Label of the moment of the request.
    pub fn requested_at(self) -> &'static str {
        self.pick("Requested", "提交时间")
    }

    /// Label of the start.
    pub fn started_at(self) -> &'static str {
        self.pick("Started", "开始时间")
    }

    /// Label of the end.
    pub fn finished_at(self) -> &'static str {
        self.pick("Finished", "结束时间")
    }

    /// Label of the time that the work took.
    pub fn took(self) -> &'static str {
        self.pick("Took", "用时")
    }

    /// Label of the columns whose texts were cut.
    pub fn shortened(self) -> &'static str {
        self.pick("Shortened cells", "截短的单元格")
    }

    /// A column with texts that were cut; `header` is its header.
    pub fn shortened_column(self, header: &str, shortened: &Shortened) -> String {
        let (count, row) = (grouped(shortened.cell_count), grouped(shortened.first_row));
        match self.lang {
            Lang::En => format!("{header}: {count}, the first in row {row}"),
            Lang::Zh => format!("{header}：{count} 个，首个在第 {row} 行"),
        }
    }

    /// Label of the takeovers.
    pub fn resumed(self) -> &'static str {
        self.pick("Taken over", "接续执行")
    }

    /// A run that took the work over.
    pub fn resumed_run(self, resumed: Resumed) -> String {
        let (parts, rows) = (grouped(u64::from(resumed.kept_part_count)), grouped(resumed.kept_row_count));
        let rows_word = if resumed.kept_row_count == 1 { "row" } else { "rows" };
        match (self.lang, resumed.kept_part_count) {
            (Lang::En, 0) => "by another worker, which started over".to_owned(),
            (Lang::Zh, 0) => "由另一工作进程从头重新执行".to_owned(),
            (Lang::En, 1) => format!("by another worker, which kept 1 finished part with {rows} {rows_word}"),
            (Lang::En, _) => {
                format!("by another worker, which kept {parts} finished parts with {rows} {rows_word}")
            }
            (Lang::Zh, _) => format!("由另一工作进程接续，保留 {parts} 个已完成部分，共 {rows} 行"),
        }
    }

    /// Copies the digits.
    pub fn copy(self) -> &'static str {
        self.pick("Copy", "复制")
    }

    /// They are copied.
    pub fn copied(self) -> &'static str {
        self.pick("Copied", "已复制")
    }

    /// Downloads the manifest.
    pub fn download_manifest(self) -> &'static str {
        self.pick("Download manifest", "下载清单")
    }

    /// What the manifest is good for; a command follows.
    pub fn verify_hint(self) -> &'static str {
        self.pick("Checks a file against its manifest:", "用清单核对文件：")
    }

    /// The details did not come.
    pub fn details_failed(self) -> &'static str {
        self.pick("The details could not be loaded.", "详情加载失败。")
    }
}
