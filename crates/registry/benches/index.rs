//! The interactive index at full size: 100,000 patients, 12 columns of modality and kind, 1,000,000 files, 2,220 folders, one
//! patient in ten in two folders. Makes its own registry in a temporary folder and prints medians beside the goals.
//!
//! `cargo bench -p sheaf-registry --bench index`

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sheaf_registry::ids::{FolderId, ModalityId, ProjectId, TagId};
use sheaf_registry::index::{Contents, Filter, Index, Item, Scope, Target, View};
use sheaf_registry::rows::Kind;
use sheaf_registry::selection::{KindChoice, TagMode};
use sheaf_registry::writer::{NewFile, NewModality, NewPatient};
use sheaf_registry::{Actor, Registry, RegistryWriter};

const PATIENTS: u64 = 100_000;
const FILES_EACH: u64 = 10;
const ROUNDS: usize = 41;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("registry.sqlite");
    let cache = folder.path().join("index");
    std::fs::create_dir(&cache)?;
    println!("making {PATIENTS} patients with {} files …", PATIENTS * FILES_EACH);
    let made = make(&path)?;

    let mut table = Table::default();
    let registry = Registry::open(&path)?;
    let viewer = registry.viewer(&Actor::Owner)?;
    table.once("open, first time: aggregate made and kept", None, || {
        Index::load(&registry, &viewer, made.project, Some(&cache))
    })?;
    let opened =
        |_: usize| Index::load(&registry, &viewer, made.project, Some(&cache)).map(drop).expect("the registry just made");
    table.median("open with the cached aggregate", Some(300.0), 7, opened);
    let index = Arc::new(Index::load(&registry, &viewer, made.project, Some(&cache))?);
    let look = |_: usize| View::for_viewer(Arc::clone(&index), &viewer).expect("the viewer it was loaded for");
    table.median("view for a viewer", None, 7, |round| drop(black_box(look(round))));
    let mut view = look(0);
    view.set_contents(Contents { modalities: None, kind: KindChoice::Both });
    filters(&mut table, &mut view, &made);
    selections(&mut table, &mut view, &made);
    numbers(&mut table, &mut view, &made);
    finds(&mut table, &mut view);
    table.print();
    Ok(())
}

fn filters(table: &mut Table, view: &mut View, made: &Made) {
    let tags = |mode| Filter { tags: vec![made.tags[0], made.tags[1]], tag_mode: mode, ..Filter::default() };
    let needs = Filter { modalities: made.modalities[..2].to_vec(), kind: KindChoice::Both, ..tags(TagMode::Any) };
    let text = |text: &str| Filter { text: text.into(), ..Filter::default() };
    table.median("filter: two tags, two modalities", Some(1.0), ROUNDS, |_| view.set_filter(needs.clone()));
    table.median("filter: none of two tags", Some(1.0), ROUNDS, |_| view.set_filter(tags(TagMode::None)));
    table.median("filter: a rare text", Some(1.0), ROUNDS, |_| view.set_filter(text("lovelace 4711")));
    table.median("filter: a text that everyone has", None, ROUNDS, |_| view.set_filter(text("person")));
    view.set_filter(Filter::default());
}

fn selections(table: &mut Table, view: &mut View, made: &Made) {
    let big = Target::Folder(made.biggest);
    assert_eq!(view.check(big, true), 10_000, "the biggest folder is as big as the goal says");
    table.median("check a folder of 10,000", Some(1.0), ROUNDS, |round| {
        black_box(view.check(big, round % 2 == 0));
    });
    view.check(Target::Folder(made.clinics[1]), true);
    for &folder in &made.open {
        view.expand(folder, true);
    }
    table.median("layout, 2,220 folder rows with counts, after a check", Some(5.0), ROUNDS, |round| {
        view.check(big, round % 2 == 0);
        view.expand(made.open[0], true);
        let window = view.rows(0, 2_220);
        let folders = window.rows.iter().filter(|row| matches!(row.item, Item::Folder(_))).count();
        assert_eq!(folders, 2_220, "the tree is open down to the last folders");
        black_box(window);
    });
    view.expand_all(true);
    let total = view.rows(0, 0).total;
    table.median("window of 60 rows, far down, after a check", Some(1.0), ROUNDS, |round| {
        view.check(big, round % 2 == 0);
        black_box(view.rows(total / 2, 60));
    });
    table.median("window of 60 rows, scrolling", Some(1.0), ROUNDS, |round| {
        black_box(view.rows(total / 50 * round as u64, 60));
    });
    table.median("window of 60 rows, all open, after a filter", None, ROUNDS, |round| {
        view.set_filter(Filter { tags: vec![made.tags[round % 2]], ..Filter::default() });
        black_box(view.rows(0, 60));
    });
    view.set_filter(Filter::default());
}

