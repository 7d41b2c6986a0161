//! What several tests build on. Each test uses a part of it.
#![allow(dead_code)]

use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Tells a test that it is the child of itself.
const CHILD: &str = "LONGSHORE_TEST_CHILD";

/// Whether this process was started by [`again`].
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs one test of this file once more in a process of its own, started by the shell after `prelude`: environment and limits
/// belong to whole processes.
pub fn again(test: &str, prelude: &str) -> Output {
    let program = std::env::current_exe().expect("the test itself");
    let script = format!("{prelude}\nexec \"$0\" --exact {test} --nocapture");
    Command::new("sh").arg("-c").arg(script).arg(program).env(CHILD, "1").output().expect("sh runs")
}

/// Fails with what the child said unless it passed.
pub fn passed(child: &Output) {
    let said = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

/// A way to a server that can be cut.
pub struct Proxy {
    pub port: u16,
    cut: Arc<Notify>,
    is_shut: Arc<AtomicBool>,
}

impl Proxy {
    pub async fn to(server: String) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("bound").port();
        let (cut, is_shut) = (Arc::new(Notify::new()), Arc::<AtomicBool>::default());
        tokio::spawn({
            let (cut, is_shut) = (Arc::clone(&cut), Arc::clone(&is_shut));
            async move {
                while let Ok((mut near, _)) = listener.accept().await {
                    if is_shut.load(Ordering::Relaxed) {
                        continue;
                    }
                    let (server, cut) = (server.clone(), Arc::clone(&cut));
                    tokio::spawn(async move {
                        // Made before the far end is asked, so that no cut is missed.
                        let is_cut = cut.notified();
                        let Ok(mut far) = TcpStream::connect(server).await else { return };
                        tokio::select! {
                            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                            () = is_cut => {}
                        }
                    });
                }
            }
        });
        Proxy { port, cut, is_shut }
    }

    /// Breaks every connection that there is; new ones are taken.
    pub fn cut(&self) {
        self.cut.notify_waiters();
    }

    /// From now on, breaks every connection at once, or takes them again.
    pub fn shut(&self, is_shut: bool) {
        self.is_shut.store(is_shut, Ordering::Relaxed);
        if is_shut {
            self.cut();
        }
    }
}
