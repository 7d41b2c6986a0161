//! A Redis server of the run's own, append-only, that can be killed and started on the same files.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long a server may take until it answers.
const START_MAX: Duration = Duration::from_secs(20);

/// The server. It is killed when this is dropped.
pub struct RedisServer {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl RedisServer {
    /// Starts a server with its files in `folder`.
    ///
    /// # Errors
    /// If it can't be started or does not answer.
    pub async fn start(program: &Path, folder: &Path) -> anyhow::Result<RedisServer> {
        let port = {
            let free = std::net::TcpListener::bind(("127.0.0.1", 0)).context("no port for Redis")?;
            free.local_addr()?.port()
        };
        let child = spawn(program, folder, port)?;
        let mut server =
            RedisServer { program: program.to_path_buf(), folder: folder.to_path_buf(), port, child };
        server.until_it_answers().await?;
        Ok(server)
    }

    /// Its port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it without notice.
    ///
    /// # Errors
    /// If it can't be killed.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("can't kill Redis")
    }

    /// Starts it again on the same files.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.child = spawn(&self.program, &self.folder, self.port)?;
        self.until_it_answers().await
    }

    async fn until_it_answers(&mut self) -> anyhow::Result<()> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port))?;
        let began = Instant::now();
        while began.elapsed() < START_MAX {
            if let Some(status) = self.child.try_wait()? {
                bail!("Redis ended at its start ({status}); its log is in {}", self.folder.display());
            }
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await
                && redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("Redis did not answer within {} seconds", START_MAX.as_secs())
    }
}

fn spawn(program: &Path, folder: &Path, port: u16) -> anyhow::Result<Child> {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("redis.log"))?;
    Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("can't start {}", program.display()))
}
