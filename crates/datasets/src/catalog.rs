//! All datasets of the configuration, checked.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use longshore_protocol::{ColumnType, DatasetId, Labels, Sort};

use crate::config::{CatalogConfig, ColumnConfig, DailyStatisticsConfig, DatasetConfig, TypeName};
use crate::database::{Address, Database};
use crate::dataset::{Column, DailyStatistics, Dataset, Relation};
use crate::error::ConfigError;
use crate::import::Importing;

/// The largest scale of a decimal column: 18 digits after the point still leave 20 before it in 128 bits.
pub const SCALE_MAX: u8 = 18;

/// The datasets by id.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    datasets: BTreeMap<String, Dataset>,
}

impl Catalog {
    /// Checks a configuration whose relative paths are below `base`.
    ///
    /// # Errors
    /// [`ConfigError`] with the first offending key.
    pub fn from_config(config: &CatalogConfig, base: &Path) -> Result<Catalog, ConfigError> {
        let mut databases = BTreeMap::new();
        for id in config.database.keys() {
            databases.insert(id.as_str(), config.checked_database(id, base)?);
        }
        let mut datasets = BTreeMap::new();
        for (id, dataset) in &config.dataset {
            datasets.insert(id.clone(), checked(id, dataset, &databases)?);
        }
        Ok(Catalog { datasets })
    }

    /// The dataset of that id.
    pub fn get(&self, id: &str) -> Option<&Dataset> {
        self.datasets.get(id)
    }

    /// All datasets, by position and then by id.
    pub fn all(&self) -> Vec<&Dataset> {
        let mut all: Vec<&Dataset> = self.datasets.values().collect();
        all.sort_by_key(|dataset| dataset.position);
        all
    }
}

impl CatalogConfig {
    /// The database of that id; relative paths are below `base`.
    ///
    /// # Errors
    /// [`ConfigError`] if there is none, or its address is not right.
    pub fn checked_database(&self, id: &str, base: &Path) -> Result<Database, ConfigError> {
        let Some(config) = self.database.get(id) else {
            let problem = "there is none of that id; declare it with its url";
            return Err(ConfigError::new(format!("database.{id}"), problem));
        };
        let Some(address) = Address::parse(&config.url, base) else {
            return Err(ConfigError::new(
                format!("database.{id}.url"),
                "must be of the form sqlite:<path>, postgres://user:password@host:5432/database or \
                 mysql://user:password@host:3306/database",
            ));
        };
        Ok(Database { id: id.to_owned(), address, statement_timeout: config.statement_timeout })
    }
}

fn checked(
    id: &str,
    config: &DatasetConfig,
    databases: &BTreeMap<&str, Database>,
) -> Result<Dataset, ConfigError> {
    let at = |key: &str| format!("dataset.{id}.{key}");
    let dataset_id = DatasetId::parse(id)
        .map_err(|_| ConfigError::new(format!("dataset.{id}"), "an id is 1 to 64 letters, digits, - or _"))?;
    let database = databases.get(config.database.as_str()).ok_or_else(|| {
        ConfigError::new(at("database"), format!("there is no [database.{}]", config.database))
    })?;
    let relation = match (&config.table, &config.query) {
        (Some(table), None) => Relation::Table { schema: config.schema.clone(), name: table.clone() },
        (None, Some(query)) => Relation::Query(query.trim().trim_end_matches(';').to_owned()),
        _ => return Err(ConfigError::new(at("table"), "give either table or query")),
    };
    if config.schema.is_some() && config.table.is_none() {
        return Err(ConfigError::new(at("schema"), "only a table has one; write it into the query"));
    }
    if config.key.is_empty() {
        return Err(ConfigError::new(
            at("key"),
            "name the columns that together are unique, such as [\"id\"]",
        ));
    }
    if config.column.is_empty() {
        return Err(ConfigError::new(at("column"), "declare at least one [[dataset.….column]]"));
    }
    let mut names = HashSet::new();
    let mut columns = Vec::with_capacity(config.column.len());
    for column in &config.column {
        let key = at(&format!("column.{}", column.name));
        if !names.insert(column.name.as_str()) {
            return Err(ConfigError::new(key, "is declared twice"));
        }
        columns.push(checked_column(&key, column)?);
    }
    let mut default_sort = Vec::with_capacity(config.sort.len());
    for entry in &config.sort {
        let (column, descending) =
            entry.strip_prefix('-').map_or((entry.as_str(), false), |name| (name, true));
        if !names.contains(column) {
            return Err(ConfigError::new(at("sort"), format!("there is no column {column}")));
        }
        default_sort.push(Sort { column: column.to_owned(), descending });
    }
    if config.export_deadline_minutes == Some(0) {
        return Err(ConfigError::new(at("export_deadline_minutes"), "must be at least 1"));
    }
    let daily_statistics = config
        .daily_statistics
        .as_ref()
        .map(|statistics| checked_statistics(&at("daily_statistics"), statistics, &columns))
        .transpose()?;
    let importing = Importing::checked(&format!("dataset.{id}"), config, &relation, &columns)?;
    Ok(Dataset {
        importing,
        id: dataset_id,
        labels: or_else(&config.label, id),
        position: config.position,
        database: database.clone(),
        relation,
        key: config.key.clone(),
        columns,
        default_sort,
        export_deadline: config
            .export_deadline_minutes
            .map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
        daily_statistics,
    })
}

