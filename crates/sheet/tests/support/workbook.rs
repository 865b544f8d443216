//! Workbooks by hand, for what no program would write.

use hongbao_sheet::Format;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const PACKAGE: &str = r#"<Relationships>
    <Relationship Type="/relationships/officeDocument" Target="xl/workbook.xml"/>
</Relationships>"#;
const RELATIONS: &str = r#"<Relationships>
    <Relationship Id="r1" Type="/relationships/worksheet" Target="worksheets/sheet1.xml"/>
</Relationships>"#;

/// The parts of a workbook that tests vary.
#[derive(Default)]
pub struct Workbook<'a> {
    /// What stands in `sheetData`.
    pub rows: &'a str,
    /// The table of shared texts.
    pub shared: &'a str,
    /// Attributes of `workbookPr`.
    pub properties: &'a str,
}

impl Workbook<'_> {
    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let book = format!(
            r#"<workbook><workbookPr {}/><sheets><sheet name="S" r:id="r1"/></sheets></workbook>"#,
            self.properties
        );
        let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", self.rows);
        // Style 1 shows a number as a date with its time.
        let styles =
            r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>"#;
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in [
            ("_rels/.rels", PACKAGE),
            ("xl/workbook.xml", &book),
            ("xl/_rels/workbook.xml.rels", RELATIONS),
            ("xl/styles.xml", styles),
            ("xl/worksheets/sheet1.xml", &sheet),
            (
                "xl/sharedStrings.xml",
                if self.shared.is_empty() { "<sst></sst>" } else { self.shared },
            ),
        ] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    /// What its reader gives.
    pub fn told(&self) -> Vec<String> {
        super::told(super::of_file(&self.bytes(), Format::Xlsx))
    }
}
