//! The business list: its state in the URL, its filters, its table and its pager.

pub mod filters;
pub mod pager;
pub mod rows;
pub mod table;
pub mod url;
pub mod value;
