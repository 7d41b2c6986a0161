//! Status polls of the real server against the least that any server could do.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use longshore_protocol::{OwnerId, TaskId, TenantId};
use longshore_tasks::store::RedisStore;
use longshore_tasks::{Task, TaskStore, Timestamp};

use crate::client::{Client, request};
use crate::entities::{FUTURE_VERSION, queued_like, running_like};
use crate::fill::create;
use crate::load::{CONNECTIONS, Target, ask, one_body};
use crate::plan::{Plan, RunArgs};
use crate::process::{Server, processor_time};
use crate::redis_server::RedisServer;
use crate::samples::{Percentiles, median};
use crate::table::{Row, Table, grouped};

const STATUS_CALL: &str = "/api/getTaskStatus";
/// Characters of the signature at the beginning of a session's value; the owner follows.
const SIGNATURE_CHARS: usize = 44;
/// How long the export may take that the other tasks are made after.
const PATIENCE: Duration = Duration::from_secs(60);
/// The tenant of every session.
pub const SESSION_TENANT: &str = "main";

/// The real server, a session of it, and two tasks of that session that stay as they are.
pub struct Site {
    longshore: PathBuf,
    site: PathBuf,
    folder: tempfile::TempDir,
    session: String,
    /// A real export that has ended: the pattern of all others.
    pub pattern: Task,
    running: TaskId,
    queued: TaskId,
}

impl Site {
    /// Makes a small shop, exports something of it to have a real task, and makes the two that are asked about.
    ///
    /// # Errors
    /// If the server does not start or does not do it.
    pub async fn prepare(args: &RunArgs, redis: &RedisServer) -> anyhow::Result<Site> {
        let folder = tempfile::tempdir()?;
        let made = Command::new(&args.longshore)
            .args(["demo", "--rows", "1000", "--dir"])
            .arg(folder.path())
            .output()
            .with_context(|| format!("can't start {}", args.longshore.display()))?;
        ensure!(made.status.success(), "no shop: {}", String::from_utf8_lossy(&made.stderr));
        let (longshore, site) = (args.longshore.clone(), args.site.clone());
        let server = start_server(&longshore, &site, &folder, redis)?;
        let store = redis.store().await?;
        let mut client = Client::connect(server.address).await?;
        let (session, owner) = new_session(&mut client).await?;
        let pattern = export(&mut client, &session, &store).await?;

        // A version that no worker knows keeps the waiting task waiting; the running one runs elsewhere.
        let tenant = || TenantId::parse(SESSION_TENANT).context("a tenant's id");
        let now = store.now().await?;
        let mut queued = queued_like(&pattern, tenant()?, owner.clone(), now);
        queued.payload.version = FUTURE_VERSION;
        let mut running = running_like(&pattern, tenant()?, owner, now);
        running.slot.subject = "customers".to_owned();
        create(&store, &[queued.clone(), running.clone()]).await?;
        Ok(Site { longshore, site, folder, session, pattern, running: running.id, queued: queued.id })
    }

