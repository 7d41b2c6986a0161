//! A finished file on its way to its owner.

/// What a download needs to know; the bytes come from the file store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Key in the file store.
    pub key: String,
    /// Name for the person's disk.
    pub name: String,
    /// Size in bytes.
    pub size_bytes: u64,
}
