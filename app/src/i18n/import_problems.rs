//! What can be wrong with an uploaded file, its draft and its plan.

use longshore_protocol::{Lang, ProblemKind};

use super::Texts;
use crate::format::{grouped, size};

impl Texts {
    /// What is wrong with a file or an import, and what would be right.
    pub(super) fn import_problem(self, kind: &ProblemKind) -> String {
        let fixed = match kind {
            ProblemKind::NotASpreadsheet => {
                self.pick("The selected file must be XLSX or CSV.", "请选择 XLSX 或 CSV 文件。")
            }
            ProblemKind::FileEmpty => self.pick(
                "The selected file is empty. Choose one with a header row and data under it.",
                "所选文件是空的，请选择含有表头和数据的文件。",
            ),
            ProblemKind::PasswordProtected => self.pick(
                "The selected file is protected by a password. Save it without one and upload it again.",
                "所选文件有密码保护，请取消密码后重新上传。",
            ),
            ProblemKind::FileDamaged => self.pick(
                "The selected file is damaged or incomplete. Open it, save it anew and upload that.",
                "所选文件已损坏或不完整，请打开后重新保存再上传。",
            ),
            ProblemKind::NotImportable => self.pick(
                "Nothing can be imported into this list. Ask your administrator to allow it.",
                "该列表不支持导入，请联系管理员开通。",
            ),
            ProblemKind::NotMatched => self.pick(
                "Required fields are not matched yet. Match them first.",
                "还有必填字段未匹配，请先完成匹配。",
            ),
            ProblemKind::NothingToImport => self.pick(
                "No row can be imported. Correct the rows in error and upload the file again.",
                "没有可导入的行，请修改错误行后重新上传。",
            ),
            ProblemKind::PlanHasErrors => self.pick(
                "Some rows are in error, so “All or nothing” imports nothing. Correct them, or import valid rows only.",
                "存在错误行，「全部成功才导入」无法执行。请修改错误行，或选择「仅导入有效行」。",
            ),
            ProblemKind::NotUndoable => self.pick(
                "This import can no longer be undone, or has been already.",
                "该导入已撤销或已无法撤销。",
            ),
            _ => return self.import_problem_with_figures(kind),
        };
        fixed.to_owned()
    }

    fn import_problem_with_figures(self, kind: &ProblemKind) -> String {
        match kind {
            ProblemKind::FileTooBig { limit_bytes } => match self.lang {
                Lang::En => format!(
                    "The selected file is too big: at most {}. Split it into several files.",
                    size(*limit_bytes)
                ),
                Lang::Zh => format!("所选文件过大，最大 {}，请拆分后分次上传。", size(*limit_bytes)),
            },
            ProblemKind::SheetTooBig { what, limit } => self.sheet_too_big(what, *limit),
            ProblemKind::BadEncoding { row } => match self.lang {
                Lang::En => format!(
                    "Row {} holds characters that can't be read. Choose another encoding, or save the file as UTF-8.",
                    grouped(*row)
                ),
                Lang::Zh => {
                    format!("第 {} 行含有无法识别的字符，请更换编码，或将文件另存为 UTF-8。", grouped(*row))
                }
            },
            ProblemKind::UnclosedQuote { row } => match self.lang {
                Lang::En => format!(
                    "Row {} opens a quotation mark that is never closed. Close or remove it and upload the file again.",
                    grouped(*row)
                ),
                Lang::Zh => {
                    format!("第 {} 行的引号没有闭合，请补全或删除该引号后重新上传。", grouped(*row))
                }
            },
            ProblemKind::NoSuchChoice { name } => match self.lang {
                Lang::En => format!("The file has no “{name}”. Choose one that is offered."),
                Lang::Zh => format!("文件中没有“{name}”，请从列出的选项中选择。"),
            },
            ProblemKind::ModeNotAllowed { name } => match self.lang {
                Lang::En => format!("This list does not allow “{name}”. Choose one that is offered."),
                Lang::Zh => format!("该列表不允许“{name}”方式，请从列出的方式中选择。"),
            },
            _ => String::new(),
        }
    }

    fn sheet_too_big(self, what: &str, limit: u64) -> String {
        let limit_words = grouped(limit);
        let (en, zh) = match what {
            "rows" => (format!("at most {limit_words} rows"), format!("最多 {limit_words} 行")),
            "columns" => (format!("at most {limit_words} columns"), format!("最多 {limit_words} 列")),
            "cells" => (format!("at most {limit_words} cells"), format!("最多 {limit_words} 个单元格")),
            "cell_bytes" => {
                (format!("at most {} in a cell", size(limit)), format!("每个单元格最多 {}", size(limit)))
            }
            "text_bytes" => {
                (format!("at most {} of text", size(limit)), format!("文本总量最多 {}", size(limit)))
            }
            "shared_strings" => (
                format!("at most {} of different texts", size(limit)),
                format!("不同文本合计最多 {}", size(limit)),
            ),
            "seconds" => (
                format!("it took longer than {limit_words} s to read"),
                format!("读取时间超过 {limit_words} 秒"),
            ),
            _ => (format!("at most {limit_words}"), format!("上限为 {limit_words}")),
        };
        match self.lang {
            Lang::En => format!("The sheet is too big: {en}. Split it into several files."),
            Lang::Zh => format!("工作表过大：{zh}，请拆分后分次上传。"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_texts_is_told_in_bytes() {
        let kind = ProblemKind::SheetTooBig { what: "shared_strings".into(), limit: 268_435_456 };
        let en = "The sheet is too big: at most 268 MB of different texts. Split it into several files.";
        assert_eq!(Texts::new(Lang::En).problem(&kind), en);
        assert_eq!(
            Texts::new(Lang::Zh).problem(&kind),
            "工作表过大：不同文本合计最多 268 MB，请拆分后分次上传。"
        );
    }

    #[test]
    fn every_problem_of_an_import_says_something_in_both_languages() {
        for kind in [
            ProblemKind::NotASpreadsheet,
            ProblemKind::FileEmpty,
            ProblemKind::PasswordProtected,
            ProblemKind::FileDamaged,
            ProblemKind::FileTooBig { limit_bytes: 8 },
            ProblemKind::SheetTooBig { what: "rows".into(), limit: 8 },
            ProblemKind::SheetTooBig { what: "cell_bytes".into(), limit: 8 },
            ProblemKind::SheetTooBig { what: "text_bytes".into(), limit: 8 },
            ProblemKind::BadEncoding { row: 8 },
            ProblemKind::UnclosedQuote { row: 8 },
            ProblemKind::NoSuchChoice { name: "x".into() },
            ProblemKind::NotImportable,
            ProblemKind::ModeNotAllowed { name: "insert".into() },
            ProblemKind::NotMatched,
            ProblemKind::NothingToImport,
            ProblemKind::PlanHasErrors,
            ProblemKind::NotUndoable,
        ] {
            let (en, zh) = (Texts::new(Lang::En).problem(&kind), Texts::new(Lang::Zh).problem(&kind));
            assert!(en.ends_with('.') && en.is_ascii() != en.contains('“'), "{kind:?}: {en}");
            assert!(zh.ends_with('。') && !zh.is_ascii(), "{kind:?}: {zh}");
        }
    }
}
