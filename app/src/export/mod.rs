//! Exporting what a list shows, and its daily statistics: the buttons, a task panel for each, and what they decide.
//!
//! [`state`] decides what happens after each event, [`poll`] when to ask again and [`estimate`] how long it
//! still takes; all three are plain functions. [`flow`] carries their decisions out against the server.
//! [`headline`] puts the state into words, [`controls`] and [`panel`] show it.

pub mod controls;
pub mod estimate;
pub mod flow;
pub mod headline;
pub mod panel;
pub mod poll;
pub mod state;
