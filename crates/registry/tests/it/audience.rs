//! A registry for one user: every answer that user gets is as it was, and of the rest nothing is in it.

use sheaf_registry::error::Code;
use sheaf_registry::provenance::{Oddity, SourceExport};
use sheaf_registry::writer::{NewFile, NewGrant, NewPatient, NewStudy};
use sheaf_registry::{Actor, Audience, Names};

use crate::clinic::{Clinic, Open, owned};
use crate::permissions::{Grants, answers, clinic_b, clinic_with, table_of_rights, two_floors};

fn only_for_kim(mut clinic: Clinic) -> Open {
    clinic.writer.narrow_to(Audience::Only("kim".to_owned()));
    clinic.open()
}

fn holds(open: &Open, text: &str) -> bool {
    let bytes = std::fs::read(open.registry.path()).expect("the file");
    memchr::memmem::find(&bytes, text.as_bytes()).is_some()
}

#[test]
fn every_answer_is_as_it_was() {
    let floors: [(Grants, Grants); 2] = [
        (
            |c| vec![NewGrant { project: Some(c.brain), ..NewGrant::export(c.user) }],
            |c| vec![NewGrant { project: Some(c.maxillo), ..NewGrant::export(c.user) }],
        ),
        (
            |c| vec![NewGrant { visibility: Some("debug"), ..NewGrant::export(c.user) }],
            |c| vec![NewGrant { project: Some(c.maxillo), ..NewGrant::export(c.user) }],
        ),
    ];
    let mut cases: Vec<(String, Box<dyn Fn() -> Clinic>)> = vec![("folders".to_owned(), Box::new(|| clinic_b(true)))];
    for (case, grants, _) in table_of_rights() {
        cases.push((case.to_owned(), Box::new(move || clinic_with(grants))));
    }
    for (at, (first, ground)) in floors.into_iter().enumerate() {
        cases.push((format!("floors {at}"), Box::new(move || two_floors(first, ground, true))));
    }
    for (case, clinic) in cases {
        let (whole, narrowed) = (clinic().open(), only_for_kim(clinic()));
        assert_eq!(answers(&narrowed), answers(&whole), "{case}");
        let studies = |open: &Open| (open.kim().may_read_studies(), open.kim().may_export_studies());
        assert_eq!(studies(&narrowed), studies(&whole), "{case}");
        assert_eq!(narrowed.registry.audience().expect("noted"), Audience::Only("kim".to_owned()), "{case}");
        assert_eq!(whole.registry.audience().expect("noted"), Audience::Everybody, "{case}");
    }
}

#[test]
fn of_the_rest_no_byte_stays() {
    let clinic = || {
        let mut clinic = clinic_b(true);
        let w = &mut clinic.writer;
        w.user("robin", "secret-role").expect("another user");
        w.oddity(&Oddity { code: "ORPHAN".to_owned(), count: 1, examples: owned(&["secret-example"]) }).expect("noted");
        for user in ["kim", "robin"] {
            let source_id = format!("{user}-export");
            let export = SourceExport { source_id, user: user.to_owned(), ..SourceExport::default() };
            w.source_export(&export).expect("an export");
        }
        w.study(&NewStudy { exam_id: "secret-exam", ..NewStudy::default() }).expect("a study");
        let ghost = NewFile {
            patient: None,
            ..NewFile::new(clinic.p1, clinic.cbct, sheaf_registry::rows::Kind::Raw, clinic.root, "secret-orphan")
        };
        w.file(&ghost).expect("an orphan");
        let gone = NewPatient { deleted: true, ..NewPatient::new(clinic.maxillo, "secret-deleted") };
        let gone = w.patient(&gone).expect("a deleted patient");
        w.place(gone, clinic.folder_b).expect("a placement");
        clinic
    };
    let (whole, narrowed) = (clinic().open(), only_for_kim(clinic()));
    for text in ["secret", "Secret wing", "orphan.dcm", "ghost", "robin", "p1/upper.stl", "A-7", "2024"] {
        assert!(holds(&whole, text), "{text}: it was there");
        assert!(!holds(&narrowed, text), "{text}: nothing of it is");
    }
    for text in ["Clinic B", "p10/upper.stl", "p2/scan.nii.gz", "bite-classification", "kim-export"] {
        assert!(holds(&narrowed, text), "{text}: what kim may read is");
    }
    let left = std::fs::read_dir(narrowed.dir.path()).expect("the folder").count();
    assert_eq!(left, 1, "nothing of the whole stays beside it");
    let totals = narrowed.registry.totals().expect("counts");
    assert_eq!((totals.projects, totals.patients, totals.files, totals.users, totals.exports), (1, 2, 3, 1, 1));
    let robin = narrowed.registry.viewer(&Actor::User("robin".to_owned())).expect_err("not in it");
    assert_eq!(robin.code(), Code::UnknownUser);
    assert!(robin.next_step().contains("--for-everybody"), "{robin:?}");
    assert_eq!(narrowed.registry.names().expect("noted"), Names::Kept, "names are another question");
}

