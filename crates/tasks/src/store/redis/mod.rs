//! Tasks in Redis 7.0 or later, a single server or a cluster, shared by any number of processes.
//!
//! Fields of a task's hash: `version`, `stamp`, `state`, `lane`, `tenant` and `entity`, the whole task as JSON, which alone
//! counts; the others are for the scripts and for people with `redis-cli`. Time is the server's `TIME`. Every
//! call is one script, and a poll mostly one plain command, so one round trip, and safe to repeat: a lost connection, an
//! emptied script cache or a server that takes over is met by asking again.

mod advice;
mod clock;
mod commit;
mod connection;
mod keys;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use longshore_protocol::{OwnerId, TaskId};
use redis::{Client, Script, ScriptInvocation};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::clock::ServerClock;
use self::commit::Operations;
use self::connection::Connection;
use self::keys::Keys;
use super::{Change, Committed, DueIndex, LaneStats, Loaded, Stats, StoreError, TaskStore};
use crate::doorbell::Doorbell;
use crate::entity::{Lane, Slot, State, Task, Timestamp};
use crate::id::{Shard, parent_of};
use crate::limits::Limits;
use crate::placement::Rank;

/// What `TIME` answers.
type Time = (u64, u64);

/// The task store in Redis.
#[derive(Clone)]
pub struct RedisStore {
    client: Client,
    connection: Connection,
    keys: Keys,
    scripts: Arc<Scripts>,
    listener: Arc<Listener>,
    clock: Arc<ServerClock>,
    advice: Vec<String>,
}

struct Scripts {
    commit: Script,
    load: Script,
    next: Script,
    due: Script,
    history: Script,
    stats: Script,
}

/// The subscription behind the doorbell; it begins when somebody wants the bell and ends with the store.
#[derive(Default)]
struct Listener(OnceLock<(Doorbell, DropGuard)>);

impl RedisStore {
    /// Connects to the server at `url`, or to the whole cluster if it is a node of one.
    ///
    /// # Errors
    /// [`StoreError::BadAddress`] for a malformed address, [`StoreError::Redis`] if nobody answers there.
    pub async fn connect(url: &str) -> Result<RedisStore, StoreError> {
        RedisStore::connect_in(url, keys::PREFIX).await
    }

    /// Like [`RedisStore::connect`], with keys below another prefix than `longshore`, so that several can
    /// share a server.
    ///
    /// # Errors
    /// As [`RedisStore::connect`].
    pub async fn connect_in(url: &str, namespace: &str) -> Result<RedisStore, StoreError> {
        let client = Client::open(url).map_err(StoreError::BadAddress)?;
        let server = advice::examine(&mut client.get_multiplexed_async_connection().await?).await?;
        let connection = if server.is_cluster {
            Connection::cluster(url).await?
        } else {
            Connection::single(client.clone()).await?
        };
        let scripts = Scripts {
            commit: Script::new(include_str!("commit.lua")),
            load: Script::new(include_str!("load.lua")),
            next: Script::new(include_str!("next.lua")),
            due: Script::new(include_str!("due.lua")),
            history: Script::new(include_str!("history.lua")),
            stats: Script::new(include_str!("stats.lua")),
        };
        let store = RedisStore {
            client,
            connection,
            keys: Keys::new(namespace, Shard::FIRST),
            scripts: Arc::new(scripts),
            listener: Arc::default(),
            clock: Arc::default(),
            advice: server.advice,
        };
        store.now().await?;
        Ok(store)
    }

    /// What in the server's settings endangers tasks, in words; to be told to operators.
    pub fn advice(&self) -> &[String] {
        &self.advice
    }

    async fn loaded(&self, call: &ScriptInvocation<'_>) -> Result<Loaded, StoreError> {
        let (time, task, parent, ahead): (Time, Option<String>, Option<String>, Option<u64>) =
            self.connection.call(call).await?;
        self.clock.note(timestamp(time));
        Ok(Loaded {
            task: task.as_deref().map(read_task).transpose()?,
            parent: parent.as_deref().map(read_task).transpose()?,
            ahead,
            now: timestamp(time),
        })
    }

    async fn by_time(
        &self,
        index: DueIndex,
        only_due: bool,
        limit: usize,
    ) -> Result<(Timestamp, Vec<TaskId>), StoreError> {
        let mut call = self.scripts.due.key(self.keys.index(index));
        call.arg(limit).arg(if only_due { "1" } else { "" });
        let (time, ids): (Time, Vec<String>) = self.connection.call(&call).await?;
        self.clock.note(timestamp(time));
        Ok((timestamp(time), ids.into_iter().filter_map(|id| TaskId::parse(id).ok()).collect()))
    }
}

fn timestamp((seconds, micros): Time) -> Timestamp {
    Timestamp::from_millis(seconds * 1000 + micros / 1000)
}

fn read_task(json: &str) -> Result<Task, StoreError> {
    serde_json::from_str(json).map_err(|source| {
        let id = serde_json::from_str::<serde_json::Value>(json).ok();
        let id = id.and_then(|value| value.get("id")?.as_str().map(str::to_owned)).unwrap_or_default();
        StoreError::Unreadable { id, source }
    })
}

