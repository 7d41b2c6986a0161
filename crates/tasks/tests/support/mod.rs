//! What several tests build on. Each test uses a part of it.
#![allow(dead_code)]

pub mod events;
pub mod tasks;
