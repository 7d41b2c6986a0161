//! Where the tasks of an import stand.

use longshore_protocol::import::{PlanCounts, StopReason};
use longshore_protocol::{Lang, Phase, Progress, TaskKind, TaskView, Unit};

use super::Texts;
use crate::format::{grouped, size};

impl Texts {
    /// How an import's task has ended, in numbers; `None` where there are none, or it has not ended.
    pub(super) fn import_message(self, view: &TaskView) -> Option<String> {
        let counts = view.counts?;
        match (view.kind, view.phase) {
            (TaskKind::ImportCheck, Phase::Succeeded) => Some(self.checked(counts)),
            (TaskKind::Import, Phase::Succeeded) => Some(match view.stopped {
                Some(reason) => self.import_stopped(reason, counts),
                None => self.imported(counts),
            }),
            (TaskKind::Import, Phase::Cancelled) => Some(self.import_cancelled(counts)),
            _ => None,
        }
    }

    /// What a check has found.
    fn checked(self, counts: PlanCounts) -> String {
        let counts = self.plan_counts(counts);
        match self.lang {
            Lang::En => format!("Checked: {counts}"),
            Lang::Zh => format!("校验完成：{counts}"),
        }
    }

    /// What an import has done.
    fn imported(self, counts: PlanCounts) -> String {
        let (create, update) = (grouped(counts.create), grouped(counts.update));
        let (unchanged, error) = (grouped(counts.unchanged), grouped(counts.error));
        match (self.lang, counts.error) {
            (Lang::En, 0) => format!("Imported: {create} added, {update} updated, {unchanged} unchanged"),
            (Lang::Zh, 0) => format!("导入完成：新增 {create}，更新 {update}，无变化 {unchanged}"),
            (Lang::En, _) => format!(
                "Imported: {create} added, {update} updated, {unchanged} unchanged, {error} not imported"
            ),
            (Lang::Zh, _) => {
                format!("导入完成：新增 {create}，更新 {update}，无变化 {unchanged}，未导入 {error}")
            }
        }
    }

    /// What of an import is in that ended before all was done.
    fn import_stopped(self, reason: StopReason, counts: PlanCounts) -> String {
        let (is_in, of) = (counts.total() - counts.error, counts.total());
        let total = grouped(of);
        let why = match reason {
            StopReason::Drifted => {
                self.pick("somebody changed the list after the check", "校验之后有人修改了数据")
            }
            StopReason::Cancelled => self.pick("it was cancelled", "已被取消"),
            StopReason::Database => self.pick("the database did not take some rows", "数据库拒绝了部分数据"),
            StopReason::Expired => self.pick("its time was over", "任务超过了时限"),
            StopReason::Failed => {
                self.pick("it could not be finished for a technical reason", "因技术原因未能完成")
            }
        };
        match (self.lang, is_in) {
            (Lang::En, 0) if of == 1 => format!("Stopped: the row was not imported, because {why}."),
            (Lang::En, 0) => format!("Stopped: none of the {total} rows was imported, because {why}."),
            (Lang::Zh, 0) => format!("已停止：{total} 行均未导入，{why}。"),
            (Lang::En, 1) => format!("Stopped: 1 of {total} rows is in the list, because {why}."),
            (Lang::En, _) => {
                format!("Stopped: {} of {total} rows are in the list, because {why}.", grouped(is_in))
            }
            (Lang::Zh, _) => format!("已停止：{total} 行中有 {} 行已导入，{why}。", grouped(is_in)),
        }
    }

    /// What of an import that was cancelled is in.
    fn import_cancelled(self, counts: PlanCounts) -> String {
        let written = grouped(counts.writes());
        match (self.lang, counts.writes()) {
            (Lang::En, 0) => "Import cancelled. Nothing was imported.".to_owned(),
            (Lang::Zh, 0) => "导入已取消，未导入任何数据".to_owned(),
            (Lang::En, 1) => "Import cancelled. 1 row had been imported and stays.".to_owned(),
            (Lang::En, _) => format!("Import cancelled. {written} rows had been imported and stay."),
            (Lang::Zh, _) => format!("导入已取消，此前已导入的 {written} 行保留"),
        }
    }

