//! What is measured and how much of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Arguments of `bench-tasks run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// A Redis server for the measurement alone: everything in it is deleted.
    #[arg(long, env = "BENCH_REDIS_URL")]
    pub redis: String,
    /// The program `longshore`, built for release.
    #[arg(long, env = "LONGSHORE_BIN")]
    pub longshore: PathBuf,
    /// The folder of the client's files.
    #[arg(long, env = "LEPTOS_SITE_ROOT")]
    pub site: PathBuf,
    /// Few samples, for checking that everything works; the figures mean little.
    #[arg(long, env = "QUICK", value_parser = clap::builder::FalseyValueParser::new())]
    pub quick: bool,
    /// Finished tasks to fill Redis with; 1,000,000, or 20,000 with `--quick`.
    #[arg(long, env = "BENCH_FINISHED")]
    pub finished: Option<u64>,
    /// Parts to run, separated by commas: start, throughput, polls, filled, embedded. All where none is named.
    #[arg(long, env = "BENCH_PARTS", value_delimiter = ',')]
    pub parts: Vec<String>,
}

/// How much of everything.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Tasks registered one by one.
    pub start_samples: usize,
    /// Tasks that workers empty the queue of.
    pub throughput_tasks: u64,
    /// How long each target is polled in one round.
    pub poll_for: Duration,
    /// Rounds over all targets.
    pub poll_rounds: usize,
    /// Tasks that wait while others are measured.
    pub queued: u64,
    /// Archived tasks that are there while others are measured.
    pub finished: u64,
    /// Tasks that the embedded store's worker runs.
    pub embedded_tasks: u64,
}

impl RunArgs {
    /// The plan.
    pub fn plan(&self) -> Plan {
        let plan = if self.quick {
            Plan {
                start_samples: 100,
                throughput_tasks: 2_000,
                poll_for: Duration::from_millis(400),
                poll_rounds: 2,
                queued: 5_000,
                finished: 20_000,
                embedded_tasks: 200,
            }
        } else {
            Plan {
                start_samples: 600,
                throughput_tasks: 20_000,
                poll_for: Duration::from_secs(2),
                poll_rounds: 3,
                queued: 100_000,
                finished: 1_000_000,
                embedded_tasks: 2_000,
            }
        };
        Plan { finished: self.finished.unwrap_or(plan.finished), ..plan }
    }

    /// Whether a part is to be run.
    pub fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}
