//! Every state that a small system of tasks, workers, reaper and people can reach, with the real transitions.
//!
//! A world is a parent with up to two children, a successor in its slot, two workers that may be stale, the reaper and a
//! person, over a clock of a few ticks. Everyone loads, decides and commits in separate steps, so that all of it
//! interleaves; anyone may crash in between, and answers may be lost. Versions, stamps and nonces are renumbered in each
//! state, which keeps the worlds finite. What is checked is in `properties.rs`, how it can fail in `broken_rules.rs`.

#[path = "../support/mod.rs"]
mod support;

mod broken_rules;
mod client;
mod properties;
mod record;
mod scope;
mod store;
mod wishes;
mod world;

use std::time::Instant;

use scope::Scope;
use stateright::{Checker, Model};
use world::System;

/// Explores all of a scope; gives the number of worlds.
fn explore(name: &str, scope: Scope, at_least: usize) -> usize {
    let began = Instant::now();
    let checker = System::new(scope).checker().threads(threads()).spawn_bfs().join();
    println!(
        "{name}: {} worlds, {} steps deep, in {:.1} s",
        checker.unique_state_count(),
        checker.max_depth(),
        began.elapsed().as_secs_f64()
    );
    checker.assert_properties();
    assert!(checker.unique_state_count() >= at_least, "the model has shrunk");
    checker.unique_state_count()
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[test]
fn no_world_violates_a_property() {
    let scopes = [
        ("slot", Scope::SLOT, 98_000),
        ("crashes", Scope::CRASHES, 278_000),
        ("child", Scope::CHILD, 1_050_000),
        ("lost answers", Scope::LOST_ANSWERS, 828_000),
        ("resumed", Scope::RESUMED, 347_000),
        ("two children", Scope::CHILDREN, 1_079_000),
    ];
    let total: usize = scopes.into_iter().map(|(name, scope, at_least)| explore(name, scope, at_least)).sum();
    println!("together: {total} worlds");
    assert!(total >= 3_600_000, "the model has shrunk");
}
