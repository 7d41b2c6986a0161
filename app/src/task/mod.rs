//! A task on a page: the panel under the buttons, and what it decides.
//!
//! [`state`] decides what happens after each event, [`poll`] when to ask again and [`estimate`] how fast it goes and how
//! long it still takes; all three are plain functions. [`flow`] carries their decisions out against the server. [`headline`]
//! puts the state into words, [`panel`] and [`bar`] show it.

pub mod bar;
pub mod estimate;
pub mod flow;
pub mod headline;
pub mod panel;
pub mod poll;
pub mod state;
