//! Where a task stands, in words; used by the panel, the task centre and the contract's `message`.

use longshore_protocol::{
    FailureCode, FailureView, FileView, Lang, Phase, Progress, TaskKind, TaskView, Unit,
};

use super::{ByKind, Texts};
use crate::format::{grouped, size};
use crate::task::state::is_for_its_file;

/// The contract's `message`: where the task stands, as a sentence. It names no moment in time, because the
/// server does not know the caller's zone.
pub fn message_for(view: &TaskView, lang: Lang) -> String {
    let t = Texts::new(lang);
    let progress = view.progress;
    if let Some(message) = t.import_message(view) {
        return message;
    }
    match view.phase {
        Phase::Queued => match &view.failure {
            Some(failure) => t.trying_again(failure),
            None => t.queued(view.ahead),
        },
        Phase::Running => t.working(view.kind, progress, None),
        Phase::Cancelling => t.cancelling().to_owned(),
        Phase::Succeeded => match &view.file {
            Some(file) => t.ready(view.kind, file),
            None => t.ready_without_file(view.kind).to_owned(),
        },
        Phase::Failed => match &view.failure {
            Some(failure) => t.failure(view.kind, failure),
            None => t.failed_without_reason(view.kind).to_owned(),
        },
        Phase::Cancelled => t.cancelled(view.kind).to_owned(),
        Phase::Abandoned => t.abandoned(view.kind, view.expires_at.saturating_sub(view.registered_at) / 1000),
        Phase::FileExpired => t.file_expired(view.kind).to_owned(),
    }
}

impl Texts {
    /// Waiting for a worker; lists don't know the place in the queue.
    pub fn queued(self, ahead: Option<u64>) -> String {
        match (self.lang, ahead) {
            (_, None) => self.phase(Phase::Queued).to_owned(),
            (Lang::En, Some(0)) => "Queued: you are next".to_owned(),
            (Lang::Zh, Some(0)) => "排队中，即将开始".to_owned(),
            (Lang::En, Some(ahead)) => format!("Queued: {} ahead of you", grouped(ahead)),
            (Lang::Zh, Some(ahead)) => format!("排队中，前面还有 {} 个任务", grouped(ahead)),
        }
    }

    /// An attempt has failed for a reason that may pass, and the next one comes by itself.
    pub fn trying_again(self, failure: &FailureView) -> String {
        let reason = match failure.code {
            FailureCode::Database => self.pick("The database did not answer", "数据库没有响应"),
            FailureCode::DatabaseTimeout => self.pick("The database timed out", "数据库超时"),
            FailureCode::FileStore => self.pick("The file could not be stored", "文件无法保存"),
            _ => self.pick("Something went wrong", "出现问题"),
        };
        let reference = &failure.reference;
        match self.lang {
            Lang::En => format!("{reason}; trying again in a moment. Ref {reference}"),
            Lang::Zh => format!("{reason}，稍后自动重试。编号 {reference}"),
        }
    }

    /// A task at work, by what it counts; `remaining_seconds` only where the estimate is steady.
    pub fn working(self, kind: TaskKind, progress: Progress, remaining_seconds: Option<u64>) -> String {
        if !is_for_its_file(kind) {
            return self.working_on_import(kind, progress, remaining_seconds);
        }
        match progress.unit {
            Unit::Rows => self.exporting(progress.done, progress.total, remaining_seconds),
            Unit::Bytes => self.writing_file(progress.done, progress.total),
            Unit::Days => self.adding_up(progress.done, progress.total),
        }
    }

    /// Counting and adding up days.
    fn adding_up(self, done: u64, total: Option<u64>) -> String {
        let Some(total) = total.filter(|total| done <= *total && *total > 0) else {
            return self.pick("Adding up the days…", "正在统计…").to_owned();
        };
        let percent = u128::from(done) * 100 / u128::from(total);
        let days = if total == 1 { "day" } else { "days" };
        let (done, total) = (grouped(done), grouped(total));
        match self.lang {
            Lang::En => format!("Adding up {done} of {total} {days} ({percent}%)"),
            Lang::Zh => format!("正在统计 {done} / {total} 天（{percent}%）"),
        }
    }

