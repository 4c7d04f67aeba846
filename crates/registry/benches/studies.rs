//! How long searches of 1,000,000 studies take, in memory and streamed. Prints; asserts nothing, since machines differ.
//!
//! `SHEAF_STUDIES=<registry>` looks at that registry instead of one made here.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::{Criteria, StudyField, StudyFilter, StudyIndex, StudySort};
use sheaf_registry::writer::NewStudy;
use sheaf_registry::{Actor, Registry, RegistryWriter, Result};

const STUDIES: u64 = 1_000_000;
const ROUNDS: usize = 11;

fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder is the bench's ground");
    let path = if let Some(path) = std::env::var_os("SHEAF_STUDIES") {
        PathBuf::from(path)
    } else {
        let path = folder.path().join("registry.sqlite");
        make(&path)?;
        path
    };
    let registry = Registry::open(&path)?;
    let viewer = registry.viewer(&Actor::Owner)?;
    let cancel = Cancel::new();
    let start = Instant::now();
    let index = StudyIndex::load(&registry, &viewer, &cancel)?;
    println!("load {} studies: {:.0?}, {} MB", index.len(), start.elapsed(), index.bytes() / 1_000_000);
    println!("{:>34} {:>9} {:>11} {:>11} {:>9} {:>11}", "looked for", "found", "first 50", "count", "most", "all in order");
    let q = |text: &str| StudyFilter { q: text.to_owned(), ..StudyFilter::default() };
    let filters = [
        ("everything", StudyFilter::default()),
        ("q=ct", q("ct")),
        ("q=e", q("e")),
        ("q=7", q("7")),
        ("q=00123", q("00123")),
        ("q=王", q("王")),
        ("q=胸部", q("胸部")),
        ("q=nothing at all", q("nothing at all")),
        (
            "women over 60, certified",
            StudyFilter {
                patient_gender: vec!["F".to_owned()],
                patient_age_min: Some(61),
                exam_status: Some("終審報告".to_owned()),
                start_date: Some("2023-01-01".to_owned()),
                ..StudyFilter::default()
            },
        ),
        ("q=王 in one room", StudyFilter { exam_room: vec!["CT室2".to_owned()], ..q("王") }),
    ];
    for (name, filter) in &filters {
        let criteria = Criteria::new(filter, &TimeZone::UTC)?;
        let (first, _, _) = timed(|| index.first(&criteria, StudySort::default(), None, 50, &cancel))?;
        let (count, most, found) = timed(|| index.find(&criteria, &cancel))?;
        // As the window asks, which scrolls through all of them.
        let listed = || index.find(&criteria, &cancel).map(|found| index.list(&found, StudySort::default()));
        let (all, ..) = timed(listed)?;
        println!("{name:>34} {:>9} {first:>11.2?} {count:>11.2?} {most:>9.2?} {all:>11.2?}", found.count());
    }
    let all = index.find(&Criteria::new(&StudyFilter::default(), &TimeZone::UTC)?, &cancel)?;
    for (name, sort) in [("patient_name_asc", "patient_name_asc"), ("exam_room_desc", "exam_room_desc")] {
        let sort = StudySort::named(sort).unwrap_or_default();
        let start = Instant::now();
        index.list(&all, sort);
        let once = start.elapsed();
        let (again, ..) = timed(|| Ok(index.list(&all, sort)))?;
        println!("{name:>34} order made in {once:.0?}, listed again in {again:.1?}");
    }
    let (values, ..) = timed(|| Ok(index.values(StudyField::ExamRoom, Some(&all))))?;
    let (months, ..) = timed(|| Ok(index.months(&all, &TimeZone::UTC)))?;
    println!("values of a field {values:.1?}, months {months:.1?}");
    let start = Instant::now();
    let criteria = Criteria::new(&q("王"), &TimeZone::UTC)?;
    let page = registry.study_page(&viewer, &criteria, StudySort::default(), (0, 50), &cancel)?;
    println!("streamed from the file, q=王: {} found in {:.0?}", page.total, start.elapsed());
    Ok(())
}

/// Median and most of some rounds.
fn timed<T>(work: impl Fn() -> Result<T>) -> Result<(Duration, Duration, T)> {
    let mut result = work()?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        result = work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((times[ROUNDS / 2], times[ROUNDS - 1], result))
}

fn make(path: &Path) -> Result<()> {
    let mut writer = RegistryWriter::create(path)?;
    let mut random = 1_u64;
    let mut below = |most: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % most
    };
    let pick = |list: &[&'static str], at: u64| list[usize::try_from(at).unwrap_or(0) % list.len()];
    let start: Timestamp = "2019-01-01T00:00:00Z".parse().expect("a time");
    for number in 0..STUDIES {
        let kind = below(6);
        let order = start.saturating_add(i64::try_from(below(3_000_000)).unwrap_or(0).minutes()).expect("in range");
        let family = ["王", "李", "張", "陳", "林", "黃", "Ferrari ", "Núñez ", "O'Brien ", "Straße "];
        let given = ["小明", "雅婷", "建宏", "Anna", "Luca", "怡君", "志偉", "Émile"];
        writer.study(&NewStudy {
            exam_id: &format!("{}{number:08}", 20_190_101 + below(60_000)),
            medical_record_no: &format!("{:08}", below(10_000_000)),
            application_order_no: &format!("A{:010}", below(1_000_000_000)),
            patient_name: &format!("{}{}{}", pick(&family, below(10)), pick(&given, below(8)), below(1000)),
            patient_gender: pick(&["F", "M", "U"], below(2) + below(50) / 49),
            patient_birth_date: &format!("{}{:02}{:02}", 1930 + below(90), 1 + below(12), 1 + below(28)),
            patient_age: Some(i64::try_from(below(99)).unwrap_or(0)),
            exam_status: pick(&["終審報告", "初步報告", "已報到", "已刪單"], below(5) / 2),
            exam_source: pick(&["急診", "門診", "住院", "健檢"], below(4)),
            exam_item: &format!("3007070{kind:02}"),
            exam_description: &format!("{} {}", pick(&["CT 胸部", "MRI Brain", "KUB", "Chest PA"], kind), below(40)),
            exam_room: pick(&["CT室1", "CT室2", "MR1", "X光1室", "US3", ""], kind),
            exam_equipment: pick(&["GE LightSpeed 16", "Siemens Skyra", "Fuji FDR", "Toshiba Aplio"], kind),
            equipment_type: pick(&["CT", "MR", "CR", "US"], kind),
            order_datetime: Some(order),
            check_in_datetime: order.checked_add(90.minutes()).ok(),
            report_certification_datetime: order.checked_add(900.minutes()).ok(),
            certified_physician: &format!("Dr. {}", pick(&["林建志", "Chen", "Ferrari"], below(3))),
            data_load_time: None,
        })?;
    }
    writer.finish()
}