fn checked_statistics(
    key: &str,
    config: &DailyStatisticsConfig,
    columns: &[Column],
) -> Result<DailyStatistics, ConfigError> {
    let find = |part: &str, name: &str, fits: fn(ColumnType) -> bool, wanted: &str| {
        let at = || format!("{key}.{part}");
        let index = columns.iter().position(|column| column.name == name);
        let index = index.ok_or_else(|| ConfigError::new(at(), format!("there is no column {name}")))?;
        if fits(columns[index].column_type) {
            Ok(index)
        } else {
            Err(ConfigError::new(at(), format!("column {name} is not {wanted}")))
        }
    };
    let is_day = |column_type| matches!(column_type, ColumnType::Date | ColumnType::Timestamp);
    let is_number = |column_type| {
        matches!(column_type, ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float)
    };
    let date = find("date", &config.date, is_day, "a date or timestamp")?;
    let mut sums = Vec::with_capacity(config.sums.len());
    for name in &config.sums {
        let index = find("sums", name, is_number, "an integer, decimal or float")?;
        if sums.contains(&index) {
            return Err(ConfigError::new(format!("{key}.sums"), format!("column {name} is named twice")));
        }
        sums.push(index);
    }
    Ok(DailyStatistics { date, sums })
}

fn checked_column(key: &str, config: &ColumnConfig) -> Result<Column, ConfigError> {
    let name_is_plain = config.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if config.name.is_empty() || config.name.len() > 64 || !name_is_plain {
        return Err(ConfigError::new(
            key,
            "a column's name is 1 to 64 letters, digits or _; name the SQL column in source",
        ));
    }
    let scale = match (config.column_type, config.scale) {
        (TypeName::Decimal, Some(scale)) if scale <= SCALE_MAX => scale,
        (TypeName::Decimal, _) => {
            let problem = format!("a decimal column needs its digits after the point, 0 to {SCALE_MAX}");
            return Err(ConfigError::new(format!("{key}.scale"), problem));
        }
        _ => 0,
    };
    let column_type = config.column_type.with_scale(scale);
    if config.scale.is_some() && config.column_type != TypeName::Decimal {
        return Err(ConfigError::new(format!("{key}.scale"), "only decimal columns have one"));
    }
    if !config.stored_as.goes_with(config.column_type) {
        return Err(ConfigError::new(format!("{key}.stored_as"), "does not go with the column's type"));
    }
    Ok(Column {
        name: config.name.clone(),
        source: config.source.clone().unwrap_or_else(|| config.name.clone()),
        column_type,
        stored_as: config.stored_as,
        labels: or_else(&config.label, &config.name),
        values: config.values.clone(),
    })
}

