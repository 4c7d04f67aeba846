//! Lists of studies: as the hospital delivers them, as Sheaf itself writes them, and with rows that are wrong.

use std::path::Path;

use jiff::tz::TimeZone;
use rusqlite::Connection;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use sheaf_registry::Code;
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::StudyField;
use sheaf_registry::writer::RegistryWriter;
use sheaf_sources::rejected::RejectedReason::{self, Empty, NotATime, NotAnAge, NotText, Taken, TooLong};
use sheaf_sources::study_list::{self, LIMITS, ListError, StudyReport};

const CHINESE: [&str; 18] = [
    "檢查流水號",
    "病歷號",
    "申請單號",
    "姓名",
    "性別",
    "生日",
    "年齡",
    "狀態",
    "來源",
    "檢查室",
    "檢查項目",
    "檢查描述",
    "檢查儀器",
    "儀器",
    "開單日期/時間",
    "報到時間",
    "報告認證時間",
    "認證醫師",
];

fn read_in(bytes: &[u8], zone: &TimeZone) -> (Result<StudyReport, ListError>, Vec<Vec<String>>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("studies.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a free name");
    let read = study_list::read(bytes, zone, LIMITS, &mut writer, &|_| (), &Cancel::new());
    if read.is_err() {
        drop(writer);
        assert!(!path.exists(), "nothing appears of a list that was refused");
        return (read, Vec::new());
    }
    writer.finish().expect("a registry");
    (read, rows(&path))
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let connection = Connection::open(path).expect("a registry");
    let mut statement = connection.prepare("SELECT * FROM study ORDER BY exam_id").expect("its table");
    let columns = statement.column_count() - 1;
    let cell = |row: &rusqlite::Row<'_>, at| -> rusqlite::Result<String> {
        Ok(match row.get_ref(at)? {
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            _ => String::new(),
        })
    };
    let read = statement.query_map([], |row| (0..columns).map(|at| cell(row, at)).collect());
    read.expect("rows").map(|row| row.expect("a row")).collect()
}

fn read(bytes: &[u8]) -> (Result<StudyReport, ListError>, Vec<Vec<String>>) {
    read_in(bytes, &TimeZone::UTC)
}

#[test]
fn a_workbook_of_the_hospital_is_read_with_its_zeros_its_dates_and_its_zone() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    sheet.write_row(0, 0, CHINESE).expect("titles");
    let texts = ["0001", "00136544", "A1", "黃玲宏", "女", "19840318"];
    sheet.write_row(1, 0, texts).expect("texts").write(1, 6, 36).expect("a number");
    sheet.write_row(1, 7, ["終審報告", "住院", "MR1"]).expect("texts").write(1, 10, 300_905_017).expect("a number");
    sheet.write_row(1, 11, ["逗號, \"引號\"\n換行", "", "MR"]).expect("texts");
    let moment = ExcelDateTime::from_ymd(2020, 5, 31).and_then(|day| day.and_hms(9, 25, 18)).expect("a date");
    sheet.write_with_format(1, 14, moment, &date).expect("a date");
    sheet.write_row(1, 15, ["2020/6/13 00:00", "2020-06-16T14:00:18+00:00", "D123456"]).expect("texts");
    let bytes = book.save_to_buffer().expect("a workbook");

    let (report, rows) = read_in(&bytes, &TimeZone::get("Asia/Taipei").expect("a zone"));
    let expected = StudyReport { studies: 1, ..StudyReport::default() };
    assert_eq!(report.expect("a list"), expected, "every column has its field");
    let row = [
        "0001",
        "00136544",
        "A1",
        "黃玲宏",
        "F",
        "19840318",
        "36",
        "終審報告",
        "住院",
        "300905017",
        "逗號, \"引號\"\n換行",
        "MR1",
        "",
        "MR",
        "2020-05-31T01:25:18Z",
        "2020-06-12T16:00:00Z",
        "2020-06-16T14:00:18Z",
        "D123456",
    ];
    assert_eq!(rows, [row.map(ToOwned::to_owned)], "as it stands, times in UTC");
}

#[test]
fn the_names_of_the_fields_are_titles_too_under_a_heading_and_in_any_order() {
    let list = "Monthly report\n\nOrder Datetime,EXAM_ID,備註,patient-name\n2025-01-31,E1,x,Ada\n";
    let (report, rows) = read(list.as_bytes());
    let report = report.expect("a list");
    assert_eq!(report.ignored, ["備註"], "what was not read is told");
    assert_eq!(report.absent.len(), StudyField::ALL.len() - 3, "and what is not there: {:?}", report.absent);
    assert_eq!((rows[0][0].as_str(), rows[0][3].as_str(), rows[0][14].as_str()), ("E1", "Ada", "2025-01-31T00:00:00Z"));
}

