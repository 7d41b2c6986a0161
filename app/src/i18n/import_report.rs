//! What an import has done, and taking it back.

use longshore_protocol::Lang;
use longshore_protocol::import::{RefusedRows, StopReason};

use super::Texts;
use crate::format::grouped;

impl Texts {
    /// Labels of the numbers of an import: added, updated, unchanged, not imported.
    pub fn done_labels(self) -> [&'static str; 4] {
        match self.lang {
            Lang::En => ["Added", "Updated", "Unchanged", "Not imported"],
            Lang::Zh => ["新增", "更新", "无变化", "未导入"],
        }
    }

    /// Label of how an import is carried out.
    pub fn way(self) -> &'static str {
        self.pick("Scope", "导入范围")
    }

    /// Label of the mode.
    pub fn mode(self) -> &'static str {
        self.pick("Mode", "导入方式")
    }

    /// Why an import ended before all was done.
    pub fn stopped(self, reason: StopReason) -> &'static str {
        match reason {
            StopReason::Drifted => self.pick(
                "The import stopped: somebody changed the list after the check. Check the file again and import the rest.",
                "导入已停止：校验之后有人修改了数据。请重新校验文件，再导入其余部分。",
            ),
            StopReason::Cancelled => self.pick(
                "The import was cancelled before its end.",
                "导入在完成前被取消。",
            ),
            StopReason::Database => self.pick(
                "The database did not take some rows, for a rule of its own. Mend them, or ask your administrator; then check the file again.",
                "数据库因自身规则拒绝了部分数据。请修改这些行或联系管理员，然后重新校验文件。",
            ),
            StopReason::Expired => self.pick(
                "The import stopped, because its time was over. Check the file again and import the rest.",
                "导入超过时限，已停止。请重新校验文件，再导入其余部分。",
            ),
            StopReason::Failed => self.pick(
                "The import could not be finished: the database, the file store or a worker was away for too long. Check the file again and import the rest.",
                "导入未能完成：数据库、文件存储或处理进程长时间不可用。请重新校验文件，再导入其余部分。",
            ),
        }
    }

    /// Which rows of the file are in the database.
    pub fn committed_rows(self, ranges: &[(u32, u32)]) -> String {
        if ranges.is_empty() {
            return self.pick("No row of the file is in the list.", "文件中没有任何行被导入。").to_owned();
        }
        let range = |(first, last): &(u32, u32)| {
            let (from, to) = (grouped(u64::from(*first)), grouped(u64::from(*last)));
            match (self.lang, first == last) {
                (_, true) => from,
                (Lang::En, false) => format!("{from} to {to}"),
                (Lang::Zh, false) => format!("{from} 至 {to}"),
            }
        };
        let ranges = self.join(&ranges.iter().map(range).collect::<Vec<_>>());
        match self.lang {
            Lang::En => format!("Rows of the file that are in: {ranges}. They stay; the others are not in."),
            Lang::Zh => format!("文件中已导入的行：{ranges}，予以保留；其余行未导入。"),
        }
    }

    /// Rows that were no longer as the plan had them.
    pub fn drifted_rows(self, rows: &[u32]) -> String {
        let row_word = if rows.len() == 1 { "row" } else { "rows" };
        let rows = self.join(&rows.iter().map(|row| grouped(u64::from(*row))).collect::<Vec<_>>());
        match self.lang {
            Lang::En => format!("Changed since the check: {row_word} {rows} of the file."),
            Lang::Zh => format!("校验后被修改的记录对应文件行：{rows}。"),
        }
    }

    /// What the database said of rows that it did not take.
    pub fn refused_rows(self, refused: &RefusedRows) -> String {
        let RefusedRows { rows, message, .. } = refused;
        let rows = rows.map(|(first, last)| (grouped(u64::from(first)), grouped(u64::from(last))));
        match (self.lang, rows) {
            (Lang::En, None) => format!("The database says: {message}"),
            (Lang::Zh, None) => format!("数据库提示：{message}"),
            (Lang::En, Some((first, last))) if first == last => {
                format!("Row {first}, the database says: {message}")
            }
            (Lang::Zh, Some((first, last))) if first == last => {
                format!("第 {first} 行，数据库提示：{message}")
            }
            (Lang::En, Some((first, last))) => {
                format!("One of the rows {first} to {last}, the database says: {message}")
            }
            (Lang::Zh, Some((first, last))) => {
                format!("第 {first} 至 {last} 行中的某一行，数据库提示：{message}")
            }
        }
    }

    /// Rows that an undo did not come to, or that the database keeps it from taking back.
    pub fn left_rows(self, count: u64) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "1 row has not been taken back. You can undo the import again.".to_owned(),
            (Lang::En, _) => {
                format!("{} rows have not been taken back. You can undo the import again.", grouped(count))
            }
            (Lang::Zh, _) => format!("有 {} 行尚未撤销，可再次撤销该导入。", grouped(count)),
        }
    }

    /// Takes an import back.
    pub fn undo_import(self) -> &'static str {
        self.pick("Undo import", "撤销导入")
    }

    /// Whether to take it back.
    pub fn undo_question(self, create: u64, update: u64) -> String {
        let (added, changed) = (grouped(create), grouped(update));
        match self.lang {
            Lang::En => {
                let added = match create {
                    1 => "The row it added is removed".to_owned(),
                    _ => format!("The {added} rows it added are removed"),
                };
                let changed = match update {
                    1 => "the row it changed is restored".to_owned(),
                    _ => format!("the {changed} rows it changed are restored"),
                };
                format!("Undo this import? {added} and {changed}. Rows changed since are kept.")
            }
            Lang::Zh => format!(
                "撤销本次导入？新增的 {added} 行将被删除，更新的 {changed} 行将恢复原值；之后被修改过的行会保留。"
            ),
        }
    }

    /// An import that was taken back.
    pub fn undone(self) -> &'static str {
        self.pick("This import was undone.", "该导入已撤销。")
    }

    /// Labels of the numbers of an undo: removed, restored, kept.
    pub fn undo_labels(self) -> [&'static str; 3] {
        match self.lang {
            Lang::En => ["Removed", "Restored", "Kept"],
            Lang::Zh => ["已删除", "已恢复", "已保留"],
        }
    }

    /// Rows that were left, of which so many follow.
    pub fn kept_rows(self, count: u64, listed: u64) -> String {
        let words = match (self.lang, count) {
            (Lang::En, 1) => "1 row was kept, because somebody has changed it since".to_owned(),
            (Lang::En, _) => {
                format!("{} rows were kept, because somebody has changed them since", grouped(count))
            }
            (Lang::Zh, _) => format!("有 {} 行在导入后被修改过，予以保留", grouped(count)),
        };
        match (self.lang, listed < count) {
            (Lang::En, false) => format!("{words}:"),
            (Lang::Zh, false) => format!("{words}："),
            (Lang::En, true) => format!("{words}; the first {} of {}:", grouped(listed), grouped(count)),
            (Lang::Zh, true) => {
                format!("{words}；以下为前 {} 行，共 {} 行：", grouped(listed), grouped(count))
            }
        }
    }

    /// A row that was left: its number in the file and its key.
    pub fn kept_row(self, row: u32, key: &str) -> String {
        match self.lang {
            Lang::En => format!("Row {}: {key}", grouped(u64::from(row))),
            Lang::Zh => format!("第 {} 行：{key}", grouped(u64::from(row))),
        }
    }

    /// Starts a new check of the file of an import that has ended before all was done.
    pub fn check_file_again(self) -> &'static str {
        self.pick("Check this file again", "重新校验此文件")
    }

    /// Starts another import.
    pub fn import_another(self) -> &'static str {
        self.pick("Import another file", "导入其他文件")
    }

    /// To the rows.
    pub fn see_list(self) -> &'static str {
        self.pick("See the list", "查看列表")
    }

    /// To the import's pages.
    pub fn open_import(self) -> &'static str {
        self.pick("Open import", "打开导入")
    }

    /// The same for screen readers, where several are on a page.
    pub fn open_import_of(self, dataset: &str) -> String {
        match self.lang {
            Lang::En => format!("Open import: {dataset}"),
            Lang::Zh => format!("打开导入：{dataset}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_listed_are_told_of() {
        for (count, listed, en, zh) in [
            (
                1,
                1,
                "1 row was kept, because somebody has changed it since:",
                "有 1 行在导入后被修改过，予以保留：",
            ),
            (
                2400,
                100,
                "2,400 rows were kept, because somebody has changed them since; the first 100 of 2,400:",
                "有 2,400 行在导入后被修改过，予以保留；以下为前 100 行，共 2,400 行：",
            ),
        ] {
            assert_eq!(Texts::new(Lang::En).kept_rows(count, listed), en);
            assert_eq!(Texts::new(Lang::Zh).kept_rows(count, listed), zh);
        }
    }

    #[test]
    fn one_row_is_no_rows() {
        let t = Texts::new(Lang::En);
        assert_eq!(t.drifted_rows(&[7]), "Changed since the check: row 7 of the file.");
        assert_eq!(
            t.undo_question(1, 1),
            "Undo this import? The row it added is removed and the row it changed is restored. Rows changed since are kept."
        );
    }

    #[test]
    fn committed_rows_are_told_as_ranges() {
        for (ranges, en, zh) in [
            (vec![], "No row of the file is in the list.", "文件中没有任何行被导入。"),
            (
                vec![(2, 20_001), (40_002, 40_002)],
                "Rows of the file that are in: 2 to 20,001, 40,002. They stay; the others are not in.",
                "文件中已导入的行：2 至 20,001、40,002，予以保留；其余行未导入。",
            ),
        ] {
            assert_eq!(Texts::new(Lang::En).committed_rows(&ranges), en);
            assert_eq!(Texts::new(Lang::Zh).committed_rows(&ranges), zh);
        }
    }
}