fn or_else(labels: &Labels, fallback: &str) -> Labels {
    if labels.en.is_empty() && labels.zh.is_empty() {
        Labels { en: fallback.to_owned(), zh: fallback.to_owned() }
    } else {
        labels.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(toml: &str) -> Result<Catalog, ConfigError> {
        let config: CatalogConfig = toml::from_str(toml).expect("well-formed TOML");
        Catalog::from_config(&config, Path::new("/base"))
    }

    const SHOP: &str = "[database.shop]\nurl = 'sqlite:shop.db'\n";

    #[test]
    fn a_good_definition_is_taken() {
        let toml = format!(
            "{SHOP}[dataset.orders]\ndatabase='shop'\ntable='orders'\nkey=['id']\nsort=['-at']\n\
             column=[{{name='at',type='timestamp'}},{{name='total',type='decimal',scale=2,stored_as='scaled_integer'}}]\n\
             daily_statistics={{date='at',sums=['total']}}"
        );
        let catalog = catalog(&toml).expect("valid");
        let orders = catalog.get("orders").expect("declared");
        assert!(orders.database.address == Address::Sqlite("/base/shop.db".into()));
        assert_eq!(orders.labels.en, "orders");
        assert_eq!(orders.columns[1].column_type, ColumnType::Decimal { scale: 2 });
        assert_eq!(orders.default_sort, [Sort { column: "at".into(), descending: true }]);
        assert_eq!(orders.daily_statistics, Some(DailyStatistics { date: 0, sums: vec![1] }));
    }

    #[test]
    fn a_bad_definition_names_its_key() {
        let base = "database='shop'\ntable='t'\nkey=['id']\n";
        for (dataset, key) in [
            ("database='x'\ntable='t'\nkey=['id']\ncolumn=[{name='a',type='text'}]", "dataset.d.database"),
            ("database='shop'\nkey=['id']\ncolumn=[{name='a',type='text'}]", "dataset.d.table"),
            ("database='shop'\ntable='t'\nkey=[]\ncolumn=[{name='a',type='text'}]", "dataset.d.key"),
            (&format!("{base}column=[]"), "dataset.d.column"),
            (&format!("{base}column=[{{name='a b',type='text'}}]"), "dataset.d.column.a b"),
            (&format!("{base}column=[{{name='a',type='decimal'}}]"), "dataset.d.column.a.scale"),
            (&format!("{base}column=[{{name='a',type='decimal',scale=19}}]"), "dataset.d.column.a.scale"),
            (&format!("{base}column=[{{name='a',type='text',scale=1}}]"), "dataset.d.column.a.scale"),
            (
                &format!("{base}column=[{{name='a',type='text',stored_as='unix_millis'}}]"),
                "dataset.d.column.a.stored_as",
            ),
            (&format!("{base}sort=['b']\ncolumn=[{{name='a',type='text'}}]"), "dataset.d.sort"),
            (
                &format!("{base}column=[{{name='a',type='text'}},{{name='a',type='date'}}]"),
                "dataset.d.column.a",
            ),
        ] {
            let error = catalog(&format!("{SHOP}[dataset.d]\n{dataset}")).expect_err(dataset);
            assert_eq!(error.key, key, "{dataset}");
        }
        let columns =
            "column=[{name='a',type='date'},{name='b',type='integer'}]\n[dataset.d.daily_statistics]\n";
        for (statistics, key) in [
            ("date='x'", "dataset.d.daily_statistics.date"),
            ("date='b'", "dataset.d.daily_statistics.date"),
            ("date='a'\nsums=['x']", "dataset.d.daily_statistics.sums"),
            ("date='a'\nsums=['a']", "dataset.d.daily_statistics.sums"),
            ("date='a'\nsums=['b','b']", "dataset.d.daily_statistics.sums"),
        ] {
            let toml = format!("{SHOP}[dataset.d]\n{base}{columns}{statistics}");
            assert_eq!(catalog(&toml).expect_err(statistics).key, key, "{statistics}");
        }
        let error = catalog("[database.shop]\nurl='oracle:x'").expect_err("unknown database");
        assert_eq!(error.key, "database.shop.url");
    }
}
