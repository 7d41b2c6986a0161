//! Digests of what must be once in a file.

use arrow_schema::ArrowError;

/// Bytes of a [`KeyDigest`]: column, digest and row.
const DIGEST_BYTES: usize = 4 + 16 + 4;

/// What must be once in a file: the import's key of a row, or the value of a column without duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyDigest {
    /// The position of the dataset's column; `None` for the import's key.
    pub column: Option<usize>,
    /// A digest of the value, equal where the database takes values for equal.
    pub digest: u128,
    /// The row's number in the file.
    pub row: u32,
}

impl KeyDigest {
    fn to_bytes(self) -> [u8; DIGEST_BYTES] {
        let column = self.column.and_then(|column| u32::try_from(column).ok()).unwrap_or(u32::MAX);
        let mut bytes = [0; DIGEST_BYTES];
        bytes[..4].copy_from_slice(&column.to_le_bytes());
        bytes[4..20].copy_from_slice(&self.digest.to_le_bytes());
        bytes[20..].copy_from_slice(&self.row.to_le_bytes());
        bytes
    }

    fn of_bytes(bytes: &[u8; DIGEST_BYTES]) -> KeyDigest {
        let (mut column, mut digest, mut row) = ([0; 4], [0; 16], [0; 4]);
        column.copy_from_slice(&bytes[..4]);
        digest.copy_from_slice(&bytes[4..20]);
        row.copy_from_slice(&bytes[20..]);
        let column = Some(u32::from_le_bytes(column)).filter(|column| *column != u32::MAX);
        KeyDigest {
            column: column.map(|column| column as usize),
            digest: u128::from_le_bytes(digest),
            row: u32::from_le_bytes(row),
        }
    }
}

/// Digests as bytes.
pub fn to_bytes(keys: &[KeyDigest]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(keys.len() * DIGEST_BYTES);
    keys.iter().for_each(|key| bytes.extend_from_slice(&key.to_bytes()));
    bytes
}

/// What [`to_bytes`] wrote.
///
/// # Errors
/// [`ArrowError`] if the bytes are no digests, or end in the middle of one.
pub fn of_bytes(bytes: &[u8]) -> Result<impl Iterator<Item = KeyDigest>, ArrowError> {
    match bytes.as_chunks::<DIGEST_BYTES>() {
        (keys, []) => Ok(keys.iter().map(KeyDigest::of_bytes)),
        _ => Err(ArrowError::ParseError("the bytes are no digests".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_come_back_as_they_went() {
        let keys = [
            KeyDigest { column: None, digest: u128::MAX - 1, row: 7 },
            KeyDigest { column: Some(2), digest: 5, row: u32::MAX },
        ];
        let bytes = to_bytes(&keys);
        assert!(of_bytes(&bytes).expect("is whole").eq(keys));
        assert!(of_bytes(&bytes[1..]).is_err());
    }
}
