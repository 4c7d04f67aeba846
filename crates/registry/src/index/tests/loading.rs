//! From a registry file, with and without the cached aggregate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::ids::{PatientId, ProjectId};
use crate::index::cache::{Cache, Stamp};
use crate::index::{Contents, Estimate, Index, PatientContent, View};
use crate::resolve::Resolved;
use crate::rows::Kind;
use crate::selection::KindChoice;
use crate::writer::{NewFile, NewGrant, NewModality, NewPatient};
use crate::{Actor, Code, Registry, RegistryWriter};

struct Ground {
    folder: TempDir,
    project: ProjectId,
}

impl Ground {
    /// Two projects; in the first two living patients, one deleted, and an orphan file.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("cache")).expect("a folder for the cache");
        std::fs::create_dir(folder.path().join("data")).expect("a folder for the registry");
        let project = write(&folder.path().join("data/registry.sqlite"), 100);
        Self { folder, project }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data/registry.sqlite")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn registry(&self) -> Registry {
        Registry::open(&self.path()).expect("the registry just made")
    }

    /// Files and bytes of everything, read with the cache.
    fn totals(&self) -> (u64, u64) {
        totals(&self.registry(), self.project, Some(&self.cache()))
    }

    /// The one file of the cache.
    fn cached(&self) -> PathBuf {
        let files: Vec<PathBuf> = entries(&self.cache());
        assert_eq!(files.len(), 1, "one registry has one file in the cache, and no part is left: {files:?}");
        files[0].clone()
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn look(registry: &Registry, actor: &Actor, project: ProjectId, cache: Option<&Path>) -> View {
    let viewer = registry.viewer(actor).expect("a known actor");
    let index = Index::load(registry, &viewer, project, cache).expect("an index");
    View::for_viewer(Arc::new(index), &viewer).expect("the viewer it was loaded for")
}

fn user(name: &str) -> Actor {
    Actor::User(name.to_owned())
}

fn totals(registry: &Registry, project: ProjectId, cache: Option<&Path>) -> (u64, u64) {
    let mut view = look(registry, &Actor::Owner, project, cache);
    view.set_contents(Contents { modalities: None, kind: KindChoice::Both });
    view.check_matching(true);
    let Estimate { files, bytes, .. } = view.estimate();
    (files, bytes)
}

fn write(path: &Path, bytes: u64) -> ProjectId {
    let fill = || -> crate::Result<ProjectId> {
        let mut writer = RegistryWriter::create(path)?;
        let project = writer.project("a", "A")?;
        let other = writer.project("b", "B")?;
        let root = writer.data_root("", None)?;
        let folder = writer.folder(Some(project), None, "Clinic")?;
        let ward = writer.folder(Some(project), None, "Ward")?;
        let modality = writer.modality(&NewModality { slug: "ios", name: "IOS", ..NewModality::default() })?;
        let tag = writer.tag("t")?;
        let mut patients = Vec::new();
        for (project, id, deleted) in
            [(project, "1", false), (project, "2", false), (project, "3", true), (other, "1", false)]
        {
            let patient = writer.patient(&NewPatient { deleted, name: "Ada", ..NewPatient::new(project, id) })?;
            writer.place(patient, folder)?;
            writer.tag_patient(patient, tag)?;
            for (kind, size) in [(Kind::Raw, Some(bytes)), (Kind::Raw, None), (Kind::Processed, Some(1))] {
                let path = format!("{project}/{id}/{kind:?}/{size:?}");
                writer.file(&NewFile { file_size: size, ..NewFile::new(patient, modality, kind, root, &path) })?;
            }
            patients.push(patient);
        }
        writer.place(patients[1], ward)?;
        let orphan = NewFile::new(patients[0], modality, Kind::Raw, root, "orphan");
        writer.file(&NewFile { patient: None, file_size: Some(1_000), ..orphan })?;
        let user = writer.user("reader", "")?;
        writer.grant(&NewGrant { project: Some(project), may_export: false, ..NewGrant::read(user) })?;
        writer.user("nobody", "")?;
        let of_the_ward = writer.user("of the ward", "")?;
        writer.grant(&NewGrant { folder: Some(ward), ..NewGrant::export(of_the_ward) })?;
        writer.finish()?;
        Ok(project)
    };
    fill().expect("a small registry")
}

#[test]
fn an_index_holds_the_living_patients_of_its_project() {
    let ground = Ground::new();
    let registry = ground.registry();
    let owner = look(&registry, &Actor::Owner, ground.project, None);
    assert_eq!(owner.counts().visible, 2, "neither deleted patients nor those of other projects");
    assert_eq!(ground.totals(), (6, 202), "nor their files, nor orphans");
    let mut reader = look(&registry, &user("reader"), ground.project, None);
    reader.check_matching(true);
    assert_eq!(
        (reader.counts().visible, reader.estimate().forbidden),
        (2, 2),
        "who may only read sees, and exports nothing"
    );
    let nobody = look(&registry, &user("nobody"), ground.project, None);
    assert!(nobody.index().patients.is_empty(), "without a grant nothing is there, not even in memory");
    let elsewhere = look(&registry, &Actor::Owner, ProjectId(77), None);
    assert!(elsewhere.index().patients.is_empty(), "an unknown project is empty");
}

#[test]
fn a_folder_that_no_right_reaches_is_not_shown_even_where_its_patient_is() {
    let ground = Ground::new();
    let registry = ground.registry();
    let mut view = look(&registry, &user("of the ward"), ground.project, None);
    view.expand_all(true);
    let shown = format!("{:?}", view.rows(0, 99));
    assert_eq!(view.counts().visible, 1, "the one patient in the ward");
    assert!(shown.contains("Ward") && !shown.contains("Clinic"), "in the ward, and nowhere else: {shown}");
    assert_eq!(view.find("clinic", None), None, "the other folder's name finds nobody");
    let owners = look(&registry, &Actor::Owner, ground.project, None);
    let viewer = registry.viewer(&user("of the ward")).expect("a user");
    let error = View::for_viewer(Arc::clone(owners.index()), &viewer).expect_err("the owner's index shows more");
    assert_eq!(error.code(), Code::Internal, "an index of someone else is refused");
}

#[test]
fn a_folder_that_is_open_in_another_project_alone_is_not_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("registry.sqlite");
    let fill = || -> crate::Result<ProjectId> {
        let mut writer = RegistryWriter::create(&path)?;
        let (brain, maxillo) = (writer.project("brain", "")?, writer.project("maxillo", "")?);
        let [secret, open] = ["Secret", "Open"].map(|name| writer.folder(None, None, name));
        let (secret, open) = (secret?, open?);
        let patient = writer.patient(&NewPatient::new(maxillo, "5"))?;
        writer.place(patient, secret)?;
        writer.place(patient, open)?;
        for name in ["kim", "lee"] {
            let user = writer.user(name, "")?;
            let mut grants = [(brain, secret), (maxillo, open)];
            // The same rights, given in another order.
            if name == "lee" {
                grants.reverse();
            }
            for (project, folder) in grants {
                writer.grant(&NewGrant { project: Some(project), folder: Some(folder), ..NewGrant::read(user) })?;
            }
        }
        writer.finish()?;
        Ok(maxillo)
    };
    let project = fill().expect("a small registry");
    let registry = Registry::open(&path).expect("the registry");
    let mut view = look(&registry, &user("kim"), project, None);
    view.expand_all(true);
    let shown = format!("{:?}", view.rows(0, 99));
    assert!(shown.contains("Open") && !shown.contains("Secret"), "no single right shows the patient there: {shown}");
    let lee = registry.viewer(&user("lee")).expect("a user");
    View::for_viewer(Arc::clone(view.index()), &lee).expect("who may read the same may share the index");
}

