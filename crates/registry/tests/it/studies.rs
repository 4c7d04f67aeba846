//! Studies: what a filter means, and that both ways of answering agree.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::{Criteria, Study, StudyField, StudyFilter, StudyIndex, StudySort};
use sheaf_registry::writer::{NewGrant, NewStudy};
use sheaf_registry::{Actor, Code, Registry, RegistryWriter};

struct Place {
    registry: Registry,
    _folder: tempfile::TempDir,
}

fn place(fill: impl FnOnce(&mut RegistryWriter)) -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a new registry");
    fill(&mut writer);
    writer.finish().expect("whole");
    Place { registry: Registry::open(&path).expect("ours"), _folder: folder }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

fn criteria(filter: &StudyFilter) -> Criteria {
    Criteria::new(filter, &TimeZone::UTC).expect("a filter that can be meant")
}

/// The ids that match, in order, as both ways find them.
fn ids(place: &Place, filter: &StudyFilter, sort: StudySort) -> Vec<String> {
    let (registry, cancel) = (&place.registry, Cancel::new());
    let viewer = registry.viewer(&Actor::Owner).expect("the owner");
    let index = StudyIndex::load(registry, &viewer, &cancel).expect("loaded");
    both(registry, &index, &criteria(filter), sort)
}

fn both(registry: &Registry, index: &StudyIndex, criteria: &Criteria, sort: StudySort) -> Vec<String> {
    let cancel = Cancel::new();
    let viewer = registry.viewer(&Actor::Owner).expect("the owner");
    let mut streamed = Vec::new();
    let count = registry
        .each_study(&viewer, criteria, sort, &cancel, |study| {
            streamed.push(study.exam_id.clone());
            Ok(())
        })
        .expect("streamed");
    let found = index.find(criteria, &cancel).expect("found");
    let listed: Vec<String> = index.list(&found, sort).into_iter().map(|row| index.exam_id(row).to_owned()).collect();
    assert_eq!(listed, streamed, "the index finds what the registry holds, in the same order ({sort})");
    assert_eq!((found.count(), count.matching), (listed.len() as u64, listed.len() as u64), "both count alike");
    // Pages one after the other are the whole.
    let (mut paged, size): (Vec<String>, usize) = (Vec::new(), listed.len() / 3 + 1);
    loop {
        let after = paged.last().cloned();
        let page = index.first(criteria, sort, after.as_deref(), size, &cancel).expect("a page");
        if page.is_empty() {
            break;
        }
        paged.extend(page.into_iter().map(|row| index.exam_id(row).to_owned()));
    }
    assert_eq!(paged, listed, "pages follow each other without a gap ({sort})");
    listed
}