    /// An import's task at work, by what it counts.
    pub(super) fn working_on_import(
        self,
        kind: TaskKind,
        progress: Progress,
        remaining_seconds: Option<u64>,
    ) -> String {
        let verb = self.working_label(kind).trim_end_matches('…').trim_end_matches('中');
        let is_bytes = progress.unit == Unit::Bytes;
        let number = |count: u64| if is_bytes { size(count) } else { grouped(count) };
        let done = number(progress.done);
        // A total that is passed was only an estimate: the count alone is the truth then.
        let total = progress.total.filter(|total| progress.done <= *total && *total > 0);
        let percent = total.map(|total| u128::from(progress.done) * 100 / u128::from(total));
        let rows = if total.unwrap_or(progress.done) == 1 { "row" } else { "rows" };
        let words = match (self.lang, total.map(number), is_bytes) {
            _ if progress.done == 0 && total.is_none() => self.working_label(kind).to_owned(),
            (Lang::En, Some(total), true) => format!("Reading the file: {done} of {total}"),
            (Lang::Zh, Some(total), true) => format!("正在读取文件：{done} / {total}"),
            (Lang::En, None, true) => format!("Reading the file: {done} so far"),
            (Lang::Zh, None, true) => format!("正在读取文件：已读取 {done}"),
            (Lang::En, Some(total), false) => format!("{verb} {done} of {total} {rows}"),
            (Lang::Zh, Some(total), false) => format!("正在{verb} {done} / {total} 行"),
            (Lang::En, None, false) => format!("{verb}: {done} {rows} so far"),
            (Lang::Zh, None, false) => format!("正在{verb}，已完成 {done} 行"),
        };
        let words = match (self.lang, percent) {
            (_, None) => words,
            (Lang::En, Some(percent)) => format!("{words} ({percent}%)"),
            (Lang::Zh, Some(percent)) => format!("{words}（{percent}%）"),
        };
        match (self.lang, remaining_seconds) {
            (_, None) => words,
            (Lang::En, Some(seconds)) => format!("{words}, {}", self.remaining(seconds)),
            (Lang::Zh, Some(seconds)) => format!("{words}，{}", self.remaining(seconds)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_on_imports_is_told_by_kind_and_unit() {
        let (en, zh) = (Texts::new(Lang::En), Texts::new(Lang::Zh));
        let rows = |done, total| Progress { done, total, unit: Unit::Rows };
        let bytes = |done, total| Progress { done, total, unit: Unit::Bytes };
        for (kind, progress, left, want_en, want_zh) in [
            (
                TaskKind::ImportCheck,
                rows(12_400, Some(50_000)),
                None,
                "Checking 12,400 of 50,000 rows (24%)",
                "正在校验 12,400 / 50,000 行（24%）",
            ),
            (
                TaskKind::Import,
                rows(5, Some(10)),
                Some(61),
                "Importing 5 of 10 rows (50%), about 1 min left",
                "正在导入 5 / 10 行（50%），约剩 1 分钟",
            ),
            (TaskKind::ImportUndo, rows(7, None), None, "Undoing: 7 rows so far", "正在撤销，已完成 7 行"),
            (TaskKind::ImportUndo, rows(1, None), None, "Undoing: 1 row so far", "正在撤销，已完成 1 行"),
            (
                TaskKind::Import,
                rows(0, Some(1)),
                None,
                "Importing 0 of 1 row (0%)",
                "正在导入 0 / 1 行（0%）",
            ),
            (TaskKind::ImportCheck, rows(0, None), None, "Checking…", "校验中…"),
            (
                TaskKind::ImportCheck,
                bytes(4_100_000, Some(8_200_000)),
                None,
                "Reading the file: 4.1 MB of 8.2 MB (50%)",
                "正在读取文件：4.1 MB / 8.2 MB（50%）",
            ),
        ] {
            assert_eq!(en.working_on_import(kind, progress, left), want_en);
            assert_eq!(zh.working_on_import(kind, progress, left), want_zh);
        }
    }

    #[test]
    fn a_stopped_import_says_how_much_is_in_and_why() {
        let counts = |unchanged, error| PlanCounts { create: 0, update: 0, unchanged, error };
        for (reason, counts, en, zh) in [
            (
                StopReason::Drifted,
                counts(20_000, 30_000),
                "Stopped: 20,000 of 50,000 rows are in the list, because somebody changed the list after the check.",
                "已停止：50,000 行中有 20,000 行已导入，校验之后有人修改了数据。",
            ),
            (
                StopReason::Drifted,
                counts(1, 2),
                "Stopped: 1 of 3 rows is in the list, because somebody changed the list after the check.",
                "已停止：3 行中有 1 行已导入，校验之后有人修改了数据。",
            ),
            (
                StopReason::Database,
                counts(0, 1),
                "Stopped: the row was not imported, because the database did not take some rows.",
                "已停止：1 行均未导入，数据库拒绝了部分数据。",
            ),
            (
                StopReason::Database,
                counts(0, 10),
                "Stopped: none of the 10 rows was imported, because the database did not take some rows.",
                "已停止：10 行均未导入，数据库拒绝了部分数据。",
            ),
        ] {
            assert_eq!(Texts::new(Lang::En).import_stopped(reason, counts), en);
            assert_eq!(Texts::new(Lang::Zh).import_stopped(reason, counts), zh);
        }
    }

    #[test]
    fn a_cancelled_import_says_what_is_in() {
        let t = Texts::new(Lang::En);
        for (create, want) in [
            (0, "Import cancelled. Nothing was imported."),
            (1, "Import cancelled. 1 row had been imported and stays."),
            (40_000, "Import cancelled. 40,000 rows had been imported and stay."),
        ] {
            assert_eq!(t.import_cancelled(PlanCounts { create, ..PlanCounts::default() }), want);
        }
    }
}
