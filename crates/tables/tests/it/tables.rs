//! Tables as their readers meet them: files are written whole, then read back by this program and by those of other people.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::{Study, StudyField};
use sheaf_registry::{Code, Result};
use sheaf_tables::{About, Columns, CsvDialect, Format, Limits, Table, TableOptions, TableReport};

fn options(format: Format) -> TableOptions {
    TableOptions {
        format,
        columns: Columns::full(),
        zone: TimeZone::get("Asia/Taipei").expect("a zone"),
        about: About {
            lines: vec![("Application".to_owned(), "Sheaf 1".to_owned()), ("Filter".to_owned(), "=q".to_owned())],
            created_at: "2026-01-02T03:04:05Z".parse().expect("a time"),
        },
        limits: Limits::default(),
    }
}

const CSV: Format = Format::Csv(CsvDialect { bom: true, tabs: false, neutralise: true });

fn write(path: &Path, options: TableOptions, studies: &[Study]) -> Result<TableReport> {
    let file = std::fs::File::create_new(path).expect("a new file");
    let scratch = path.parent().expect("a folder");
    let mut table = Table::new(file, options, scratch, &Cancel::new())?;
    studies.iter().try_for_each(|study| table.push(study))?;
    table.finish()
}

fn study(exam_id: &str) -> Study {
    Study { exam_id: exam_id.to_owned(), ..Study::default() }
}

/// A hundred texts that spreadsheets run, split, cut or choke on.
fn corpus() -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for start in ["=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠"] {
        for rest in ["1+1", "HYPERLINK(\"http://x\",\"y\")", "cmd|' /C calc'!A0", "SUM(1,2);3", "A1\n=A2"] {
            texts.push(format!("{start}{rest}"));
        }
    }
    texts.extend((0..0x20_u8).map(|control| format!("a{}b", char::from(control))));
    texts.extend(
        [
            "\"",
            "\"\"",
            "a,b",
            "a;b",
            "a\tb",
            "a\"b\",c",
            "line\r\nbreak",
            "line\nbreak",
            "end\r",
            "'=1",
            "007",
            "1e5",
            "_x0041_",
            "_x005F_",
            "<b>&amp;</b>",
            "患者 王小明",
            " blanks ",
            "\u{202e}back",
            "\u{feff}bom",
            "𝄞",
        ]
        .map(str::to_owned),
    );
    assert!(texts.len() >= 100, "{} texts", texts.len());
    texts
}

fn corpus_studies() -> Vec<Study> {
    let named = |(number, text): (usize, String)| Study { patient_name: text, ..study(&format!("{number:05}")) };
    corpus().into_iter().enumerate().map(named).collect()
}

/// Python with the readers that `make setup` brings.
fn python(code: &str, path: &Path) -> serde_json::Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join(".env-checkers/bin/python");
    let ran = Command::new(&python).arg("-c").arg(code).arg(path).output();
    let ran = ran.unwrap_or_else(|error| panic!("{} ({error}): run `make setup`", python.display()));
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

fn python_csv(path: &Path) -> Vec<Vec<String>> {
    let code = "import csv, json, sys
with open(sys.argv[1], encoding='utf-8-sig', newline='') as file: print(json.dumps(list(csv.reader(file, strict=True))))";
    serde_json::from_value(python(code, path)).expect("rows of texts")
}

/// Every sheet's rows; times as ISO, with the type of each cell before its value.
fn openpyxl(path: &Path) -> Vec<(String, Vec<Vec<serde_json::Value>>)> {
    // The format's escapes (_x0041_) are undone by Excel and LibreOffice, and by openpyxl only when it is told to.
    let code = "import json, sys, openpyxl
from openpyxl.utils.escape import unescape
book = openpyxl.load_workbook(sys.argv[1])
plain = lambda value: unescape(value) if isinstance(value, str) else value
value = lambda cell: None if cell.value is None else [cell.data_type, cell.value.isoformat(' ') if cell.is_date else plain(cell.value)]
print(json.dumps([[sheet.title, [[value(cell) for cell in row] for row in sheet.iter_rows()]] for sheet in book]))";
    serde_json::from_value(python(code, path)).expect("sheets of rows")
}

/// What a text becomes in a CSV, and in a workbook.
fn expected(text: &str, is_workbook: bool) -> String {
    let replaced: String = text
        .chars()
        .map(|letter| if letter < ' ' && !matches!(letter, '\t' | '\n' | '\r') { '\u{fffd}' } else { letter })
        .collect();
    if is_workbook { replaced.replace("\r\n", "\n").replace('\r', "\n") } else { replaced }
}