fn study(exam_id: &'static str) -> NewStudy<'static> {
    let order_datetime = Some("2025-01-01T00:00:00Z".parse().expect("a time"));
    NewStudy { exam_id, order_datetime, ..NewStudy::default() }
}

fn q(text: &str) -> StudyFilter {
    StudyFilter { q: text.to_owned(), ..StudyFilter::default() }
}

#[test]
fn a_text_is_found_in_the_nine_fields_without_regard_to_case() {
    let place = place(|writer| {
        for study in [
            NewStudy { medical_record_no: "00123", ..study("E1") },
            NewStudy { application_order_no: "A00123x", ..study("E2") },
            NewStudy { patient_name: "ÀÉÎÕÜ Straße", ..study("E3") },
            NewStudy { exam_description: "CT 胸部 100%_\\", ..study("E4") },
            NewStudy { exam_item: "300707001", exam_room: "Zimmer 7", ..study("E5") },
            NewStudy { exam_equipment: "ISTANBUL 00123", certified_physician: "Dr. Núñez", ..study("E6") },
            NewStudy { patient_gender: "00123", exam_status: "00123", equipment_type: "00123", ..study("X7") },
        ] {
            writer.study(&study).expect("new");
        }
    });
    let found = |text: &str| ids(&place, &q(text), StudySort::default());
    for (text, expected) in [
        ("00123", &["E1", "E2", "E6"][..]),
        (" a00123X ", &["E2"]),
        ("àéîõü", &["E3"]),
        ("STRASSE", &["E3"]),
        ("胸", &["E4"]),
        ("%", &["E4"]),
        ("_", &["E4"]),
        ("\\", &["E4"]),
        ("%00", &[]),
        ("istanbul", &["E6"]),
        ("NÚÑEZ", &["E6"]),
        ("zimmer 7", &["E5"]),
        ("7", &["E5", "X7"]),
        ("707", &["E5"]),
        ("x7", &["X7"]),
        ("e", &["E1", "E2", "E3", "E4", "E5", "E6"]),
        ("", &["E1", "E2", "E3", "E4", "E5", "E6", "X7"]),
    ] {
        assert_eq!(found(text), expected, "looking for {text:?}");
    }
}

#[test]
fn dates_are_days_of_a_zone_and_the_last_one_is_included() {
    let at = |exam_id, time: &str| NewStudy { check_in_datetime: Some(time.parse().expect("a time")), ..study(exam_id) };
    let place = place(|writer| {
        for study in [
            at("A", "2024-12-31T15:59:59Z"),
            at("B", "2024-12-31T16:00:00Z"),
            at("C", "2025-01-31T15:59:59.999Z"),
            at("D", "2025-01-31T16:00:00Z"),
            study("E"),
        ] {
            writer.study(&study).expect("new");
        }
    });
    let dates = |from: &str, until: &str, zone: &str| StudyFilter {
        start_date: (!from.is_empty()).then(|| from.to_owned()),
        end_date: (!until.is_empty()).then(|| until.to_owned()),
        time_zone: Some(zone.to_owned()),
        ..StudyFilter::default()
    };
    for (from, until, zone, expected) in [
        ("2025-01-01", "2025-01-31", "Asia/Shanghai", &["B", "C"][..]),
        ("2025-01-01", "2025-01-31", "+08:00", &["B", "C"]),
        ("2025-01-01", "2025-01-31", "UTC", &["C", "D"]),
        ("2025-01-01", "", "UTC", &["C", "D"]),
        // The last day that there is, which people write for "no end".
        ("2025-01-01", "9999-12-31", "UTC", &["C", "D"]),
        ("", "2024-12-31", "UTC", &["A", "B"]),
        ("2024-12-31T16:00:00", "2024-12-31 16:00", "UTC", &["B"]),
        ("2025-01-01T00:00:00+08:00", "2024-12-31T16:00:00Z", "America/New_York", &["B"]),
    ] {
        let found = ids(&place, &dates(from, until, zone), StudySort::default());
        assert_eq!(found, expected, "{from} to {until} in {zone}; a study without a time is in no range");
    }
    for (filter, field) in [
        (dates("2022-13-40", "", "UTC"), "start_date"),
        (dates("", "x", "UTC"), "end_date"),
        (dates("2025-02-30", "", "UTC"), "start_date"),
        (dates("", "", "Mars/Olympus"), "time_zone"),
        (dates("2025-02-01", "2025-01-31", "UTC"), "start_date"),
        (StudyFilter { patient_age_min: Some(9), patient_age_max: Some(8), ..StudyFilter::default() }, "patient_age_min"),
    ] {
        let error = Criteria::new(&filter, &TimeZone::UTC).expect_err("it cannot be meant");
        assert_eq!(error.code(), Code::InvalidFilter, "{error}");
        assert!(error.message().contains(field), "{error} names {field}");
    }
}

#[test]
fn a_time_that_is_an_empty_text_is_none_and_comes_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.sqlite");
    let mut writer = RegistryWriter::create(&path).expect("a new registry");
    let ordered = |exam_id, time: &str| NewStudy { order_datetime: time.parse().ok(), ..study(exam_id) };
    for study in [ordered("A", ""), ordered("B", "2025-01-01T00:00:00Z"), ordered("C", "2024-01-01T00:00:00Z")] {
        writer.study(&study).expect("new");
    }
    writer.finish().expect("whole");
    // As another program may write it.
    let others = rusqlite::Connection::open(&path).expect("a database");
    others.execute("UPDATE study SET order_datetime = '' WHERE exam_id = 'A'", []).expect("changed");
    drop(others);
    let place = Place { registry: Registry::open(&path).expect("ours"), _folder: folder };
    for (sort, expected) in [("order_datetime_asc", ["C", "B", "A"]), ("order_datetime_desc", ["B", "C", "A"])] {
        let sort = StudySort::named(sort).expect("an order");
        assert_eq!(ids(&place, &StudyFilter::default(), sort), expected, "{sort}, in both ways");
    }
}