#[test]
fn the_words_of_a_selection_resolve_to_the_selection() {
    let ground = Ground::new();
    let registry = ground.registry();
    for actor in [Actor::Owner, user("of the ward")] {
        let viewer = registry.viewer(&actor).expect("a known actor");
        let mut view = look(&registry, &actor, ground.project, None);
        view.set_contents(Contents { modalities: None, kind: KindChoice::Both });
        let everyone = view.index().patients.iter().map(|patient| patient.id).collect::<Vec<_>>();
        // Every set of patients: all, a whole folder, single ones.
        for set in 1..1_usize << everyone.len() {
            let ids: Vec<PatientId> =
                everyone.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, id)| *id).collect();
            view.select_ids(&ids);
            let resolved = Resolved::new(&registry, &viewer, "a", &view.selection()).expect("it names what is there");
            let estimate = view.estimate();
            let (files, patients) = (estimate.files, view.selected_ids());
            let parts = resolved.into_parts();
            let mut found: Vec<PatientId> = parts.patients.iter().map(|patient| patient.id).collect();
            found.sort_unstable();
            assert_eq!(found, patients, "the tree and the export mean the same people");
            assert_eq!(parts.files.len() as u64, files, "and count the same files");
        }
    }
}

#[test]
fn the_cache_is_private_used_and_away_from_the_registry() {
    let ground = Ground::new();
    let fresh = ground.totals();
    let cached = ground.cached();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&cached).expect("its metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "sums about patients are for this account only");
    }
    let bytes = std::fs::read(&cached).expect("the cache");
    assert!(!bytes.windows(3).any(|window| window == b"Ada"), "no name is kept");
    assert_eq!(entries(&ground.folder.path().join("data")).len(), 1, "nothing is written beside the registry");
    assert_eq!(ground.totals(), fresh, "the same from the cache");

    // A cache of this very state with other sums: what it says is what is shown, so it is really used.
    let registry = ground.registry();
    let mut planted = PatientContent::new();
    planted.add(PatientId(1), crate::ids::ModalityId(1), Kind::Raw, 7, 7_000);
    Cache::new(&ground.cache(), Stamp::of(&registry).expect("a file read in place")).write(&planted);
    assert_eq!(ground.totals(), (7, 7_000), "the files are not read again while nothing changed");
}

