//! What every kind of database must do alike. A test of a kind implements [`Fresh`] and calls [`check`]; [`reading`] serves its own
//! tests as well.

// Each test that includes the suite uses its own part of it.
#![allow(dead_code)]

pub mod importing;
pub mod limits;
pub mod reading;
pub mod values;

use std::path::Path;

use longshore_datasets::{Catalog, Dataset};

/// A database that exists for one test, empty at first.
pub trait Fresh {
    /// Its address in a configuration.
    fn url(&self) -> String;
    /// Runs statements, separated by `;`.
    fn execute(&self, sql: &str);
    /// A name as an identifier.
    fn quoted(&self, name: &str) -> String;
    /// What the database calls the type of a declared type; decimals have two digits after the point, texts at most 200 characters.
    fn sql_type(&self, declared: &str) -> &'static str;
    /// A moment as a literal, given in UTC as `2026-08-01 10:30:00.5`.
    fn moment(&self, utc: &str) -> String;
    /// A SELECT of the numbers 1 to `count` as `i`, made as they are asked for.
    fn numbers(&self, count: u64) -> String;
    /// Statements that the server runs for datasets of this database, where there is a server.
    fn running(&self) -> usize;
}

impl dyn Fresh + '_ {
    /// Makes a table `t` whose key is `id`, with columns of a name and a declared type each, and the rows given as literals.
    pub fn table(&self, columns: &[(&str, &str)], rows: &[&str]) {
        self.named_table("t", columns, rows);
    }

    /// The same by another name.
    pub fn named_table(&self, table: &str, columns: &[(&str, &str)], rows: &[&str]) {
        let table = self.quoted(table);
        let column =
            |(name, declared): &(&str, &str)| format!("{} {}", self.quoted(name), self.sql_type(declared));
        let columns: Vec<String> = columns.iter().map(column).collect();
        let id = self.sql_type("integer");
        self.execute(&format!("CREATE TABLE {table} (id {id} NOT NULL PRIMARY KEY, {})", columns.join(", ")));
        if !rows.is_empty() {
            let rows: Vec<String> = rows.iter().zip(1..).map(|(row, id)| format!("({id}, {row})")).collect();
            self.execute(&format!("INSERT INTO {table} VALUES {}", rows.join(", ")));
        }
    }

    /// A dataset `d`: what it says beside its database, its columns as TOML.
    pub fn dataset(&self, says: &str, columns: &str) -> Dataset {
        self.dataset_with("", says, columns)
    }

    /// The same, with more said of the database.
    pub fn dataset_with(&self, database: &str, says: &str, columns: &str) -> Dataset {
        let toml = format!(
            "[database.db]\nurl = '{}'\n{database}\n[dataset.d]\ndatabase = 'db'\n{says}\ncolumn = [{columns}]",
            self.url()
        );
        let config = toml::from_str(&toml).expect("well-formed");
        let catalog = Catalog::from_config(&config, Path::new("/")).expect("valid");
        catalog.get("d").expect("declared").clone()
    }
}

/// A case by its name.
pub type Case = (&'static str, fn(&dyn Fresh));

/// All cases.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    let parts = [
        values::CASES,
        limits::CASES,
        importing::CASES,
        importing::writing::CASES,
        importing::rules::CASES,
        importing::taking_back::CASES,
    ];
    parts.into_iter().flatten()
}

/// Runs every case, each in a database of its own.
pub fn check<F: Fresh>(fresh: impl Fn() -> F) {
    for (name, case) in cases() {
        println!("case: {name}");
        case(&fresh());
    }
}
