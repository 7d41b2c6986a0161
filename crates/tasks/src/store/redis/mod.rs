//! Tasks in Redis 7.0 or later, shared by any number of processes.
//!
//! Fields of a task's hash: `version`, `stamp`, `kind`, `state`, `done` (units done) and `entity`, the
//! whole task as JSON, which alone counts; the others are for the commit script and for people with
//! `redis-cli`. Time is the server's `TIME`. A poll by id is one round trip.

mod keys;

use std::time::Duration;

use async_trait::async_trait;
use longshore_protocol::{OwnerId, TaskId};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Pipeline, Script};

use self::keys::Keys;
use super::{Change, Committed, DueIndex, Loaded, StoreError, TaskStore};
use crate::entity::{Slot, Task, Timestamp};
use crate::id::Shard;
use crate::placement::Placement;

/// How long a command may take; a stalled server is an error then, not a hanging page.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may take to come about.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(3);

/// The task store in Redis.
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    keys: Keys,
    commit: Script,
}

impl RedisStore {
    /// Connects to the server at `url`.
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
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_number_of_retries(2);
        let connection = ConnectionManager::new_with_config(client, config).await?;
        let store = RedisStore {
            connection,
            keys: Keys::new(namespace, Shard::FIRST),
            commit: Script::new(include_str!("commit.lua")),
        };
        store.now().await?;
        Ok(store)
    }

    fn load_commands(&self, pipe: &mut Pipeline, id: &TaskId) {
        pipe.cmd("TIME");
        pipe.hget(self.keys.task(id), "entity");
        pipe.hget(self.keys.archive(id), "entity");
        pipe.zrank(self.keys.ready(), id.as_str());
    }

    async fn oldest(&self, key: String, until: String, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(key).arg("-inf").arg(until).arg("LIMIT").arg(0).arg(limit);
        let ids: Vec<String> = command.query_async(&mut self.connection.clone()).await?;
        Ok(ids.into_iter().filter_map(|id| TaskId::parse(id).ok()).collect())
    }
}

fn timestamp((seconds, micros): (u64, u64)) -> Timestamp {
    Timestamp::from_millis(seconds * 1000 + micros / 1000)
}

fn read_task(json: &str) -> Result<Task, StoreError> {
    serde_json::from_str(json).map_err(|source| {
        let id = serde_json::from_str::<serde_json::Value>(json).ok();
        let id = id.and_then(|value| value.get("id")?.as_str().map(str::to_owned)).unwrap_or_default();
        StoreError::Unreadable { id, source }
    })
}

fn score(time: Option<Timestamp>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}

fn answered(answer: &str) -> Committed {
    let holder = |id: &str| TaskId::parse(id).ok();
    match answer.split_once(' ') {
        None if answer == "done" => Committed::Done,
        Some(("slot", id)) => holder(id).map_or(Committed::Conflict, Committed::SlotTaken),
        Some(("key", id)) => holder(id).map_or(Committed::Conflict, Committed::KeyKnown),
        _ => Committed::Conflict,
    }
}

#[async_trait]
impl TaskStore for RedisStore {
    async fn load(&self, id: &TaskId) -> Result<Loaded, StoreError> {
        let mut pipe = redis::pipe();
        self.load_commands(&mut pipe, id);
        let (time, live, archived, ahead): ((u64, u64), Option<String>, Option<String>, Option<u64>) =
            pipe.query_async(&mut self.connection.clone()).await?;
        let task = live.or(archived).as_deref().map(read_task).transpose()?;
        Ok(Loaded { task, ahead, now: timestamp(time) })
    }

    async fn load_slot(&self, slot: &Slot) -> Result<Loaded, StoreError> {
        let mut pipe = redis::pipe();
        pipe.cmd("TIME").get(self.keys.slot(slot));
        let (time, holder): ((u64, u64), Option<String>) =
            pipe.query_async(&mut self.connection.clone()).await?;
        let Some(id) = holder.and_then(|id| TaskId::parse(id).ok()) else {
            return Ok(Loaded { task: None, ahead: None, now: timestamp(time) });
        };
        let mut loaded = self.load(&id).await?;
        // Archived between the two round trips: the slot is free.
        loaded.task = loaded.task.filter(|task| !task.archived);
        Ok(loaded)
    }

