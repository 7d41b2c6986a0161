//! An archive of files that are finished already, each as it is: the ZIP headers around them.

use std::io;

use crate::chunks::Contents;
use crate::xlsx::archive::{Member, Method, put_directory, put_local};

/// The headers of a ZIP archive whose members are stored without compression. Whoever writes the archive puts each member's bytes
/// behind its header, one member after the other, and the directory at the end.
#[derive(Default)]
pub struct StoredArchive {
    offset: u64,
    members: Vec<Member>,
}

impl StoredArchive {
    /// The header of the next member; `size_bytes` bytes with the checksum `crc32` must follow it.
    ///
    /// # Errors
    /// If the name is longer than 65,535 bytes, or the member is 4 GiB or more.
    pub fn member(&mut self, name: &str, crc32: u32, size_bytes: u64) -> io::Result<Vec<u8>> {
        let contents = Contents { crc: crc32, compressed_bytes: size_bytes, bytes: size_bytes };
        let member = Member::new(name, self.offset, Method::Stored, contents);
        let mut header = Vec::new();
        put_local(&mut header, &member)?;
        self.offset += header.len() as u64 + size_bytes;
        self.members.push(member);
        Ok(header)
    }

    /// What ends the archive.
    ///
    /// # Errors
    /// None in practice: what could not be written was refused before.
    pub fn directory(self) -> io::Result<Vec<u8>> {
        put_directory(&self.members, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    #[test]
    fn members_come_out_as_they_went_in() {
        let members = [("订单-001.csv", b"one".to_vec()), ("b.csv", Vec::new()), ("c.csv", vec![7; 100_000])];
        let (mut archive, mut bytes) = (StoredArchive::default(), Vec::new());
        for (name, content) in &members {
            let crc = crc32fast::hash(content);
            bytes.extend(archive.member(name, crc, content.len() as u64).expect("fits"));
            bytes.extend(content);
        }
        bytes.extend(archive.directory().expect("fits"));
        let mut read = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        assert_eq!(read.len(), members.len());
        for (index, (name, content)) in members.iter().enumerate() {
            let mut member = read.by_index(index).expect("is there");
            assert_eq!(&*member.name().expect("UTF-8"), *name);
            let mut found = Vec::new();
            member.read_to_end(&mut found).expect("its checksum is right");
            assert!(found == *content, "{name}");
        }
        let too_long = "x".repeat(70_000);
        assert!(StoredArchive::default().member(&too_long, 0, 0).is_err());
        assert!(StoredArchive::default().member("a", 0, 4 << 30).is_err());
    }
}
