//! One run from its first order to its verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use longshore_tasks::id::child_id;
use longshore_tasks::store::{EmbeddedStore, RedisStore};
use longshore_tasks::{Task, TaskStore};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bench::Bench;
use super::faults::inject;
use super::leftovers::{clear_up, files_in, redis_keys, table_entries, unfinished_files};
use super::producer::{Account, Progress, see_through};
use super::summary::{self, Times};
use super::verdict::{Evidence, Finding, findings};
use crate::cli::{DriveArgs, StoreKind};
use crate::journal;
use crate::ledger::Ledger;
use crate::order::{OWNERS, Order, owner_id};
use crate::timing::wall_ms;
use crate::wire::{Answer, Request};

/// The part of the time in which there are faults; the rest is for what is left to end.
const FAULTS_PART: f64 = 0.6;
/// The part of the time after which what has not ended never will.
const SETTLED_PART: f64 = 0.9;
/// Pause between two looks at whether anything still runs.
const LOOK: Duration = Duration::from_millis(200);

/// Runs; gives whether every promise was kept.
pub async fn run(args: &DriveArgs, root: PathBuf) -> anyhow::Result<bool> {
    let seed = args.seed.unwrap_or_else(|| rand::rng().random_range(0..1_000_000_000));
    let all = Duration::from_secs(args.seconds_max);
    let by_rate = args.rate.map(|rate| Duration::from_secs_f64(args.tasks as f64 / rate.max(0.1)));
    let faulty = by_rate.unwrap_or(all).min(all.mul_f64(FAULTS_PART));
    summary::announce(args, seed, faulty);
    let orders = Order::draw(&mut StdRng::seed_from_u64(seed), args.tasks);
    let bench = Arc::new(Bench::start(args, root).await?);
    let (began, began_wall) = (Instant::now(), wall_ms());
    let over = CancellationToken::new();
    let mut injecting = JoinSet::new();
    let seeded = StdRng::seed_from_u64(seed ^ 0x5eed);
    injecting.spawn(inject(Arc::clone(&bench), seeded, args.outage_factor, over.clone()));
    let (mut people, accounts, progress) = send_out(&bench, orders, faulty.mul_f64(0.95));

    tokio::time::sleep_until(began + faulty).await;
    over.cancel();
    injecting.join_next().await.context("the faults ended by themselves")???;
    let faults_wall = wall_ms();
    let settled = began + all.mul_f64(SETTLED_PART);
    let in_time = tokio::time::timeout_at(settled, async {
        while people.join_next().await.is_some() {}
        until_idle(&bench).await;
    });
    let in_time = in_time.await.is_ok();
    people.shutdown().await;
    let settled_wall = wall_ms();
    if !in_time {
        println!("not everything ended in time: {} tasks are still on their way", progress.watched());
    }
    let drained = Finding::new("nodes that did not end in order", bench.end_nodes().await);
    let unfinished = unfinished_files(&bench.place).await?;

    let store = open_store(&bench).await?;
    let accounts = taken(accounts)?;
    let children = load_children(&*store, &accounts).await?;
    let entries = journal::read_all(&bench.place.journals())?;
    let (rows, counter) = Ledger::open(&bench.place.ledger())?.all().await?;
    let record = &*bench.record;
    let place = &bench.place;
    let evidence = Evidence {
        accounts: &accounts,
        children: &children,
        entries: &entries,
        rows: &rows,
        counter,
        record,
        place,
    };
    let mut found = findings(&evidence);
    found.push(drained);
    found.extend(left_over(&bench, args.store, store, &accounts).await?);
    let times = Times { began: began_wall, faults: faults_wall, settled: settled_wall };
    summary::report(&evidence, &found, &times, unfinished);
    let kept = found.iter().all(Finding::is_kept);
    if !kept {
        println!("broken promises; the same chance again: SEED={seed}");
    }
    Ok(kept)
}

