//! Injects faults, drawn from the seed, until told to end; each undoes itself.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use rustix::process::Signal;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::bench::Bench;
use super::nodes::Node;
use super::proxy::Mode;
use super::record::FaultKind;
use crate::timing::LEASE;

/// How long Redis is out of reach for all, before the run's factor.
pub const OUTAGES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(25), Duration::from_secs(60)];
/// The farthest that a clock is set.
const CLOCK_MS: i64 = 600_000;

/// How long a proxy stays closed at least, so that all its connections notice.
const TIME_TO_CLOSE: Duration = Duration::from_millis(50);

/// What the commits have in them that publish a file, end a run until its children have ended, and create tasks.
const MARKS: [&str; 3] = ["\"result\":\"reports/", "\"state\":\"waiting\"", "\"version\":1,"];
/// How long answers are lost at least: the store itself repeats a call for nearly as long.
const DEAF_MIN: Duration = Duration::from_millis(2_100);
/// How long one of them is waited for.
const AMBUSH_MAX: Duration = Duration::from_secs(5);

/// Faults of a run on Redis, and how often each comes compared with the others.
const ON_REDIS: &[(FaultKind, u32)] = &[
    (FaultKind::Kill, 14),
    (FaultKind::Stop, 9),
    (FaultKind::Terminate, 14),
    (FaultKind::RedisKill, 8),
    (FaultKind::OutageClosed, 3),
    (FaultKind::OutageSilent, 3),
    (FaultKind::CutOff, 12),
    (FaultKind::DroppedReplies, 29),
    (FaultKind::FilesFail, 8),
];
/// Faults of a run on the embedded store.
const ON_EMBEDDED: &[(FaultKind, u32)] = &[
    (FaultKind::Kill, 25),
    (FaultKind::Stop, 12),
    (FaultKind::Terminate, 25),
    (FaultKind::FilesFail, 15),
    (FaultKind::ClockJump, 23),
];

