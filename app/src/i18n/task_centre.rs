//! The task centre.

use longshore_protocol::{Lang, Phase, TaskKind, TaskView};

use super::{ByKind, Texts};
use crate::task::state::is_for_its_file;

impl Texts {
    /// Title of the task centre.
    pub fn tasks_title(self) -> &'static str {
        self.pick("Tasks", "任务中心")
    }

    /// Heading over the running tasks.
    pub fn tasks_running(self) -> &'static str {
        self.pick("Running", "进行中")
    }

    /// Heading over the finished tasks.
    pub fn tasks_history(self) -> &'static str {
        self.pick("History", "历史记录")
    }

    /// There are no tasks at all.
    pub fn tasks_none(self) -> &'static str {
        self.pick("No tasks yet", "暂无任务")
    }

    /// What to do when there are no tasks.
    pub fn tasks_none_hint(self) -> &'static str {
        self.pick(
            "Open a dataset and click Export; the task will appear here.",
            "打开一个数据集并点击「导出」，任务会显示在这里。",
        )
    }

    /// Headers of the history, in its order.
    pub fn tasks_headers(self) -> [&'static str; 9] {
        match self.lang {
            Lang::En => {
                ["Kind", "Dataset", "File", "Rows", "Failed rows", "Status", "Time", "Kept until", "Actions"]
            }
            Lang::Zh => ["类型", "数据集", "文件", "行数", "失败行数", "状态", "时间", "保留至", "操作"],
        }
    }

    /// Starts the work of a task that came to nothing again.
    pub fn retry_task(self) -> &'static str {
        self.pick("Retry", "重试")
    }

    /// The same for screen readers, where several are on a page.
    pub fn retry_task_of(self, kind: TaskKind, dataset: &str) -> String {
        let what = self.kind(kind);
        match self.lang {
            Lang::En => format!("Retry: {what} {dataset}"),
            Lang::Zh => format!("重试：{dataset}{what}"),
        }
    }

    /// Starts the work of a task that succeeded once more.
    pub fn repeat_task(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Export again", "再次导出"),
                statistics: ("Add up again", "再次统计"),
                check: ("Check again", "再次校验"),
                import: ("Import again", "再次导入"),
                undo: ("Undo again", "再次撤销"),
            },
        )
    }

    /// The work was started again.
    pub fn repeated(self, kind: TaskKind) -> &'static str {
        self.pick_kind(
            kind,
            ByKind {
                export: ("Export task submitted. It is under Running.", "导出任务已提交，见「进行中」。"),
                statistics: (
                    "Daily statistics submitted. They are under Running.",
                    "每日统计任务已提交，见「进行中」。",
                ),
                check: ("Check started. It is under Running.", "已开始校验，见「进行中」。"),
                import: ("Import started. It is under Running.", "已开始导入，见「进行中」。"),
                undo: ("Undo started. It is under Running.", "已开始撤销，见「进行中」。"),
            },
        )
    }

    /// It was not, because such a task is running.
    pub fn repeat_met_running(self, kind: TaskKind) -> &'static str {
        self.pick_kind(kind, ByKind { export: (
                "An export of this list is already running; see Running. Retry when it has ended.",
                "该列表已有导出任务在进行，见「进行中」，请在其结束后重试。",
            ), statistics: (
                "Daily statistics of this list are already running; see Running. Retry when they have ended.",
                "该列表已有每日统计任务在进行，见「进行中」，请在其结束后重试。",
            ), check: ("A check for this list is already running; see Running. Retry when it has ended.", "该列表已有校验任务在进行，见「进行中」，请在其结束后重试。"), import: ("An import into this list is already running; see Running. Retry when it has ended.", "该列表已有导入任务在进行，见「进行中」，请在其结束后重试。"), undo: ("An undo for this list is already running; see Running. Retry when it has ended.", "该列表已有撤销任务在进行，见「进行中」，请在其结束后重试。") })
    }

    /// Opens the details.
    pub fn details(self) -> &'static str {
        self.pick("Details", "详情")
    }

    /// The same for screen readers, where several are on a page.
    pub fn details_of(self, kind: TaskKind, dataset: &str) -> String {
        let what = self.kind(kind);
        match self.lang {
            Lang::En => format!("Details: {what} {dataset}"),
            Lang::Zh => format!("详情：{dataset}{what}"),
        }
    }

    /// Exports have no rows that fail.
    pub fn not_applicable(self) -> &'static str {
        self.pick("does not apply", "不适用")
    }

    /// A word or two for where a task stands.
    pub fn standing(self, task: &TaskView) -> &'static str {
        match (task.phase, task.stopped, task.counts) {
            (Phase::Succeeded, Some(_), Some(counts)) if counts.writes() > 0 => {
                self.pick("Partly imported", "部分导入")
            }
            (Phase::Succeeded, Some(_), _) => self.pick("Nothing imported", "未导入"),
            // What is ready is a file; the others are done.
            (Phase::Succeeded, None, _) if !is_for_its_file(task.kind) => self.pick("Done", "已完成"),
            (phase, ..) => self.phase(phase),
        }
    }

    /// One word for a phase.
    pub(super) fn phase(self, phase: Phase) -> &'static str {
        match phase {
            Phase::Queued => self.pick("Queued", "排队中"),
            Phase::Running => self.pick("Running", "进行中"),
            Phase::Cancelling => self.pick("Cancelling", "取消中"),
            Phase::Succeeded => self.pick("Ready", "已完成"),
            Phase::Failed => self.pick("Failed", "失败"),
            Phase::Cancelled => self.pick("Cancelled", "已取消"),
            Phase::Abandoned => self.pick("Stopped at its time limit", "超时放弃"),
            Phase::FileExpired => self.pick("File expired", "文件已过期"),
        }
    }

    /// The kind of a task.
    pub fn kind(self, kind: TaskKind) -> &'static str {
        match kind {
            TaskKind::Export => self.pick("Export", "导出"),
            TaskKind::DailyStatistics => self.pick("Daily statistics", "每日统计"),
            TaskKind::ImportCheck => self.pick("Import check", "导入校验"),
            TaskKind::Import => self.pick("Import", "导入"),
            TaskKind::ImportUndo => self.pick("Undo of an import", "撤销导入"),
        }
    }
}
