//! `longshore tasks`: what operators see of tasks and do about them.
//!
//! ```text
//! arguments ─▶ Request ─▶ answer() on the store ─▶ Answer ─▶ table or JSON
//!                  └─▶ socket of the running server, which has the embedded store open ─▶ answer() there
//! ```

mod request;
mod socket;
mod table;

use anyhow::{Context, bail};
use longshore_tasks::{StoreError, TaskStore};

pub use self::socket::serve;
use crate::cli::{StateFilter, TasksArgs, TasksCommand};
use crate::config::{self, Config, Overrides};
use crate::serve::open_store;
use request::{Answer, Request};

/// Does what the command line asks for.
///
/// # Errors
/// Why it could not be done, in words that say what to do.
pub fn run(args: &TasksArgs) -> anyhow::Result<()> {
    let overrides = Overrides { data_dir: args.data_dir.clone(), ..Overrides::default() };
    let config = config::load(args.config.as_deref(), &overrides)?.config;
    let request = request(&args.command)?;
    let runtime = tokio::runtime::Runtime::new().context("can't start threads")?;
    let answer = runtime.block_on(ask(&config, &request))?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&answer.content()?)?);
    }
    match answer {
        Answer::Refused { reason } => bail!("{reason}"),
        answer if !args.json => print!("{}", table::print(&request, &answer)),
        _ => {}
    }
    Ok(())
}

fn request(command: &TasksCommand) -> anyhow::Result<Request> {
    let task = |id: &str| {
        longshore_protocol::TaskId::parse(id).map_err(|_| anyhow::anyhow!("{id:?} is not the id of a task"))
    };
    Ok(match command {
        TasksCommand::List { state, limit } => {
            let state = state.map(|state| match state {
                StateFilter::Queued => longshore_tasks::State::Queued,
                StateFilter::Running => longshore_tasks::State::Running,
                StateFilter::Waiting => longshore_tasks::State::Waiting,
                StateFilter::Succeeded => longshore_tasks::State::Succeeded,
                StateFilter::Failed => longshore_tasks::State::Failed,
                StateFilter::Cancelled => longshore_tasks::State::Cancelled,
            });
            Request::List { state, limit: *limit }
        }
        TasksCommand::Show { id } => Request::Show { task: task(id)? },
        TasksCommand::Cancel { id } => Request::Cancel { task: task(id)? },
        TasksCommand::Retry { id } => Request::Retry { task: task(id)? },
        TasksCommand::Dead { limit } => Request::Dead { limit: *limit },
    })
}

/// Asks the store itself or, where a server has the embedded one open, that server.
async fn ask(config: &Config, request: &Request) -> anyhow::Result<Answer> {
    let is_embedded = config.redis_url.0.is_empty();
    let file = config.data_dir.join(crate::serve::STORE_FILE);
    if is_embedded && !file.exists() {
        bail!(
            "{} is not there: name the server's data folder with --data-dir, or set REDIS_URL",
            file.display()
        );
    }
    match open_store(config).await {
        Ok(store) => Ok(request::answer(&*store as &dyn TaskStore, request).await?),
        Err(error) if matches!(error.downcast_ref(), Some(StoreError::InUse { .. })) => {
            socket::ask(&config.data_dir, request).await
        }
        Err(error) => Err(error),
    }
}
