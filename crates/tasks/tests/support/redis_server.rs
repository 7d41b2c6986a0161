//! Real Redis servers of a test's own, killed with the value that stands for them.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use super::waiting::until;

/// The program to start: LONGSHORE_REDIS_SERVER, or `redis-server` in PATH. Without one the skip is announced.
pub fn binary() -> Option<PathBuf> {
    let named = std::env::var_os("LONGSHORE_REDIS_SERVER").filter(|name| !name.is_empty()).map(PathBuf::from);
    let in_path = || {
        let paths = std::env::var_os("PATH")?;
        std::env::split_paths(&paths).map(|path| path.join("redis-server")).find(|file| file.is_file())
    };
    let found = named.or_else(in_path);
    if found.is_none() {
        println!("SKIPPED: LONGSHORE_REDIS_SERVER names no redis-server, and there is none in PATH");
    }
    found
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// One server on a free port of the loopback address, with a folder of its own.
pub struct RedisServer {
    command: Command,
    process: Child,
    password: Option<String>,
    _folder: TempDir,
    pub port: u16,
}

impl RedisServer {
    /// Starts a server with these settings, such as `["--appendonly", "yes"]`, and waits until it answers.
    pub async fn start(binary: &Path, settings: &[&str]) -> RedisServer {
        let folder = tempfile::tempdir().expect("temporary folder");
        let port = free_port();
        let mut command = Command::new(binary);
        command
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder.path())
            .args(settings)
            .stdout(Stdio::null());
        let process = command.spawn().expect("starts");
        let password = settings.iter().position(|setting| *setting == "--requirepass");
        let password = password.map(|position| settings[position + 1].to_owned());
        let server = RedisServer { command, process, password, _folder: folder, port };
        server.until_up().await;
        server
    }

    /// Ends the server at once, as SIGKILL does.
    pub fn kill(&mut self) {
        // It may be dead already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again with the same port, folder and settings.
    pub async fn restart(&mut self) {
        self.kill();
        self.process = self.command.spawn().expect("starts again");
        self.until_up().await;
    }

    pub fn url(&self) -> String {
        match &self.password {
            Some(password) => format!("redis://:{password}@127.0.0.1:{}/", self.port),
            None => format!("redis://127.0.0.1:{}/", self.port),
        }
    }

    pub async fn connection(&self) -> redis::RedisResult<MultiplexedConnection> {
        redis::Client::open(self.url())?.get_multiplexed_async_connection().await
    }

    /// One command, which must succeed.
    pub async fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = self.connection().await.expect("connects");
        let mut asked = redis::cmd(command[0]);
        for argument in &command[1..] {
            asked.arg(*argument);
        }
        asked.query_async(&mut connection).await.unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    async fn until_up(&self) {
        until("the server answers", || async {
            let Ok(mut connection) = self.connection().await else { return false };
            redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
        })
        .await;
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A cluster of three primaries that share all slots.
pub async fn cluster(binary: &Path) -> Vec<RedisServer> {
    let mut nodes = Vec::new();
    for _ in 0..3 {
        // By default the bus has the port 10000 higher, which may not exist.
        let bus = free_port().to_string();
        let settings = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "2000"];
        nodes.push((RedisServer::start(binary, &settings).await, bus));
    }
    for ((node, _), range) in nodes.iter().zip([["0", "5460"], ["5461", "10922"], ["10923", "16383"]]) {
        let _: String = node.ask(&["CLUSTER", "ADDSLOTSRANGE", range[0], range[1]]).await;
    }
    for (other, bus) in &nodes[1..] {
        let port = other.port.to_string();
        let _: String = nodes[0].0.ask(&["CLUSTER", "MEET", "127.0.0.1", &port, bus]).await;
    }
    let nodes: Vec<RedisServer> = nodes.into_iter().map(|(node, _)| node).collect();
    for node in &nodes {
        until("the cluster is whole", || async {
            let info: String = node.ask(&["CLUSTER", "INFO"]).await;
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        })
        .await;
    }
    nodes
}
