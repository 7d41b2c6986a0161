//! What several tests build on. Each test uses a part of it.
#![allow(dead_code)]

pub mod events;
pub mod proxy;
pub mod redis_server;
pub mod tasks;
pub mod waiting;
