//! The buttons that start a task, and the task panel.

use longshore_protocol::{Lang, TaskKind};

use super::{ByKind, Texts};
use crate::format::grouped;

impl Texts {
    /// The export button.
    pub fn export(self) -> &'static str {
        self.pick("Export", "导出")
    }

    /// The button while a task runs.
    pub fn working_label(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Exporting…", "导出中…"),
                statistics: ("Adding up…", "统计中…"),
                check: ("Checking…", "校验中…"),
                import: ("Importing…", "导入中…"),
                undo: ("Undoing…", "撤销中…"),
            },
        )
    }

    /// The panel right after the click, before the server has answered.
    pub fn submitting(self) -> &'static str {
        self.pick("Submitting…", "提交中…")
    }

    /// After the click.
    pub fn submitted(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: (
                    "Export task submitted. You can leave this page; the file will be in Tasks.",
                    "导出任务已提交，可离开本页，稍后在「任务中心」下载。",
                ),
                statistics: (
                    "Daily statistics submitted. You can leave this page; the file will be in Tasks.",
                    "每日统计任务已提交，可离开本页，稍后在「任务中心」下载。",
                ),
                check: (
                    "Check started. You can leave this page; the draft waits for you here.",
                    "已开始校验，可离开本页，草稿会保留在这里。",
                ),
                import: (
                    "Import started. You can leave this page; its result will be in Tasks.",
                    "已开始导入，可离开本页，稍后在「任务中心」查看结果。",
                ),
                undo: (
                    "Undo started. You can leave this page; its result will be in Tasks.",
                    "已开始撤销，可离开本页，稍后在「任务中心」查看结果。",
                ),
            },
        )
    }

    /// The click met a task that was running already.
    pub fn joined(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: (
                    "An export of this list was already running; this is its progress.",
                    "该列表已有导出任务在进行，以下是其进度。",
                ),
                statistics: (
                    "Daily statistics of this list were already running; this is their progress.",
                    "该列表已有每日统计任务在进行，以下是其进度。",
                ),
                check: (
                    "A check for this list was already running; this is its progress.",
                    "该列表已有校验任务在进行，以下是其进度。",
                ),
                import: (
                    "An import into this list was already running; this is its progress.",
                    "该列表已有导入任务在进行，以下是其进度。",
                ),
                undo: (
                    "An undo for this list was already running; this is its progress.",
                    "该列表已有撤销任务在进行，以下是其进度。",
                ),
            },
        )
    }

    /// While a task runs that this page did not start.
    pub fn may_leave(self, kind: TaskKind) -> &'static str {
        let file =
            ("You can leave this page; the file will be in Tasks.", "可离开本页，稍后在「任务中心」下载。");
        let result = (
            "You can leave this page; the result will be in Tasks.",
            "可离开本页，稍后在「任务中心」查看结果。",
        );
        let draft =
            ("You can leave this page; the draft waits for you here.", "可离开本页，草稿会保留在这里。");
        self.pick_kind(
            kind,
            ByKind { export: file, statistics: file, check: draft, import: result, undo: result },
        )
    }

    /// The link to the task centre.
    pub fn open_tasks(self) -> &'static str {
        self.pick("Open Tasks", "打开任务中心")
    }

    /// Until when the file is kept; `moment` is in the person's own zone.
    pub fn kept_until(self, moment: &str) -> String {
        match self.lang {
            Lang::En => format!("Kept until {moment}"),
            Lang::Zh => format!("文件保留至 {moment}"),
        }
    }

    /// How many sheets a workbook has.
    pub fn sheets(self, count: u32) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "1 sheet".to_owned(),
            (Lang::En, _) => format!("{} sheets", grouped(u64::from(count))),
            (Lang::Zh, _) => format!("{} 个工作表", grouped(u64::from(count))),
        }
    }

    /// How many files an archive has.
    pub fn parts(self, count: u32) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "1 file in a ZIP".to_owned(),
            (Lang::En, _) => format!("{} files in a ZIP", grouped(u64::from(count))),
            (Lang::Zh, _) => format!("ZIP 内含 {} 个文件", grouped(u64::from(count))),
        }
    }

    /// Cells that did not fit the format.
    pub fn shortened_cells(self, count: u64) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "1 cell was longer than the format allows and was shortened.".to_owned(),
            (Lang::En, _) => {
                format!("{} cells were longer than the format allows and were shortened.", grouped(count))
            }
            (Lang::Zh, _) => format!("有 {} 个单元格超出格式上限，已被截短。", grouped(count)),
        }
    }

    /// The poll does not get through while a task runs.
    pub fn offline_running(self) -> &'static str {
        self.pick(
            "Connection lost. Your task is still running; reconnecting…",
            "连接中断，任务仍在后台运行，正在重连…",
        )
    }

    /// The status could not be asked for yet.
    pub fn offline_unknown(self, kind: TaskKind) -> &'static str {
        self.pick_kind(kind, ByKind { export: (
                "Connection lost. Export is available again as soon as the server answers; reconnecting…",
                "连接中断，服务器恢复后即可导出，正在重连…",
            ), statistics: (
                "Connection lost. Daily statistics are available again as soon as the server answers; reconnecting…",
                "连接中断，服务器恢复后即可统计，正在重连…",
            ), check: ("Connection lost. The check goes on as soon as the server answers; reconnecting…", "连接中断，服务器恢复后即可校验，正在重连…"), import: ("Connection lost. Import is available again as soon as the server answers; reconnecting…", "连接中断，服务器恢复后即可导入，正在重连…"), undo: ("Connection lost. Undo is available again as soon as the server answers; reconnecting…", "连接中断，服务器恢复后即可撤销，正在重连…") })
    }

    /// The request did not get through, and is sent again.
    pub fn offline_submitting(self) -> &'static str {
        self.pick("Connection lost. Submitting again…", "连接中断，正在重新提交…")
    }

    /// The request got no answer, so it is not known whether it was taken; the server is asked until it says so.
    pub fn offline_looking(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: (
                    "Connection lost. Whether the export was started shows as soon as the server answers; reconnecting…",
                    "连接中断，服务器恢复后即可知道导出是否已开始，正在重连…",
                ),
                statistics: (
                    "Connection lost. Whether the statistics were started shows as soon as the server answers; reconnecting…",
                    "连接中断，服务器恢复后即可知道统计是否已开始，正在重连…",
                ),
                check: (
                    "Connection lost. Whether the check was started shows as soon as the server answers; reconnecting…",
                    "连接中断，服务器恢复后即可知道校验是否已开始，正在重连…",
                ),
                import: (
                    "Connection lost. Whether the import was started shows as soon as the server answers; reconnecting…",
                    "连接中断，服务器恢复后即可知道导入是否已开始，正在重连…",
                ),
                undo: (
                    "Connection lost. Whether the undo was started shows as soon as the server answers; reconnecting…",
                    "连接中断，服务器恢复后即可知道撤销是否已开始，正在重连…",
                ),
            },
        )
    }

    /// The poll gets through, but the task store behind it does not answer.
    pub fn store_away(self) -> &'static str {
        self.pick(
            "The task service is not answering. Your tasks are safe; reconnecting…",
            "任务服务暂时没有响应，任务不会丢失，正在重连…",
        )
    }

    /// Asks again at once.
    pub fn try_now(self) -> &'static str {
        self.pick("Try now", "立即重试")
    }

    /// The download link.
    pub fn download(self) -> &'static str {
        self.pick("Download", "下载")
    }

    /// The download link for a screen reader, where several are on a page.
    pub fn download_file(self, name: &str) -> String {
        match self.lang {
            Lang::En => format!("Download {name}"),
            Lang::Zh => format!("下载 {name}"),
        }
    }

    /// Stops a running task.
    pub fn cancel(self) -> &'static str {
        self.pick("Cancel", "取消")
    }

    /// Stops a running task, for a screen reader where several are on a page.
    pub fn cancel_task(self, kind: TaskKind, dataset: &str) -> String {
        match (self.lang, kind) {
            (Lang::En, TaskKind::Export) => format!("Cancel the export of {dataset}"),
            (Lang::Zh, TaskKind::Export) => format!("取消{dataset}的导出"),
            (Lang::En, TaskKind::DailyStatistics) => format!("Cancel the daily statistics of {dataset}"),
            (Lang::Zh, TaskKind::DailyStatistics) => format!("取消{dataset}的每日统计"),
            (Lang::En, TaskKind::ImportCheck) => format!("Cancel the check for {dataset}"),
            (Lang::Zh, TaskKind::ImportCheck) => format!("取消{dataset}的导入校验"),
            (Lang::En, TaskKind::Import) => format!("Cancel the import into {dataset}"),
            (Lang::Zh, TaskKind::Import) => format!("取消{dataset}的导入"),
            (Lang::En, TaskKind::ImportUndo) => format!("Cancel the undo for {dataset}"),
            (Lang::Zh, TaskKind::ImportUndo) => format!("取消{dataset}的撤销导入"),
        }
    }

    /// Puts a finished task away.
    pub fn dismiss(self) -> &'static str {
        self.pick("Dismiss", "知道了")
    }

    /// Closes the panel; the task goes on.
    pub fn hide_progress(self) -> &'static str {
        self.pick("Hide", "收起")
    }

    /// Opens the panel again.
    pub fn show_progress(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Show progress", "查看进度"),
                statistics: ("Show statistics' progress", "查看统计进度"),
                check: ("Show progress", "查看进度"),
                import: ("Show progress", "查看进度"),
                undo: ("Show progress", "查看进度"),
            },
        )
    }

    /// Opens the panel of a finished task again.
    pub fn show_result(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Show result", "查看结果"),
                statistics: ("Show statistics' result", "查看统计结果"),
                check: ("Show result", "查看结果"),
                import: ("Show result", "查看结果"),
                undo: ("Show result", "查看结果"),
            },
        )
    }

    /// Name of the progress bar.
    pub fn progress_label(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Export progress", "导出进度"),
                statistics: ("Daily statistics progress", "每日统计进度"),
                check: ("Check progress", "校验进度"),
                import: ("Import progress", "导入进度"),
                undo: ("Undo progress", "撤销进度"),
            },
        )
    }

    /// The task was not submitted, because the request was wrong.
    pub fn not_submitted(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("The export was not started:", "导出未开始："),
                statistics: ("The daily statistics were not started:", "每日统计未开始："),
                check: ("The check was not started:", "校验未开始："),
                import: ("The import was not started:", "导入未开始："),
                undo: ("The undo was not started:", "撤销未开始："),
            },
        )
    }

    /// Announced to screen readers: another quarter is done.
    pub fn quarter_done(self, kind: TaskKind, percent: u8) -> String {
        let what = self.kind(kind);
        match self.lang {
            Lang::En => format!("{what} {percent}% done"),
            Lang::Zh => format!("{what}已完成 {percent}%"),
        }
    }
}
