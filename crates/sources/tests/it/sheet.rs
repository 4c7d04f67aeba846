//! Tables that people keep: as Excel, openpyxl and editors write them, and as somebody who means harm does.

use std::io::{Cursor, Read as _, Write as _};
use std::ops::ControlFlow;
use std::process::Command;

use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use sheaf_sources::sheet::{self, Cell, Limits, SheetError};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

type Lines = Vec<(u64, Vec<Option<String>>)>;

/// Every line with its cells as ids.
fn ids(bytes: &[u8]) -> Result<Lines, SheetError> {
    let mut lines = Vec::new();
    sheet::read(bytes, Limits::default(), &mut |line| {
        lines.push((line.number, line.cells.iter().map(Cell::id).collect()));
        ControlFlow::Continue(())
    })?;
    Ok(lines)
}

fn line<const N: usize>(number: u64, cells: [&str; N]) -> (u64, Vec<Option<String>>) {
    (number, cells.map(|cell| (cell != "!").then(|| cell.to_owned())).to_vec())
}

fn written(fill: impl FnOnce(&mut Worksheet) -> Result<&mut Worksheet, rust_xlsxwriter::XlsxError>) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet()).expect("cells");
    book.save_to_buffer().expect("a workbook")
}

/// The workbook with other bytes in one part.
fn altered(book: &[u8], part: &str, with: impl Fn(&str) -> String) -> Vec<u8> {
    let mut old = ZipArchive::new(Cursor::new(book)).expect("a workbook");
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..old.len() {
        let mut entry = old.by_index(index).expect("a part");
        let name = entry.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        if name.ends_with(part) {
            bytes = with(std::str::from_utf8(&bytes).expect("a text")).into_bytes();
        }
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        new.start_file(name, options).expect("begun");
        new.write_all(&bytes).expect("written");
    }
    new.finish().expect("whole").into_inner()
}

fn two_columns() -> Vec<u8> {
    written(|sheet| sheet.write_row(0, 0, ["R1", "P1"])?.write_row(1, 0, ["R2", "P2"]))
}

#[test]
fn a_workbook_is_read_as_it_is_meant() {
    let bytes = written(|sheet| {
        let zeros = Format::new().set_num_format("00000000");
        let day = Format::new().set_num_format("yyyy-mm-dd hh:mm");
        let moment = rust_xlsxwriter::ExcelDateTime::parse_from_str("2026-02-03 04:05:06")?;
        sheet.write_row(0, 0, ["病歷號", " patient id "])?;
        sheet.write(2, 0, "00123")?.write(2, 1, 123.0)?;
        sheet.write_with_format(3, 0, 123, &zeros)?.write(3, 1, 1.5)?;
        sheet.write_with_format(4, 0, &moment, &day)?.write(4, 1, true)?;
        sheet.write(5, 0, 999_999_999_999_999_i64)?.write(5, 1, 9_007_199_254_740_991_i64)?;
        sheet.write(6, 0, Formula::new("=\"A\"&1").set_result("A1"))?.write(6, 1, "=1+1")?;
        sheet.merge_range(7, 0, 8, 0, "both", &Format::new())?.write(7, 1, "P1")?.write(8, 1, "P2")?;
        sheet.write(9, 0, "\u{3000} \u{a0}")?.write(10, 300, "far")
    });
    let expected = vec![
        line(1, ["病歷號", "patient id"]),
        line(3, ["00123", "123"]),
        line(4, ["00000123", "!"]),
        line(5, ["!", "!"]),
        line(6, ["999999999999999", "!"]),
        line(7, ["A1", "=1+1"]),
        line(8, ["both", "P1"]),
        line(9, ["", "P2"]),
    ];
    assert_eq!(ids(&bytes).expect("a workbook"), expected, "zeros stay, numbers are whole, blanks are nothing");

    let mut fifth = None;
    sheet::read(&bytes, Limits::default(), &mut |line| {
        fifth = Some(line.clone());
        if line.number == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .expect("a workbook");
    let moment = "2026-02-03T04:05:06".parse().expect("a date");
    assert_eq!(fifth.expect("a line").cells, [Cell::Moment(moment), Cell::Truth(true)], "and reading can stop there");
}

#[test]
fn the_first_sheet_that_is_seen_is_read() {
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "hidden").expect("a cell").set_hidden(true);
    book.add_worksheet().write(0, 0, "seen").expect("a cell").set_active(true);
    book.add_worksheet().write(0, 0, "second").expect("a cell");
    let bytes = book.save_to_buffer().expect("a workbook");
    assert_eq!(ids(&bytes).expect("a workbook"), [line(1, ["seen"])], "as its user sees it");
    let none = altered(&bytes, "workbook.xml", |xml| xml.replace("<sheet ", "<sheet state=\"hidden\" "));
    assert!(matches!(ids(&none), Err(SheetError::NoSheet | SheetError::Workbook(_))), "none is none");
}

#[test]
fn what_openpyxl_wrote_is_read_back() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.xlsx");
    let script = "import sys, datetime, openpyxl\n\
        book = openpyxl.Workbook(); s = book.active\n\
        s.append(['record_no', 'patient_id']); s.append(['0042', 7]); s.append([42.0, 'P 8']); s.append([])\n\
        s.append([datetime.date(2026, 1, 2), '=A2']); s['A6'] = 7; s['A6'].number_format = '0000'; s['B6'] = 'P9'\n\
        s.merge_cells('A7:B7'); s['A7'] = 'wide'; s['A8'] = '中 文'; s['B8'] = 'é\\nb'\n\
        book.save(sys.argv[1])";
    let python = root.join(".env-checkers/bin/python");
    let ran = Command::new(&python).args(["-c", script]).arg(&path).status();
    assert!(ran.expect("scripts/setup.sh makes it").success(), "openpyxl writes it");
    let bytes = std::fs::read(&path).expect("the file");
    let expected = vec![
        line(1, ["record_no", "patient_id"]),
        line(2, ["0042", "7"]),
        line(3, ["42", "P 8"]),
        // A formula of which no result was kept holds nothing.
        line(5, ["!"]),
        line(6, ["0007", "P9"]),
        line(7, ["wide"]),
        line(8, ["中 文", "é\nb"]),
    ];
    assert_eq!(ids(&bytes).expect("a workbook"), expected, "as it was written");
}

