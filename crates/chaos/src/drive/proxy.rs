//! A TCP proxy in front of Redis, so that one node, or all, can be cut off, and answers can be lost.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It passes everything on.
    Open,
    /// It closes every connection, old and new.
    Closed,
    /// It keeps connections, takes new ones, and passes nothing on.
    Silent,
    /// It passes questions on, which are done, and no answers. A connection that lost one closes afterwards.
    Deaf,
}

/// One proxy. It ends when it is dropped.
pub struct Proxy {
    port: u16,
    traps: Arc<Traps>,
    // Held for its drop.
    _accepting: JoinSet<()>,
}

/// What all connections of a proxy share.
struct Traps {
    mode: watch::Sender<Mode>,
    /// Answers to be lost, and those that were.
    ordered: AtomicU32,
    done: AtomicU64,
    /// The proxy turns deaf when a question has this in it.
    ambush: Mutex<Option<&'static str>>,
}

impl Traps {
    /// Whether this question is the one that was waited for.
    fn spring(&self, question: &[u8]) {
        let mut ambush = self.ambush.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mark) = *ambush else { return };
        if question.windows(mark.len()).any(|part| part == mark.as_bytes()) {
            *ambush = None;
            self.mode.send_replace(Mode::Deaf);
        }
    }

    fn take(&self) -> bool {
        let one_less = |ordered: u32| ordered.checked_sub(1);
        let taken = self.ordered.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less).is_ok();
        if taken {
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }
}

impl Proxy {
    /// Starts a proxy to that port of this machine.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(upstream: u16) -> anyhow::Result<Proxy> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for a proxy")?;
        let port = listener.local_addr()?.port();
        let traps = Arc::new(Traps {
            mode: watch::channel(Mode::Open).0,
            ordered: AtomicU32::new(0),
            done: AtomicU64::new(0),
            ambush: Mutex::new(None),
        });
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, SocketAddr::from(([127, 0, 0, 1], upstream)), Arc::clone(&traps)));
        Ok(Proxy { port, traps, _accepting: accepting })
    }

    /// The address to reach Redis through it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Changes what it does.
    pub fn set(&self, mode: Mode) {
        self.traps.mode.send_replace(mode);
    }

    /// Waits, for so long at most, for a question with `mark` in it, and turns deaf for all answers from its own on. Gives
    /// whether it came.
    pub async fn ambush(&self, mark: &'static str, at_most: Duration) -> bool {
        let mut mode = self.traps.mode.subscribe();
        *self.traps.ambush.lock().unwrap_or_else(PoisonError::into_inner) = Some(mark);
        let sprung = tokio::time::timeout(at_most, mode.wait_for(|mode| *mode == Mode::Deaf)).await.is_ok();
        *self.traps.ambush.lock().unwrap_or_else(PoisonError::into_inner) = None;
        sprung
    }

    /// Loses the next answers, each with its connection: what was asked has been done by then.
    pub fn lose_answers(&self, count: u32) {
        self.traps.ordered.store(count, Ordering::Release);
    }

    /// Answers lost so far.
    pub fn lost(&self) -> u64 {
        self.traps.done.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, traps: Arc<Traps>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(carry(client, upstream, Arc::clone(&traps)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries one connection; both ends close when it returns.
async fn carry(client: TcpStream, upstream: SocketAddr, traps: Arc<Traps>) {
    let mode = traps.mode.subscribe();
    let mut closed = mode.clone();
    if *mode.borrow() == Mode::Closed {
        return;
    }
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    // Small questions and answers must not wait for each other.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (asked, has_lost) = (AtomicBool::new(false), AtomicBool::new(false));
    let up = async {
        pump(&mut from_client, &mut to_server, mode.clone(), |_, question| {
            asked.store(true, Ordering::Release);
            traps.spring(question);
            Fate::Passes
        })
        .await;
    };
    // A message of a subscription, for which nobody asked, is no answer.
    let down = pump(&mut from_server, &mut to_client, mode.clone(), |mode, _| {
        let is_answer = asked.swap(false, Ordering::AcqRel);
        // An answer after a lost one would be taken for that.
        if mode != Mode::Deaf && has_lost.load(Ordering::Acquire) {
            Fate::Ends
        } else if mode == Mode::Deaf {
            has_lost.store(true, Ordering::Release);
            traps.done.fetch_add(u64::from(is_answer), Ordering::Relaxed);
            Fate::Lost
        } else if is_answer && traps.take() {
            Fate::Ends
        } else {
            Fate::Passes
        }
    });
    tokio::select! {
        () = up => {}
        () = down => {}
        _ = closed.wait_for(|mode| *mode == Mode::Closed) => {}
    }
}

/// What becomes of some bytes.
enum Fate {
    Passes,
    Lost,
    /// Lost, and the connection with them.
    Ends,
}

/// Passes on what comes, but for a time of silence, until an end closes or `fate` ends it.
async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut mode: watch::Receiver<Mode>,
    fate: impl Fn(Mode, &[u8]) -> Fate,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
        let mode = match mode.wait_for(|mode| *mode != Mode::Silent).await {
            Ok(mode) => *mode,
            Err(_) => return,
        };
        match fate(mode, &buffer[..count]) {
            Fate::Passes => {}
            Fate::Lost => continue,
            Fate::Ends => return,
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
