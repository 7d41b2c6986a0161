//! How the driver reaches the task store: by itself, or through the only process that may have it open.

use std::sync::Arc;
use std::time::Duration;

use longshore_tasks::TaskStore;
use rand::Rng;

use super::nodes::Node;
use crate::wire::{Answer, Request, answer};

/// A way to the task store.
#[derive(Clone)]
pub enum Door {
    /// Its own connection.
    Store(Arc<dyn TaskStore>),
    /// A question to the node.
    Node(Arc<Node>),
}

impl Door {
    /// Asks once.
    ///
    /// # Errors
    /// If there was no answer; whether what was asked has been done is not known then.
    pub async fn ask(&self, request: &Request) -> anyhow::Result<Answer> {
        let answered = match self {
            Door::Store(store) => answer(&**store, request).await,
            Door::Node(node) => node.ask(request.clone()).await?,
        };
        match answered {
            Answer::Failed(why) => Err(anyhow::anyhow!(why)),
            answered => Ok(answered),
        }
    }

    /// Asks until there is an answer. The caller bounds the time.
    pub async fn insist(&self, request: &Request) -> Answer {
        loop {
            match self.ask(request).await {
                Ok(answered) => return answered,
                Err(error) => tracing::debug!(error = %error, "asking again"),
            }
            let pause = rand::rng().random_range(50..300);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
}