#[test]
fn a_workbook_that_unpacks_to_too_much_is_refused_before_it_is() {
    let large = Limits { file: 1 << 20, sheet: 1 << 20 };
    let read = |bytes: &[u8]| sheet::read(bytes, large, &mut |_| panic!("nothing of it is handed on"));
    let filled = |xml: &str| xml.replace("</sheetData>", &format!("<!--{}--></sheetData>", " ".repeat(2 << 20)));
    let bomb = altered(&two_columns(), "sheet1.xml", filled);
    assert!(bomb.len() < 64 << 10, "it is small as it lies there");
    assert!(matches!(read(&bomb), Err(SheetError::TooLarge { most: 1_048_576, unpacked: true })), "of its sheet");

    let filled = |xml: &str| xml.replace("</sst>", &format!("{}</sst>", "<si><t>a</t></si>".repeat(32 << 10)));
    let bomb = altered(&two_columns(), "sharedStrings.xml", filled);
    assert!(matches!(read(&bomb), Err(SheetError::TooLarge { most: 262_144, unpacked: true })), "of its texts");

    let filled = |xml: &str| xml.replace("</styleSheet>", &format!("{}</styleSheet>", " ".repeat(5 << 20)));
    let bomb = altered(&two_columns(), "styles.xml", filled);
    assert!(matches!(ids(&bomb), Err(SheetError::TooLarge { unpacked: true, .. })), "of its formats");
    assert!(
        matches!(read(&vec![b'a'; 2 << 20]), Err(SheetError::TooLarge { most: 1_048_576, unpacked: false })),
        "of itself"
    );
}

#[test]
fn a_part_that_lies_about_its_size_is_damaged() {
    let filled = |xml: &str| xml.replace("</sheetData>", &format!("<!--{}--></sheetData>", " ".repeat(2 << 20)));
    let mut bomb = altered(&two_columns(), "sheet1.xml", filled);
    let mut archive = ZipArchive::new(Cursor::new(&bomb)).expect("a workbook");
    let size = archive.by_name("xl/worksheets/sheet1.xml").expect("its sheet").size();
    drop(archive);
    let told = u32::try_from(size).expect("small").to_le_bytes();
    let places: Vec<usize> = bomb.windows(4).enumerate().filter(|(_, four)| *four == told).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "its size is told");
    for at in places {
        bomb[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
    }
    assert!(matches!(ids(&bomb), Err(SheetError::Workbook(_))), "it unpacks to what it tells, and no further");
}

#[test]
fn a_workbook_that_claims_much_takes_no_room() {
    let wide = altered(&two_columns(), "sheet1.xml", |xml| xml.replace("ref=\"A1:B2\"", "ref=\"A1:XFD1048576\""));
    assert_eq!(ids(&wide).expect("a workbook"), [line(1, ["R1", "P1"]), line(2, ["R2", "P2"])], "the claim is no matter");
    for claim in ["99999999", "9223372036854775807", "99999999999999999999999"] {
        let texts = |xml: &str| xml.replace("uniqueCount=\"4\"", &format!("uniqueCount = '{claim}'"));
        let many = altered(&two_columns(), "sharedStrings.xml", texts);
        assert!(matches!(ids(&many), Err(SheetError::Workbook(_))), "no room is made for {claim} texts");
    }
    for (from, to) in [("r=\"A1\"", "r=\"A99999999999\""), ("ref=\"A1:B2\"", "ref=\"B2:A1\""), ("<v>0</v>", "<v>77</v>")] {
        let odd = altered(&two_columns(), "sheet1.xml", |xml| xml.replace(from, to));
        if let Err(error) = ids(&odd) {
            assert!(matches!(error, SheetError::Workbook(_)), "{to}: {error}");
        }
    }
}

