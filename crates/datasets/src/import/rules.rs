//! What the configuration asks of an import, checked.

use std::collections::HashMap;

use longshore_protocol::ColumnType;
use longshore_protocol::import::{ImportColumnView, ImportMode, ImportView};
use regex::Regex;

use crate::config::{ColumnConfig, ColumnImportConfig, DatasetConfig};
use crate::dataset::{Column, Relation};
use crate::error::ConfigError;
use crate::import::cells;
use crate::value::Value;

/// How files can be imported into a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Importing {
    /// The modes that are allowed; at least one. The first is offered first.
    pub modes: Vec<ImportMode>,
    /// Positions of the columns whose values together name a row; at least one.
    pub key: Vec<usize>,
    /// For each column of the dataset what its values have to be; `None` where it takes no part.
    pub columns: Vec<Option<ColumnRules>>,
}

/// What a column's values have to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnRules {
    /// Whether each row needs a value; columns of the key always do.
    pub is_required: bool,
    /// Further headers by which files call it.
    pub aliases: Vec<String>,
    /// The smallest value.
    pub min: Option<Bound>,
    /// The largest value.
    pub max: Option<Bound>,
    /// Characters that a text may have.
    pub max_length: Option<u32>,
    /// What the whole of a text has to match.
    pub pattern: Option<Pattern>,
    /// Whether no two rows may share a value.
    pub is_unique: bool,
    /// Where each value has to be found.
    pub references: Option<Reference>,
    /// A realistic value for the template.
    pub example: Option<String>,
}

/// An end of a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// As it stands in the configuration.
    pub text: String,
    pub(crate) value: Value,
}

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The form as people read it.
    pub form: String,
    pub(crate) regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.form == other.form && self.regex.as_str() == other.regex.as_str()
    }
}

/// A column of another table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The schema of the table, where it is not the connection's own.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// Its SQL column.
    pub column: String,
}

impl Importing {
    /// Checks the configuration of a dataset at `key`, for instance `dataset.orders`; `None` where it can't be imported.
    ///
    /// # Errors
    /// [`ConfigError`] with the first offending key.
    pub(crate) fn checked(
        key: &str,
        config: &DatasetConfig,
        relation: &Relation,
        columns: &[Column],
    ) -> Result<Option<Importing>, ConfigError> {
        let mut rules = Vec::with_capacity(columns.len());
        for (config, column) in config.column.iter().zip(columns) {
            let key = format!("{key}.column.{}.import", config.name);
            rules.push(ColumnRules::checked(&key, config, column)?);
        }
        let Some(import) = &config.import else { return Ok(None) };
        let at = |part: &str| format!("{key}.import{part}");
        if matches!(relation, Relation::Query(_)) {
            return Err(ConfigError::new(at(""), "only a table can be imported into, not a query"));
        }
        for (column, _) in columns.iter().zip(&rules).filter(|(_, rules)| rules.is_some()) {
            if let Some(said) = ambiguous(column) {
                let key = format!("{key}.column.{}.values", column.name);
                let text = format!("{said:?} could mean two of them in a file; label them otherwise");
                return Err(ConfigError::new(key, text));
            }
        }
        let mut modes = Vec::new();
        for mode in &import.modes {
            if modes.contains(mode) {
                return Err(ConfigError::new(at(".modes"), format!("{} is named twice", mode.name())));
            }
            modes.push(*mode);
        }
        if modes.is_empty() {
            modes = ImportMode::ALL.to_vec();
        }
        let mut positions = Vec::new();
        let named = if import.key.is_empty() { &config.key } else { &import.key };
        for name in named {
            // The dataset's key names SQL columns, that of an import the dataset's.
            let is_it =
                |column: &Column| if import.key.is_empty() { &column.source } else { &column.name } == name;
            let Some(position) = columns.iter().position(is_it) else {
                let text = format!("there is no column {name}; name the columns whose values name a row");
                return Err(ConfigError::new(at(".key"), text));
            };
            if positions.contains(&position) {
                return Err(ConfigError::new(at(".key"), format!("column {name} is named twice")));
            }
            let Some(rules) = &mut rules[position] else {
                let text = format!("column {name} is excluded from imports, but names rows");
                return Err(ConfigError::new(at(".key"), text));
            };
            if columns[position].column_type == ColumnType::Float {
                let text = format!("column {name} is of floating point numbers, which name nothing surely");
                return Err(ConfigError::new(at(".key"), text));
            }
            rules.is_required = true;
            positions.push(position);
        }
        Ok(Some(Importing { modes, key: positions, columns: rules }))
    }

    /// The columns that can be imported, by position, in the dataset's order.
    pub fn importable(&self) -> impl Iterator<Item = (usize, &ColumnRules)> {
        self.columns.iter().enumerate().filter_map(|(position, rules)| Some((position, rules.as_ref()?)))
    }

