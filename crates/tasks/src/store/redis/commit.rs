//! From changes of tasks to the operations of `commit.lua`.

use std::collections::HashMap;

use redis::{Script, ScriptInvocation};

use super::keys::Keys;
use crate::entity::{Lane, State, Task, Timestamp};
use crate::limits::Limits;
use crate::placement::Placement;
use crate::store::{Change, DueIndex, StoreError};

/// The operations of one commit, checks before writes.
pub(super) struct Operations<'a> {
    keys: &'a Keys,
    names: Vec<String>,
    numbers: HashMap<String, usize>,
    checks: Vec<String>,
    writes: Vec<String>,
    rings: bool,
}

impl<'a> Operations<'a> {
    /// Those that store `changes`.
    pub(super) fn of(keys: &'a Keys, changes: &[Change<'_>], limits: &Limits) -> Result<Self, StoreError> {
        let mut operations = Operations {
            keys,
            names: Vec::new(),
            numbers: HashMap::new(),
            checks: Vec::new(),
            writes: Vec::new(),
            rings: false,
        };
        for change in changes {
            match change {
                Change::NotEnded(task) => operations.not_ended(task),
                change => operations.add(*change, limits)?,
            }
        }
        Ok(operations)
    }

    /// The call of the script.
    pub(super) fn invocation(&self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        for name in &self.names {
            call.key(name);
        }
        call.arg(self.keys.base());
        for arg in self.checks.iter().chain(&self.writes) {
            call.arg(arg);
        }
        if self.rings {
            call.arg("ring");
        }
        call
    }

    /// The number of a key in KEYS.
    fn key(&mut self, name: String) -> String {
        let next = self.names.len() + 1;
        let number = *self.numbers.entry(name.clone()).or_insert(next);
        if number == next {
            self.names.push(name);
        }
        number.to_string()
    }

    fn check<const N: usize>(&mut self, args: [&str; N]) {
        self.checks.extend(args.map(str::to_owned));
    }

    fn write<const N: usize>(&mut self, args: [&str; N]) {
        self.writes.extend(args.map(str::to_owned));
    }

    fn add(&mut self, change: Change<'_>, limits: &Limits) -> Result<(), StoreError> {
        let (before, after) = (change.before(), change.after());
        let Some(task) = after.or(before) else { return Ok(()) };
        let id = task.id.as_str();
        let (live, archive) = (self.key(self.keys.task(&task.id)), self.key(self.keys.archive(&task.id)));
        let version = |task: &Task| task.version.to_string();
        let stamp = after.map(|task| task.stamp.to_string()).unwrap_or_default();
        let (expected, next) =
            (before.map(version).unwrap_or_default(), after.map(version).unwrap_or_default());
        self.check(["task", &live, &archive, &expected, &next, &stamp]);

        let old = before.map(Placement::of).unwrap_or_default();
        let new = after.map(Placement::of).unwrap_or_default();
        self.idempotency(before, after, task);
        self.slot(&old, &new, before.is_none(), task);
        self.history(&old, &new, task);
        self.running(&old, &new, task, limits);
        self.line(&old, &new, task);
        for (index, from, to) in [
            (DueIndex::Lease, old.lease, new.lease),
            (DueIndex::Deadline, old.deadline, new.deadline),
            (DueIndex::Delayed, old.delayed, new.delayed),
            (DueIndex::Purge, old.purge, new.purge),
            (DueIndex::Dead, old.dead, new.dead),
        ] {
            self.time(index, from, to, id);
        }
        match after {
            Some(task) => {
                let (home, other) = if new.live { (live, archive) } else { (archive, live) };
                self.entity(&home, task)?;
                if before.is_some() && old.live != new.live {
                    self.write(["del", &other]);
                }
            }
            None => {
                self.write(["del", &live]);
                self.write(["del", &archive]);
            }
        }
        Ok(())
    }

    /// An archived task has ended, so that only the live one is asked.
    fn not_ended(&mut self, task: &Task) {
        let live = self.key(self.keys.task(&task.id));
        let [first, second, third] = State::NOT_ENDED.map(State::name);
        self.check(["among", &live, "state", "3", first, second, third]);
    }

    fn entity(&mut self, home: &str, task: &Task) -> Result<(), StoreError> {
        let entity = serde_json::to_string(task)
            .map_err(|source| StoreError::Unreadable { id: task.id.to_string(), source })?;
        let fields = [
            ("version", task.version.to_string()),
            ("stamp", task.stamp.to_string()),
            ("state", task.state.name().to_owned()),
            ("lane", task.lane().to_string()),
            ("tenant", task.tenant.to_string()),
            ("entity", entity),
        ];
        self.write(["hash", home, &fields.len().to_string()]);
        for (field, value) in fields {
            self.writes.extend([field.to_owned(), value]);
        }
        Ok(())
    }

    fn idempotency(&mut self, before: Option<&Task>, after: Option<&Task>, task: &Task) {
        let Some(name) = &task.idempotency_key else { return };
        let key = self.key(self.keys.idempotency(&task.slot.owner, name));
        if before.is_none() {
            self.check(["free", &key, "key"]);
            self.write(["set", &key, task.id.as_str()]);
        } else if after.is_none() {
            self.write(["drop", &key, task.id.as_str()]);
        }
    }

    fn slot(&mut self, old: &Placement, new: &Placement, is_new: bool, task: &Task) {
        if old.holds_slot == new.holds_slot {
            return;
        }
        let key = self.key(self.keys.slot(&task.slot));
        if is_new {
            self.check(["free", &key, "slot"]);
        }
        self.write([if new.holds_slot { "set" } else { "drop" }, &key, task.id.as_str()]);
    }

    fn history(&mut self, old: &Placement, new: &Placement, task: &Task) {
        if old.in_history == new.in_history {
            return;
        }
        let key = self.key(self.keys.history(&task.slot.owner));
        if new.in_history {
            self.write(["zadd", &key, &task.registered_at.to_string(), task.id.as_str()]);
        } else {
            self.write(["zrem", &key, task.id.as_str()]);
        }
    }

    fn running(&mut self, old: &Placement, new: &Placement, task: &Task, limits: &Limits) {
        if old.running == new.running {
            return;
        }
        let of_tenant = self.key(self.keys.running_of_tenant(&task.tenant));
        let of_kind = self.key(self.keys.running_of_kind(&task.slot.kind));
        let kinds = self.key(self.keys.kinds());
        if new.running {
            for (key, limit) in [(&of_tenant, limits.per_tenant), (&of_kind, limits.of_kind(task))] {
                if let Some(limit) = limit {
                    self.check(["below", key, &limit.to_string()]);
                }
            }
        }
        let command = if new.running { "sadd" } else { "srem" };
        for key in [&of_tenant, &of_kind] {
            self.write([command, key, task.id.as_str()]);
        }
        self.write(["kind", &of_kind, &kinds, &task.slot.kind]);
    }

    fn line(&mut self, old: &Placement, new: &Placement, task: &Task) {
        if old.ready == new.ready {
            return;
        }
        if let Some((lane, _)) = &old.ready {
            let ready = self.key(self.keys.ready(lane, &task.tenant));
            self.write(["zrem", &ready, task.id.as_str()]);
            // A tenant whose task is claimed has had its turn.
            self.turn(lane, &ready, task, new.running);
        }
        if let Some((lane, rank)) = &new.ready {
            let ready = self.key(self.keys.ready(lane, &task.tenant));
            self.write(["zadd", &ready, &rank.as_u64().to_string(), task.id.as_str()]);
            self.turn(lane, &ready, task, false);
            self.rings = true;
        }
    }

    fn turn(&mut self, lane: &Lane, ready: &str, task: &Task, moves: bool) {
        let (ring, lanes) = (self.key(self.keys.ring(lane)), self.key(self.keys.lanes()));
        let moves = if moves { "1" } else { "" };
        self.write(["line", ready, &ring, &lanes, &lane.to_string(), task.tenant.as_str(), moves]);
    }

    fn time(&mut self, index: DueIndex, from: Option<Timestamp>, to: Option<Timestamp>, id: &str) {
        if from == to {
            return;
        }
        let key = self.key(self.keys.index(index));
        match to {
            Some(time) => self.write(["zadd", &key, &time.to_string(), id]),
            None => self.write(["zrem", &key, id]),
        }
    }
}