#[test]
fn lists_and_ages_and_ids_narrow() {
    let place = place(|writer| {
        for study in [
            NewStudy { patient_gender: "F", patient_age: Some(60), exam_room: "CT2", ..study("A") },
            NewStudy { patient_gender: "M", patient_age: Some(61), exam_room: "CT10", ..study("B") },
            NewStudy { patient_gender: "F", patient_age: None, exam_room: "", ..study("C") },
            NewStudy {
                patient_gender: "U",
                patient_age: Some(-1),
                exam_room: "CT2",
                application_order_no: "a",
                ..study("D")
            },
        ] {
            writer.study(&study).expect("new");
        }
    });
    let text = |text: &str| vec![text.to_owned()];
    let usual = StudyFilter::default;
    for (filter, expected) in [
        (StudyFilter { patient_gender: vec!["F".into(), "U".into()], ..usual() }, &["A", "C", "D"][..]),
        (StudyFilter { exam_room: text("ct2"), ..usual() }, &[]),
        (StudyFilter { exam_room: text(""), ..usual() }, &["C"]),
        (StudyFilter { patient_age_min: Some(60), patient_age_max: Some(60), ..usual() }, &["A"]),
        (StudyFilter { patient_age_max: Some(60), ..usual() }, &["A", "D"]),
        (StudyFilter { patient_age_min: Some(i64::MIN), ..usual() }, &["A", "B", "D"]),
        (StudyFilter { exam_ids: Some(vec!["D".into(), "A".into(), "?".into()]), ..usual() }, &["A", "D"]),
        (StudyFilter { exam_ids: Some(Vec::new()), ..usual() }, &[]),
        (StudyFilter { application_order_no: Some("A".into()), ..usual() }, &[]),
        (StudyFilter { application_order_no: Some("a".into()), ..usual() }, &["D"]),
    ] {
        assert_eq!(ids(&place, &filter, StudySort::default()), expected, "{}", serde_json::json!(filter));
    }
    let sort = |name: &str| ids(&place, &usual(), StudySort::named(name).expect("an order"));
    assert_eq!(sort("exam_room_asc"), ["A", "D", "B", "C"], "natural order, ties by exam_id, what is missing last");
    assert_eq!(sort("exam_room_desc"), ["B", "A", "D", "C"], "ties still by exam_id, what is missing still last");
    assert_eq!(sort("patient_age_desc"), ["B", "A", "D", "C"], "numbers");
    assert_eq!(StudySort::named("bogus"), None, "no such order");
}