#[test]
fn a_csv_of_hostile_texts_comes_back_inert() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.csv");
    let report = write(&path, options(CSV), &corpus_studies()).expect("written");
    let bytes = std::fs::read(&path).expect("there");
    assert!(bytes.starts_with(b"\xef\xbb\xbfexam_id,medical_record_no,"), "a mark for Excel, then the titles");
    assert!(bytes.ends_with(b"\r\n"), "every row ends");
    let rows = python_csv(&path);
    assert_eq!(rows.len(), corpus().len() + 1, "as many rows as studies");
    let mut changed = 0;
    for (row, text) in rows[1..].iter().zip(corpus()) {
        let cell = &row[3];
        let inert = cell.strip_prefix('\'').filter(|_| !text.starts_with('\''));
        changed += u64::from(inert.is_some());
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']), "{cell:?} would be run");
        assert_eq!(inert.unwrap_or(cell), expected(&text, false), "the text itself is kept");
    }
    assert_eq!((report.neutralised, report.rows), (changed, corpus().len() as u64), "all are counted");
    assert_eq!(report.replaced, 29, "controls but tab and line ends");
    assert!(report.notes.iter().any(|note| note.column == StudyField::PatientName), "and named");
}

#[test]
fn a_workbook_of_hostile_texts_comes_back_as_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.xlsx");
    write(&path, options(Format::Xlsx), &corpus_studies()).expect("written");
    let sheets = openpyxl(&path);
    assert_eq!(sheets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Studies", "About"], "two sheets");
    for (row, text) in sheets[0].1[1..].iter().zip(corpus()) {
        // openpyxl calls every text that starts with = a formula, so the file itself is asked below.
        assert_eq!(row[3][1].as_str(), Some(expected(&text, true).as_str()), "the text comes back");
    }
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).expect("there")).expect("a ZIP");
    for at in 0..archive.len() {
        let entry = archive.by_index(at).expect("an entry");
        let name = entry.name().expect("a name").into_owned();
        let text = std::io::read_to_string(entry).expect("XML");
        assert!(!text.contains("<f>") && !text.contains("<hyperlink"), "{name} holds neither formula nor link");
    }
    let about: Vec<Option<&str>> = sheets[1].1.iter().map(|row| row[0][1].as_str()).collect();
    assert!(about.starts_with(&[Some("Application"), Some("Filter"), Some("Studies")]), "what this is: {about:?}");
}

fn full() -> Study {
    let time = |text: &str| Some(text.parse::<Timestamp>().expect("a time"));
    Study {
        exam_id: "00001".to_owned(),
        medical_record_no: "00123456".to_owned(),
        application_order_no: "0004".to_owned(),
        patient_name: "王小明".to_owned(),
        patient_gender: "F".to_owned(),
        patient_birth_date: "19600101".to_owned(),
        patient_age: Some(65),
        exam_status: "終審報告".to_owned(),
        exam_source: "急診".to_owned(),
        exam_item: "300707001".to_owned(),
        exam_description: "CT, \"limited\"".to_owned(),
        exam_room: "CT1".to_owned(),
        exam_equipment: "GE".to_owned(),
        equipment_type: "CT".to_owned(),
        order_datetime: time("2025-01-31T23:59:59.9Z"),
        check_in_datetime: time("2024-02-29T16:00:00Z"),
        report_certification_datetime: None,
        certified_physician: "Dr. Chen".to_owned(),
    }
}

#[test]
fn values_come_back_with_zeros_and_dates_and_numbers() {
    let folder = tempfile::tempdir().expect("a folder");
    let (csv, xlsx) = (folder.path().join("a.csv"), folder.path().join("a.xlsx"));
    let old = Study { order_datetime: Some("1850-01-01T00:00:00Z".parse().expect("a time")), ..study("2") };
    write(&csv, options(CSV), &[full(), old.clone()]).expect("written");
    let report = write(&xlsx, options(Format::Xlsx), &[full(), old]).expect("written");
    let line = [
        "00001",
        "00123456",
        "0004",
        "王小明",
        "F",
        "19600101",
        "65",
        "終審報告",
        "急診",
        "300707001",
        "CT, \"limited\"",
        "CT1",
        "GE",
        "CT",
        "2025-02-01 07:59:59",
        "2024-03-01 00:00:00",
        "",
        "Dr. Chen",
    ];
    assert_eq!(python_csv(&csv)[1], line, "times are those of the zone");
    let rows = &openpyxl(&xlsx)[0].1;
    let kinds: String = rows[1].iter().map(|cell| cell[0].as_str().unwrap_or("-")).collect();
    assert_eq!(kinds, "ssssssnsssssssdd-s", "texts, a number, dates; a study without a time has no cell");
    for (cell, text) in rows[1].iter().zip(line) {
        let shown = cell[1].as_i64().map_or_else(|| cell[1].as_str().unwrap_or_default().to_owned(), |age| age.to_string());
        assert_eq!(shown, text, "the same value");
    }
    assert_eq!(report.times_as_text, 1, "Excel counts from 1900");
    assert!(rows[2][14][1].as_str().is_some_and(|text| text.starts_with("1850-01-01 ")), "as text: {:?}", rows[2][14]);
}

