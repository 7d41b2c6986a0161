//! Values whose meaning the jobs know and the runner does not.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A JSON value as its text. It is read only by who knows its type, so that loading a task does not cost what its payload
/// would.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The JSON of a value.
    ///
    /// # Errors
    /// If it has none.
    pub fn of<T: Serialize>(value: &T) -> Result<Json, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Json)
    }

    /// The value.
    ///
    /// # Errors
    /// If it is not a `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Json {
        Json::of(&value).expect("a JSON value has a JSON text")
    }
}

impl Default for Json {
    fn default() -> Json {
        Json::from(serde_json::Value::Null)
    }
}

/// By text: what one commit wrote, the next reads as it was.
impl PartialEq for Json {
    fn eq(&self, other: &Json) -> bool {
        self.text() == other.text()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
