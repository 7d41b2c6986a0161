//! The dataset page: filters, table, pager.

use longshore_protocol::{ColumnType, FilterOp, Lang};

use super::Texts;
use crate::format::grouped;

impl Texts {
    /// Number of rows under the title.
    pub fn row_count(self, count: u64, filtered: bool) -> String {
        let rows = grouped(count);
        match (self.lang, filtered, count) {
            (Lang::En, false, 1) => "1 row".to_owned(),
            (Lang::En, false, _) => format!("{rows} rows"),
            (Lang::En, true, 1) => "1 row matches".to_owned(),
            (Lang::En, true, _) => format!("{rows} rows match"),
            (Lang::Zh, false, _) => format!("共 {rows} 行"),
            (Lang::Zh, true, _) => format!("符合条件 {rows} 行"),
        }
    }

    /// The same where the rows are not counted, because that takes too long: so many were seen, and there are more.
    pub fn row_count_over(self, seen: u64, filtered: bool) -> String {
        let rows = grouped(seen);
        match (self.lang, filtered) {
            (Lang::En, false) => format!("More than {rows} rows"),
            (Lang::En, true) => format!("More than {rows} rows match"),
            (Lang::Zh, false) => format!("超过 {rows} 行"),
            (Lang::Zh, true) => format!("符合条件超过 {rows} 行"),
        }
    }

    /// Name of the filter form.
    pub fn filter(self) -> &'static str {
        self.pick("Filter", "筛选")
    }

    /// Label of the column select.
    pub fn filter_column(self) -> &'static str {
        self.pick("Column", "列")
    }

    /// Label of the operator select.
    pub fn filter_op(self) -> &'static str {
        self.pick("Condition", "条件")
    }

    /// Label of the value field.
    pub fn filter_value(self) -> &'static str {
        self.pick("Value", "值")
    }

    /// Hint for a list of values.
    pub fn filter_list_hint(self) -> &'static str {
        self.pick("Values separated by commas", "多个值用逗号分隔")
    }

    /// Adds the filter.
    pub fn filter_add(self) -> &'static str {
        self.pick("Add filter", "添加筛选")
    }

    /// The value field is empty although the operator needs one.
    pub fn filter_value_missing(self) -> &'static str {
        self.pick("Enter a value, then add the filter.", "请填写值后再添加筛选。")
    }

    /// Heading of the active filters, for screen readers.
    pub fn filters_active(self) -> &'static str {
        self.pick("Active filters", "当前筛选")
    }

    /// Takes a filter off.
    pub fn filter_remove(self, filter: &str) -> String {
        match self.lang {
            Lang::En => format!("Remove filter: {filter}"),
            Lang::Zh => format!("移除筛选：{filter}"),
        }
    }

    /// Takes all filters off.
    pub fn filters_clear(self) -> &'static str {
        self.pick("Clear all", "全部清除")
    }

    /// An operator in the select and in a chip. For days and times, comparisons are worded as such.
    pub fn op(self, op: FilterOp, column_type: ColumnType) -> &'static str {
        let temporal = matches!(
            column_type,
            ColumnType::Date | ColumnType::Time | ColumnType::Timestamp | ColumnType::TimestampTz
        );
        match op {
            FilterOp::Eq => self.pick("is", "等于"),
            FilterOp::Ne => self.pick("is not", "不等于"),
            FilterOp::Lt if temporal => self.pick("before", "早于"),
            FilterOp::Le if temporal => self.pick("until", "不晚于"),
            FilterOp::Gt if temporal => self.pick("after", "晚于"),
            FilterOp::Ge if temporal => self.pick("from", "不早于"),
            FilterOp::Lt => self.pick("less than", "小于"),
            FilterOp::Le => self.pick("at most", "小于等于"),
            FilterOp::Gt => self.pick("more than", "大于"),
            FilterOp::Ge => self.pick("at least", "大于等于"),
            FilterOp::Contains => self.pick("contains", "包含"),
            FilterOp::StartsWith => self.pick("starts with", "开头是"),
            FilterOp::In => self.pick("is one of", "属于"),
            FilterOp::IsNull => self.pick("is empty", "为空"),
            FilterOp::NotNull => self.pick("is not empty", "不为空"),
        }
    }

    /// True.
    pub fn yes(self) -> &'static str {
        self.pick("Yes", "是")
    }

    /// False.
    pub fn no(self) -> &'static str {
        self.pick("No", "否")
    }

    /// A cell without a value, for screen readers.
    pub fn no_value(self) -> &'static str {
        self.pick("no value", "无值")
    }

    /// What a click on a header does, for the tooltip.
    pub fn sort_by(self, column: &str) -> String {
        match self.lang {
            Lang::En => format!("Sort by {column}"),
            Lang::Zh => format!("按{column}排序"),
        }
    }

    /// Name of the sort select on narrow screens.
    pub fn sort(self) -> &'static str {
        self.pick("Sort", "排序")
    }

    /// The dataset's own order.
    pub fn sort_default(self) -> &'static str {
        self.pick("Default order", "默认顺序")
    }

    /// Smallest first.
    pub fn ascending(self, column: &str) -> String {
        match self.lang {
            Lang::En => format!("{column}, ascending"),
            Lang::Zh => format!("{column}，升序"),
        }
    }

    /// Largest first.
    pub fn descending(self, column: &str) -> String {
        match self.lang {
            Lang::En => format!("{column}, descending"),
            Lang::Zh => format!("{column}，降序"),
        }
    }

    /// Nothing matches the filters.
    pub fn no_match(self) -> &'static str {
        self.pick("No rows match these filters", "没有符合筛选条件的数据")
    }

    /// What to do when nothing matches.
    pub fn no_match_hint(self) -> &'static str {
        self.pick("Remove a filter to see more rows.", "请移除部分筛选条件。")
    }

    /// The dataset holds nothing.
    pub fn no_rows(self) -> &'static str {
        self.pick("This dataset has no rows yet", "该数据集暂无数据")
    }

    /// Rows are on their way.
    pub fn loading(self) -> &'static str {
        self.pick("Loading…", "加载中…")
    }

    /// Rows could not be loaded.
    pub fn rows_failed(self) -> &'static str {
        self.pick("The rows could not be loaded", "数据加载失败")
    }

    /// Asks again.
    pub fn retry(self) -> &'static str {
        self.pick("Try again", "重试")
    }

    /// Name of the pager.
    pub fn pages(self) -> &'static str {
        self.pick("Pages", "分页")
    }

    /// Which page this is; how many there are is absent while it is not known.
    pub fn page_of(self, page: u32, count: impl Into<Option<u32>>) -> String {
        let count: Option<u32> = count.into();
        let (page, count) = (grouped(u64::from(page)), count.map(|count| grouped(u64::from(count))));
        match (self.lang, count) {
            (Lang::En, Some(count)) => format!("Page {page} of {count}"),
            (Lang::Zh, Some(count)) => format!("第 {page} / {count} 页"),
            (Lang::En, None) => format!("Page {page}"),
            (Lang::Zh, None) => format!("第 {page} 页"),
        }
    }

    /// To page 1.
    pub fn first_page(self) -> &'static str {
        self.pick("First page", "首页")
    }

    /// One page back.
    pub fn previous_page(self) -> &'static str {
        self.pick("Previous page", "上一页")
    }

    /// One page on.
    pub fn next_page(self) -> &'static str {
        self.pick("Next page", "下一页")
    }

    /// To the last page.
    pub fn last_page(self) -> &'static str {
        self.pick("Last page", "末页")
    }
}
