//! Names of columns.

/// The name of a column by its place from 0, as spreadsheets have it: A to Z, then AA and so on.
pub fn column_letters(mut index: usize) -> String {
    let mut letters = Vec::new();
    loop {
        // At most 25 above `A`, so a letter.
        letters.insert(0, char::from(b'A' + (index % 26) as u8));
        match index / 26 {
            0 => return letters.into_iter().collect(),
            next => index = next - 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        for (index, want) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (51, "AZ"),
            (52, "BA"),
            (701, "ZZ"),
            (702, "AAA"),
            (16_383, "XFD"),
        ] {
            assert_eq!(column_letters(index), want);
        }
    }
}