fn answered(answer: &str) -> Committed {
    let holder = |id: &str| TaskId::parse(id).ok();
    match answer.split_once(' ') {
        None if answer == "done" => Committed::Done,
        None if answer == "limit" => Committed::AtLimit,
        Some(("slot", id)) => holder(id).map_or(Committed::Conflict, Committed::SlotTaken),
        Some(("key", id)) => holder(id).map_or(Committed::Conflict, Committed::KeyKnown),
        _ => Committed::Conflict,
    }
}

/// `None` is an empty argument.
fn optional(number: Option<u32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

#[async_trait]
impl TaskStore for RedisStore {
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        let mut call = self.scripts.load.key(self.keys.task(id));
        call.key(self.keys.archive(id));
        if let Some(parent) = parent_of(id) {
            call.key(self.keys.task(&parent)).key(self.keys.archive(&parent));
        }
        call.arg(self.keys.base()).arg(id.as_str());
        self.loaded(&call).await
    }

    /// One plain command, which costs the server a fifth of what the script costs; the script where more must be known.
    async fn peek(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        if let Some(now) = self.clock.estimate() {
            let mut command = redis::cmd("HMGET");
            command.arg(self.keys.task(id)).arg("state").arg("entity");
            let (state, entity): (Option<String>, Option<String>) = self.connection.ask(&command).await?;
            if let Some(entity) = entity.filter(|_| state.as_deref() != Some(State::Queued.name())) {
                return Ok(Loaded { task: Some(read_task(&entity)?), parent: None, ahead: None, now });
            }
        }
        self.load(id).await
    }

    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError> {
        let mut call = self.scripts.load.key(self.keys.slot(slot));
        call.arg(self.keys.base()).arg("");
        self.loaded(&call).await
    }

    async fn commit(&self, changes: &[Change<'_>], limits: &Limits) -> Result<Committed, StoreError> {
        let operations = Operations::of(&self.keys, changes, limits)?;
        let answer: String = self.connection.call(&operations.invocation(&self.scripts.commit)).await?;
        Ok(answered(&answer))
    }

    async fn next(&self, lanes: &[Lane], limits: &Limits, limit: usize) -> Result<Vec<Loaded>, StoreError> {
        if lanes.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut call = self.scripts.next.prepare_invoke();
        call.arg(self.keys.base()).arg(limit).arg(optional(limits.per_tenant));
        for lane in lanes {
            call.key(self.keys.ring(lane));
            call.arg(lane.to_string()).arg(&lane.kind);
            call.arg(optional(limits.per_kind.get(&lane.kind).copied()));
        }
        let found: Vec<redis::Value> = self.connection.call(&call).await?;
        let mut found = found.into_iter();
        let Some(time) = found.next() else { return Ok(Vec::new()) };
        let now = timestamp(redis::from_redis_value(time).map_err(redis::RedisError::from)?);
        let mut tasks = Vec::new();
        while let (Some(task), Some(parent)) = (found.next(), found.next()) {
            let text =
                |value| redis::from_redis_value::<Option<String>>(value).map_err(redis::RedisError::from);
            let task = text(task)?.as_deref().map(read_task).transpose()?;
            let parent = text(parent)?.as_deref().map(read_task).transpose()?;
            tasks.push(Loaded { task, parent, ahead: None, now });
        }
        Ok(tasks)
    }

    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        Ok(self.by_time(index, true, limit).await?.1)
    }

    async fn listed(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        Ok(self.by_time(index, false, limit).await?.1)
    }

    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError> {
        let mut call = self.scripts.history.key(self.keys.history(owner));
        call.arg(self.keys.base()).arg(limit);
        let (time, found): (Time, Vec<String>) = self.connection.call(&call).await?;
        let tasks = found.iter().map(|json| read_task(json)).collect::<Result<_, _>>()?;
        Ok((tasks, timestamp(time)))
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let mut call = self.scripts.stats.key(self.keys.lanes());
        call.key(self.keys.kinds());
        for index in [DueIndex::Delayed, DueIndex::Dead, DueIndex::Deadline] {
            call.key(self.keys.index(index));
        }
        call.arg(self.keys.base());
        type Lanes = Vec<(String, u64, u64, u64)>;
        let (time, delayed, dead, live, running, lanes): (Time, u64, u64, u64, Vec<(String, u64)>, Lanes) =
            self.connection.call(&call).await?;
        let lanes = lanes.into_iter().filter_map(|(lane, waiting, tenants, oldest)| {
            let oldest = Rank::from_u64(oldest).registered_at();
            Some(LaneStats { lane: Lane::parse(&lane)?, waiting, tenants, oldest })
        });
        Ok(Stats {
            lanes: lanes.collect(),
            running: running.into_iter().collect(),
            delayed,
            dead,
            live,
            now: timestamp(time),
        })
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.by_time(DueIndex::Lease, true, 1).await?.0)
    }

    fn doorbell(&self) -> Doorbell {
        let (doorbell, _) = self.listener.0.get_or_init(|| {
            let (doorbell, ended) = (Doorbell::default(), CancellationToken::new());
            tokio::spawn(connection::listen(
                self.client.clone(),
                self.keys.bell(),
                doorbell.clone(),
                ended.clone(),
            ));
            (doorbell, ended.drop_guard())
        });
        doorbell.clone()
    }

    fn is_exclusive(&self) -> bool {
        false
    }
}