#[test]
fn the_sheet_has_titles_that_stay_and_filter() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.xlsx");
    write(&path, options(Format::Xlsx), &[full()]).expect("written");
    let code = "import json, sys, openpyxl
sheet = openpyxl.load_workbook(sys.argv[1])['Studies']
print(json.dumps([sheet.freeze_panes, sheet.auto_filter.ref, sheet['A1'].font.b, sheet['A2'].number_format, sheet['O2'].number_format,
                  sheet.column_dimensions['H'].width > 9, sheet.column_dimensions['O'].width > 18]))";
    let found = python(code, &path);
    assert_eq!(found, serde_json::json!(["A2", "A1:R2", true, "@", "yyyy-mm-dd hh:mm:ss", true, true]));
}

#[test]
fn rows_go_on_in_further_sheets() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.xlsx");
    let studies: Vec<Study> = (0..5).map(|number| study(&number.to_string())).collect();
    let options = TableOptions {
        columns: Columns::named("exam_id,patient_age").expect("two"),
        limits: Limits { rows_per_sheet: 2 },
        ..options(Format::Xlsx)
    };
    let report = write(&path, options, &studies).expect("written");
    assert_eq!((report.rows, report.sheets), (5, 3), "none is lost");
    let sheets = openpyxl(&path);
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Studies", "Studies 2", "Studies 3", "About"], "in order");
    let ids: Vec<&str> = sheets[..3].iter().flat_map(|(_, rows)| &rows[1..]).filter_map(|row| row[0][1].as_str()).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4"], "each once, below its titles");
    assert_eq!(Limits::default().rows_per_sheet, 1_048_575, "Excel's rows but the titles");
}

#[test]
fn long_cells_are_never_cut_in_silence() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = Study { exam_description: "患".repeat(40_000), ..study("1") };
    let (csv, xlsx) = (folder.path().join("a.csv"), folder.path().join("a.xlsx"));
    let report = write(&csv, options(CSV), std::slice::from_ref(&long)).expect("written");
    assert_eq!((report.too_long_for_excel, report.has_losses()), (1, false), "a CSV holds all of it");
    let cell = std::fs::read_to_string(&csv).expect("text").matches('患').count();
    assert_eq!(cell, 40_000, "every letter");
    let report = write(&xlsx, options(Format::Xlsx), &[long]).expect("written");
    assert_eq!((report.shortened, report.has_losses(), report.notes.len()), (1, true, 1), "told");
    let rows = &openpyxl(&xlsx)[0].1;
    let cell = rows[1][10][1].as_str().expect("text");
    assert_eq!((cell.chars().count(), cell.ends_with('…')), (32_767, true), "as much as fits, and a sign");
}

#[test]
fn dialects_are_as_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tsv");
    let dialect = CsvDialect { bom: false, tabs: true, neutralise: false };
    let columns = Columns::named("patient_name,exam_id").expect("two");
    let studies = [Study { patient_name: "=1,\t".to_owned(), ..study("1") }, study("")];
    write(&path, TableOptions { columns, ..options(Format::Csv(dialect)) }, &studies).expect("written");
    let text = std::fs::read_to_string(&path).expect("text");
    assert_eq!(text, "patient_name\texam_id\r\n\"=1,\t\"\t1\r\n\t\r\n", "no mark, tabs, nothing changed");
    let path = folder.path().join("b.csv");
    let columns = Columns::named("patient_name").expect("one");
    write(&path, TableOptions { columns, ..options(CSV) }, &[study("1")]).expect("written");
    assert_eq!(python_csv(&path), [["patient_name"], [""]], "a row of one empty cell is a row");
}

