//! Refusals in words: each says what is wrong and what would be right or what to do next.

use longshore_protocol::{ErrorCode, FailureCode, FailureView, Lang, ProblemKind, TaskKind};

use super::{ByKind, Texts};
use crate::format::grouped;

impl Texts {
    /// Why a call was refused, and what to do.
    pub fn error(self, code: ErrorCode) -> &'static str {
        match code {
            ErrorCode::BadRequest => self.pick(
                "The request could not be read. Reload the page and try again.",
                "无法读取该请求，请刷新页面后重试。",
            ),
            ErrorCode::UnknownCall => self.pick(
                "There is no such call. Calls are POST requests to /api/<name> with a JSON body.",
                "没有这个接口。请以 POST 方式向 /api/<名称> 发送 JSON。",
            ),
            ErrorCode::InvalidParameters => self.pick(
                "Something in the request is not right. Correct what is named and try again.",
                "请求中有内容不正确，请按提示修改后重试。",
            ),
            ErrorCode::UnknownDataset => self.pick(
                "There is no such dataset. Choose one from the list of datasets.",
                "没有这个数据集，请从数据集列表中选择。",
            ),
            ErrorCode::UnknownTask => self.pick(
                "This task does not exist or belongs to someone else. Start a new one.",
                "该任务不存在或不属于您，请重新发起。",
            ),
            ErrorCode::TaskNotFinished => self.pick(
                "The task has not finished yet. Wait until it is done.",
                "任务尚未完成，请等待完成后再操作。",
            ),
            ErrorCode::UnknownDraft => self.pick(
                "This import was discarded, or its time has passed. Upload the file again.",
                "该导入已被放弃或已过期，请重新上传文件。",
            ),
            ErrorCode::DraftChanged => self.pick(
                "This import was changed elsewhere, for example in another tab. What you see now is how it stands there; make your change again if it is still wanted.",
                "该导入已在别处（例如另一个标签页）更改。页面现已显示最新状态，如仍需要，请重新修改。",
            ),
            ErrorCode::NoFile => self.pick(
                "This task made no such file. What it has done is told in Tasks.",
                "该任务没有生成该文件，结果请见任务中心。",
            ),
            ErrorCode::FileExpired => self.pick(
                "This has expired and is no longer kept. Start it again if you still need it.",
                "内容已过期，不再保留。如仍需要，请重新发起。",
            ),
            ErrorCode::SessionInvalid => self.pick(
                "Your session is no longer valid. Reload the page to get a new one.",
                "会话已失效，请刷新页面重新进入。",
            ),
            ErrorCode::StoreUnavailable => self.pick(
                "The task service is not answering. Nothing is lost; try again in a moment.",
                "任务服务暂时没有响应，数据不会丢失，请稍后重试。",
            ),
            ErrorCode::DatabaseUnavailable => self.pick(
                "The database is not answering. Try again in a moment.",
                "数据库暂时没有响应，请稍后重试。",
            ),
            ErrorCode::Unreachable => self.pick(
                "The server can't be reached. Check your connection and try again.",
                "无法连接服务器，请检查网络后重试。",
            ),
            ErrorCode::Internal => self.pick(
                "Something went wrong on our side. Try again; if it happens again, tell your administrator.",
                "系统内部出错，请重试；若仍出现，请联系管理员。",
            ),
        }
    }

    /// What is wrong with a field, and what would be right.
    pub fn problem(self, kind: &ProblemKind) -> String {
        match kind {
            ProblemKind::UnknownColumn { name } => match self.lang {
                Lang::En => format!("There is no column “{name}”. Choose one of the list's columns."),
                Lang::Zh => format!("没有名为“{name}”的列，请选择列表中的列。"),
            },
            ProblemKind::RepeatedColumn { name } => match self.lang {
                Lang::En => format!("Column “{name}” is named twice. Name it once."),
                Lang::Zh => format!("列“{name}”重复出现，请只保留一次。"),
            },
            ProblemKind::UnknownOperator { name } => match self.lang {
                Lang::En => format!("There is no comparison “{name}”. Choose one that is offered."),
                Lang::Zh => format!("没有“{name}”这种比较方式，请从列出的方式中选择。"),
            },
            ProblemKind::OperatorNotForType { name, column } => match self.lang {
                Lang::En => format!("“{name}” does not apply to column “{column}”. Choose a comparison that is offered for it."),
                Lang::Zh => format!("“{name}”不适用于列“{column}”，请选择该列提供的比较方式。"),
            },
            ProblemKind::WrongType { expected, given } => match self.lang {
                Lang::En => format!("“{given}” is not {}.", self.expected_value(expected)),
                Lang::Zh => format!("“{given}”不正确，应为{}。", self.expected_value(expected)),
            },
            ProblemKind::NotAllowed { given } => match self.lang {
                Lang::En => format!("“{given}” is not a value this column can have. Choose one of its values."),
                Lang::Zh => format!("该列没有“{given}”这个值，请从可选值中选择。"),
            },
            ProblemKind::UnknownFormat { name } => match self.lang {
                Lang::En => format!("There is no file format “{name}”. Choose XLSX, CSV, CSV.GZ or Parquet."),
                Lang::Zh => format!("没有“{name}”这种文件格式，请选择 XLSX、CSV、CSV.GZ 或 Parquet。"),
            },
            ProblemKind::BadFileName => self
                .pick(
                    "A file name can't contain \\ / : * ? \" < > | or control characters, nor begin or end with a dot or space.",
                    "文件名不能包含 \\ / : * ? \" < > | 或控制字符，也不能以点或空格开头或结尾。",
                )
                .to_owned(),
            ProblemKind::UnknownTimeZone { name } => match self.lang {
                Lang::En => format!("There is no time zone “{name}”. Use a name such as Europe/Berlin or Asia/Shanghai."),
                Lang::Zh => format!("没有名为“{name}”的时区，请使用 Asia/Shanghai 这样的名称。"),
            },
            ProblemKind::NoDailyStatistics => self
                .pick(
                    "There are no daily statistics of this dataset. Ask your administrator to declare them.",
                    "该数据集没有每日统计，请联系管理员配置。",
                )
                .to_owned(),
            ProblemKind::TooLong { limit } => match self.lang {
                Lang::En => format!("This is too long. At most {} characters are allowed.", grouped(u64::from(*limit))),
                Lang::Zh => format!("内容过长，最多允许 {} 个字符。", grouped(u64::from(*limit))),
            },
            ProblemKind::TooMany { limit } => match self.lang {
                Lang::En => format!("These are too many. At most {} are allowed; take some away.", grouped(u64::from(*limit))),
                Lang::Zh => format!("数量过多，最多允许 {} 项，请减少后重试。", grouped(u64::from(*limit))),
            },
            ProblemKind::NotASpreadsheet
            | ProblemKind::FileEmpty
            | ProblemKind::PasswordProtected
            | ProblemKind::FileDamaged
            | ProblemKind::FileTooBig { .. }
            | ProblemKind::SheetTooBig { .. }
            | ProblemKind::BadEncoding { .. }
            | ProblemKind::UnclosedQuote { .. }
            | ProblemKind::NoSuchChoice { .. }
            | ProblemKind::NotImportable
            | ProblemKind::ModeNotAllowed { .. }
            | ProblemKind::NotMatched
            | ProblemKind::NothingToImport
            | ProblemKind::PlanHasErrors
            | ProblemKind::NotUndoable => self.import_problem(kind),
        }
    }

    fn expected_value(self, type_name: &str) -> &'static str {
        match type_name {
            "integer" => self.pick("a whole number such as 42", "整数，例如 42"),
            "decimal" | "float" => self.pick("a number such as 12.50", "数字，例如 12.50"),
            "boolean" => self.pick("yes or no (true or false)", "是或否（true 或 false）"),
            "date" => self.pick("a date such as 2026-08-01", "日期，例如 2026-08-01"),
            "time" => self.pick("a time such as 10:30", "时间，例如 10:30"),
            "timestamp" | "timestamp_tz" => self
                .pick("a date with a time such as 2026-08-01 10:30:00", "日期时间，例如 2026-08-01 10:30:00"),
            _ => self.pick("a text", "文本"),
        }
    }

    /// The database took too long. Only what comes from a list can be made less by its filter.
    fn database_timed_out(self, kind: TaskKind) -> &'static str {
        let less = (
            "the database timed out. Try again or narrow the date range.",
            "数据库超时。请重试或缩小日期范围。",
        );
        let file = (
            "the database timed out. Try again, or split the file.",
            "数据库超时。请重试，或拆分文件后分次导入。",
        );
        let import = (
            "the database timed out. Check the file again, or split it; rows that are in already count as unchanged.",
            "数据库超时。请重新校验文件，或拆分后分次导入；已导入的行会计为无变化。",
        );
        let undo = (
            "the database timed out. Undo again for the rest, or ask your administrator.",
            "数据库超时。请再次撤销其余部分，或联系管理员。",
        );
        self.pick_kind(kind, ByKind { export: less, statistics: less, check: file, import, undo })
    }

    /// Its workers were lost several times.
    fn crashed(self, kind: TaskKind) -> &'static str {
        let less = (
            "it stopped unexpectedly several times. Narrow the filter and try again.",
            "任务多次意外中断。请缩小筛选范围后重试。",
        );
        let file = (
            "it stopped unexpectedly several times. Split the file and try again.",
            "任务多次意外中断。请拆分文件后重试。",
        );
        let import = (
            "it stopped unexpectedly several times. Check the file again, or split it; rows that are in already count as unchanged.",
            "任务多次意外中断。请重新校验文件，或拆分后分次导入；已导入的行会计为无变化。",
        );
        let undo = (
            "it stopped unexpectedly several times. Undo again for the rest, or ask your administrator.",
            "任务多次意外中断。请再次撤销其余部分，或联系管理员。",
        );
        self.pick_kind(kind, ByKind { export: less, statistics: less, check: file, import, undo })
    }

    /// Why a task failed and what to do, with the reference that finds the cause in the log.
    pub fn failure(self, kind: TaskKind, failure: &FailureView) -> String {
        let advice = match failure.code {
            FailureCode::Database => self.pick(
                "the database does not answer or refused the query. Try again, or ask your administrator.",
                "数据库无响应或拒绝了查询。请重试，或联系管理员。",
            ),
            FailureCode::DatabaseTimeout => self.database_timed_out(kind),
            FailureCode::BadValue => self.pick(
                "a value in the data is not of its column's type. Ask your administrator to check it.",
                "数据中有值与列的类型不符。请联系管理员检查。",
            ),
            FailureCode::FileStore => self.pick(
                "the file could not be stored. Try again later or ask your administrator to check the file store.",
                "文件无法保存。请稍后重试，或联系管理员检查文件存储。",
            ),
            FailureCode::Definition => self.pick_kind(kind, ByKind { export: (
                    "the list has changed since it was requested. Reload the page and export again.",
                    "列表定义已变更。请刷新页面后重新导出。",
                ), statistics: (
                    "the list has changed since they were requested. Reload the page and start them again.",
                    "列表定义已变更。请刷新页面后重新统计。",
                ), check: ("the list has changed since. Check the file again.", "列表定义已变更。请重新校验文件。"), import: ("the list has changed since the check. Check the file again.", "列表定义在校验后已变更。请重新校验文件。"), undo: ("the list has changed since the import. Ask your administrator.", "列表定义在导入后已变更。请联系管理员。") }),
            FailureCode::Upload => self.pick(
                "the uploaded file can't be read any more, or only in part. Upload it again.",
                "上传的文件已无法读取或只能读取一部分。请重新上传。",
            ),
            FailureCode::Crashed => self.crashed(kind),
            FailureCode::Internal => self.pick(
                "something went wrong on our side. Try again.",
                "系统内部出错。请重试。",
            ),
        };
        let (what, reference) = (self.kind(kind), &failure.reference);
        let detail = failure.detail.as_deref().unwrap_or_default();
        // What is wrong with an uploaded file, seen only when all of it was read.
        let of_file = serde_json::from_str::<ProblemKind>(detail).ok();
        if let Some(problem) = of_file.filter(|_| failure.code == FailureCode::Upload) {
            let problem = self.problem(&problem);
            return match self.lang {
                Lang::En => format!("{what} failed: {problem} Ref {reference}"),
                Lang::Zh => format!("{what}失败：{problem}编号 {reference}"),
            };
        }
        match (self.lang, detail.is_empty()) {
            (Lang::En, true) => format!("{what} failed: {advice} Ref {reference}"),
            (Lang::En, false) => format!("{what} failed: {advice} ({detail}) Ref {reference}"),
            (Lang::Zh, true) => format!("{what}失败：{advice}编号 {reference}"),
            (Lang::Zh, false) => format!("{what}失败：{advice}（{detail}）编号 {reference}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_fits_what_was_done() {
        for code in [FailureCode::DatabaseTimeout, FailureCode::Crashed] {
            for kind in TaskKind::ALL {
                let failure = FailureView { code, reference: "7F3A".into(), detail: None };
                let [en, zh] = [Lang::En, Lang::Zh].map(|lang| Texts::new(lang).failure(kind, &failure));
                let has_filter = matches!(kind, TaskKind::Export | TaskKind::DailyStatistics);
                assert_eq!(en.contains("arrow the"), has_filter, "{en}");
                assert_eq!(zh.contains("缩小"), has_filter, "{zh}");
            }
        }
    }

    #[test]
    fn limits_have_a_unit() {
        let (en, zh) = (Texts::new(Lang::En), Texts::new(Lang::Zh));
        let long = ProblemKind::TooLong { limit: 1200 };
        assert_eq!(en.problem(&long), "This is too long. At most 1,200 characters are allowed.");
        assert_eq!(zh.problem(&long), "内容过长，最多允许 1,200 个字符。");
        let many = ProblemKind::TooMany { limit: 50 };
        assert_eq!(en.problem(&many), "These are too many. At most 50 are allowed; take some away.");
        assert_eq!(zh.problem(&many), "数量过多，最多允许 50 项，请减少后重试。");
    }
}
