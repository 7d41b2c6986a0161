//! What surrounds the pages: top bar, titles, the page of datasets, the page for a wrong address.

use longshore_protocol::Lang;

use super::Texts;
use crate::format::grouped;
use crate::preferences::Theme;

impl Texts {
    /// The document's title on a page.
    pub fn document_title(self, page: &str) -> String {
        format!("{page} · Longshore")
    }

    /// The link that leads past the top bar.
    pub fn skip_to_content(self) -> &'static str {
        self.pick("Skip to content", "跳到主要内容")
    }

    /// Name of the navigation.
    pub fn main_navigation(self) -> &'static str {
        self.pick("Main", "主导航")
    }

    /// The page of datasets, also in the top bar.
    pub fn datasets(self) -> &'static str {
        self.pick("Datasets", "数据集")
    }

    /// Under the heading of the page of datasets.
    pub fn datasets_hint(self) -> &'static str {
        self.pick("Choose a list to look at, filter and export.", "选择一个列表进行查看、筛选和导出。")
    }

    /// The configuration names no dataset.
    pub fn no_datasets(self) -> &'static str {
        self.pick("No datasets are configured", "尚未配置数据集")
    }

    /// What to do without datasets.
    pub fn no_datasets_hint(self) -> &'static str {
        self.pick(
            "Ask your administrator to add one to the configuration.",
            "请联系管理员在配置中添加数据集。",
        )
    }

    /// Columns of a dataset, on its card.
    pub fn column_count(self, count: usize) -> String {
        match (self.lang, count) {
            (Lang::En, 1) => "1 column".to_owned(),
            (Lang::En, _) => format!("{count} columns"),
            (Lang::Zh, _) => format!("{count} 列"),
        }
    }

    /// The count beside Tasks, for screen readers.
    pub fn running_count(self, count: u64) -> String {
        match self.lang {
            Lang::En => format!("{} running", grouped(count)),
            Lang::Zh => format!("{} 个进行中", grouped(count)),
        }
    }

    /// The language switch: the other language, in its own words.
    pub fn other_language(self) -> &'static str {
        self.pick("中文", "English")
    }

    /// The theme switch.
    pub fn theme(self, theme: Theme) -> &'static str {
        match theme {
            Theme::System => self.pick("Theme: system", "主题：跟随系统"),
            Theme::Light => self.pick("Theme: light", "主题：浅色"),
            Theme::Dark => self.pick("Theme: dark", "主题：深色"),
        }
    }

    /// Heading for a wrong address.
    pub fn not_found(self) -> &'static str {
        self.pick("There is nothing at this address", "此地址没有内容")
    }

    /// What to do at a wrong address.
    pub fn not_found_hint(self) -> &'static str {
        self.pick(
            "The link may be old or mistyped. Go to the datasets and choose from there.",
            "链接可能已失效或有误，请前往数据集页面选择。",
        )
    }

    /// The way out.
    pub fn go_to_datasets(self) -> &'static str {
        self.pick("Go to datasets", "前往数据集")
    }
}
