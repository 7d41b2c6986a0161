//! Workbooks put together by hand, as no program would.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A zip of members.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in members {
        writer.start_file(*name, options).expect("a member can be begun");
        writer.write_all(content).expect("it can be written");
    }
    writer.finish().expect("the zip can be finished").into_inner()
}

/// A workbook with one sheet, whose parts can be replaced or added.
pub struct Workbook {
    members: Vec<(String, Vec<u8>)>,
}

impl Workbook {
    /// A workbook whose sheet has that XML between `sheetData` and its end.
    pub fn with_rows(rows: &str) -> Workbook {
        Workbook::with_sheet(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"))
    }

    /// A workbook whose sheet is that XML.
    pub fn with_sheet(sheet: &str) -> Workbook {
        let relation = |id: &str, kind: &str, target: &str| {
            let kind = format!("http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}");
            format!("<Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"{target}\"/>")
        };
        let relations = [
            relation("rId1", "worksheet", "worksheets/sheet1.xml"),
            relation("rId2", "sharedStrings", "sharedStrings.xml"),
            relation("rId3", "styles", "styles.xml"),
        ];
        let mut workbook = Workbook { members: Vec::new() };
        workbook
            .part("[Content_Types].xml", "<Types/>")
            .part(
                "_rels/.rels",
                &format!(
                    "<Relationships>{}</Relationships>",
                    relation("rId1", "officeDocument", "xl/workbook.xml")
                ),
            )
            .part(
                "xl/workbook.xml",
                "<workbook><sheets><sheet name=\"A\" r:id=\"rId1\"/></sheets></workbook>",
            )
            .part(
                "xl/_rels/workbook.xml.rels",
                &format!("<Relationships>{}</Relationships>", relations.concat()),
            )
            .part("xl/worksheets/sheet1.xml", sheet);
        workbook
    }

    /// Puts a part in, or another in its place.
    pub fn part(&mut self, name: &str, content: &str) -> &mut Workbook {
        self.members.retain(|(known, _)| known != name);
        self.members.push((name.to_owned(), content.as_bytes().to_vec()));
        self
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let members: Vec<(&str, &[u8])> =
            self.members.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        zip(&members)
    }
}

/// An OpenDocument spreadsheet with that XML between `office:spreadsheet` and its end.
pub fn document(tables: &str) -> Vec<u8> {
    document_with("", tables)
}

/// The same with that XML before the body.
pub fn document_with(before: &str, tables: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content>{before}<office:body><office:spreadsheet>{tables}</office:spreadsheet>\
         </office:body></office:document-content>"
    );
    let mimetype = b"application/vnd.oasis.opendocument.spreadsheet".as_slice();
    zip(&[("mimetype", mimetype), ("content.xml", content.as_bytes())])
}