type Accounts = Vec<Arc<Mutex<Account>>>;

/// Lets every order begin at its time.
fn send_out(bench: &Bench, orders: Vec<Order>, within: Duration) -> (JoinSet<()>, Accounts, Arc<Progress>) {
    let progress = Arc::new(Progress::default());
    let (mut people, mut accounts) = (JoinSet::new(), Vec::new());
    let step = within.div_f64(orders.len().max(1) as f64);
    for (place, order) in orders.into_iter().enumerate() {
        let begin = step.mul_f64(place as f64);
        let account = Arc::new(Mutex::new(Account {
            order,
            tasks: BTreeSet::new(),
            cancelled: false,
            end: None,
            seen_at: 0,
            vanished: false,
            kept_its_slot: false,
        }));
        accounts.push(Arc::clone(&account));
        people.spawn(see_through(bench.door.clone(), account, begin, Arc::clone(&progress)));
    }
    (people, accounts, progress)
}

fn taken(accounts: Accounts) -> anyhow::Result<Vec<Account>> {
    let taken = accounts.into_iter().map(|account| {
        let account = Arc::try_unwrap(account).ok().context("an order is still looked after")?;
        Ok(account.into_inner())
    });
    taken.collect()
}

/// Children may outlive their parent for a moment.
async fn until_idle(bench: &Bench) {
    while !matches!(bench.door.insist(&Request::Busy).await, Answer::Busy(0)) {
        tokio::time::sleep(LOOK).await;
    }
}

/// The store for the driver alone, when no node is left.
async fn open_store(bench: &Bench) -> anyhow::Result<Arc<dyn TaskStore>> {
    if let Some(server) = &bench.server {
        let url = format!("redis://127.0.0.1:{}/", server.lock().await.port());
        return Ok(Arc::new(RedisStore::connect(&url).await?));
    }
    let clock = bench.place.clone();
    Ok(Arc::new(EmbeddedStore::open_with_clock(&bench.place.tasks(), Arc::new(move || clock.clock_ms()))?))
}

async fn load_children(
    store: &dyn TaskStore,
    accounts: &[Account],
) -> anyhow::Result<BTreeMap<u64, Vec<Option<Task>>>> {
    let mut children = BTreeMap::new();
    for account in accounts {
        let Some(id) = account.tasks.first() else { continue };
        // As it is now: one that was stopped may have got more children after its end was seen.
        let total = store.load(id).await?.task.map_or(0, |task| task.children.total);
        let mut of_parent = Vec::new();
        for number in 0..total {
            of_parent.push(store.load(&child_id(id, number)).await?.task);
        }
        if !of_parent.is_empty() {
            children.insert(account.order.number, of_parent);
        }
    }
    Ok(children)
}

/// Lets all retentions end, and looks for what remains.
async fn left_over(
    bench: &Bench,
    kind: StoreKind,
    store: Arc<dyn TaskStore>,
    accounts: &[Account],
) -> anyhow::Result<Vec<Finding>> {
    let registry = bench.scene()?.registry();
    clear_up(&store, &registry).await?;
    let mut tasks = Vec::new();
    for id in accounts.iter().flat_map(|account| &account.tasks) {
        tasks.extend(store.load(id).await?.task.map(|task| task.id.to_string()));
    }
    for number in 0..OWNERS {
        let (left, _) = store.history(&owner_id(number), 10).await?;
        tasks.extend(left.into_iter().map(|task| format!("{} in a history", task.id)));
    }
    drop(store);
    let entries = match &bench.server {
        Some(server) => redis_keys(server.lock().await.port()).await?,
        None => table_entries(&bench.place)?,
    };
    let what = if kind == StoreKind::Redis { "keys in Redis" } else { "filled tables" };
    Ok(vec![
        Finding::new("records after all retentions", tasks),
        Finding::new(format!("{what} after all retentions"), entries),
        Finding::new("files after all retentions", files_in(&bench.place.files())?),
    ])
}