#[test]
fn a_project_that_is_seen_as_a_whole_brings_no_placements_of_another() {
    // Patient 900 of brain lies on both floors, and kim may enter only one of them in that project.
    let mut clinic = two_floors(|_| vec![], |c| vec![NewGrant { project: Some(c.brain), ..NewGrant::read(c.user) }], true);
    let all_of_maxillo = NewGrant { project: Some(clinic.maxillo), ..NewGrant::read(clinic.user) };
    clinic.writer.grant(&all_of_maxillo).expect("a grant");
    let open = only_for_kim(clinic);
    let file = rusqlite::Connection::open(open.registry.path()).expect("the file");
    let sql = "SELECT group_concat(folder.name) FROM patient JOIN patient_folder ON patient_folder.patient_id = patient.id
                 JOIN folder ON folder.id = folder_id WHERE patient.patient_id = '900'";
    assert_eq!(file.query_row(sql, [], |row| row.get::<_, String>(0)).expect("placements"), "Ground");
}

#[test]
fn whoever_reads_everything_keeps_everything_but_other_users() {
    let clinic = || {
        let mut clinic = clinic_with(|c| vec![NewGrant::export(c.user)]);
        clinic.writer.user("robin", "").expect("another user");
        clinic.writer.oddity(&Oddity { code: "ORPHAN".to_owned(), count: 1, examples: vec![] }).expect("noted");
        clinic
    };
    let (whole, narrowed) = (clinic().open(), only_for_kim(clinic()));
    let (all, kept) = (whole.registry.totals().expect("counts"), narrowed.registry.totals().expect("counts"));
    assert_eq!((kept.patients, kept.files, kept.users), (all.patients, all.files, 1));
    assert_eq!(narrowed.registry.oddities(&narrowed.kim()).expect("read").len(), 1, "what is odd is told as before");
}

#[test]
fn a_right_to_studies_is_none_that_came_of_not_knowing_the_rest() {
    // Kim reads all of maxillo; of brain, which is gone, kim read nothing.
    let open = only_for_kim(clinic_with(|c| vec![NewGrant { project: Some(c.maxillo), ..NewGrant::export(c.user) }]));
    assert_eq!(open.registry.totals().expect("counts").projects, 1);
    assert!(!open.kim().may_read_studies(), "all projects that are left are not all that there were");
}

#[test]
fn nothing_is_made_for_whom_there_is_none() {
    let mut clinic = clinic_b(true);
    clinic.writer.narrow_to(Audience::Only("nobody".to_owned()));
    let Clinic { dir, writer, .. } = clinic;
    let error = writer.finish().expect_err("there is no such user");
    assert_eq!(error.code(), Code::UnknownUser);
    assert!(error.next_step().contains("--only-for"), "{error:?}");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 0, "nothing is left");
}