fn numbers(table: &mut Table, view: &mut View, made: &Made) {
    view.check_matching(true);
    table.median("estimate of everything", Some(10.0), ROUNDS, |_| drop(black_box(view.estimate())));
    table.median("facets of everything", None, ROUNDS, |_| drop(black_box(view.facets(Scope::Matching))));
    view.set_contents(Contents { modalities: Some(made.modalities[..3].to_vec()), kind: KindChoice::Processed });
    table.median("estimate of three modalities with lacking", Some(10.0), ROUNDS, |_| drop(black_box(view.estimate())));
    table.median("completeness, a page of 60", None, ROUNDS, |round| {
        black_box(view.completeness(Scope::Selected, round as u64 * 2_000, 60));
    });
    table.median("selection to row ids and back", None, 7, |_| {
        let ids = view.selected_ids();
        black_box(view.select_ids(&ids));
    });
}

fn finds(table: &mut Table, view: &mut View) {
    view.expand_all(false);
    table.median("find a rare text, opening folders", Some(5.0), ROUNDS, |round| {
        assert!(view.find(&format!("lovelace {}", 4_000 + round), None).is_some(), "everyone has a name");
    });
    table.median("find a text that everyone has", Some(5.0), ROUNDS, |round| {
        black_box(view.find("person", Some(round as u64 * 2_000)));
    });
}

/// What was made, for the questions.
struct Made {
    project: ProjectId,
    clinics: Vec<FolderId>,
    /// Clinics and years.
    open: Vec<FolderId>,
    /// The clinic with 10,000 patients.
    biggest: FolderId,
    tags: Vec<TagId>,
    modalities: Vec<ModalityId>,
}

fn make(path: &Path) -> Result<Made, Box<dyn Error>> {
    let mut writer = RegistryWriter::create(path)?;
    let project = writer.project("bench", "Bench")?;
    let root = writer.data_root("", None)?;
    let (mut clinics, mut open, mut leaves) = (Vec::new(), Vec::new(), Vec::new());
    for clinic in 0..20 {
        let around = writer.folder(Some(project), None, &format!("Clinic {clinic}"))?;
        clinics.push(around);
        open.push(around);
        for year in 0..10 {
            let year = writer.folder(Some(project), Some(around), &format!("{}", 2016 + year))?;
            open.push(year);
            for week in 0..10 {
                leaves.push(writer.folder(Some(project), Some(year), &format!("Week {week}"))?);
            }
        }
    }
    let tags = (0..30).map(|tag| writer.tag(&format!("tag {tag}"))).collect::<Result<Vec<_>, _>>()?;
    let slugs = ["cbct", "ios", "intraoral-photo", "panoramic", "teleradiography", "video"];
    let modalities = slugs
        .iter()
        .map(|slug| writer.modality(&NewModality { slug, name: slug, ..NewModality::default() }))
        .collect::<Result<Vec<_>, _>>()?;
    for number in 0..PATIENTS {
        // Not in the order of the ids, so that sorting has to work.
        let shuffled = number * 37_199 % PATIENTS;
        let (id, name) = (format!("P{shuffled:06}"), format!("Person Ada Lovelace {shuffled}"));
        let patient = writer.patient(&NewPatient { name: &name, ..NewPatient::new(project, &id) })?;
        // The first clinic has 10,000 patients, the others share the rest.
        let (ten, one) = (number / 10, number % 10);
        let leaf = if one == 0 { ten % 100 } else { 100 + (ten * 9 + one) % 1_900 };
        writer.place(patient, leaves[usize::try_from(leaf)?])?;
        if number % 10 == 5 {
            writer.place(patient, leaves[usize::try_from(100 + (leaf + 13) % 1_900)?])?;
        }
        for tag in [0, 11, 19] {
            writer.tag_patient(patient, tags[usize::try_from((number / 7 + tag) % 30)?])?;
        }
        for file in 0..FILES_EACH {
            let column = usize::try_from((number * 5 + file * 7) % 12)?;
            let kind = if column.is_multiple_of(2) { Kind::Raw } else { Kind::Processed };
            let path = format!("bench/{number}/{file}.nii.gz");
            writer.file(&NewFile {
                file_size: Some(1_000_000 + number * 17 + file),
                ..NewFile::new(patient, modalities[column / 2], kind, root, &path)
            })?;
        }
    }
    writer.finish()?;
    Ok(Made { project, biggest: clinics[0], clinics, open, tags, modalities })
}

/// Lines of the report.
#[derive(Default)]
struct Table {
    rows: Vec<(String, Duration, Option<f64>)>,
}

impl Table {
    fn once<T, E>(&mut self, what: &str, goal: Option<f64>, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let start = Instant::now();
        let done = work()?;
        self.rows.push((what.to_owned(), start.elapsed(), goal));
        Ok(done)
    }

    fn median(&mut self, what: &str, goal: Option<f64>, rounds: usize, mut work: impl FnMut(usize)) {
        let mut times: Vec<Duration> = (0..rounds)
            .map(|round| {
                let start = Instant::now();
                work(round);
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        self.rows.push((what.to_owned(), times[rounds / 2], goal));
    }

    fn print(&self) {
        println!("{:<56} {:>12} {:>10}", "what", "median ms", "goal ms");
        for (what, time, goal) in &self.rows {
            let milliseconds = time.as_secs_f64() * 1e3;
            let goal = goal
                .map_or_else(String::new, |goal| format!("{goal:>10} {}", if milliseconds < goal { "" } else { "MISSED" }));
            println!("{what:<56} {milliseconds:>12.3} {goal}");
        }
    }
}