#[test]
fn a_damaged_cache_is_made_anew() {
    let ground = Ground::new();
    let fresh = ground.totals();
    let cached = ground.cached();
    let whole = std::fs::read(&cached).expect("the cache");
    let mut damaged: Vec<Vec<u8>> = (0..whole.len())
        .map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x41;
            bytes
        })
        .collect();
    damaged.extend([Vec::new(), whole[..whole.len() - 1].to_vec(), whole[..3].to_vec(), [&whole[..], b"x"].concat()]);
    for bytes in damaged {
        std::fs::write(&cached, &bytes).expect("the damage is done");
        assert_eq!(ground.totals(), fresh, "damage is never shown");
        assert_eq!(std::fs::read(&cached).expect("the cache"), whole, "and is mended");
    }
}

#[test]
fn a_registry_that_changed_is_read_again() {
    let ground = Ground::new();
    assert_eq!(ground.totals(), (6, 202), "the first state");
    let change = rusqlite::Connection::open(ground.path()).expect("the registry, for writing");
    change.execute("UPDATE file_registry SET file_size = 500 WHERE id = 1", []).expect("one row changes");
    drop(change);
    assert_eq!(ground.totals(), (6, 602), "a stale cache is not believed");
    ground.cached();

    // Another registry under the same name, while the first is still open.
    let open = ground.registry();
    std::fs::remove_file(ground.path()).expect("the registry goes");
    write(&ground.path(), 900);
    assert_eq!(totals(&open, ground.project, Some(&ground.cache())), (6, 602), "an open registry shows what it holds");
    assert_eq!(ground.totals(), (6, 1_802), "and does not pass it off as the new file's");
}

#[test]
fn what_a_killed_process_left_is_swept() {
    let ground = Ground::new();
    std::fs::write(ground.cache().join(".contents-a1b2c3"), b"half").expect("a part is left");
    assert_eq!(ground.totals(), (6, 202), "a left part disturbs nobody");
    ground.cached();
}

#[test]
fn a_registry_that_is_read_from_a_copy_is_not_cached() {
    let ground = Ground::new();
    let writer = rusqlite::Connection::open(ground.path()).expect("the registry, for writing");
    let change =
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; UPDATE file_registry SET file_size = 500 WHERE id = 1";
    writer.execute_batch(change).expect("a change that is only in the WAL");
    let scratch = ground.folder.path().join("scratch");
    std::fs::create_dir(&scratch).expect("a folder for copies");
    let copy = Registry::open_with_scratch(&ground.path(), &scratch).expect("a copy is read");
    assert_eq!(totals(&copy, ground.project, Some(&ground.cache())), (6, 602), "the change in the WAL counts");
    assert_eq!(entries(&ground.cache()), Vec::<PathBuf>::new(), "the file's stamp says nothing about the copy");
}

#[test]
fn without_a_place_for_the_cache_nothing_fails() {
    let ground = Ground::new();
    let nowhere = ground.folder.path().join("not there");
    assert_eq!(totals(&ground.registry(), ground.project, Some(&nowhere)), (6, 202), "a cache is a convenience");
    assert!(!nowhere.exists(), "and makes no folders");
    let a_file = ground.path();
    assert_eq!(totals(&ground.registry(), ground.project, Some(&a_file)), (6, 202), "whatever stands in its place");
}

#[test]
fn sizes_that_cannot_be_are_nothing() {
    let ground = Ground::new();
    let change = rusqlite::Connection::open(ground.path()).expect("the registry, for writing");
    change.execute("UPDATE file_registry SET file_size = -5 WHERE id = 1", []).expect("one row changes");
    change.execute("UPDATE file_registry SET file_size = ?1 WHERE id > 3", [i64::MAX]).expect("some rows change");
    drop(change);
    let (files, bytes) = ground.totals();
    assert_eq!(files, 6, "every file counts");
    assert!(bytes > 1 << 62, "and a sum that SQL could not hold is no error: {bytes}");
}