#[test]
fn the_same_rows_are_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in [CSV, Format::Xlsx] {
        let paths = ["a", "b"].map(|name| folder.path().join(name).with_extension(format.extension()));
        for path in &paths {
            write(path, options(format), &[full(), study("2")]).expect("written");
        }
        let [a, b] = paths.map(|path| std::fs::read(path).expect("there"));
        assert!(a == b, "{format:?} depends on nothing but its rows");
    }
}

#[test]
fn a_table_can_be_stopped_and_a_full_disk_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in [CSV, Format::Xlsx] {
        let cancel = Cancel::new();
        let file = std::fs::File::create(folder.path().join("a")).expect("a file");
        let mut table = Table::new(file, options(format), folder.path(), &cancel).expect("begun");
        table.push(&full()).expect("a row");
        cancel.raise();
        assert_eq!(table.finish().expect_err("stopped").code(), Code::Cancelled, "{format:?}");
        let full_disk = Path::new("/dev/full");
        if full_disk.exists() {
            let file = std::fs::File::options().write(true).open(full_disk).expect("a device");
            let mut table = Table::new(file, options(format), folder.path(), &Cancel::new()).expect("begun");
            table.push(&full()).expect("a row");
            assert_eq!(table.finish().expect_err("no room").code(), Code::NoSpace, "{format:?}");
        }
    }
}

/// `LibreOffice`, which reads both: the workbook through a conversion of its own.
fn libre_office() -> Option<PathBuf> {
    let found =
        std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join("soffice")).find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: LibreOffice (soffice) is not there, so it has not read the workbook back.");
    }
    found
}

#[test]
fn libre_office_reads_the_workbook_back() {
    let Some(office) = libre_office() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.xlsx");
    let mut studies = corpus_studies();
    studies.push(full());
    write(&path, options(Format::Xlsx), &studies).expect("written");
    let profile = format!("-env:UserInstallation=file://{}", folder.path().join("profile").display());
    let ran = Command::new(office)
        .args([&profile, "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"])
        .args([Path::new("--outdir"), folder.path(), &path])
        .output()
        .expect("it runs");
    let told = [ran.stdout, ran.stderr].map(|told| String::from_utf8_lossy(&told).into_owned());
    assert!(ran.status.success() && folder.path().join("a.csv").exists(), "{told:?}");
    let rows = python_csv(&folder.path().join("a.csv"));
    assert_eq!(rows.len(), studies.len() + 1, "as many rows as studies");
    let zone = options(Format::Xlsx).zone;
    for (row, study) in rows[1..].iter().zip(&studies) {
        // It writes the texts of cells, whatever they start with: it has taken none for a formula, and dropped no zero.
        assert_eq!(row, &shown(study, &zone), "every cell comes back");
    }
    let last = rows.last().expect("the whole one");
    assert_eq!([&last[6], &last[14], &last[15]], ["65", "2025-02-01 07:59:59", "2024-03-01 00:00:00"], "numbers and dates");
}

/// The cells of a study in a workbook, as text.
fn shown(study: &Study, zone: &TimeZone) -> Vec<String> {
    let time = |time: Option<Timestamp>| {
        time.map(|time| time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
    };
    let texts = [
        &study.exam_id,
        &study.medical_record_no,
        &study.application_order_no,
        &study.patient_name,
        &study.patient_gender,
        &study.patient_birth_date,
        &study.patient_age.map(|age| age.to_string()).unwrap_or_default(),
        &study.exam_status,
        &study.exam_source,
        &study.exam_item,
        &study.exam_description,
        &study.exam_room,
        &study.exam_equipment,
        &study.equipment_type,
        &time(study.order_datetime),
        &time(study.check_in_datetime),
        &time(study.report_certification_datetime),
        &study.certified_physician,
    ];
    texts.map(|text| expected(text, true)).to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives_a_csv(texts in proptest::collection::vec("[\"',;\t\r\na=\\PC]{0,6}", 1..9)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        let studies: Vec<Study> =
            texts.iter().map(|text| Study { exam_description: text.clone(), ..study("1") }).collect();
        write(&path, options(Format::Csv(CsvDialect { neutralise: false, ..CsvDialect::default() })), &studies).expect("written");
        let rows = python_csv(&path);
        let back: Vec<&String> = rows[1..].iter().map(|row| &row[10]).collect();
        prop_assert_eq!(back, texts.iter().collect::<Vec<_>>(), "what went in comes out");
    }
}
