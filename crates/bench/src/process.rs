//! Server processes that end with the measurement.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

/// Ticks a second in which Linux counts the time of processes.
const TICKS: u64 = 100;

/// A server process; it is killed when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    // A server that prints into a closed pipe would fail.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a process and waits until it prints `... ready at http://<address>`.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(mut command: Command) -> anyhow::Result<Server> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {}", command.get_program().display()))?;
        let mut output = BufReader::new(child.stdout.take().context("its output is not ours")?);
        let mut line = String::new();
        loop {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                bail!("{} ended before it was ready: {}", command.get_program().display(), child.wait()?);
            }
            if let Some((_, address)) = line.split_once(crate::limit::READY) {
                let address = address.trim().parse().with_context(|| format!("no address: {line}"))?;
                return Ok(Server { child, address, _output: output });
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Time that a process has had on processors; `None` where the system does not tell it as Linux does.
pub fn processor_time(pid: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The name, in brackets, may contain anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |position: usize| fields.get(position)?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks(11)? + ticks(12)?) * 1000 / TICKS))
}
