//! Files are there whole or not at all, and refuse what they cannot hold.
#![allow(clippy::unwrap_used)]

mod support;

use hongbao_sheet::{Cell, Column, Format, SheetError, WriteOptions, Writer};
use std::path::Path;
use support::{read, write};

const FORMATS: [Format; 4] = [Format::Csv, Format::Tsv, Format::Xlsx, Format::Parquet];

fn create(path: &Path, format: Format, columns: &[Column]) -> Result<Writer, SheetError> {
    Writer::create(path, format, WriteOptions::default(), columns)
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_writer_that_is_dropped_leaves_what_was_there() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, "before").unwrap();
        let mut writer = create(&path, format, &[Column::text("a")]).unwrap();
        writer.write(&["x".into()]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        drop(writer);
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        assert_eq!(entries(folder.path()), ["out"], "{format:?}");
    }
}

#[test]
fn a_finished_file_replaces_the_one_before() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let columns = [Column::text("a"), Column::int("n")];
        write(&folder, format, &columns, &[vec!["old".into(), 1.into()]]);
        let rows = [vec!["new".into(), 2.into()]];
        let path = write(&folder, format, &columns, &rows);
        let (_, found) = read(&path);
        let text =
            |rows: &[Vec<Cell>]| rows.concat().iter().map(Cell::to_string).collect::<Vec<_>>();
        assert_eq!(text(&found), text(&rows));
        assert_eq!(entries(folder.path()).len(), 1, "{format:?}");
    }
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    for format in FORMATS {
        let bytes = || {
            let folder = tempfile::tempdir().unwrap();
            let path = write(&folder, format, &[Column::text("a")], &[vec!["x".into()]]);
            std::fs::read(path).unwrap()
        };
        assert_eq!(bytes(), bytes(), "{format:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let path = write(&folder, format, &[Column::text("a")], &[]);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{format:?}");
        // one that is replaced keeps its own
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        write(&folder, format, &[Column::text("a")], &[]);
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{format:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_stay_and_devices_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file.csv"), folder.path().join("link.csv"));
    std::fs::write(&file, "before").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    create(&link, Format::Csv, &[Column::text("a")]).unwrap().finish().unwrap();
    assert!(link.is_symlink());
    assert_eq!(std::fs::read(&file).unwrap(), b"a\n");
    for path in [folder.path(), Path::new("/dev/null"), Path::new("..")] {
        let error = create(path, Format::Csv, &[Column::text("a")]).unwrap_err();
        assert_eq!(error.code(), "SHEET_NOT_A_FILE");
    }
    let missing = folder.path().join("missing/x.csv");
    assert_eq!(create(&missing, Format::Csv, &[Column::text("a")]).unwrap_err().code(), "SHEET_IO");
}

#[test]
fn a_row_that_is_refused_is_not_written() {
    for format in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table").with_extension(format.word());
        let columns = [Column::text("a"), Column::int("n")];
        let mut writer = create(&path, format, &columns).unwrap();
        let long = "x".repeat(hongbao_sheet::limits::CELL_CHARS_MAX + 1);
        let refused: [(&[Cell], &str); 4] = [
            (&["x".into()], "SHEET_CELL_COUNT"),
            (&["x".into(), 1.into(), 2.into()], "SHEET_CELL_COUNT"),
            (&["x".into(), "1".into()], "SHEET_NOT_A_NUMBER"),
            (&[long.into(), 1.into()], "SHEET_CELL_TOO_LONG"),
        ];
        for (cells, code) in refused {
            assert_eq!(writer.write(cells).unwrap_err().code(), code);
        }
        writer.write(&[7.into(), 8.into()]).unwrap();
        writer.finish().unwrap();
        let (_, rows) = read(&path);
        assert_eq!(rows.concat().iter().map(Cell::to_string).collect::<Vec<_>>(), ["7", "8"]);
    }
}

#[test]
fn columns_that_no_table_has_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let code = |format, columns: &[Column]| create(&path, format, columns).unwrap_err().code();
    for format in FORMATS {
        assert_eq!(code(format, &[]), "SHEET_NO_HEADER");
        assert_eq!(code(format, &[Column::text("a"), Column::int("a")]), "SHEET_COLUMN_TWICE");
        assert_eq!(code(format, &vec![Column::text("a"); 1001]), "SHEET_TOO_MANY_COLUMNS");
    }
    assert_eq!(code(Format::Parquet, &[Column::text("a"), Column::text("")]), "SHEET_UNNAMED");
    assert_eq!(code(Format::Lines, &[Column::text("a")]), "SHEET_READ_ONLY");
    assert_eq!(entries(folder.path()), [""; 0]);
}

#[test]
fn formats_have_names() {
    for format in [Format::Csv, Format::Tsv, Format::Xlsx, Format::Parquet, Format::Lines] {
        assert_eq!(Format::from_word(format.word()), Some(format));
    }
    assert_eq!(Format::of_path(Path::new("a/B.XLSX")).unwrap(), Format::Xlsx);
    let error = Format::of_path(Path::new("a/b\n.doc")).unwrap_err();
    let text = r"`b\n.doc` has no known format; name it: `csv`, `tsv`, `xlsx`, `parquet`, `jsonl` or `lines`";
    assert_eq!(error.to_string(), text);
    assert!(Format::of_path(Path::new("plain")).is_err());
}