    /// Polls the limit and the server in turns, and adds a line for each target. `layers` adds calls that do only a part of a
    /// poll's work.
    ///
    /// # Errors
    /// If an answer is not as it must be.
    pub async fn measure(
        &self,
        redis: &RedisServer,
        plan: &Plan,
        situation: &str,
        layers: bool,
        table: &mut Table,
    ) -> anyhow::Result<()> {
        let server = start_server(&self.longshore, &self.site, &self.folder, redis)?;
        let by_task = self.poll(&format!(r#"{{"task":"{}"}}"#, self.running), &[]);
        let body = one_body(server.address, &by_task).await?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["limit", "--redis", redis.url(), "--task", self.running.as_str()]);
        let limit = Server::start({
            command.args(["--bytes", &body.len().to_string()]);
            command
        })?;
        let size = one_body(limit.address, &request("POST", "/poll", &[], "{}")).await?.len();
        ensure!(size.abs_diff(body.len()) < 40, "{size} bytes against {}", body.len());

        let mut contest = Contest::new(redis, plan).await?;
        contest.add("the limit: axum and one HMGET", &limit, request("POST", "/poll", &[], "{}"));
        contest.add("by task, running", &server, by_task);
        let queued = self.poll(&format!(r#"{{"task":"{}"}}"#, self.queued), &[]);
        contest.add("by task, queued", &server, queued);
        contest.add("by dataset, queued", &server, self.poll(r#"{"dataset":"orders"}"#, &[]));
        if layers {
            let browser = self.poll(
                &format!(r#"{{"task":"{}"}}"#, self.running),
                &[("Accept-Encoding", "gzip, deflate, br, zstd"), ("Accept-Language", "en-GB,en;q=0.9")],
            );
            contest.add_other("by task, running, as browsers ask (compressed)", &server, browser, 200);
            contest.add_other(
                "part: axum, JSON, no Redis",
                &limit,
                request("POST", "/plain", &[], "{}"),
                200,
            );
            contest.add_other(
                "part: GET /health (axum, one script)",
                &server,
                request("GET", "/health", &[], ""),
                200,
            );
            let cookie = [("Cookie", self.session.as_str())];
            let unknown = request("POST", "/api/nothing", &cookie, "{}");
            contest.add_other(
                "part: unknown call (session and layers, no server function)",
                &server,
                unknown,
                404,
            );
            let load = request("POST", "/load", &[], "{}");
            contest.add_other("part: axum, the task store, JSON", &limit, load, 200);
            let refused = self.poll(r#"{"task":"!"}"#, &[]);
            contest.add_other("part: refused poll (all but the store)", &server, refused, 404);
        }
        contest.run(situation, table).await
    }

    fn poll(&self, body: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut all = vec![("Cookie", self.session.as_str())];
        all.extend(headers);
        request("POST", STATUS_CALL, &all, body)
    }
}

struct Entrant {
    name: &'static str,
    target: Target,
    pid: u32,
    rates: Vec<f64>,
    took: Vec<Percentiles>,
    server_micros: Vec<f64>,
    redis_micros: Vec<f64>,
}

/// Targets that are asked in turns, so that what disturbs the machine disturbs all of them.
struct Contest {
    redis_pid: u32,
    rounds: usize,
    ask_for: Duration,
    entrants: Vec<Entrant>,
}

impl Contest {
    async fn new(redis: &RedisServer, plan: &Plan) -> anyhow::Result<Contest> {
        let redis_pid = redis.pid().await?;
        Ok(Contest { redis_pid, rounds: plan.poll_rounds, ask_for: plan.poll_for, entrants: Vec::new() })
    }

    fn add(&mut self, name: &'static str, server: &Server, request: Vec<u8>) {
        self.add_other(name, server, request, 200);
        if let Some(entrant) = self.entrants.last_mut() {
            entrant.target.fragment = r#""status":1"#;
        }
    }

    fn add_other(&mut self, name: &'static str, server: &Server, request: Vec<u8>, status: u16) {
        let target = Target { address: server.address, request, status, fragment: "" };
        self.entrants.push(Entrant {
            name,
            target,
            pid: server.pid(),
            rates: Vec::new(),
            took: Vec::new(),
            server_micros: Vec::new(),
            redis_micros: Vec::new(),
        });
    }

    async fn run(mut self, situation: &str, table: &mut Table) -> anyhow::Result<()> {
        for _ in 0..self.rounds {
            for entrant in &mut self.entrants {
                let times = || (processor_time(entrant.pid), processor_time(self.redis_pid));
                let (before, began) = (times(), Instant::now());
                let load = ask(entrant.target.clone(), self.ask_for)
                    .await
                    .with_context(|| format!("polling {}", entrant.name))?;
                let (after, took) = (times(), began.elapsed());
                let rate = load.samples.len() as f64 / load.took.as_secs_f64();
                // The processes also worked for answers before and after those that count.
                let answers = rate * took.as_secs_f64();
                let micros = |before: Option<Duration>, after: Option<Duration>| {
                    Some(after?.saturating_sub(before?).as_micros() as f64 / answers)
                };
                entrant.rates.push(rate);
                entrant.took.extend(load.samples.percentiles());
                entrant.server_micros.extend(micros(before.0, after.0));
                entrant.redis_micros.extend(micros(before.1, after.1));
            }
        }
        let limit = self.entrants.first().and_then(|entrant| median(entrant.rates.iter().copied()));
        for entrant in self.entrants {
            table.push(entrant.row(situation, limit.unwrap_or_default()));
        }
        Ok(())
    }
}

impl Entrant {
    fn row(&self, situation: &str, limit: f64) -> Row {
        let rate = median(self.rates.iter().copied()).unwrap_or_default();
        let of = |part: fn(&Percentiles) -> Duration| median(self.took.iter().map(part)).unwrap_or_default();
        let longest = self.took.iter().map(|took| took.max).max().unwrap_or_default();
        let micros =
            |all: &[f64]| median(all.iter().copied()).map_or("?".to_owned(), |micros| format!("{micros:.0}"));
        Row {
            what: format!("status polls, {CONNECTIONS} connections, {situation}: {}", self.name),
            store: "Redis",
            figure: format!("{}/s", grouped(rate)),
            took: Some(Percentiles { p50: of(|took| took.p50), p99: of(|took| took.p99), max: longest }),
            note: format!(
                "{:.0} % of the limit; processor time each: server {} µs, Redis {} µs",
                100.0 * rate / limit.max(f64::EPSILON),
                micros(&self.server_micros),
                micros(&self.redis_micros)
            ),
        }
    }
}

fn start_server(
    longshore: &PathBuf,
    site: &PathBuf,
    folder: &tempfile::TempDir,
    redis: &RedisServer,
) -> anyhow::Result<Server> {
    let mut command = Command::new(longshore);
    // Nothing but what is set here: settings of the person at the terminal must not count.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LONGSHORE_")) {
        command.env_remove(name);
    }
    let log = std::fs::File::create(folder.path().join("server.log"))?;
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(folder.path().join("longshore.toml"))
        .arg("--data-dir")
        .arg(folder.path())
        .env("REDIS_URL", redis.url())
        .env("LEPTOS_SITE_ROOT", site)
        .stderr(log);
    Server::start(command)
}

/// A new session: its cookie, and the person it stands for.
async fn new_session(client: &mut Client) -> anyhow::Result<(String, OwnerId)> {
    let answer = client.call(&request("POST", "/api/listTasks", &[], "{}")).await?;
    let cookie = answer.header("set-cookie").context("no session was given")?;
    let pair = cookie.split(';').next().unwrap_or_default().to_owned();
    let (_, value) = pair.split_once('=').context("the cookie has no value")?;
    // The signature is base 64, some of whose characters are written as %XX.
    let value = value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let owner =
        OwnerId::parse(value.get(SIGNATURE_CHARS..).unwrap_or_default()).context("no owner in the cookie")?;
    Ok((pair, owner))
}

/// A real export from its registration to its end, cleared, so that its slot is free.
async fn export(client: &mut Client, session: &str, store: &RedisStore) -> anyhow::Result<Task> {
    let cookie = [("Cookie", session)];
    let order = r#"{"dataset":"orders","format":"csv","columns":["order_no","customer_name","total","order_date"],
        "filters":[{"column":"status","op":"eq","value":"paid"}],"sort":[{"column":"order_date"}],"file_name":"August"}"#;
    let answer = client.call(&request("POST", "/api/registerExportTask", &cookie, order)).await?;
    let answer: serde_json::Value = serde_json::from_slice(answer.body)?;
    let id = answer["task"]["task"]["id"].as_str().with_context(|| format!("not registered: {answer}"))?;
    let id = TaskId::parse(id)?;
    let began = Instant::now();
    let task = loop {
        let loaded = store.load(&id).await?;
        match loaded.task.filter(|task| task.state.is_final()) {
            Some(task) => break task,
            None if began.elapsed() > PATIENCE => anyhow::bail!("the export does not end"),
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    ensure!(task.result.is_some(), "the export failed: {:?}", task.failure);
    let clear = format!(r#"{{"task":"{id}"}}"#);
    let answer = client.call(&request("POST", "/api/clearTaskInfo", &cookie, &clear)).await?;
    ensure!(answer.status == 200, "the export could not be cleared");
    Ok(task)
}

/// A moment before all tasks that are asked about.
pub fn long_ago(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.as_millis() - 3_600_000)
}
