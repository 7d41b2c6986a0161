//! What every kind of database must do alike.

use std::sync::{Mutex, MutexGuard};

use crate::server::{Database, server};
use crate::suite::{self, Fresh};

/// A database of one test, of which only the URL is shared.
struct Shared(Mutex<Database>);

impl Shared {
    fn new() -> Shared {
        let mut database = Database::new().expect("there is a server");
        database.run("SET time_zone = '+00:00'");
        Shared(Mutex::new(database))
    }

    fn database(&self) -> MutexGuard<'_, Database> {
        self.0.lock().expect("not poisoned")
    }
}

impl Fresh for Shared {
    fn url(&self) -> String {
        self.database().url.clone()
    }

    fn execute(&self, sql: &str) {
        self.database().run(sql);
    }

    fn quoted(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    fn sql_type(&self, declared: &str) -> &'static str {
        match declared {
            "integer" => "BIGINT",
            "decimal" => "DECIMAL(18, 2)",
            "float" => "DOUBLE",
            "boolean" => "TINYINT(1)",
            "date" => "DATE",
            "time" => "TIME(6)",
            "timestamp" => "DATETIME(6)",
            "timestamp_tz" => "TIMESTAMP(6) NULL",
            _ => "VARCHAR(200)",
        }
    }

    fn moment(&self, utc: &str) -> String {
        format!("'{utc}'")
    }

    fn numbers(&self, count: u64) -> String {
        format!("SELECT seq AS i FROM seq_1_to_{count}")
    }

    fn running(&self) -> usize {
        let mut database = self.database();
        let asked = format!(
            "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND id <> CONNECTION_ID()",
            database.name
        );
        database.ask(&asked)[0]
    }
}

#[test]
fn mariadb_conforms() {
    if server().is_none() {
        return;
    }
    if !Shared::new().database().is_mariadb() {
        println!("SKIPPED: the server is not MariaDB, which alone makes numbers as they are asked for");
        return;
    }
    suite::check(Shared::new);
}
