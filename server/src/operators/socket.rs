//! The running server answers for its embedded store, which no other process can open: a socket in the data folder that
//! only the server's own user can use. One line of JSON asks, one answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use longshore_tasks::TaskStore;
use tokio_util::sync::CancellationToken;

use super::request::{Answer, Request};

/// The socket's name in the data folder.
const SOCKET_FILE: &str = "tasks.sock";

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(SOCKET_FILE)
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{UnixListener, UnixStream};

    use super::*;

    /// Bytes that a question may have.
    const QUESTION_BYTES_MAX: u64 = 64 << 10;
    /// How long a question may take to arrive, and its answer to be taken.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// Answers until `shutdown`.
    ///
    /// # Errors
    /// If the socket can't be made.
    pub async fn serve(
        data_dir: &Path,
        store: Arc<dyn TaskStore>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let path = path(data_dir);
        // Left by a process that was killed: the store's lock says that no other is alive.
        std::fs::remove_file(&path).ok();
        let listener = UnixListener::bind(&path).with_context(|| format!("can't make {}", path.display()))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
            .with_context(|| format!("can't protect {}", path.display()))?;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    let store = Arc::clone(&store);
                    tokio::spawn(async move {
                        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, answer_one(stream, &*store)).await {
                            tracing::warn!(error = %error, "an operator's question could not be answered");
                        }
                    });
                }
            }
        }
        std::fs::remove_file(&path).ok();
        Ok(())
    }

    async fn answer_one(stream: UnixStream, store: &dyn TaskStore) -> anyhow::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        (&mut stream).take(QUESTION_BYTES_MAX).read_line(&mut line).await?;
        let answer = match serde_json::from_str::<Request>(&line) {
            Ok(request) => super::super::request::answer(store, &request).await?,
            Err(error) => {
                Answer::Refused { reason: format!("the server does not know this question: {error}") }
            }
        };
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        stream.get_mut().write_all(&text).await?;
        Ok(())
    }

    /// Asks the running server.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn ask(data_dir: &Path, request: &Request) -> anyhow::Result<Answer> {
        let path = path(data_dir);
        let asking = async {
            let mut stream = UnixStream::connect(&path).await?;
            let mut text = serde_json::to_vec(request)?;
            text.push(b'\n');
            stream.write_all(&text).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            anyhow::Ok(serde_json::from_slice(&answer)?)
        };
        let answered = tokio::time::timeout(PATIENCE, asking).await.context("it took too long");
        answered.and_then(|answer| answer).with_context(|| {
            format!("the server that has the tasks open does not answer at {}", path.display())
        })
    }
}

#[cfg(unix)]
pub(super) use unix::ask;
#[cfg(unix)]
pub use unix::serve;

#[cfg(not(unix))]
mod elsewhere {
    use super::*;

    /// There are no such sockets here; the command line works while the server is stopped, or with Redis.
    ///
    /// # Errors
    /// None.
    pub async fn serve(_: &Path, _: Arc<dyn TaskStore>, shutdown: CancellationToken) -> anyhow::Result<()> {
        shutdown.cancelled().await;
        Ok(())
    }

    /// Cannot be done here.
    ///
    /// # Errors
    /// Always.
    pub async fn ask(_: &Path, _: &Request) -> anyhow::Result<Answer> {
        anyhow::bail!("stop the server first, or let it use Redis")
    }
}

#[cfg(not(unix))]
pub(super) use elsewhere::ask;
#[cfg(not(unix))]
pub use elsewhere::serve;
