//! PostgreSQL as a source, against a real server, named by LONGSHORE_TEST_POSTGRES_URL; `make test` starts one.

mod definitions;
mod faults;
mod importing;
mod meaning;
mod server;
#[path = "../suite/mod.rs"]
mod suite;
mod types;

use server::{Server, server};

#[test]
fn postgres_conforms() {
    let Some(url) = server() else { return };
    suite::check(|| Server::fresh(&url));
}