/// Injects faults until `over`.
///
/// # Errors
/// If Redis does not come back.
pub async fn inject(
    bench: Arc<Bench>,
    mut seeded: StdRng,
    outage_factor: f64,
    over: CancellationToken,
) -> anyhow::Result<()> {
    // Where there is one node alone, each fault hits everything.
    let (kinds, pauses) =
        if bench.server.is_some() { (ON_REDIS, 200..900) } else { (ON_EMBEDDED, 500..2_000) };
    let mut ongoing: JoinSet<anyhow::Result<()>> = JoinSet::new();
    while !over.is_cancelled() {
        let pause = Duration::from_millis(seeded.random_range(pauses.clone()));
        tokio::select! {
            () = over.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
        let kind = draw(&mut seeded, kinds);
        let dice = Dice {
            node: seeded.random_range(0..bench.nodes.len()),
            proxy: seeded.random_range(0..bench.proxies.len().max(1)),
            size: seeded.random_range(0.0..1.0),
            outage: OUTAGES[[0, 0, 0, 1, 1, 2][seeded.random_range(0..6)]].mul_f64(outage_factor),
        };
        ongoing.spawn(one(Arc::clone(&bench), kind, dice, over.clone()));
        while let Some(ended) = ongoing.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = ongoing.join_next().await {
        ended??;
    }
    bench.mend()
}

/// What chance said for one fault; drawn in one place, so that the same seed gives the same faults.
struct Dice {
    node: usize,
    proxy: usize,
    size: f64,
    outage: Duration,
}

impl Dice {
    fn between(&self, least: Duration, most: Duration) -> Duration {
        least + (most - least).mul_f64(self.size)
    }
}

fn draw(seeded: &mut StdRng, kinds: &[(FaultKind, u32)]) -> FaultKind {
    let all: u32 = kinds.iter().map(|(_, weight)| weight).sum();
    let mut left = seeded.random_range(0..all);
    for (kind, weight) in kinds {
        if left < *weight {
            return *kind;
        }
        left -= weight;
    }
    FaultKind::Kill
}

/// Waits, but not beyond the end of all faults.
async fn lasting(time: Duration, over: &CancellationToken) {
    tokio::select! {
        () = over.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}

async fn one(bench: Arc<Bench>, kind: FaultKind, dice: Dice, over: CancellationToken) -> anyhow::Result<()> {
    let node = &bench.nodes[dice.node];
    match kind {
        FaultKind::Kill => signal(&bench, kind, node, Signal::KILL),
        FaultKind::Terminate => signal(&bench, kind, node, Signal::TERM),
        FaultKind::Stop => {
            if let Some(name) = node.signal(Signal::STOP) {
                let number = bench.record.begins(kind, Some(name));
                lasting(dice.between(LEASE.mul_f64(1.2), LEASE.mul_f64(2.0)), &over).await;
                node.signal(Signal::CONT);
                bench.record.over(number);
            }
        }
        FaultKind::RedisKill => {
            if let Some(server) = &bench.server
                && let Ok(mut server) = server.try_lock()
            {
                let number = bench.record.begins(kind, None);
                server.kill().await?;
                lasting(dice.between(Duration::from_millis(50), Duration::from_millis(800)), &over).await;
                server.restart().await?;
                bench.record.over(number);
            }
        }
        FaultKind::OutageClosed | FaultKind::OutageSilent => {
            let mode = if kind == FaultKind::OutageClosed { Mode::Closed } else { Mode::Silent };
            let number = bench.record.begins(kind, None);
            bench.proxies.iter().for_each(|proxy| proxy.set(mode));
            lasting(dice.outage, &over).await;
            bench.proxies.iter().for_each(|proxy| proxy.set(Mode::Open));
            bench.record.over(number);
        }
        FaultKind::CutOff => {
            let mode = if dice.size < 0.5 { Mode::Closed } else { Mode::Silent };
            if let (Some(name), Some(proxy)) = (node.name(), bench.proxies.get(node.number())) {
                let number = bench.record.begins(kind, Some(name));
                proxy.set(mode);
                lasting(dice.between(LEASE.mul_f64(0.3), LEASE.mul_f64(2.0)), &over).await;
                proxy.set(Mode::Open);
                bench.record.over(number);
            }
        }
        FaultKind::DroppedReplies => {
            // Whoever asks through this proxy next hears nothing of what was done; the producers have one, too.
            let proxy = &bench.proxies[dice.proxy];
            let name = bench.nodes.get(dice.proxy).and_then(|node| node.name());
            let number = bench.record.begins(kind, name);
            let before = proxy.lost();
            if dice.size < 0.6 {
                proxy.lose_answers(1 + (dice.size * 5.0) as u32);
                lasting(dice.between(Duration::from_millis(300), Duration::from_secs(4)), &over).await;
                proxy.lose_answers(0);
            } else {
                // So long that repeating at once does not help. It begins where an answer matters most.
                let mark = MARKS[(dice.size * 1_000.0) as usize % MARKS.len()];
                if proxy.ambush(mark, AMBUSH_MAX).await {
                    bench.record.add_ambush();
                } else {
                    proxy.set(Mode::Deaf);
                }
                // Within a lease, or nobody would be left who asks again.
                lasting(DEAF_MIN + (LEASE - DEAF_MIN).mul_f64((dice.size - 0.6) * 1.5), &over).await;
                proxy.set(Mode::Closed);
                tokio::time::sleep(TIME_TO_CLOSE).await;
                proxy.set(Mode::Open);
            }
            bench.record.over(number);
            bench.record.add_lost_answers(proxy.lost() - before);
        }
        FaultKind::FilesFail => {
            let number = bench.record.begins(kind, None);
            bench.place.set_files_fail(true)?;
            lasting(dice.between(Duration::from_millis(200), Duration::from_millis(1_500)), &over).await;
            bench.place.set_files_fail(false)?;
            bench.record.over(number);
        }
        FaultKind::ClockJump => {
            let number = bench.record.begins(kind, None);
            let ahead = (dice.size * 2.0 - 1.0) * CLOCK_MS as f64;
            bench.place.set_clock_ahead(ahead as i64)?;
            bench.record.over(number);
        }
    }
    Ok(())
}

fn signal(bench: &Bench, kind: FaultKind, node: &Node, signal: Signal) {
    if let Some(name) = node.signal(signal) {
        let number = bench.record.begins(kind, Some(name));
        bench.record.over(number);
    }
}
