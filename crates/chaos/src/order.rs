//! What the producers ask for: orders, drawn from the seed.

use std::time::Duration;

use longshore_protocol::{OwnerId, TenantId};
use longshore_tasks::entity::{Payload, Slot};
use longshore_tasks::{Json, NewTask, Priority};
use rand::Rng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::timing::{RETENTION, TIME_LIMIT};

/// Organisations that tasks belong to.
const TENANTS: u32 = 10;
/// People that tasks belong to.
pub const OWNERS: u32 = 40;
/// Failed attempts after which a task is given up; more than any injected failure of the file store lasts.
pub const ATTEMPTS_MAX: u32 = 10;

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Adds a row and one to a counter in the ledger.
    Transfer,
    /// Makes a file.
    Report,
    /// Has transfers as children.
    Batch,
    /// Makes many small steps with checkpoints.
    Stepper,
    /// Fails at first.
    Flaky,
    /// Kills its process.
    Poison,
}

impl Work {
    /// The job kind.
    pub fn kind(self) -> &'static str {
        match self {
            Work::Transfer => "transfer",
            Work::Report => "report",
            Work::Batch => "batch",
            Work::Stepper => "stepper",
            Work::Flaky => "flaky",
            Work::Poison => "poison",
        }
    }
}

/// What a task is told: the payload of every kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instructions {
    /// The order's number; children have their parent's.
    pub number: u64,
    /// How long each part of the work takes.
    pub pause_ms: u64,
    /// Children, steps or failures, as the kind has them.
    pub count: u32,
}

/// How often a registration is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sent {
    /// Once, and again until it is acknowledged.
    Once,
    /// Again after it was acknowledged.
    Twice,
    /// Twice at the same moment.
    TwiceAtOnce,
}

/// One order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Its name for ever.
    pub number: u64,
    /// What is to be done.
    pub work: Work,
    /// Number of the organisation.
    pub tenant: u32,
    /// Number of the person.
    pub owner: u32,
    /// Before which others it goes.
    pub priority: Priority,
    /// How long it is to wait.
    pub delay_ms: u64,
    /// A short deadline, which it may miss.
    pub limit_ms: Option<u64>,
    /// When its owner wants it stopped, after the acknowledgement.
    pub cancel_after_ms: Option<u64>,
    /// How often the registration is sent.
    pub sent: Sent,
    /// Whether its owner clears it when it has ended.
    pub cleared: bool,
    /// What the task is told.
    pub instructions: Instructions,
}

impl Order {
    /// All orders of a run. Few are poisonous: each of those takes three processes down.
    pub fn draw(seeded: &mut StdRng, count: u64) -> Vec<Order> {
        let poisonous = (count / 400).clamp(1, 12);
        let every = (count / (poisonous + 1)).max(1);
        (0..count)
            .map(|number| {
                let is_poison = number > 0 && number % every == 0 && number / every <= poisonous;
                Order::draw_one(seeded, number, is_poison)
            })
            .collect()
    }

    fn draw_one(seeded: &mut StdRng, number: u64, is_poison: bool) -> Order {
        let work = match seeded.random_range(0..100) {
            _ if is_poison => Work::Poison,
            0..50 => Work::Transfer,
            50..72 => Work::Report,
            72..76 => Work::Batch,
            76..88 => Work::Stepper,
            _ => Work::Flaky,
        };
        let (pause_ms, count) = match work {
            Work::Transfer => (seeded.random_range(2..60), 0),
            Work::Report => (seeded.random_range(5..60), 3),
            Work::Batch => (seeded.random_range(2..40), seeded.random_range(5..=30)),
            Work::Stepper => (seeded.random_range(10..120), 20),
            Work::Flaky => (seeded.random_range(1..20), seeded.random_range(1..=2)),
            Work::Poison => (300, 0),
        };
        let mut one_of = |percent: u32| seeded.random_range(0..100) < percent;
        let is_short = !is_poison && one_of(4);
        let is_cancelled = !is_poison && one_of(5);
        let is_delayed = one_of(10);
        let cleared = !one_of(15);
        let sent = if one_of(15) {
            Sent::TwiceAtOnce
        } else if one_of(15) {
            Sent::Twice
        } else {
            Sent::Once
        };
        Order {
            number,
            work,
            tenant: seeded.random_range(0..TENANTS),
            owner: seeded.random_range(0..OWNERS),
            priority: match seeded.random_range(0..4) {
                0 => Priority::High,
                1 => Priority::Low,
                _ => Priority::Normal,
            },
            delay_ms: if is_delayed { seeded.random_range(200..4_000) } else { 0 },
            limit_ms: is_short.then(|| seeded.random_range(50..2_500)),
            cancel_after_ms: is_cancelled.then(|| seeded.random_range(0..1_500)),
            sent,
            cleared,
            instructions: Instructions { number, pause_ms, count },
        }
    }

    /// The person's id.
    pub fn owner_id(&self) -> OwnerId {
        owner_id(self.owner)
    }

    /// The slot; each order has one of its own.
    pub fn slot(&self) -> Slot {
        Slot {
            owner: self.owner_id(),
            kind: self.work.kind().to_owned(),
            subject: format!("order-{}", self.number),
        }
    }

    /// The registration.
    ///
    /// # Errors
    /// If the instructions can't be written as JSON.
    pub fn new_task(&self) -> Result<NewTask, serde_json::Error> {
        Ok(NewTask {
            tenant: TenantId::parse(format!("tenant-{}", self.tenant)).expect("letters, a dash and digits"),
            slot: self.slot(),
            payload: Payload { version: 1, body: Json::of(&self.instructions)? },
            priority: self.priority,
            delay: Duration::from_millis(self.delay_ms),
            attempts_max: ATTEMPTS_MAX,
            time_limit: self.limit_ms.map_or(TIME_LIMIT, Duration::from_millis),
            retention: RETENTION,
            idempotency_key: Some(format!("order-{}", self.number)),
        })
    }
}

/// The id of the person of that number.
pub fn owner_id(number: u32) -> OwnerId {
    OwnerId::parse(format!("owner-{number}")).expect("letters, a dash and digits")
}
