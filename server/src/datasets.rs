//! `longshore dataset add` and `longshore check`: definitions written from live databases, and compared with them.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use longshore_datasets::check::{self, Finding};
use longshore_datasets::dataset::Relation;
use longshore_datasets::introspect::{self, Table, definition};
use longshore_datasets::{Catalog, Database};

use crate::cli::{CheckArgs, DatasetAddArgs};
use crate::config::{self, DEFAULT_FILE, Overrides};

/// Writes a definition of a table to the end of the configuration.
///
/// # Errors
/// If the table can't be a dataset or the file can't be written, in words that say what to do.
pub fn add(args: &DatasetAddArgs) -> anyhow::Result<()> {
    let file = args.config.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let text = std::fs::read_to_string(&file).with_context(|| {
        format!("can't read {}; make it, with a [database.{}] that has a url", file.display(), args.database)
    })?;
    let base = file.parent().unwrap_or(Path::new(""));
    let configured = config::catalog_of(&text)?;
    let database = configured.checked_database(&args.database, base)?;
    let (relation, table) = find(&database, &args.table)?;
    let Relation::Table { name, .. } = &relation else { bail!("{} is no table", args.table) };
    let id = args.id.as_deref().unwrap_or(name);
    let written = definition::definition(id, &args.database, &relation, &table, &args.key)?;
    if args.print {
        print!("{written}");
        return Ok(());
    }
    if configured.dataset.contains_key(id) {
        bail!(
            "{} has a dataset {id} already; name another with --id, or see a definition with --print",
            file.display()
        );
    }
    // What is written must be right together with what is there.
    let separator = if text.is_empty() || text.ends_with("\n\n") {
        ""
    } else if text.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let together = config::catalog_of(&format!("{text}{separator}{written}"))?;
    let catalog = Catalog::from_config(&together, base).context("the configuration is not right")?;
    let mut end = std::fs::OpenOptions::new()
        .append(true)
        .open(&file)
        .with_context(|| format!("can't write to {}", file.display()))?;
    end.write_all(format!("{separator}{written}").as_bytes())
        .with_context(|| format!("can't write to {}", file.display()))?;
    let left_out = table.columns.iter().filter(|column| column.readings.is_empty()).count();
    println!(
        "Added dataset {id} to {}: {} columns of {}{}.",
        file.display(),
        table.columns.len() - left_out,
        args.table,
        if left_out > 0 { format!(", {left_out} left out") } else { String::new() }
    );
    println!("Look it through and translate its labels; `longshore check` compares it with the database.");
    catalog.get(id).map(check::check).into_iter().flatten().for_each(|finding| print_finding(&finding));
    Ok(())
}

/// The table of that name; a point may part a schema from it, or be a part of it.
fn find(database: &Database, given: &str) -> anyhow::Result<(Relation, Table)> {
    let whole = Relation::Table { schema: None, name: given.to_owned() };
    let parted = given
        .split_once('.')
        .map(|(schema, name)| Relation::Table { schema: Some(schema.to_owned()), name: name.to_owned() });
    for relation in parted.into_iter().chain([whole]) {
        let described = introspect::describe(database, &relation)
            .with_context(|| format!("database.{}.url: can't use the database", database.id))?;
        if let Some(table) = described {
            return Ok((relation, table));
        }
    }
    bail!(
        "database {} has no table or view {given}; where it is in a schema, say --table schema.{given}",
        database.id
    )
}

/// Compares every dataset of the configuration with its live database, and prints what does not fit. Whether all fit.
///
/// # Errors
/// If the configuration itself is not right.
pub fn check(args: &CheckArgs) -> anyhow::Result<bool> {
    let loaded = config::load(args.config.as_deref(), &Overrides::default())?;
    if loaded.is_demo {
        println!("warning: no dataset is configured, so that a demo shop would be served");
        return Ok(true);
    }
    let mut all_fit = true;
    for dataset in loaded.catalog.all() {
        let findings = check::check(dataset);
        findings.iter().for_each(print_finding);
        if findings.iter().any(|finding| finding.is_problem) {
            all_fit = false;
        } else {
            println!("ok: dataset.{}: {} columns", dataset.id, dataset.columns.len());
        }
    }
    Ok(all_fit)
}

fn print_finding(finding: &Finding) {
    println!("{}: {finding}", if finding.is_problem { "problem" } else { "warning" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let shop = folder.path().join(crate::demo::SHOP_FILE);
        let size = longshore_datasets::demo::ShopSize::for_orders(100);
        longshore_datasets::demo::create_shop(&shop, size, &mut |_, _| {}).expect("makes a shop");
        let file = folder.path().join("longshore.toml");
        std::fs::write(&file, "[database.shop]\nurl = \"sqlite:shop.db\"").expect("writable");
        (folder, file)
    }

    fn add_args(file: &Path, table: &str) -> DatasetAddArgs {
        DatasetAddArgs {
            database: "shop".into(),
            table: table.into(),
            id: None,
            key: Vec::new(),
            config: Some(file.to_path_buf()),
            print: false,
        }
    }

    #[test]
    fn what_is_added_passes_the_check() {
        let (_folder, file) = fixture();
        for table in ["orders", "customers", "main.products"] {
            add(&add_args(&file, table)).expect(table);
        }
        assert!(check(&CheckArgs { config: Some(file.clone()) }).expect("a right configuration"));
        let text = std::fs::read_to_string(&file).expect("readable");
        for written in [
            "[dataset.orders]",
            "key = [\"id\"]",
            "sort = [\"-created_at\"]",
            "stored_as = \"scaled_integer\"",
        ] {
            assert!(text.contains(written), "{written} in {text}");
        }
        let again = add(&add_args(&file, "orders")).expect_err("is there");
        assert!(again.to_string().contains("--id"), "{again}");
        add(&DatasetAddArgs { print: true, ..add_args(&file, "orders") }).expect("prints");
        add(&DatasetAddArgs { id: Some("more".into()), ..add_args(&file, "orders") }).expect("by another id");
        assert_eq!(std::fs::read_to_string(&file).expect("readable").matches("[dataset.orders]").count(), 1);
    }

    #[test]
    fn what_can_not_be_added_is_told() {
        let (_folder, file) = fixture();
        for (args, told) in [
            (add_args(&file, "nothing"), "no table or view nothing"),
            (DatasetAddArgs { database: "x".into(), ..add_args(&file, "orders") }, "database.x"),
            (DatasetAddArgs { id: Some("a b".into()), ..add_args(&file, "orders") }, "--id"),
            (add_args(Path::new("/nowhere.toml"), "orders"), "/nowhere.toml"),
        ] {
            let error = format!("{:#}", add(&args).expect_err(told));
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_fails_the_check() {
        let (_folder, file) = fixture();
        let columns = "column = [{ name = 'id', type = 'integer' }, { name = 'totl', type = 'text' }]";
        let text = format!(
            "[database.shop]\nurl = 'sqlite:shop.db'\n[dataset.d]\ndatabase = 'shop'\ntable = 'orders'\nkey = ['id']\n{columns}"
        );
        std::fs::write(&file, text).expect("writable");
        assert!(!check(&CheckArgs { config: Some(file) }).expect("a right configuration"));
    }
}
