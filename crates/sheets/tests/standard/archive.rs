//! The archive: every byte of it belongs to one item or to the directory, and local headers say what the directory says.

use std::io::{Cursor, Read};

/// A file in the archive.
pub struct Item {
    pub name: String,
    pub bytes: Vec<u8>,
}

fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes[at..at + length].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// The items in the order of the archive, after checks of its structure.
pub fn items(bytes: &[u8]) -> Vec<Item> {
    let end = bytes.len() - 22;
    assert_eq!(number(bytes, end, 4), 0x0605_4b50, "the end, without a comment");
    let (count, size, start) =
        (number(bytes, end + 10, 2), number(bytes, end + 12, 4), number(bytes, end + 16, 4));
    assert_eq!(number(bytes, end + 8, 2), count);
    assert_eq!(start + size, end as u64, "nothing between the directory and the end, so no ZIP64 either");

    let mut central = start as usize;
    let mut expected_offset = 0;
    let mut names: Vec<String> = Vec::new();
    for _ in 0..count {
        assert_eq!(number(bytes, central, 4), 0x0201_4b50);
        let name_length = number(bytes, central + 28, 2) as usize;
        let name = &bytes[central + 46..central + 46 + name_length];
        assert_eq!(number(bytes, central + 30, 4), 0, "neither extra fields nor comments");
        let offset = number(bytes, central + 42, 4) as usize;
        assert_eq!(offset, expected_offset, "items follow each other");
        expected_offset = check_local(bytes, offset, central, name);
        // Names are equivalent regardless of case (ECMA-376 part 2, part names).
        names.push(String::from_utf8(name.to_vec()).unwrap().to_lowercase());
        central += 46 + name_length;
    }
    assert_eq!((central, expected_offset), (end, start as usize));
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");

    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let read = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        // The checksum is checked at the end.
        file.read_to_end(&mut bytes).unwrap();
        Item { name: file.name().unwrap().into_owned(), bytes }
    };
    (0..count as usize).map(read).collect()
}

/// Checks a local header, and the data descriptor if there is one, against the directory; gives where the item ends.
fn check_local(bytes: &[u8], offset: usize, central: usize, name: &[u8]) -> usize {
    assert_eq!(number(bytes, offset, 4), 0x0403_4b50);
    let (version, flags) = (number(bytes, offset + 4, 2), number(bytes, offset + 6, 2));
    assert_eq!((version, number(bytes, central + 6, 2)), (20, 20), "no ZIP64 is needed");
    assert_eq!(flags, number(bytes, central + 8, 2));
    assert_eq!((number(bytes, offset + 8, 2), number(bytes, central + 10, 2)), (8, 8), "deflate");
    assert_eq!(number(bytes, offset + 26, 2) as usize, name.len());
    assert_eq!(number(bytes, offset + 28, 2), 0, "no extra field");
    assert_eq!(&bytes[offset + 30..offset + 30 + name.len()], name);
    // Checksum, compressed size, size.
    let known = &bytes[central + 16..central + 28];
    let data = offset + 30 + name.len();
    let ends = data + number(known, 4, 4) as usize;
    let local = &bytes[offset + 14..offset + 26];
    match flags {
        0 => {
            assert_eq!(local, known);
            ends
        }
        8 => {
            assert_eq!(local, [0; 12], "what is not known yet is zero (APPNOTE.TXT 4.4.4)");
            assert_eq!(number(bytes, ends, 4), 0x0807_4b50);
            assert_eq!(&bytes[ends + 4..ends + 16], known);
            ends + 16
        }
        _ => panic!("flags {flags}"),
    }
}