    /// Reading rows; `remaining_seconds` only where the estimate is steady.
    fn exporting(self, done: u64, total: Option<u64>, remaining_seconds: Option<u64>) -> String {
        // A total that is passed was only an estimate: the count alone is the truth then.
        let Some(total) = total.filter(|total| done <= *total && *total > 0) else {
            return match (self.lang, done) {
                (Lang::En, 1) => "Exporting: 1 row so far".to_owned(),
                (Lang::En, _) => format!("Exporting: {} rows so far", grouped(done)),
                (Lang::Zh, _) => format!("正在导出，已完成 {} 行", grouped(done)),
            };
        };
        let percent = u128::from(done) * 100 / u128::from(total);
        let rows = if total == 1 { "row" } else { "rows" };
        let (done, total) = (grouped(done), grouped(total));
        let left = remaining_seconds.map(|seconds| self.remaining(seconds));
        match (self.lang, left) {
            (Lang::En, None) => format!("Exporting {done} of {total} {rows} ({percent}%)"),
            (Lang::En, Some(left)) => format!("Exporting {done} of {total} {rows} ({percent}%), {left}"),
            (Lang::Zh, None) => format!("正在导出 {done} / {total} 行（{percent}%）"),
            (Lang::Zh, Some(left)) => format!("正在导出 {done} / {total} 行（{percent}%），{left}"),
        }
    }

    /// Roughly how long it still takes, as coarse as the estimate is.
    pub(super) fn remaining(self, seconds: u64) -> String {
        match (self.lang, seconds) {
            (Lang::En, 0..5) => "a few seconds left".to_owned(),
            (Lang::Zh, 0..5) => "还剩几秒".to_owned(),
            (Lang::En, 5..55) => format!("about {} s left", seconds.div_ceil(10) * 10),
            (Lang::Zh, 5..55) => format!("约剩 {} 秒", seconds.div_ceil(10) * 10),
            (Lang::En, _) => format!("about {} min left", (seconds + 30) / 60),
            (Lang::Zh, _) => format!("约剩 {} 分钟", (seconds + 30) / 60),
        }
    }

    /// How fast it goes.
    pub fn pace(self, rows_per_second: u64) -> String {
        let rows = grouped(rows_per_second);
        match (self.lang, rows_per_second) {
            (Lang::En, 1) => "1 row per second".to_owned(),
            (Lang::En, _) => format!("{rows} rows per second"),
            (Lang::Zh, _) => format!("每秒 {rows} 行"),
        }
    }

    /// After the last row: the file is on its way to the file store. Bytes are told only where they were counted.
    fn writing_file(self, done_bytes: u64, total_bytes: Option<u64>) -> String {
        if done_bytes == 0 {
            return self.pick("Writing the file…", "正在写入文件…").to_owned();
        }
        match (self.lang, total_bytes.filter(|total| done_bytes <= *total)) {
            (Lang::En, Some(total)) => format!("Writing the file: {} of {}", size(done_bytes), size(total)),
            (Lang::Zh, Some(total)) => format!("正在写入文件：{} / {}", size(done_bytes), size(total)),
            (Lang::En, None) => format!("Writing the file: {} so far", size(done_bytes)),
            (Lang::Zh, None) => format!("正在写入文件：已写入 {}", size(done_bytes)),
        }
    }

