//! A way to a server that can lose answers, swallow everything, and lead elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What only a commit has in it: an operation of its script.
const COMMIT: &[u8] = b"\r\nhash\r\n";
const READ_ONLY: &[u8] = b"READONLY";

#[derive(Default)]
struct Behaviour {
    port: AtomicU16,
    drops_next_answer: AtomicBool,
    swallows: AtomicBool,
    answers_dropped: AtomicUsize,
    read_only_answers: AtomicUsize,
}

/// Forwards connections to a port of this machine.
pub struct Proxy {
    behaviour: Arc<Behaviour>,
    gate: watch::Sender<bool>,
    listening: tokio::task::JoinHandle<()>,
    port: u16,
}

impl Proxy {
    pub async fn to(port: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address").port();
        let behaviour = Arc::new(Behaviour::default());
        behaviour.port.store(port, Ordering::SeqCst);
        let (gate, gate_seen) = watch::channel(true);
        let told = Arc::clone(&behaviour);
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (told, mut gate) = (Arc::clone(&told), gate_seen.clone());
                tokio::spawn(async move {
                    if gate.wait_for(|is_open| *is_open).await.is_ok() {
                        // An error ends this connection, which is what both sides are to see.
                        let _ = forward(client, &told).await;
                    }
                });
            }
        });
        Proxy { behaviour, gate, listening, port: own }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// New connections lead to this port.
    pub fn lead_to(&self, port: u16) {
        self.behaviour.port.store(port, Ordering::SeqCst);
    }

    /// The next commit reaches the server, but its answer does not come back: the connection ends instead.
    pub fn drop_next_answer(&self) {
        self.behaviour.drops_next_answer.store(true, Ordering::SeqCst);
    }

    /// New connections are taken up, but wait until they are let through.
    pub fn hold_new_connections(&self, hold: bool) {
        self.gate.send_replace(!hold);
    }

    /// Nothing is forwarded any more, and nothing is closed.
    pub fn swallow(&self) {
        self.behaviour.swallows.store(true, Ordering::SeqCst);
    }

    pub fn answers_dropped(&self) -> usize {
        self.behaviour.answers_dropped.load(Ordering::SeqCst)
    }

    pub fn read_only_answers(&self) -> usize {
        self.behaviour.read_only_answers.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn forward(mut client: TcpStream, behaviour: &Behaviour) -> std::io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", behaviour.port.load(Ordering::SeqCst))).await?;
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut loses_answer = false;
    loop {
        tokio::select! {
            count = client.read(&mut asked) => {
                let asked = &asked[..count?];
                if asked.is_empty() {
                    return Ok(());
                }
                if behaviour.swallows.load(Ordering::SeqCst) {
                    continue;
                }
                if contains(asked, COMMIT) {
                    loses_answer = behaviour.drops_next_answer.swap(false, Ordering::SeqCst);
                }
                server.write_all(asked).await?;
            }
            count = server.read(&mut answered) => {
                let answered = &answered[..count?];
                if answered.is_empty() {
                    return Ok(());
                }
                if loses_answer {
                    behaviour.answers_dropped.fetch_add(1, Ordering::SeqCst);
                    return Ok(());
                }
                if contains(answered, READ_ONLY) {
                    behaviour.read_only_answers.fetch_add(1, Ordering::SeqCst);
                }
                client.write_all(answered).await?;
            }
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
