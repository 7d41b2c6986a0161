//! What is printed.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use longshore_tasks::{Priority, Task};

use super::faults::OUTAGES;
use super::record::Ended;
use super::recovery::recovery;
use super::verdict::{Evidence, Finding};
use crate::cli::{DriveArgs, StoreKind};
use crate::journal::{Entry, Fact};

/// When what was over, by the machine's clock.
pub struct Times {
    /// The first order.
    pub began: u64,
    /// The last fault.
    pub faults: u64,
    /// The last task.
    pub settled: u64,
}

/// Says what is about to happen.
pub fn announce(args: &DriveArgs, seed: u64, faulty: Duration) {
    let store = if args.store == StoreKind::Redis {
        format!("Redis, {} nodes", args.nodes.max(1))
    } else {
        "embedded, 1 node".to_owned()
    };
    println!(
        "seed {seed}: {store}, {} tasks, faults for {:.0} s, at most {} s",
        args.tasks,
        faulty.as_secs_f64(),
        args.seconds_max
    );
    if args.store == StoreKind::Redis {
        let outages =
            OUTAGES.map(|outage| format!("{:.1}", outage.mul_f64(args.outage_factor).as_secs_f64()));
        println!(
            "outages of Redis last {} s (5, 25 and 60 s times {})",
            outages.join(", "),
            args.outage_factor
        );
    }
}

/// Says what happened.
pub fn report(evidence: &Evidence<'_>, found: &[Finding], times: &Times, unfinished: u64) {
    println!("\nfaults");
    for (kind, count) in evidence.record.counts() {
        println!("  {count:>6}  {}", kind.name());
    }
    let (lost, chosen) = (evidence.record.lost_answers(), evidence.record.ambushes());
    println!("  {lost:>6}  replies of Redis lost, {chosen} times beginning with that to a chosen commit");
    let aborted = evidence.record.ends().iter().filter(|end| end.how == Ended::Aborted).count();
    println!("  {aborted:>6}  nodes aborted by a poisonous task");

    println!("\ntasks");
    let own = evidence.accounts.iter().filter_map(|account| account.end.as_ref());
    for (state, count) in by_state(own) {
        println!("  {count:>6}  {state}");
    }
    let children = evidence.children.values().flatten().flatten();
    for (state, count) in by_state(children) {
        println!("  {count:>6}  children {state}");
    }
    let runs = evidence.entries.iter().filter(|entry| matches!(entry.fact, Fact::Begin { .. })).count();
    let tasks = evidence.accounts.len() + evidence.children.values().map(Vec::len).sum::<usize>();
    let seconds = (times.settled.saturating_sub(times.began)) as f64 / 1_000.0;
    println!(
        "  {runs} runs of {tasks} tasks in {seconds:.1} s: {:.1} tasks/s; the last {:.1} s without faults",
        tasks as f64 / seconds.max(0.001),
        (times.settled.saturating_sub(times.faults)) as f64 / 1_000.0
    );
    println!("  {unfinished} half-written files of killed nodes were removed");

    // Tasks of low priority wait while there is any other work, lost worker or not; children have none of their own.
    let low: HashSet<u64> = evidence
        .accounts
        .iter()
        .filter(|account| account.order.priority == Priority::Low)
        .map(|account| account.order.number)
        .collect();
    let is_low = |entry: &Entry| low.contains(&entry.number) && !entry.task.contains('-');
    println!("\nrecovery, from the fault to the next run, the wait in the queue included");
    print_recovery("high and normal priority", evidence, |entry| !is_low(entry));
    print_recovery("low priority", evidence, is_low);

    println!("\nverdict");
    for finding in found {
        println!("  {}", finding.line());
    }
}

fn print_recovery(name: &str, evidence: &Evidence<'_>, counted: impl Fn(&Entry) -> bool) {
    let record = evidence.record;
    let recovery = recovery(&record.faults(), &record.ends(), evidence.entries, counted);
    let time = |percent| match recovery.percentile(percent) {
        Some(millis) => format!("{:.2} s", millis as f64 / 1_000.0),
        None => "none".to_owned(),
    };
    let (hit, taken_over) = (recovery.hit, recovery.times.len());
    let [median, tail, longest] = [time(50), time(99), time(100)];
    println!("  {name}: {hit} runs hit, {taken_over} taken over; p50 {median}, p99 {tail}, max {longest}");
}

fn by_state<'a>(tasks: impl Iterator<Item = &'a Task>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for task in tasks {
        let name =
            if task.dead { format!("{}, dead", task.state.name()) } else { task.state.name().to_owned() };
        *counts.entry(name).or_default() += 1;
    }
    counts
}