#[test]
fn a_row_that_breaks_a_rule_is_rejected_whole_and_told() {
    let long = "x".repeat(101);
    let table: &[(&str, &str, Option<RejectedReason>)] = &[
        ("exam_id", "", Some(Empty)),
        ("exam_id", &long, Some(TooLong)),
        ("exam_id", &long[1..], None),
        ("exam_id", "first", Some(Taken)),
        ("exam_id", "First", None),
        ("medical_record_no", "a\u{7}b", Some(NotText)),
        ("patient_age", "0", None),
        ("patient_age", "067Y", None),
        ("patient_age", "-1", Some(NotAnAge)),
        ("patient_age", "3.5", Some(NotAnAge)),
        ("patient_age", "003M", Some(NotAnAge)),
        ("patient_age", "1000", Some(NotAnAge)),
        ("order_datetime", "2025-01-31 08:00:00", None),
        ("order_datetime", "2025/1/31 8:00", None),
        ("order_datetime", "2025.01.31", None),
        ("order_datetime", "20250131", None),
        ("order_datetime", "202501310800", None),
        ("order_datetime", "20250131080000", None),
        ("order_datetime", "2025-01-31T08:00:00.5Z", None),
        ("order_datetime", "31.01.2025", Some(NotATime)),
        ("order_datetime", "01/02/2025", Some(NotATime)),
        ("order_datetime", "114/01/31", Some(NotATime)),
        ("order_datetime", "2025-02-30", Some(NotATime)),
        ("order_datetime", "2025-01-31 25:00", Some(NotATime)),
        ("order_datetime", "2025-01-31 8:00 PM", Some(NotATime)),
        ("order_datetime", "45688.5", Some(NotATime)),
        ("check_in_datetime", "soon", Some(NotATime)),
        ("report_certification_datetime", "0", Some(NotATime)),
    ];
    for &(field, value, expected) in table {
        let titles = if field == "exam_id" { "exam_id".to_owned() } else { format!("exam_id,{field}") };
        let row = if field == "exam_id" { format!("{value},x") } else { format!("second,{value}") };
        let (report, rows) = read(format!("{titles},note\nfirst\n{row}\n").as_bytes());
        let report = report.expect("the first row is right");
        let rejected: Vec<_> = report.rejected.iter().map(|row| (row.line, row.field, row.reason)).collect();
        let expected: Vec<_> = expected.map(|reason| (3, field, reason)).into_iter().collect();
        assert_eq!(rejected, expected, "{field} {value:?}");
        assert_eq!(rows.len(), 2 - expected.len(), "{field} {value:?}: the other row stays");
        assert_eq!(report.studies, rows.len() as u64, "what is counted is there");
    }
}

#[test]
fn a_number_that_a_spreadsheet_has_rounded_is_no_id() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["exam_id", "exam_description"]).expect("titles");
    sheet.write(1, 0, 20_241_103_000_001_i64).and_then(|sheet| sheet.write(1, 1, 0.5)).expect("numbers");
    sheet.write(2, 0, 2e16).expect("a number");
    sheet.write(3, 0, 1.5).expect("a number");
    let (report, rows) = read(&book.save_to_buffer().expect("a workbook"));
    let lines: Vec<_> = report.expect("a list").rejected.iter().map(|row| (row.line, row.reason)).collect();
    assert_eq!(lines, [(3, NotText), (4, NotText)]);
    assert_eq!((rows[0][0].as_str(), rows[0][10].as_str()), ("20241103000001", "0.5"), "14 digits are exact");
}

#[test]
fn a_list_that_is_none_is_refused_with_the_reason() {
    let refused = |list: &str| read(list.as_bytes()).0.expect_err("no list");
    assert!(matches!(refused("a,b\n1,2\n"), ListError::Titles), "no titles");
    assert!(matches!(refused(""), ListError::Titles), "nothing");
    let late = format!("{}exam_id\nE1\n", "x\n".repeat(21));
    assert!(matches!(refused(&late), ListError::Titles), "titles are looked for at the beginning");
    assert!(matches!(refused("exam_id,檢查流水號\n1,2\n"), ListError::Twice(StudyField::ExamId)), "two of one");
    assert!(matches!(refused("exam_id\n"), ListError::Empty(_)), "no row");
    let ListError::Empty(report) = refused("exam_id,patient_age\nE1,old\n") else { panic!("no row is right") };
    assert_eq!(report.rejected.len(), 1, "why is told");
    assert!(matches!(refused("exam_id\n\"E1\n"), ListError::Sheet(_)), "a mark without an end");
}

#[test]
fn reading_stops_when_it_is_told_to() {
    let list: String = std::iter::once("exam_id\n".to_owned()).chain((0..5000).map(|row| format!("E{row}\n"))).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("studies.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a free name");
    let cancel = Cancel::new();
    let seen = std::cell::Cell::new(0);
    let watch = |rows| {
        seen.set(rows);
        cancel.raise();
    };
    let read = study_list::read(list.as_bytes(), &TimeZone::UTC, LIMITS, &mut writer, &watch, &cancel);
    let Err(ListError::Write(error)) = read else { panic!("it was stopped: {read:?}") };
    assert_eq!(error.code(), Code::Cancelled, "{error}");
    assert!((1..5000).contains(&seen.get()), "in the middle: {}", seen.get());
}

