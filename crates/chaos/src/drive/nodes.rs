//! The worker processes: started, signalled, started again, and asked.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use rand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::record::{Ended, Record};
use crate::place::Place;
use crate::timing::DRAIN;
use crate::wire::{Answer, Answered, Asked, Request};

/// How long a question may take; nobody waits for a node that is stopped.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// What a node may take to end beyond the drain of its worker.
const END_SPARE: Duration = Duration::from_secs(8);
/// Questions on their way to a node.
const QUESTIONS: usize = 256;

/// A place for a node: when the one that fills it ends, another follows under a new name.
pub struct Node {
    number: usize,
    place: Place,
    redis: Option<String>,
    record: Arc<Record>,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    name: String,
    pid: Option<Pid>,
    questions: Option<mpsc::Sender<Asked>>,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    asked: u64,
}

impl Node {
    /// A node that is not started yet.
    pub fn new(number: usize, place: Place, redis: Option<String>, record: Arc<Record>) -> Arc<Node> {
        Arc::new(Node { number, place, redis, record, current: Mutex::default() })
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its number, which its proxy has too.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The name of the process, if there is one at the moment.
    pub fn name(&self) -> Option<String> {
        let current = self.current();
        current.pid.map(|_| current.name.clone())
    }

    /// Sends a signal to the process; gives its name, or nothing where there is no process at the moment.
    pub fn signal(&self, signal: Signal) -> Option<String> {
        let current = self.current();
        kill_process(current.pid?, signal).ok()?;
        Some(current.name.clone())
    }

    /// Asks the process.
    ///
    /// # Errors
    /// If there is none, or if it ended or was silent; whether it did as asked is not known then.
    pub async fn ask(&self, request: Request) -> anyhow::Result<Answer> {
        let (answer, answered) = oneshot::channel();
        let (questions, asked) = {
            let mut current = self.current();
            let questions = current.questions.clone().context("no node at the moment")?;
            current.asked += 1;
            let seq = current.asked;
            current.waiting.insert(seq, answer);
            (questions, Asked { seq, request })
        };
        let seq = asked.seq;
        questions.send(asked).await.context("the node has ended")?;
        let answered = tokio::time::timeout(ANSWER_MAX, answered).await;
        self.current().waiting.remove(&seq);
        Ok(answered.context("the node is silent")??)
    }

    /// Keeps a process running until `over`, and then ends it in order.
    ///
    /// # Errors
    /// If a process can't be started, or did not end in order.
    pub async fn keep(self: Arc<Node>, over: CancellationToken) -> anyhow::Result<()> {
        for generation in 1.. {
            let name = format!("n{}-{generation}", self.number);
            let how = self.run_once(&name, &over).await?;
            self.record.ended(&name, how);
            if over.is_cancelled() {
                anyhow::ensure!(
                    how == Ended::InOrder,
                    "node {name} did not end in order when it was asked to"
                );
                break;
            }
            let pause = rand::rng().random_range(200..800);
            tokio::select! {
                () = over.cancelled() => break,
                () = tokio::time::sleep(Duration::from_millis(pause)) => {}
            }
        }
        Ok(())
    }

    async fn run_once(&self, name: &str, over: &CancellationToken) -> anyhow::Result<Ended> {
        let (mut child, stdin, stdout) = self.spawn(name)?;
        let (questions, asked) = mpsc::channel(QUESTIONS);
        {
            let mut current = self.current();
            current.name = name.to_owned();
            current.pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
            current.questions = Some(questions);
        }
        let talking = self.talk(stdin, stdout, asked);
        tokio::pin!(talking);
        tokio::select! {
            // Closed pipes mean that the process has ended or is about to.
            () = &mut talking => {}
            () = over.cancelled() => {
                // One that is stopped has to go on to hear of it.
                self.signal(Signal::CONT);
                self.signal(Signal::TERM);
                let _ = tokio::time::timeout(DRAIN + END_SPARE, &mut talking).await;
            }
        }
        // Before anybody waits for the process, so that a signal cannot reach another one of the same id.
        self.forget();
        how_ended_in(&mut child).await
    }

    fn forget(&self) {
        let mut current = self.current();
        *current = Current { asked: current.asked, ..Current::default() };
    }

    fn spawn(&self, name: &str) -> anyhow::Result<(Child, ChildStdin, ChildStdout)> {
        let program = std::env::current_exe().context("this program's own path is not known")?;
        let log = std::fs::File::create(self.place.logs().join(format!("{name}.log")))?;
        let mut command = Command::new(program);
        command.args(["node", "--name", name, "--place"]).arg(self.place.root());
        if let Some(url) = &self.redis {
            command.args(["--redis", url]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().context("can't start a node")?;
        let stdin = child.stdin.take().context("a node without standard input")?;
        let stdout = child.stdout.take().context("a node without standard output")?;
        Ok((child, stdin, stdout))
    }

    /// Carries questions and answers until the process closes its end.
    async fn talk(&self, mut stdin: ChildStdin, stdout: ChildStdout, mut asked: mpsc::Receiver<Asked>) {
        let asking = async {
            while let Some(asked) = asked.recv().await {
                let Ok(mut line) = serde_json::to_vec(&asked) else { continue };
                line.push(b'\n');
                if stdin.write_all(&line).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        let hearing = async {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(Answered { seq, answer }) = serde_json::from_str(&line) else { continue };
                if let Some(waiting) = self.current().waiting.remove(&seq) {
                    // Whoever asked may have given up.
                    let _ = waiting.send(answer);
                }
            }
        };
        tokio::select! {
            () = asking => {}
            () = hearing => {}
        }
    }
}

/// Waits for a process that has closed its pipes.
async fn how_ended_in(child: &mut Child) -> anyhow::Result<Ended> {
    if let Ok(status) = tokio::time::timeout(END_SPARE, child.wait()).await {
        return Ok(how_ended(status?));
    }
    child.kill().await?;
    Ok(Ended::Otherwise)
}

fn how_ended(status: ExitStatus) -> Ended {
    if status.success() {
        Ended::InOrder
    } else if status.signal() == Some(Signal::KILL.as_raw()) {
        Ended::Killed
    } else if status.signal() == Some(Signal::ABORT.as_raw()) {
        Ended::Aborted
    } else {
        Ended::Otherwise
    }
}
