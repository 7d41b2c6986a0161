//! What in a server's settings endangers tasks.

use std::collections::HashMap;

use redis::RedisResult;
use redis::aio::MultiplexedConnection;

/// What is known of a server at the first connection.
pub(super) struct Server {
    /// It is a node of a cluster.
    pub(super) is_cluster: bool,
    /// What an operator should mend, in words.
    pub(super) advice: Vec<String>,
}

/// Asks a server about itself.
pub(super) async fn examine(connection: &mut MultiplexedConnection) -> RedisResult<Server> {
    let info: String = redis::cmd("INFO").query_async(connection).await?;
    let field =
        |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    // Some services do not let CONFIG be read; then nothing is known, and nothing is said.
    let settings: HashMap<String, String> = redis::cmd("CONFIG")
        .arg("GET")
        .arg("maxmemory-policy")
        .arg("appendonly")
        .arg("save")
        .query_async(connection)
        .await
        .unwrap_or_default();
    let major: Option<u32> =
        field("redis_version").and_then(|version| version.split('.').next()?.parse().ok());
    Ok(Server {
        is_cluster: field("cluster_enabled") == Some("1"),
        advice: advice(major, field("redis_version").unwrap_or_default(), &settings),
    })
}

fn advice(major: Option<u32>, version: &str, settings: &HashMap<String, String>) -> Vec<String> {
    let setting = |name: &str| settings.get(name).map(String::as_str);
    let mut advice = Vec::new();
    if major.is_some_and(|major| major < 7) {
        advice.push(format!("Redis {version} is older than 7.0, with which Longshore is tested"));
    }
    if let Some(policy) = setting("maxmemory-policy").filter(|policy| *policy != "noeviction") {
        advice.push(format!(
            "Redis may evict tasks when its memory is full (maxmemory-policy {policy}): set maxmemory-policy noeviction"
        ));
    }
    if setting("appendonly") == Some("no") && setting("save") == Some("") {
        advice.push(
            "Redis keeps nothing on disk, so that tasks are lost when it stops: set appendonly yes"
                .to_owned(),
        );
    } else if setting("appendonly") == Some("no") {
        advice.push(
            "Redis saves to disk only now and then, so that tasks of the last minutes are lost when it crashes: set \
             appendonly yes"
                .to_owned(),
        );
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_settings_are_named_with_their_cure() {
        let settings = |policy: &str, appendonly: &str, save: &str| {
            HashMap::from([
                ("maxmemory-policy".to_owned(), policy.to_owned()),
                ("appendonly".to_owned(), appendonly.to_owned()),
                ("save".to_owned(), save.to_owned()),
            ])
        };
        assert_eq!(advice(Some(7), "7.0.15", &settings("noeviction", "yes", "")), Vec::<String>::new());
        assert_eq!(advice(None, "", &HashMap::new()), Vec::<String>::new());
        for (major, settings, named) in [
            (6, settings("noeviction", "yes", ""), "older than 7.0"),
            (7, settings("allkeys-lru", "yes", ""), "maxmemory-policy noeviction"),
            (7, settings("noeviction", "no", ""), "lost when it stops"),
            (7, settings("noeviction", "no", "3600 1"), "last minutes"),
        ] {
            let advice = advice(Some(major), "6.2.0", &settings);
            assert_eq!(advice.len(), 1);
            assert!(advice[0].contains(named), "{advice:?}");
        }
    }
}
