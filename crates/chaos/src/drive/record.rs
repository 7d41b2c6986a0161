//! What the driver did and saw: faults, and how nodes ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::timing::wall_ms;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// SIGKILL of a node.
    Kill,
    /// SIGSTOP of a node, and SIGCONT after longer than a lease.
    Stop,
    /// SIGTERM of a node, which then gives its tasks back.
    Terminate,
    /// `kill -9` of the Redis server, which then starts on the same file.
    RedisKill,
    /// Redis closes all connections and takes none.
    OutageClosed,
    /// Redis takes everything and answers nothing.
    OutageSilent,
    /// Redis is out of reach for one node.
    CutOff,
    /// Answers that Redis gave get lost, with their connections.
    DroppedReplies,
    /// Every write to the file store fails.
    FilesFail,
    /// The embedded store's clock is set forward or back by up to 10 minutes.
    ClockJump,
}

impl FaultKind {
    /// The name in the report.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Kill => "node killed",
            FaultKind::Stop => "node stopped and continued",
            FaultKind::Terminate => "node drained",
            FaultKind::RedisKill => "redis killed and restarted",
            FaultKind::OutageClosed => "redis unreachable for all, closed",
            FaultKind::OutageSilent => "redis unreachable for all, silent",
            FaultKind::CutOff => "redis unreachable for one node",
            FaultKind::DroppedReplies => "replies dropped after the commit",
            FaultKind::FilesFail => "file store failing",
            FaultKind::ClockJump => "store clock set",
        }
    }

    /// Whether runs may lose their lease to it.
    pub fn costs_leases(self) -> bool {
        !matches!(self, FaultKind::FilesFail | FaultKind::Terminate)
    }
}

/// One fault.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// The node it hit; all of them where there is none.
    pub node: Option<String>,
    /// From when.
    pub from: u64,
    /// Until when.
    pub until: u64,
}

impl Fault {
    /// Whether it hit a node in some time.
    pub fn hits(&self, node: &str, from: u64, until: u64) -> bool {
        self.node.as_deref().is_none_or(|hit| hit == node) && self.from <= until && from <= self.until
    }
}

/// How a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It aborted itself: a poisonous task.
    Aborted,
    /// It was killed.
    Killed,
    /// By itself, in order.
    InOrder,
    /// In any other way.
    Otherwise,
}

/// The end of a node.
#[derive(Clone, Debug)]
pub struct NodeEnd {
    /// Its name.
    pub node: String,
    /// When.
    pub at: u64,
    /// How.
    pub how: Ended,
}

/// Everything of a run so far.
#[derive(Debug, Default)]
pub struct Record {
    faults: Mutex<Vec<Fault>>,
    ends: Mutex<Vec<NodeEnd>>,
    lost_answers: AtomicU64,
    ambushes: AtomicU64,
}

impl Record {
    /// A fault begins; gives its number for [`Record::over`].
    pub fn begins(&self, kind: FaultKind, node: Option<String>) -> usize {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push(Fault { kind, node, from: wall_ms(), until: u64::MAX });
        faults.len() - 1
    }

    /// A fault is over.
    pub fn over(&self, number: usize) {
        if let Some(fault) = self.faults.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
            fault.until = wall_ms();
        }
    }

    /// A node has ended.
    pub fn ended(&self, node: &str, how: Ended) {
        let end = NodeEnd { node: node.to_owned(), at: wall_ms(), how };
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).push(end);
    }

    /// Answers of Redis were lost.
    pub fn add_lost_answers(&self, count: u64) {
        self.lost_answers.fetch_add(count, Ordering::Relaxed);
    }

    /// A proxy turned deaf at a commit of its choice.
    pub fn add_ambush(&self) {
        self.ambushes.fetch_add(1, Ordering::Relaxed);
    }

    /// Times that a proxy turned deaf at a commit of its choice.
    pub fn ambushes(&self) -> u64 {
        self.ambushes.load(Ordering::Relaxed)
    }

    /// Answers of Redis that were lost.
    pub fn lost_answers(&self) -> u64 {
        self.lost_answers.load(Ordering::Relaxed)
    }

    /// All faults.
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All ends.
    pub fn ends(&self) -> Vec<NodeEnd> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Faults by kind.
    pub fn counts(&self) -> BTreeMap<FaultKind, usize> {
        let mut counts = BTreeMap::new();
        for fault in self.faults() {
            *counts.entry(fault.kind).or_default() += 1;
        }
        counts
    }
}