#[test]
fn values_are_counted_and_months_too() {
    let at = |exam_id, time: &str| NewStudy { order_datetime: Some(time.parse().expect("a time")), ..study(exam_id) };
    let place = place(|writer| {
        writer.study(&NewStudy { exam_room: "CT10", ..at("A", "2025-01-31T23:30:00Z") }).expect("new");
        writer.study(&NewStudy { exam_room: "CT2", ..at("B", "2025-01-31T22:30:00Z") }).expect("new");
        writer
            .study(&NewStudy { exam_room: "CT2", medical_record_no: "007", ..at("C", "2025-03-01T00:00:00Z") })
            .expect("new");
        writer.study(&NewStudy { order_datetime: None, ..study("D") }).expect("new");
    });
    let (registry, cancel) = (&place.registry, Cancel::new());
    let viewer = registry.viewer(&Actor::Owner).expect("the owner");
    let index = StudyIndex::load(registry, &viewer, &cancel).expect("loaded");
    let all = index.find(&criteria(&StudyFilter::default()), &cancel).expect("found");
    let counted: Vec<(String, u64)> =
        index.values(StudyField::ExamRoom, Some(&all)).into_iter().map(|value| (value.value, value.count)).collect();
    let expected = [("CT2", 2), ("", 1), ("CT10", 1)].map(|(value, count)| (value.to_owned(), count));
    assert_eq!(counted, expected, "most frequent first");
    let streamed = registry.study_values(&viewer, StudyField::ExamRoom, &criteria(&q("ct2")), &cancel).expect("read");
    assert_eq!((streamed[0].value.as_str(), streamed[0].count, streamed.len()), ("CT2", 2, 1), "of what matches");
    let months: Vec<(String, u64)> =
        index.months(&all, &zone("Europe/Rome")).into_iter().map(|month| (month.month, month.count)).collect();
    let expected = [("", 1), ("2025-01", 1), ("2025-02", 1), ("2025-03", 1)].map(|(month, count)| (month.to_owned(), count));
    assert_eq!(months, expected, "months begin at midnight of the zone");
    assert_eq!(index.record_numbers(&all), (vec!["007".to_owned()], 3), "patients are matched by their record numbers");
    assert_eq!(
        StudyField::categorical("exam_rom").expect_err("no field").next_step(),
        "Did you mean \"exam_room\", \"exam_item\"?"
    );
}

#[test]
fn a_search_can_be_stopped() {
    let place = place(|writer| writer.study(&study("A")).expect("new"));
    let viewer = place.registry.viewer(&Actor::Owner).expect("the owner");
    let index = StudyIndex::load(&place.registry, &viewer, &Cancel::new()).expect("loaded");
    let cancel = Cancel::new();
    cancel.raise();
    let everything = criteria(&StudyFilter::default());
    let stopped = [
        index.find(&everything, &cancel).map(drop),
        index.first(&everything, StudySort::default(), None, 9, &cancel).map(drop),
        place.registry.each_study(&viewer, &everything, StudySort::default(), &cancel, |_| Ok(())).map(drop),
        StudyIndex::load(&place.registry, &viewer, &cancel).map(drop),
    ];
    for stopped in stopped {
        assert_eq!(stopped.expect_err("stopped").code(), Code::Cancelled, "at once");
    }
    let lost = index.first(&everything, StudySort::default(), Some("Z"), 9, &Cancel::new()).expect_err("no such study");
    assert_eq!(lost.code(), Code::InvalidFilter, "a page after nothing is no page");
}

#[test]
fn studies_exist_for_who_may_see_every_patient_or_export_studies() {
    let place = place(|writer| {
        writer.study(&study("A")).expect("new");
        let projects = [writer.project("a", "A").expect("new"), writer.project("b", "B").expect("new")];
        let folder = writer.folder(None, None, "F").expect("new");
        let mut user = |name, grants: &[NewGrant<'_>]| {
            let user = writer.user(name, "").expect("new");
            for grant in grants {
                writer.grant(&NewGrant { user, ..*grant }).expect("new");
            }
        };
        let read = NewGrant::read(sheaf_registry::ids::UserId(0));
        let of = |project| NewGrant { project: Some(project), ..read };
        user("all", &[read]);
        user("each", &[of(projects[0]), of(projects[1])]);
        user("one", &[of(projects[0])]);
        user("folder", &[NewGrant { folder: Some(folder), ..read }]);
        user("public", &[NewGrant { visibility: Some("public"), ..read }]);
        user("studies", &[NewGrant { may_export_studies: true, ..of(projects[0]) }]);
        user("none", &[]);
    });
    for (name, sees, exports) in [
        ("all", true, false),
        ("each", true, false),
        ("one", false, false),
        ("folder", false, false),
        ("public", false, false),
        ("studies", true, true),
        ("none", false, false),
    ] {
        let viewer = place.registry.viewer(&Actor::User(name.to_owned())).expect("known");
        let everything = criteria(&StudyFilter::default());
        let page = place.registry.study_page(&viewer, &everything, StudySort::default(), (0, 9), &Cancel::new());
        let index = StudyIndex::load(&place.registry, &viewer, &Cancel::new()).expect("loaded");
        let rows = place.registry.studies(&viewer, ["A", "?"]).expect("read").len() as u64;
        let seen = [page.expect("read").total, index.len() as u64, rows];
        assert_eq!(seen, [u64::from(sees); 3], "{name} sees studies: {sees}");
        assert_eq!(viewer.may_export_studies(), exports, "{name} exports studies: {exports}");
    }
}

