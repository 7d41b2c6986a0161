//! The request for daily statistics.

use serde::{Deserialize, Serialize};

use crate::Lang;
use crate::dataset::Filter;

/// What to count and add up per day. Only `dataset` must be given; which columns are added up is the dataset's matter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatisticsRequest {
    /// Which dataset.
    pub dataset: String,
    /// Conditions; only rows for which all hold are counted.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// Language of the headers; that of the session where absent.
    #[serde(default)]
    pub lang: Option<Lang>,
    /// IANA name of the person's time zone, for the time in the file's name; UTC where empty.
    #[serde(default)]
    pub time_zone: String,
    /// Made by the client; a request repeated with the same key gets the same task. At most 64
    /// characters.
    #[serde(default)]
    pub idempotency_key: String,
}
