//! Exporting what a list shows, and its daily statistics: the buttons, and the drawer in which an export is chosen.
//!
//! [`choice`] and [`file_name`] decide, as plain functions; [`summary`] says in words what would be exported; [`drawer`] and
//! [`columns`] show it, [`controls`] are the buttons on the page.

pub mod choice;
pub mod columns;
pub mod controls;
pub mod drawer;
pub mod file_name;
pub mod summary;