#[test]
fn nothing_prints_what_identifies_a_person() {
    let filter = StudyFilter { q: "Ada".to_owned(), ..StudyFilter::default() };
    let study = Study { exam_id: "1".to_owned(), patient_name: "Ada".to_owned(), ..Study::default() };
    let printed = format!("{filter:?} {study:?} {:?}", criteria(&filter)).to_lowercase();
    assert!(!printed.contains("ada"), "a log line must not leak a name: {printed}");
}

#[derive(Clone, Debug)]
struct Made {
    texts: Vec<String>,
    age: Option<i64>,
    times: [Option<i64>; 3],
}

fn made() -> impl Strategy<Value = Made> {
    let text = prop_oneof!["[aAbBßé終審%_ 0-2]{0,4}", Just(String::new())];
    let time = || proptest::option::of(prop_oneof![0_i64..5, Just(-1_i64), 86_400_000_000_i64..86_400_000_003]);
    (proptest::collection::vec(text, 14), proptest::option::of(-1_i64..4), [time(), time(), time()])
        .prop_map(|(texts, age, times)| Made { texts, age, times })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_index_and_the_registry_always_agree(
        made in proptest::collection::vec(made(), 0..40),
        filter in (
            "[aAbé終%_ 0]{0,2}", proptest::option::of(prop_oneof![Just(""), Just("a"), Just("0")]),
            proptest::collection::vec(prop_oneof![Just(""), Just("a"), Just("b")], 0..2),
            proptest::option::of(-1_i64..3), proptest::option::of(prop_oneof![Just("1970-01-01"), Just("1970-01-01T00:00:00.000002Z")]),
            proptest::option::of(proptest::collection::vec(0..40_usize, 0..9)),
        ),
        sort in (0..StudyField::ALL.len(), any::<bool>()),
    ) {
        let place = place(|writer| {
            for (number, made) in made.iter().enumerate() {
                let text = |at: usize| made.texts[at].as_str();
                let time = |at: usize| made.times[at].map(|micros| Timestamp::from_microsecond(micros).expect("a time"));
                // Ids whose order is neither that of rows nor without regard to case.
                let id = format!("{}{}", if number % 3 == 0 { "b" } else { "B" }, (number * 7) % 41);
                writer.study(&NewStudy {
                    exam_id: &id, medical_record_no: text(1), application_order_no: text(2), patient_name: text(3),
                    patient_gender: text(4), patient_birth_date: text(5), patient_age: made.age, exam_status: text(6),
                    exam_source: text(7), exam_item: text(8), exam_description: text(9), exam_room: text(10),
                    exam_equipment: text(11), equipment_type: text(12), certified_physician: text(13),
                    order_datetime: time(0), check_in_datetime: time(1), report_certification_datetime: time(2),
                    data_load_time: None,
                }).expect("new");
            }
        });
        let (needle, exact, list, age, start, chosen) = filter;
        let some = |value: Option<&str>| value.map(str::to_owned);
        let filter = StudyFilter {
            q: needle.clone(),
            application_order_no: some(exact.filter(|_| needle.len() == 1)),
            exam_status: some(exact.filter(|_| needle.len() != 1)),
            exam_room: list.iter().map(|&value| value.to_owned()).collect(),
            patient_age_min: age,
            start_date: some(start.filter(|_| list.is_empty())),
            exam_ids: chosen.map(|chosen| chosen.into_iter().map(|number| format!("B{number}")).collect()),
            ..StudyFilter::default()
        };
        let sort = StudySort { field: StudyField::ALL[sort.0], descending: sort.1 };
        let found = ids(&place, &filter, sort);
        let different: HashSet<&String> = found.iter().collect();
        prop_assert_eq!(different.len(), found.len(), "each once");
        if filter == StudyFilter::default() {
            prop_assert_eq!(found.len(), made.len(), "nothing said means every study");
        }
    }
}
