//! Whether runs went on from where they should have.

use std::collections::BTreeMap;

use super::record::Fault;
use crate::journal::{Entry, Fact};
use crate::timing::BEAT;

/// What a beat may be late on a busy machine.
const SLACK_MS: u64 = 700;

#[derive(Default)]
struct Run<'a> {
    node: &'a str,
    began: u64,
    checkpoint: u32,
    steps: Vec<(u64, u32)>,
}

/// Gives what went wrong: a run that began behind the last checkpoint that a beat must have carried to the store, or ahead
/// of everything that was done.
pub fn violations(entries: &[Entry], faults: &[Fault]) -> Vec<String> {
    let mut tasks: BTreeMap<&str, BTreeMap<u64, Run<'_>>> = BTreeMap::new();
    for entry in entries {
        let run = tasks.entry(&entry.task).or_default().entry(entry.epoch).or_default();
        match entry.fact {
            Fact::Begin { checkpoint } => {
                (run.node, run.began) = (&entry.node, entry.at);
                run.checkpoint = checkpoint.unwrap_or_default();
            }
            Fact::Step { done } => run.steps.push((entry.at, done)),
            _ => {}
        }
    }
    let mut violations = Vec::new();
    for (task, runs) in &tasks {
        for (epoch, run) in runs {
            let earlier: Vec<_> = runs.range(..epoch).map(|(_, earlier)| earlier).collect();
            let done = earlier.iter().flat_map(|run| &run.steps).map(|(_, done)| *done).max();
            if run.checkpoint > done.unwrap_or_default() {
                violations.push(format!("task {task}, run {epoch}: ahead of all steps, {}", run.checkpoint));
            }
            let kept = earlier.iter().map(|earlier| kept_steps(earlier, faults)).max().unwrap_or_default();
            if run.checkpoint < kept {
                let checkpoint = run.checkpoint;
                violations.push(format!("task {task}, run {epoch}: back to {checkpoint}, {kept} were kept"));
            }
        }
    }
    violations
}

/// Steps of a run that a beat must have carried to the store: those before the last beat before anything that could have
/// kept a beat away.
fn kept_steps(run: &Run<'_>, faults: &[Fault]) -> u32 {
    let Some((last, _)) = run.steps.last() else { return run.checkpoint };
    let hits =
        faults.iter().filter(|fault| fault.kind.costs_leases() && fault.hits(run.node, run.began, *last));
    let until = hits.map(|fault| fault.from).min().map_or(*last, |from| from.min(*last));
    let spare = SLACK_MS + u64::try_from(BEAT.as_millis()).unwrap_or_default();
    let kept = run.steps.iter().filter(|(at, _)| at + spare < until).map(|(_, done)| *done).max();
    kept.unwrap_or(run.checkpoint)
}
