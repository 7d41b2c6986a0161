//! What an export reads and writes, made from its order once the work begins.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use longshore_datasets::{Catalog, Dataset, Query, source};
use longshore_protocol::ExportFormat;
use longshore_sheets::SheetSpec;

use super::order::ExportOrder;
use super::settings::ExportSettings;
use crate::request::zone_of;
use crate::work_error::{WorkError, checked_again, find_dataset};

/// What an export reads and writes.
pub(super) struct Plan {
    pub(super) order: ExportOrder,
    pub(super) dataset: Dataset,
    pub(super) query: Query,
    pub(super) settings: ExportSettings,
}

impl Plan {
    /// Checks the order again: the configuration may have changed since it was registered.
    pub(super) fn of(
        order: ExportOrder,
        catalog: &Catalog,
        settings: ExportSettings,
    ) -> Result<Plan, WorkError> {
        let request = &order.request;
        let dataset = find_dataset(catalog, &request.dataset)?;
        let zone = zone_of(&request.time_zone);
        let query = Query::check(dataset, &request.columns, &request.filters, &request.sort, &zone);
        let query = checked_again(query)?;
        Ok(Plan { dataset: dataset.clone(), query, settings, order })
    }

    pub(super) fn format(&self) -> ExportFormat {
        self.order.format
    }

    /// The headers, in the order of the columns.
    pub(super) fn headers(&self) -> Vec<String> {
        let columns = self.query.columns_of(&self.dataset);
        columns.iter().map(|column| column.labels.get(self.order.lang).to_owned()).collect()
    }

    /// What every file of the export is like.
    pub(super) fn spec(&self, cancelled: Arc<AtomicBool>) -> SheetSpec {
        SheetSpec {
            compression: self.settings.compression,
            csv_guard: self.settings.csv_guard,
            cancelled,
            ..SheetSpec::new(
                self.dataset.labels.get(self.order.lang).to_owned(),
                self.headers(),
                source::schema(&self.dataset, &self.query),
            )
        }
    }

    /// The name of the file that is delivered, where it has `part_count` parts.
    pub(super) fn file_name(&self, part_count: usize) -> String {
        if part_count > 1 { format!("{}.zip", self.stem()) } else { self.order.file_name.clone() }
    }

    /// The name of a part in the archive, by its position.
    pub(super) fn part_name(&self, position: usize) -> String {
        format!("{}-{:03}.{}", self.stem(), position + 1, self.format().name())
    }

    fn stem(&self) -> &str {
        let name = self.order.file_name.as_str();
        name.strip_suffix(&format!(".{}", self.format().name())).unwrap_or(name)
    }
}