#[test]
fn what_is_no_workbook_is_said_to_be_none() {
    let whole = two_columns();
    for ends in [4, 30, whole.len() / 2, whole.len() - 1] {
        assert!(matches!(ids(&whole[..ends]), Err(SheetError::Workbook(_))), "cut after {ends} bytes");
    }
    let mut other = ZipWriter::new(Cursor::new(Vec::new()));
    other.start_file("mimetype", SimpleFileOptions::default()).expect("begun");
    let other = other.finish().expect("whole").into_inner();
    assert!(matches!(ids(&other), Err(SheetError::Workbook(Some(_)))), "another ZIP");

    let mut old = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    old.resize(1024, 0);
    assert!(matches!(ids(&old), Err(SheetError::Old)), "of before 2007");
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(matches!(ids(&old), Err(SheetError::Locked)), "behind a password");
}

#[test]
fn no_damage_to_a_workbook_ends_more_than_its_reading() {
    let whole = two_columns();
    for (part, step) in [("sheet1.xml", 3), ("sharedStrings.xml", 2), ("workbook.xml", 7), ("styles.xml", 11)] {
        for at in (0..400).step_by(step) {
            for with in ["<", "\"", "9999999999", ">"] {
                let odd = altered(&whole, part, |xml| {
                    let at = xml.floor_char_boundary(at.min(xml.len()));
                    let ends = xml.ceil_char_boundary((at + 3).min(xml.len()));
                    [&xml[..at], with, &xml[ends..]].concat()
                });
                drop(ids(&odd));
            }
        }
    }
}

#[test]
fn the_usual_tables_of_text_are_read() {
    let expected = [line(1, ["record_no", "patient"]), line(2, ["007", "é, b"]), line(4, ["8", "P9"])];
    let comma = "record_no,patient\r\n007,\"é, b\"\r\n\r\n8,P9\r\n";
    let tabs = "record_no\tpatient\n007\té, b\n \t \n8\tP9";
    for text in [comma.to_owned(), format!("\u{feff}{comma}"), tabs.to_owned(), comma.replace("\r\n", "\n")] {
        assert_eq!(ids(text.as_bytes()).expect("a table"), expected, "{text:?}");
        let units: Vec<u16> = std::iter::once(0xfeff).chain(text.trim_start_matches('\u{feff}').encode_utf16()).collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(ids(&little).expect("Unicode text of Excel"), expected, "{text:?}");
        assert_eq!(ids(&big).expect("the other way round"), expected, "{text:?}");
    }
    let semicolons = "sep=;\r\n\"a;,,,\";b\r\n=\"0012\";2,5\r\n\"two\nlines\";c\r\nlast;d";
    let expected = [line(2, ["a;,,,", "b"]), line(3, ["0012", "2,5"]), line(4, ["two\nlines", "c"]), line(6, ["last", "d"])];
    assert_eq!(ids(semicolons.as_bytes()).expect("a table"), expected, "as Excel is told to read it");
    let unnamed = semicolons.trim_start_matches("sep=;\r\n");
    assert_eq!(ids(unnamed.as_bytes()).expect("a table")[0], line(1, ["a;,,,", "b"]), "marks within quotes are none");
    assert_eq!(ids(b"\xef\xbb\xbf \r\n;;\r\n").expect("a table"), [], "nothing is nothing");
    assert_eq!(ids(b"5\" tube,1\nb,2").expect("a table").len(), 2, "inches open no cell");
}

#[test]
fn what_is_no_table_of_text_is_refused() {
    let big5 = b"\xaf\x66\xbe\xfa\xb8\xb9,id\r\n1,2\r\n";
    assert_eq!(ids(big5).expect_err("Big5").to_string(), "its letters are written in an old encoding");
    for no_text in [&b"a\0b"[..], b"\xff\xfea", b"\xff\xfea\0\0\0", b"\xff\xfe\0\xd8", b"\x89PNG\r\n\x1a\n\0"] {
        assert_eq!(ids(no_text).expect_err("no text").to_string(), "it is no text", "{no_text:?}");
    }
    let open = ids(b"a,b\nc,\"d\ne,f\ng,h\n").expect_err("open");
    assert!(matches!(open, SheetError::Quote { line: 2 }), "rows are not lost in a cell: {open}");
    let stray = ids(b"A0,1\nA1,\"open\nA2,x\nA3,\"y\"\nA4,z\n").expect_err("another cell's quotation mark closes it");
    assert!(matches!(stray, SheetError::Quote { line: 2 }), "rows are not lost between two cells: {stray}");
    assert!(ids(b"a,\"b\"c\n").is_err(), "nothing follows the end of a cell but its mark");
    let good = ids(b"\"a\" ,\"say \"\"x\"\"\",5\" tube\r\n\"\",\"two\r\nlines\"\r\n").expect("as RFC 4180 has it");
    assert_eq!(good.len(), 2, "doubled, blank after, empty, over two lines, and inside of a cell");
    let own = ids(b"'-5,'=1+1,'tis\n").expect("as Sheaf writes what a spreadsheet would run");
    assert_eq!(own, [line(1, ["-5", "=1+1", "'tis"])], "as it was");
}