    /// How a front end sees it; `columns` are the dataset's.
    pub fn view(&self, columns: &[Column], size_bytes_max: u64, row_count_max: u64) -> ImportView {
        ImportView {
            modes: self.modes.clone(),
            key: self.key.iter().map(|position| columns[*position].name.clone()).collect(),
            columns: self
                .importable()
                .map(|(position, rules)| ImportColumnView {
                    name: columns[position].name.clone(),
                    labels: columns[position].labels.clone(),
                    is_required: rules.is_required,
                })
                .collect(),
            size_bytes_max,
            row_count_max,
        }
    }
}

impl ColumnRules {
    fn checked(
        key: &str,
        config: &ColumnConfig,
        column: &Column,
    ) -> Result<Option<ColumnRules>, ConfigError> {
        let ColumnImportConfig { min, max, max_length, pattern, form, .. } = &config.import;
        let at = |part: &str| format!("{key}.{part}");
        let is_text = column.column_type == ColumnType::Text;
        let bound = |part: &str, text: &Option<String>| {
            let Some(text) = text else { return Ok(None) };
            if is_text || column.column_type == ColumnType::Boolean {
                return Err(ConfigError::new(at(part), "only numbers, dates and times have a range"));
            }
            let value = cells::typed(text, column).ok_or_else(|| {
                ConfigError::new(at(part), format!("{text:?} is no {}", column.column_type.name()))
            })?;
            Ok(Some(Bound { text: text.clone(), value }))
        };
        let (min, max) = (bound("min", min)?, bound("max", max)?);
        if let (Some(min), Some(max)) = (&min, &max)
            && cells::is_less(&max.value, &min.value)
        {
            return Err(ConfigError::new(at("max"), "is less than min"));
        }
        for (part, is_given) in [("max_length", max_length.is_some()), ("pattern", pattern.is_some())] {
            if is_given && !is_text {
                return Err(ConfigError::new(at(part), "goes only with text"));
            }
        }
        if form.is_some() && pattern.is_none() {
            return Err(ConfigError::new(at("form"), "says what pattern asks for, which is not given"));
        }
        let pattern = pattern.as_ref().map(|pattern| {
            let regex = Regex::new(&format!("^(?:{pattern})$"))
                .map_err(|error| ConfigError::new(at("pattern"), error.to_string()))?;
            Ok(Pattern { form: form.clone().unwrap_or_else(|| pattern.clone()), regex })
        });
        let rules = ColumnRules {
            is_required: config.import.required,
            aliases: config.import.aliases.clone(),
            min,
            max,
            max_length: *max_length,
            pattern: pattern.transpose()?,
            is_unique: config.import.unique,
            references: config.import.references.as_ref().map(|reference| Reference {
                schema: reference.schema.clone(),
                table: reference.table.clone(),
                column: reference.column.clone(),
            }),
            example: config.import.example.clone(),
        };
        Ok((!config.import.excluded).then_some(rules))
    }
}

/// A text of a file that could mean two of a column's values; values that differ in case alone are told apart.
fn ambiguous(column: &Column) -> Option<String> {
    let mut said: HashMap<String, (&str, bool)> = HashMap::new();
    for value in &column.values {
        for (text, is_label) in [(&value.value, false), (&value.labels.en, true), (&value.labels.zh, true)] {
            let is_label = is_label && *text != value.value;
            let (other, is_other_label) =
                *said.entry(cells::folded(text)).or_insert((value.value.as_str(), is_label));
            if other != value.value && !text.is_empty() && (is_label || is_other_label) {
                return Some(text.clone());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;

    #[test]
    fn what_could_mean_two_values_is_refused() {
        for (values, is_fine) in [
            ("{ value = 'a', en = 'One' }, { value = 'A', en = 'Two' }", true),
            ("{ value = 'a', en = 'One' }, { value = 'b', en = 'one' }", false),
            ("{ value = 'a', en = 'B' }, { value = 'b', en = 'C' }", false),
            ("{ value = 'a' }, { value = 'b' }", true),
        ] {
            let toml = format!(
                "[database.db]\nurl = 'sqlite:x'\n[dataset.d]\ndatabase = 'db'\ntable = 't'\nkey = ['id']\nimport = {{}}\n\
                 column = [{{ name = 'id', type = 'integer' }}, {{ name = 'a', type = 'text', values = [{values}] }}]"
            );
            let config = toml::from_str(&toml).expect("well-formed");
            match Catalog::from_config(&config, ".".as_ref()) {
                Ok(_) => assert!(is_fine, "{values}"),
                Err(error) => {
                    assert!(!is_fine && error.to_string().contains("dataset.d.column.a.values"), "{error}");
                }
            }
        }
    }
}
