//! The workbook that people fill in.

use std::io::Cursor;

use longshore_datasets::Dataset;
use longshore_protocol::{ColumnType, Lang};
use longshore_sheets::template::{TemplateColumn, write_template};

use crate::centre::{Answer, Centre};
use crate::error::CentreError;

/// An empty workbook for a dataset.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its name for the person's disk.
    pub name: String,
    /// The workbook.
    pub bytes: Vec<u8>,
}

impl Centre {
    /// The template of a dataset in a language.
    ///
    /// # Errors
    /// `UnknownDataset`; `Invalid` where the dataset takes no files.
    pub fn template(&self, dataset: &str, lang: Lang) -> Answer<Template> {
        let dataset = self.importable(dataset)?;
        let title = dataset.labels.get(lang);
        let mut bytes = Cursor::new(Vec::new());
        write_template(title, &columns(dataset, lang), &mut bytes)
            .map_err(|error| CentreError::Internal(error.to_string()))?;
        let name = match lang {
            Lang::En => format!("{title}_template.xlsx"),
            Lang::Zh => format!("{title}_导入模板.xlsx"),
        };
        Ok(Template { name, bytes: bytes.into_inner() })
    }
}

fn columns(dataset: &Dataset, lang: Lang) -> Vec<TemplateColumn> {
    let Some(importing) = &dataset.importing else { return Vec::new() };
    importing
        .importable()
        .map(|(position, rules)| {
            let column = &dataset.columns[position];
            let allowed: Vec<String> = match column.column_type {
                ColumnType::Boolean => match lang {
                    Lang::En => vec!["yes".to_owned(), "no".to_owned()],
                    Lang::Zh => vec!["是".to_owned(), "否".to_owned()],
                },
                _ => column.values.iter().map(|value| value.labels.get(lang).to_owned()).collect(),
            };
            let example = rules.example.clone().or_else(|| allowed.first().cloned());
            TemplateColumn {
                header: column.labels.get(lang).to_owned(),
                is_required: rules.is_required,
                column_type: column.column_type,
                example: example.unwrap_or_else(|| likely(column.column_type).to_owned()),
                allowed,
            }
        })
        .collect()
}

/// A value as it could stand in a column that has no example of its own.
fn likely(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "ABC-001",
        ColumnType::Integer => "1",
        ColumnType::Decimal { scale: 0 } => "100",
        ColumnType::Decimal { .. } | ColumnType::Float => "12.5",
        ColumnType::Boolean => "yes",
        ColumnType::Date => "2026-08-01",
        ColumnType::Time => "10:30:00",
        ColumnType::Timestamp | ColumnType::TimestampTz => "2026-08-01 10:30:00",
    }
}