    async fn commit(&self, change: Change<'_>) -> Result<Committed, StoreError> {
        let (before, task, after) = match change {
            Change::Create(task) => (None, task, Some(task)),
            Change::Replace { before, after } => (Some(before), after, Some(after)),
            Change::Remove(task) => (Some(task), task, None),
        };
        let place = after.map(Placement::of).unwrap_or_default();
        let home = match after {
            None => "",
            Some(_) if place.holds_slot => "task",
            Some(_) => "archive",
        };
        let entity = serde_json::to_string(task)
            .map_err(|source| StoreError::Unreadable { id: task.id.to_string(), source })?;
        let idempotency_key = task.idempotency_key.as_deref();
        let mut call = self.commit.prepare_invoke();
        call.key(self.keys.task(&task.id))
            .key(self.keys.archive(&task.id))
            .key(self.keys.slot(&task.slot))
            .key(self.keys.idempotency(&task.slot.owner, idempotency_key.unwrap_or_default()))
            .key(self.keys.history(&task.slot.owner))
            .key(self.keys.ready())
            .key(self.keys.lease())
            .key(self.keys.deadline())
            .key(self.keys.purge())
            .arg(task.id.as_str())
            .arg(before.map(|task| task.version.to_string()).unwrap_or_default())
            .arg(task.version)
            .arg(task.stamp)
            .arg(home)
            .arg(task.registered_at.as_millis())
            .arg(if idempotency_key.is_some() { "1" } else { "" })
            .arg(score(place.ready))
            .arg(score(place.lease))
            .arg(score(place.deadline))
            .arg(score(place.purge));
        for (name, value) in [
            ("version", task.version.to_string()),
            ("stamp", task.stamp.to_string()),
            ("kind", task.slot.kind.clone()),
            ("state", task.state.name().to_owned()),
            ("done", task.progress.done.to_string()),
            ("entity", entity),
        ] {
            call.arg(name).arg(value);
        }
        let answer: String = call.invoke_async(&mut self.connection.clone()).await?;
        Ok(answered(&answer))
    }

    async fn ready(&self, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.oldest(self.keys.ready(), "+inf".to_owned(), limit).await
    }

    async fn due(&self, index: DueIndex, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        let key = match index {
            DueIndex::Lease => self.keys.lease(),
            DueIndex::Deadline => self.keys.deadline(),
            DueIndex::Purge => self.keys.purge(),
        };
        let now = self.now().await?;
        self.oldest(key, now.to_string(), limit).await
    }

    async fn leased(&self, limit: usize) -> Result<Vec<TaskId>, StoreError> {
        self.oldest(self.keys.lease(), "+inf".to_owned(), limit).await
    }

    async fn history(&self, owner: &OwnerId, limit: usize) -> Result<(Vec<Task>, Timestamp), StoreError> {
        let newest = limit.saturating_sub(1);
        let mut pipe = redis::pipe();
        pipe.cmd("TIME").cmd("ZREVRANGE").arg(self.keys.history(owner)).arg(0).arg(newest);
        let (time, ids): ((u64, u64), Vec<String>) = pipe.query_async(&mut self.connection.clone()).await?;
        if ids.is_empty() {
            return Ok((Vec::new(), timestamp(time)));
        }
        let mut pipe = redis::pipe();
        for id in ids.iter().filter_map(|id| TaskId::parse(id.as_str()).ok()) {
            pipe.hget(self.keys.task(&id), "entity");
            pipe.hget(self.keys.archive(&id), "entity");
        }
        let found: Vec<Option<String>> = pipe.query_async(&mut self.connection.clone()).await?;
        let tasks = found.iter().flatten().map(|json| read_task(json)).collect::<Result<_, _>>()?;
        Ok((tasks, timestamp(time)))
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(timestamp(redis::cmd("TIME").query_async(&mut self.connection.clone()).await?))
    }

    fn is_exclusive(&self) -> bool {
        false
    }
}
