//! The load generator: some connections that ask again as soon as they are answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::client::Client;
use crate::samples::Samples;

/// Connections kept open.
pub const CONNECTIONS: usize = 64;
/// At the beginning of each round, while connections and caches are new, nothing counts.
const WARM_UP: Duration = Duration::from_millis(100);

/// What is asked, and what must be answered.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where.
    pub address: SocketAddr,
    /// The request's bytes.
    pub request: Vec<u8>,
    /// The answer's status.
    pub status: u16,
    /// What the body contains; nothing is looked for where it is empty.
    pub fragment: &'static str,
}

/// What came out of one round.
#[derive(Debug, Default)]
pub struct Load {
    /// How long each answer took.
    pub samples: Samples,
    /// How long the round took.
    pub took: Duration,
}

/// Asks for so long, on a thread of its own, and checks every answer.
///
/// # Errors
/// If an answer is not as it must be.
pub async fn ask(target: Target, ask_for: Duration) -> anyhow::Result<Load> {
    let asking = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(ask_here(&target, ask_for))
    });
    tokio::task::spawn_blocking(|| asking.join())
        .await?
        .map_err(|_| anyhow::anyhow!("the load generator panicked"))?
}

async fn ask_here(target: &Target, ask_for: Duration) -> anyhow::Result<Load> {
    let count_from = Instant::now() + WARM_UP;
    let until = count_from + ask_for;
    let asking = (0..CONNECTIONS).map(|_| ask_on_one(target, count_from, until));
    let mut load = Load { took: ask_for, ..Load::default() };
    for samples in futures::future::try_join_all(asking).await? {
        load.samples.extend(samples);
    }
    Ok(load)
}

async fn ask_on_one(target: &Target, count_from: Instant, until: Instant) -> anyhow::Result<Samples> {
    let mut client = Client::connect(target.address).await?;
    let mut samples = Samples::default();
    loop {
        let asked = Instant::now();
        let answer = client.call(&target.request).await?;
        let is_right = answer.status == target.status
            && (target.fragment.is_empty()
                || std::str::from_utf8(answer.body).is_ok_and(|body| body.contains(target.fragment)));
        ensure!(is_right, "answered {}: {}", answer.status, String::from_utf8_lossy(answer.body));
        let answered = Instant::now();
        if answered >= until {
            return Ok(samples);
        }
        if asked >= count_from {
            samples.push(answered - asked);
        }
    }
}

/// One answer's body, for its size and contents.
///
/// # Errors
/// If there is none.
pub async fn one_body(address: SocketAddr, request: &[u8]) -> anyhow::Result<String> {
    let mut client = Client::connect(address).await?;
    let answer = client.call(request).await?;
    Ok(std::str::from_utf8(answer.body).context("the body is not text")?.to_owned())
}
