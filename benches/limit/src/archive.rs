//! The least archive that is a workbook.

use std::fs::File;
use std::io::Write;

use crc32fast::Hasher;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const SHEET: &str = "xl/worksheets/sheet1.xml";
const PARTS: [(&str, &str); 5] = [
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Orders" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    ),
    (
        "xl/styles.xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf/><xf numFmtId="1" applyNumberFormat="1"/><xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="2" applyNumberFormat="1"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>"#,
    ),
];

struct Member {
    name: &'static str,
    offset: u64,
    method: u16,
    crc: u32,
    compressed: u64,
    bytes: u64,
}

/// The sheet first, with a data descriptor; then the other parts as they are.
pub(crate) struct Archive {
    file: File,
    offset: u64,
    members: Vec<Member>,
    crc: Hasher,
    rows: (u64, u64),
}

impl Archive {
    pub(crate) fn begin(file: File) -> anyhow::Result<Archive> {
        let mut archive = Archive { file, offset: 0, members: Vec::new(), crc: Hasher::new(), rows: (0, 0) };
        archive.header(Member {
            name: SHEET,
            offset: 0,
            method: DEFLATED,
            crc: 0,
            compressed: 0,
            bytes: 0,
        })?;
        Ok(archive)
    }

    /// The next piece of the sheet, compressed.
    pub(crate) fn rows(&mut self, compressed: &[u8], bytes: usize, crc: &Hasher) -> anyhow::Result<()> {
        self.crc.combine(crc);
        self.rows.0 += compressed.len() as u64;
        self.rows.1 += bytes as u64;
        self.write(compressed)
    }

    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let crc = std::mem::take(&mut self.crc).finalize();
        let (compressed, bytes) = self.rows;
        let mut descriptor = 0x0807_4b50u32.to_le_bytes().to_vec();
        put(&mut descriptor, &[crc, u32::try_from(compressed)?, u32::try_from(bytes)?]);
        self.write(&descriptor)?;
        if let Some(sheet) = self.members.first_mut() {
            (sheet.crc, sheet.compressed, sheet.bytes) = (crc, compressed, bytes);
        }
        for (name, xml) in PARTS {
            let (crc, bytes) = (crc32fast::hash(xml.as_bytes()), xml.len() as u64);
            self.header(Member { name, offset: self.offset, method: STORED, crc, compressed: bytes, bytes })?;
            self.write(xml.as_bytes())?;
        }
        let start = self.offset;
        let mut directory = Vec::new();
        for member in &self.members {
            put(&mut directory, &[0x0201_4b50]);
            directory.extend_from_slice(&20u16.to_le_bytes());
            put_member(&mut directory, member)?;
            // No extra field, no comment, the first disk, no attributes.
            directory.extend_from_slice(&[0; 12]);
            put(&mut directory, &[u32::try_from(member.offset)?]);
            directory.extend_from_slice(member.name.as_bytes());
        }
        let size = directory.len();
        put(&mut directory, &[0x0605_4b50, 0]);
        let count = u16::try_from(self.members.len())?;
        directory.extend_from_slice(&count.to_le_bytes());
        directory.extend_from_slice(&count.to_le_bytes());
        put(&mut directory, &[u32::try_from(size)?, u32::try_from(start)?]);
        directory.extend_from_slice(&[0; 2]);
        self.write(&directory)
    }

    fn header(&mut self, member: Member) -> anyhow::Result<()> {
        let mut header = 0x0403_4b50u32.to_le_bytes().to_vec();
        put_member(&mut header, &member)?;
        header.extend_from_slice(&[0; 2]);
        header.extend_from_slice(member.name.as_bytes());
        self.members.push(member);
        self.write(&header)
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.offset += bytes.len() as u64;
        Ok(self.file.write_all(bytes)?)
    }
}

/// From the version needed to the name's length.
fn put_member(out: &mut Vec<u8>, member: &Member) -> anyhow::Result<()> {
    let flags: u16 = if member.method == DEFLATED { 1 << 3 } else { 0 };
    for value in [20, flags, member.method, 0, 0x0021] {
        out.extend_from_slice(&value.to_le_bytes());
    }
    put(out, &[member.crc, u32::try_from(member.compressed)?, u32::try_from(member.bytes)?]);
    out.extend_from_slice(&u16::try_from(member.name.len())?.to_le_bytes());
    Ok(())
}

fn put(out: &mut Vec<u8>, values: &[u32]) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}