#[test]
fn a_registry_takes_the_place_of_another_only_when_it_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("studies.sqlite");
    let make = |list: &str| {
        let mut writer = RegistryWriter::replacing(&path).expect("a place");
        study_list::read(list.as_bytes(), &TimeZone::UTC, LIMITS, &mut writer, &|_| (), &Cancel::new())?;
        writer.finish().map_err(ListError::Write)
    };
    make("exam_id\nold\n").expect("the first");
    let reader = Connection::open(&path).expect("a registry");
    let ids = |reader: &Connection| reader.query_row("SELECT exam_id FROM study", [], |row| row.get::<_, String>(0));
    assert_eq!(ids(&reader).expect("a row"), "old");
    make("none\n").expect_err("no list");
    assert_eq!(rows(&path)[0][0], "old", "the earlier one stays");
    make("exam_id\nnew\n").expect("the second");
    assert_eq!((rows(&path)[0][0].as_str(), ids(&reader).expect("a row").as_str()), ("new", "old"), "readers go on");
    let left: Vec<_> = std::fs::read_dir(&folder).expect("its files").map(|entry| entry.expect("a file").path()).collect();
    assert_eq!(left, [path], "and nothing else is left");
}

/// What stands in a column of a COPY block.
fn copied(value: &str) -> String {
    if value == "\\N" {
        return String::new();
    }
    value.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
}

#[test]
fn the_samples_list_holds_what_the_hospitals_database_does() {
    use std::io::Read as _;
    let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/studies"));
    let list = samples.join("source_hospital_export_zh.xlsx");
    if !list.exists() {
        eprintln!("SKIPPED: the sample of a hospital's list is not there.");
        return;
    }
    let (report, rows) = read(&std::fs::read(list).expect("a file"));
    let report = report.expect("a list");
    assert_eq!((report.studies, report.rejected.as_slice()), (3000, [].as_slice()), "every row is one");
    let mut dump = String::new();
    let file = std::fs::File::open(samples.join("studies_pg_dump_plain.sql.gz")).expect("a dump");
    flate2::read::GzDecoder::new(file).read_to_string(&mut dump).expect("a text");
    let block = dump.split("COPY public.medical_examinations_fact").nth(1).expect("its table");
    let time = |value: &str| value.replace(' ', "T").replace("+00", "Z");
    let known: std::collections::HashMap<String, Vec<String>> = block
        .lines()
        .skip(1)
        .take_while(|line| *line != "\\.")
        .map(|line| {
            let cells: Vec<_> = line.split('\t').take(18).map(copied).collect();
            let cells = cells.iter().enumerate();
            let row: Vec<_> =
                cells.map(|(at, cell)| if (14..17).contains(&at) { time(cell) } else { cell.clone() }).collect();
            (row[0].clone(), row)
        })
        .collect();
    for mut row in rows {
        // Whoever made the list put a mark before what would be a formula; it stays, as everything does.
        if let Some(bare) = row[3].strip_prefix('\'').filter(|bare| bare.starts_with(['=', '+', '-', '@'])) {
            row[3] = bare.to_owned();
        }
        assert_eq!(Some(&row), known.get(&row[0]), "the same study");
    }
}

#[test]
fn what_of_a_list_is_not_read_is_told() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["exam_id", "patient_name", "", "note"]).expect("titles");
    sheet.write_row(1, 0, ["E1", "Ada", "secret", "x", "beyond"]).expect("texts");
    sheet.write(1, 300, "far").expect("a text");
    sheet.write_row(2, 0, ["", "nobody"]).expect("texts");
    book.add_worksheet().set_name("More").expect("a name").write(0, 0, "exam_id").expect("a title");
    let (report, rows) = read(&book.save_to_buffer().expect("a workbook"));
    let report = report.expect("a list");
    assert_eq!(rows.len(), 1, "one study");
    assert_eq!(report.ignored, ["note", "C", "E", "IW and what follows"], "columns with and without a title");
    assert_eq!(report.ignored_sheets, ["More"], "sheets");
    let told: Vec<_> = report.oddities("line").into_iter().map(|odd| (odd.code, odd.count, odd.examples)).collect();
    let odd = |code: &str, count, examples: &[&str]| {
        (code.to_owned(), count, examples.iter().map(|example| (*example).to_owned()).collect::<Vec<_>>())
    };
    let expected = [
        odd("COLUMN_UNREAD", 4, &["note", "C", "E", "IW and what follows"]),
        odd("ROW_REJECTED", 1, &["line 3: exam_id"]),
        odd("SHEET_UNREAD", 1, &["More"]),
    ];
    assert_eq!(told, expected, "and kept for whoever looks later, without a name of a patient");
}