    /// A worker was told to stop.
    pub fn cancelling(self) -> &'static str {
        self.pick("Cancelling…", "正在取消…")
    }

    /// Stopped because a person asked for it.
    pub fn cancelled(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Export cancelled. Nothing was kept.", "导出已取消，未保留文件"),
                statistics: ("Daily statistics cancelled. Nothing was kept.", "每日统计已取消，未保留文件"),
                check: ("Check cancelled. Nothing was changed.", "校验已取消，数据未改动"),
                import: (
                    "Import cancelled. Its report says which rows are in.",
                    "导入已取消，已导入的行见报告",
                ),
                undo: (
                    "Undo cancelled. What was taken back stays so; undo again for the rest.",
                    "撤销已取消，已撤销的部分保持不变，可再次撤销其余部分",
                ),
            },
        )
    }

    /// The file is there, and what of it is not as one would expect.
    pub fn ready(self, kind: TaskKind, file: &FileView) -> String {
        let name = &file.name;
        let more = [
            (file.sheet_count, self.sheets(file.sheet_count)),
            (file.part_count, self.parts(file.part_count)),
        ];
        let more = more.into_iter().filter(|(count, _)| *count > 1).map(|(_, words)| words);
        let about = [size(file.size_bytes)].into_iter().chain(more).collect::<Vec<_>>();
        let ready = match self.lang {
            Lang::En => format!("Ready: {name} ({}).", about.join(", ")),
            Lang::Zh => format!("{}完成：{name}（{}）。", self.kind(kind), about.join("，")),
        };
        match file.shortened_cell_count {
            0 => ready,
            count => format!("{ready}{}{}", self.pick(" ", ""), self.shortened_cells(count)),
        }
    }

    /// The file is there, but the answer does not describe it.
    pub fn ready_without_file(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Ready: the file can be downloaded.", "导出完成，可以下载文件。"),
                statistics: ("Ready: the file can be downloaded.", "每日统计完成，可以下载文件。"),
                check: ("Check finished.", "校验完成。"),
                import: ("Import finished.", "导入完成。"),
                undo: ("The import was undone.", "导入已撤销。"),
            },
        )
    }

    /// It failed, and the answer does not say why.
    pub fn failed_without_reason(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Export failed. Try again.", "导出失败。请重试。"),
                statistics: ("Daily statistics failed. Try again.", "每日统计失败。请重试。"),
                check: ("Check failed. Try again.", "校验失败。请重试。"),
                import: (
                    "Import failed. Check the file again; rows that are in already count as unchanged.",
                    "导入失败。请重新校验文件，已导入的行会计为无变化。",
                ),
                undo: ("Undo failed. Try again.", "撤销失败。请重试。"),
            },
        )
    }

    /// Stopped at its deadline.
    pub fn abandoned(self, kind: TaskKind, limit_seconds: u64) -> String {
        let (count, en, zh) = match limit_seconds {
            0..60 => (limit_seconds, "second", "秒"),
            _ => (limit_seconds / 60, "minute", "分钟"),
        };
        let plural = if count == 1 { "" } else { "s" };
        match (self.lang, kind) {
            (Lang::En, TaskKind::Export) => {
                format!("Export stopped after {count} {en}{plural}. You can start it again.")
            }
            (Lang::Zh, TaskKind::Export) => format!("导出已超过 {count} {zh}，任务已放弃，可重新导出"),
            (Lang::En, TaskKind::DailyStatistics) => {
                format!("Daily statistics stopped after {count} {en}{plural}. You can start them again.")
            }
            (Lang::Zh, TaskKind::DailyStatistics) => {
                format!("每日统计已超过 {count} {zh}，任务已放弃，可重新统计")
            }
            (Lang::En, TaskKind::ImportCheck) => {
                format!("Check stopped after {count} {en}{plural}. You can start it again.")
            }
            (Lang::Zh, TaskKind::ImportCheck) => format!("校验已超过 {count} {zh}，任务已放弃，可重新校验"),
            (Lang::En, TaskKind::Import) => format!(
                "Import stopped after {count} {en}{plural}. Check the file again; rows that are in already count as unchanged."
            ),
            (Lang::Zh, TaskKind::Import) => {
                format!("导入已超过 {count} {zh}，任务已放弃，请重新校验文件，已导入的行会计为无变化")
            }
            (Lang::En, TaskKind::ImportUndo) => {
                format!("Undo stopped after {count} {en}{plural}. You can start it again.")
            }
            (Lang::Zh, TaskKind::ImportUndo) => format!("撤销已超过 {count} {zh}，任务已放弃，可重新撤销"),
        }
    }

    /// The file's retention has passed.
    pub fn file_expired(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("File expired: export again", "文件已过期，请重新导出"),
                statistics: ("File expired: start the statistics again", "文件已过期，请重新统计"),
                check: ("The error rows have expired: check the file again", "错误行文件已过期，请重新校验"),
                import: (
                    "The error rows have expired; what was imported stays",
                    "错误行文件已过期，已导入的数据不受影响",
                ),
                undo: ("The report has expired", "报告已过期"),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_as_promised() {
        let (en, zh) = (Texts::new(Lang::En), Texts::new(Lang::Zh));
        for (done, total, left, want_en, want_zh) in [
            (
                12_400,
                Some(50_000),
                Some(61),
                "Exporting 12,400 of 50,000 rows (24%), about 1 min left",
                "正在导出 12,400 / 50,000 行（24%），约剩 1 分钟",
            ),
            (0, Some(10), None, "Exporting 0 of 10 rows (0%)", "正在导出 0 / 10 行（0%）"),
            (1, Some(1), None, "Exporting 1 of 1 row (100%)", "正在导出 1 / 1 行（100%）"),
            (1, None, None, "Exporting: 1 row so far", "正在导出，已完成 1 行"),
            (11, Some(10), Some(3), "Exporting: 11 rows so far", "正在导出，已完成 11 行"),
            (7, None, None, "Exporting: 7 rows so far", "正在导出，已完成 7 行"),
            (
                5,
                Some(10),
                Some(2),
                "Exporting 5 of 10 rows (50%), a few seconds left",
                "正在导出 5 / 10 行（50%），还剩几秒",
            ),
            (
                5,
                Some(10),
                Some(31),
                "Exporting 5 of 10 rows (50%), about 40 s left",
                "正在导出 5 / 10 行（50%），约剩 40 秒",
            ),
        ] {
            assert_eq!(en.exporting(done, total, left), want_en);
            assert_eq!(zh.exporting(done, total, left), want_zh);
        }
        let days = Progress { done: 310, total: Some(1277), unit: Unit::Days };
        assert_eq!(en.working(TaskKind::DailyStatistics, days, None), "Adding up 310 of 1,277 days (24%)");
        assert_eq!(zh.working(TaskKind::DailyStatistics, days, None), "正在统计 310 / 1,277 天（24%）");
        assert_eq!(
            en.working(TaskKind::DailyStatistics, Progress { total: None, ..days }, None),
            "Adding up the days…"
        );
    }

    #[test]
    fn a_place_in_the_queue_is_told_only_where_it_is_known() {
        for (ahead, en, zh) in [
            (None, "Queued", "排队中"),
            (Some(0), "Queued: you are next", "排队中，即将开始"),
            (Some(1200), "Queued: 1,200 ahead of you", "排队中，前面还有 1,200 个任务"),
        ] {
            assert_eq!(Texts::new(Lang::En).queued(ahead), en);
            assert_eq!(Texts::new(Lang::Zh).queued(ahead), zh);
        }
    }

    #[test]
    fn a_file_of_several_sheets_or_parts_or_with_cut_cells_says_so() {
        let (en, zh) = (Texts::new(Lang::En), Texts::new(Lang::Zh));
        let one = FileView {
            name: "o.xlsx".into(),
            url: "/files/t".into(),
            size_bytes: 8_200_000,
            row_count: 5,
            sheet_count: 1,
            part_count: 1,
            shortened_cell_count: 0,
            kept_until: 0,
        };
        for (sheet_count, part_count, shortened_cell_count, want_en, want_zh) in [
            (1, 1, 0, "Ready: o.xlsx (8.2 MB).", "导出完成：o.xlsx（8.2 MB）。"),
            (
                3,
                1,
                2,
                "Ready: o.xlsx (8.2 MB, 3 sheets). 2 cells were longer than the format allows and were shortened.",
                "导出完成：o.xlsx（8.2 MB，3 个工作表）。有 2 个单元格超出格式上限，已被截短。",
            ),
            (
                1,
                2,
                0,
                "Ready: o.xlsx (8.2 MB, 2 files in a ZIP).",
                "导出完成：o.xlsx（8.2 MB，ZIP 内含 2 个文件）。",
            ),
        ] {
            let file = FileView { sheet_count, part_count, shortened_cell_count, ..one.clone() };
            assert_eq!(en.ready(TaskKind::Export, &file), want_en);
            assert_eq!(zh.ready(TaskKind::Export, &file), want_zh);
        }
    }
}
