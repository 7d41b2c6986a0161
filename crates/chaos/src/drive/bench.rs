//! Everything that a run has standing: processes, proxies, the folder.

use std::path::PathBuf;
use std::sync::Arc;

use longshore_tasks::store::RedisStore;
use rustix::process::Signal;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::door::Door;
use super::nodes::Node;
use super::proxy::{Mode, Proxy};
use super::record::Record;
use super::redis_server::RedisServer;
use crate::cli::{DriveArgs, StoreKind};
use crate::jobs::Scene;
use crate::ledger::Ledger;
use crate::place::Place;

/// Everything that a run has standing.
pub struct Bench {
    /// Its folder.
    pub place: Place,
    /// The nodes.
    pub nodes: Vec<Arc<Node>>,
    /// What happened so far.
    pub record: Arc<Record>,
    /// The way of the producers to the store.
    pub door: Door,
    /// One proxy a node, and the producers' own as the last.
    pub proxies: Vec<Proxy>,
    /// The Redis server.
    pub server: Option<Mutex<RedisServer>>,
    keeping: Mutex<JoinSet<anyhow::Result<()>>>,
    over: CancellationToken,
}

impl Bench {
    /// Starts everything.
    ///
    /// # Errors
    /// If a part can't be started.
    pub async fn start(args: &DriveArgs, root: PathBuf) -> anyhow::Result<Bench> {
        let place = Place::at(&root);
        place.create()?;
        // Before any node, so that they do not create it all at once.
        Ledger::open(&place.ledger())?;
        let record = Arc::new(Record::default());
        let (mut nodes, mut proxies) = (Vec::new(), Vec::new());
        let node = |number, url| Node::new(number, place.clone(), url, Arc::clone(&record));
        let (door, server) = if args.store == StoreKind::Redis {
            let server = RedisServer::start(&args.redis_server, &place.redis()).await?;
            for number in 0..args.nodes.max(1) {
                let proxy = Proxy::start(server.port()).await?;
                nodes.push(node(number, Some(proxy.url())));
                proxies.push(proxy);
            }
            let own = Proxy::start(server.port()).await?;
            let door = Door::Store(Arc::new(RedisStore::connect(&own.url()).await?));
            proxies.push(own);
            (door, Some(Mutex::new(server)))
        } else {
            let only = node(0, None);
            nodes.push(Arc::clone(&only));
            (Door::Node(only), None)
        };
        let over = CancellationToken::new();
        let mut keeping = JoinSet::new();
        for node in &nodes {
            keeping.spawn(Arc::clone(node).keep(over.clone()));
        }
        Ok(Bench { place, nodes, record, door, proxies, server, keeping: Mutex::new(keeping), over })
    }

    /// Undoes every fault.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn mend(&self) -> anyhow::Result<()> {
        for proxy in &self.proxies {
            proxy.lose_answers(0);
            proxy.set(Mode::Open);
        }
        for node in &self.nodes {
            node.signal(Signal::CONT);
        }
        Ok(self.place.set_files_fail(false)?)
    }

    /// Ends the nodes in order; gives what was not in order.
    pub async fn end_nodes(&self) -> Vec<String> {
        self.over.cancel();
        let mut problems = Vec::new();
        let mut keeping = self.keeping.lock().await;
        while let Some(kept) = keeping.join_next().await {
            match kept {
                Ok(Ok(())) => {}
                Ok(Err(error)) => problems.push(format!("{error:#}")),
                Err(error) => problems.push(error.to_string()),
            }
        }
        problems
    }

    /// The jobs as the driver itself has them, for the clearing up.
    ///
    /// # Errors
    /// If a part can't be opened.
    pub fn scene(&self) -> anyhow::Result<Arc<Scene>> {
        Scene::open(&self.place, "driver")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Dropping their handles kills them as well, but only when the runtime comes to it.
        for node in &self.nodes {
            node.signal(Signal::KILL);
        }
    }
}
