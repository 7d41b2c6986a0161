//! Ids as newtypes, checked where they enter.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The text is not an id of the named kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidId {
    /// Which kind of id was expected, for instance `task`.
    pub kind: &'static str,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a valid {} id", self.kind)
    }
}

impl std::error::Error for InvalidId {}

/// Ids become parts of keys, file paths and URLs, so they are 1 to 64 ASCII letters, digits, `-` or `_`.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps a text.
            ///
            /// # Errors
            /// [`InvalidId`] unless the text is 1 to 64 ASCII letters, digits, `-` or `_`.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if is_id(&text) { Ok(Self(text)) } else { Err(InvalidId { kind: $kind }) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names one task for ever. Random, so that it cannot be guessed; its owner is checked all the same.
    TaskId,
    "task"
);
id!(
    /// Names the person a task belongs to.
    OwnerId,
    "owner"
);
id!(
    /// Names the organisation a person belongs to; decides the shard of its tasks.
    TenantId,
    "tenant"
);
id!(
    /// Names a dataset of the configuration.
    DatasetId,
    "dataset"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_could_leave_a_key_or_a_path() {
        for good in ["a", "orders", "0-9f_A", &"x".repeat(64)] {
            assert!(TaskId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "../x", "a b", "a/b", "订单", "a\0", "a{b}", &"x".repeat(65)] {
            assert!(TaskId::parse(bad).is_err(), "{bad}");
        }
    }
}
