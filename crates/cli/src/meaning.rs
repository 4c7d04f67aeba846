//! What the command line means. One conversion, [`Meaning::of`], reads the files that it names (a list of patients, a
//! selection) and refuses what has no work yet.
//!
//! What is deliberately absent: registries, archives, printing.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use sheaf_app::credentials::Server;
use sheaf_app::demo::DemoOptions;
use sheaf_app::folders::{self, FolderOptions, Layout};
use sheaf_app::sources::{BucketAddress, Location, Mapping, SyncRequest, Wish};
use sheaf_app::studies::{StudyExportRequest, TableFormat};
use sheaf_app::{ExportRequest, PlanRequest};
use sheaf_archive::plan::OnMissing;
use sheaf_registry::selection::{FolderRef, KindChoice, Selection, TagMode};
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::studies::{StudyField, StudyFilter, StudySort};
use sheaf_registry::text::{quoted, read_path};
use sheaf_registry::{Code, Error, Names, Result};
use sheaf_tables::Columns;

use crate::args::{
    Command, ExportsCommand, HOME_VARIABLE, Project, Registry, Said, SaidFilter, SaidFormat, SaidKind, SaidOnMissing,
    SaidSelection, SaidTagMode, StudiesCommand,
};
use crate::selection_file;

/// A list or a selection larger than this is not one.
const LONGEST_INPUT: u64 = 64 << 20;

/// How to answer, known before anything else, so that a refusal is answered in the same way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// One JSON document on stdout.
    pub(crate) json: bool,
    /// Nothing but errors on stderr.
    pub(crate) quiet: bool,
}

/// What shall be done.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub(crate) home: Option<PathBuf>,
    pub(crate) work: Work,
    /// Passwords that were said with the URL of a server.
    pub(crate) passwords: Passwords,
}

/// What opens servers.
type Passwords = Vec<(Server, Sensitive<String>)>;

#[derive(Debug)]
pub(crate) enum Work {
    Demo(DemoOptions),
    Projects { registry: PathBuf, user: Option<String> },
    Users { registry: PathBuf, user: Option<String> },
    Patients(Patients),
    Plan(PlanRequest),
    Export(ExportRequest),
    List,
    Show { id: String },
    VerifyRecord { id: String },
    Cancel { id: String },
    Restart { id: String },
    Save { id: String, to: PathBuf },
    Delete { id: String, keep_file: bool },
    VerifyFile { archive: PathBuf },
    SearchStudies(Studies),
    StudyValues { studies: Studies, field: StudyField },
    ExportStudies { request: Box<StudyExportRequest>, unknown_order: Option<String> },
    Sync { what: Synced, keep: Option<Server> },
    PreviewFolder { source: PathBuf, layout: Layout, most: usize },
    Completions(Shell),
    Man { command: Vec<String> },
}

/// What a source is read into.
#[derive(Debug)]
pub(crate) enum Synced {
    /// A registry of its own.
    Own(SyncRequest),
    /// What Sheaf keeps of it.
    Kept { source: PathBuf, wish: Wish },
}

impl Work {
    /// The registry, or the source that stands for one, that the work reads.
    pub(crate) fn registry(&self) -> Option<&Path> {
        match self {
            Work::Projects { registry, .. } | Work::Users { registry, .. } => Some(registry),
            Work::Patients(said) => Some(&said.registry),
            Work::Plan(request) => Some(&request.registry),
            Work::Export(request) => Some(&request.registry),
            Work::SearchStudies(studies) | Work::StudyValues { studies, .. } => Some(&studies.registry),
            Work::ExportStudies { request, .. } => Some(&request.registry),
            _ => None,
        }
    }
}

/// Studies to be looked at.
#[derive(Debug)]
pub(crate) struct Studies {
    pub(crate) registry: PathBuf,
    pub(crate) user: Option<String>,
    pub(crate) filter: StudyFilter,
    pub(crate) sort: StudySort,
    /// What was said for an order and is none.
    pub(crate) unknown_order: Option<String>,
    pub(crate) limit: u64,
    pub(crate) offset: u64,
}

#[derive(Debug)]
pub(crate) struct Patients {
    pub(crate) registry: PathBuf,
    pub(crate) user: Option<String>,
    pub(crate) project: String,
    pub(crate) selection: Selection,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

impl Meaning {
    /// The one conversion. `stdin` is read only where `-` stands for it.
    pub(crate) fn of(said: Said, stdin: &mut dyn Read) -> Result<Self> {
        let (home, user) = (home_of(said.everywhere.home)?, said.everywhere.user);
        let passwords = &mut Passwords::new();
        let work = match said.command {
            Command::Demo { dir, patients, studies, seed, sparse, with_faults } => {
                let usual = if sparse { DemoOptions::SPARSE_PATIENTS } else { DemoOptions::PATIENTS };
                let patients = patients.unwrap_or(usual);
                Work::Demo(DemoOptions { dir, patients, studies, seed, sparse, with_faults })
            }
            Command::Sync { source, to, map, tz, keep_password, without_names, with_names, folder } => {
                let names = match (without_names, with_names) {
                    (true, _) => Some(Names::LeftOut),
                    (_, true) => Some(Names::Kept),
                    _ => None,
                };
                let source = readable(source.into(), passwords)?;
                let mappings = map.iter().map(|said| mapping(said)).collect::<Result<Vec<_>>>()?;
                let layout = folder.pattern.as_deref().map(folders::layout).transpose()?;
                must_be_folder(&source, !mappings.is_empty(), layout.is_some() || folder.hash || folder.preview.is_some())?;
                let keep = kept(&source, keep_password)?;
                let hash = folder.hash;
                match (to, folder.preview) {
                    (_, Some(most)) => Work::PreviewFolder { source, layout: layout.unwrap_or_default(), most },
                    (None, _) => {
                        let what = Synced::Kept {
                            source,
                            wish: Wish {
                                mappings,
                                folder: FolderOptions { layout, hash, ledger: None },
                                time_zone: tz,
                                names,
                            },
                        };
                        Work::Sync { what, keep }
                    }
                    (Some(to), _) => {
                        let folder = FolderOptions { layout, hash, ledger: None };
                        let request = SyncRequest { source, to, replace: false, time_zone: tz, mappings, folder, names };
                        Work::Sync { what: Synced::Own(request), keep }
                    }
                }
            }
            Command::Studies { command } => studies(command, user, passwords)?,
            Command::Serve { .. } => return Err(not_yet("Serving over HTTP")),
            Command::Projects { registry } => Work::Projects { registry: registry_of(registry, passwords)?, user },
            Command::Users { registry } => Work::Users { registry: registry_of(registry, passwords)?, user },
            Command::Patients { project, selection, limit, offset } => {
                let (registry, project) = both(project, passwords)?;
                let selection = selection_of(selection, stdin)?;
                Work::Patients(Patients { registry, user, project, selection, limit, offset })
            }
            Command::Plan { project, selection, out } => {
                let (registry, project) = both(project, passwords)?;
                Work::Plan(PlanRequest { registry, user, project, selection: selection_of(selection, stdin)?, out })
            }
            Command::Export { project, selection, out, name, notes, on_missing } => {
                let (registry, project) = both(project, passwords)?;
                let on_missing = match on_missing {
                    SaidOnMissing::Fail => OnMissing::Fail,
                    SaidOnMissing::Skip => OnMissing::Skip,
                };
                let selection = selection_of(selection, stdin)?;
                Work::Export(ExportRequest { registry, user, project, selection, out, name, notes, on_missing })
            }
            Command::Exports { command } => match command {
                ExportsCommand::List => Work::List,
                ExportsCommand::Show { id } => Work::Show { id },
                ExportsCommand::Verify { id } => Work::VerifyRecord { id },
                ExportsCommand::Cancel { id } => Work::Cancel { id },
                ExportsCommand::Restart { id } => Work::Restart { id },
                ExportsCommand::Save { id, dest } => Work::Save { id, to: dest },
                ExportsCommand::Delete { id, keep_file } => Work::Delete { id, keep_file },
            },
            Command::Verify { file } => Work::VerifyFile { archive: file },
            Command::Completions { shell } => Work::Completions(shell),
            Command::Man { command } => Work::Man { command },
        };
        Ok(Self { home, work, passwords: std::mem::take(passwords) })
    }
}

impl Manner {
    /// The manner that was said. What has no work yet swallows the words after it, also these.
    pub(crate) fn of(said: &Said) -> Self {
        let rest: &[OsString] = match &said.command {
            Command::Serve { rest } => rest,
            _ => &[],
        };
        let swallowed = |word: &str| rest.iter().any(|other| other == word);
        Self { json: said.everywhere.json || swallowed("--json"), quiet: said.everywhere.quiet || swallowed("--quiet") }
    }

    /// The manner of a command line that could not be understood.
    pub(crate) fn guess(words: &[OsString]) -> Self {
        let mut said = words.iter().skip(1).take_while(|word| *word != "--");
        Self { json: said.any(|word| word == "--json"), quiet: false }
    }
}

/// What is meant by a command about studies.
fn studies(said: StudiesCommand, user: Option<String>, passwords: &mut Passwords) -> Result<Work> {
    Ok(match said {
        StudiesCommand::Search { studies, sort, limit, offset } => {
            let (sort, unknown_order) = order(&sort);
            let (registry, filter) = (registry_of(studies.registry, passwords)?, filter(studies.filter));
            Work::SearchStudies(Studies { registry, user, filter, sort, unknown_order, limit, offset })
        }
        StudiesCommand::Values { field, studies } => {
            let (registry, filter) = (registry_of(studies.registry, passwords)?, filter(studies.filter));
            let (sort, unknown_order, field) = (StudySort::default(), None, StudyField::categorical(&field)?);
            let studies = Studies { registry, user, filter, sort, unknown_order, limit: 0, offset: 0 };
            Work::StudyValues { studies, field }
        }
        StudiesCommand::Export { studies, sort, format, out, columns, no_bom, keep_formulas, sha256 } => {
            let (sort, unknown_order) = order(&sort);
            let ending = out.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
            let format = match (format, ending.as_deref()) {
                (Some(SaidFormat::Tsv), _) | (None, Some("tsv")) => TableFormat::Tsv,
                (Some(SaidFormat::Xlsx), _) | (None, Some("xlsx")) => TableFormat::Xlsx,
                (Some(SaidFormat::Csv) | None, _) => TableFormat::Csv,
            };
            let request = StudyExportRequest {
                registry: registry_of(studies.registry, passwords)?,
                user,
                filter: filter(studies.filter),
                sort,
                columns: Columns::named(&columns)?,
                format,
                bom: !no_bom,
                neutralise: !keep_formulas,
                sha256_file: sha256,
                out,
            };
            Work::ExportStudies { request: Box::new(request), unknown_order }
        }
    })
}

/// The order, and what was said where it is none: then the usual one is taken, and that is told.
fn order(said: &str) -> (StudySort, Option<String>) {
    StudySort::named(said).map_or_else(|| (StudySort::default(), Some(said.to_owned())), |sort| (sort, None))
}

fn filter(said: SaidFilter) -> StudyFilter {
    StudyFilter {
        q: said.q.unwrap_or_default(),
        exam_status: said.exam_status,
        exam_source: said.exam_source,
        application_order_no: said.application_order_no,
        exam_item: said.exam_item,
        exam_equipment: said.exam_equipment,
        patient_gender: said.patient_gender,
        exam_description: said.exam_description,
        exam_room: said.exam_room,
        patient_age_min: said.patient_age_min,
        patient_age_max: said.patient_age_max,
        start_date: said.start_date,
        end_date: said.end_date,
        exam_ids: (!said.exam_ids.is_empty()).then_some(said.exam_ids),
        time_zone: said.tz,
    }
}

/// The home that was said. `SHEAF_HOME=` unsets it, as is usual for variables; `--home ""` is a mistake.
fn home_of(said: Option<OsString>) -> Result<Option<PathBuf>> {
    match said {
        Some(home) if home.is_empty() => match std::env::var_os(HOME_VARIABLE) {
            Some(variable) if variable.is_empty() => Ok(None),
            _ => Err(Error::new(Code::Usage, "The home was said without a name.").hint("Name a folder with --home.")),
        },
        said => Ok(said.map(PathBuf::from)),
    }
}

fn not_yet(what: &str) -> Error {
    Error::new(Code::NotYet, format!("{what} has no work in this version of Sheaf yet."))
}

fn both(project: Project, passwords: &mut Passwords) -> Result<(PathBuf, String)> {
    Ok((registry_of(project.registry, passwords)?, project.slug))
}

/// The server whose password is to be kept, where that is said.
fn kept(source: &Path, keep_password: bool) -> Result<Option<Server>> {
    match Server::named(source) {
        Some(server) => Ok(keep_password.then_some(server?)),
        None if keep_password => {
            Err(Error::new(Code::Usage, "Only a server has a password.").hint("Leave --keep-password out."))
        }
        None => Ok(None),
    }
}

/// `PREFIX=DIR` or `PREFIX=s3://BUCKET/PREFIX?...`; `=DIR` is for keys without a prefix. The first `=` parts them: no prefix of a data root has one.
fn mapping(said: &OsStr) -> Result<Mapping> {
    let wrong = |why: &str| {
        Error::new(Code::Usage, format!("--map {} {why}.", quoted(&said.to_string_lossy())))
            .hint("Say --map PREFIX=DIR, such as --map /dataset=/mnt/imaging, or --map =DIR for keys without a prefix.")
    };
    let text = said.to_str().ok_or_else(|| wrong("is no text"))?;
    let (prefix, folder) = text.split_once('=').ok_or_else(|| wrong("has no ="))?;
    if folder.is_empty() {
        return Err(wrong("names no folder"));
    }
    let location = if folder.starts_with("s3://") {
        BucketAddress::parse(folder)?;
        Location::Bucket(folder.to_owned())
    } else {
        Location::Folder(std::path::absolute(folder).map_err(|error| wrong("names no folder").cause(error))?)
    };
    Ok(Mapping { prefix: prefix.to_owned(), location })
}

/// The registry, or the source that stands for one.
fn registry_of(registry: Registry, passwords: &mut Passwords) -> Result<PathBuf> {
    readable(registry.path, passwords)
}

/// A path, or a server by its name: its password goes aside. Servers of other kinds have no work yet.
fn readable(path: PathBuf, passwords: &mut Passwords) -> Result<PathBuf> {
    if let Some(url) = path.to_str().filter(|text| Server::is_url(text)) {
        let (server, password) = Server::parse(url)?;
        let name = PathBuf::from(server.to_string());
        passwords.extend(password.map(|password| (server, password)));
        return Ok(name);
    }
    if path.to_string_lossy().contains("://") {
        return Err(not_yet("Reading servers of other kinds")
            .hint("Name a registry, a database, a list of studies or a folder; `sheaf demo DIR` makes a registry to try."));
    }
    Ok(path)
}

/// Refuses what is said of a folder where there is none, and of other sources where there is one.
fn must_be_folder(source: &Path, is_mapped: bool, is_said: bool) -> Result<()> {
    let shown = source.display();
    match (source.is_dir(), is_mapped, is_said) {
        (true, true, _) => {
            Err(Error::new(Code::Usage, format!("{shown} is a folder, whose files lie in it.")).hint("Leave --map out."))
        }
        (false, _, true) => {
            let message = format!("{shown} is no folder, which --pattern, --hash and --preview are for.");
            Err(Error::new(Code::Usage, message).hint("Leave them out, or name a folder of images."))
        }
        _ => Ok(()),
    }
}

fn selection_of(said: SaidSelection, stdin: &mut dyn Read) -> Result<Selection> {
    if let Some(file) = said.selection {
        let text = read_text(&file, stdin, "selection")?;
        return selection_file::read(text.trim_start_matches('\u{feff}'), &shown(&file));
    }
    let has_list = said.patients_from.is_some();
    let patients_from = match said.patients_from {
        Some(file) => lines(&read_text(&file, stdin, "list of patients")?),
        None => Vec::new(),
    };
    let selection = Selection {
        all: said.all,
        folder: said.folder.iter().map(|path| folder(path)).collect::<Result<_>>()?,
        folder_id: said.folder_id,
        patient: said.patient,
        patients_from,
        tag: said.tag,
        tag_mode: match said.tag_mode {
            None | Some(SaidTagMode::Any) => TagMode::Any,
            Some(SaidTagMode::All) => TagMode::All,
            Some(SaidTagMode::None) => TagMode::None,
        },
        modality: said.modality,
        all_modalities: said.all_modalities,
        kind: said.kind.map(|kind| match kind {
            SaidKind::Processed => KindChoice::Processed,
            SaidKind::Raw => KindChoice::Raw,
            SaidKind::Both => KindChoice::Both,
        }),
    };
    if has_list && !selection.says_patients() {
        return Err(empty_list());
    }
    Ok(selection)
}

/// An empty list means nobody, never everyone, also where nothing said means everyone.
pub(crate) fn empty_list() -> Error {
    Error::new(Code::EmptySelection, "The list of patients is empty.").hint("Write one id on each line of the list.")
}

/// An input as messages call it.
fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { format!("`{}`", path.display()) }
}

/// `Clinic A/2025`, names from the root down; `\/` is a slash inside a name.
fn folder(path: &str) -> Result<FolderRef> {
    let names = read_path(path).ok_or_else(|| {
        Error::new(Code::Usage, format!("The folder {} has a part without a name.", quoted(path)))
            .hint("Write names from the root down, such as \"Clinic A/2025\"; a slash inside a name is \\/.")
    })?;
    Ok(FolderRef { id: None, path: Some(names) })
}

/// One id a line: a byte order mark, blank lines and Windows line ends say nothing.
fn lines(text: &str) -> Vec<String> {
    text.trim_start_matches('\u{feff}')
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn read_text(path: &Path, stdin: &mut dyn Read, what: &str) -> Result<String> {
    let shown = shown(path);
    let refuse = |why: &str| Error::new(Code::Usage, format!("The {what} {shown} {why}."));
    let mut bytes = Vec::new();
    let mut file;
    let source: &mut dyn Read = if path == Path::new("-") {
        stdin
    } else {
        file = File::open(path).map_err(|error| refuse(&format!("cannot be opened: {error}")).cause(error))?;
        &mut file
    };
    source
        .take(LONGEST_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refuse(&format!("cannot be read: {error}")).cause(error))?;
    if bytes.len() as u64 > LONGEST_INPUT {
        return Err(refuse("is larger than 64 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| refuse("is not text in UTF-8").hint("Save it as UTF-8 and try again."))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn meaning(words: &[&str], stdin: &str) -> Result<Work> {
        let said = Said::try_parse_from(["sheaf"].iter().chain(words)).expect("well-formed words");
        Meaning::of(said, &mut stdin.as_bytes()).map(|meaning| meaning.work)
    }

    fn selection(words: &[&str], stdin: &str) -> Result<Selection> {
        let plan = ["plan", "--registry", "r.sqlite", "--project", "p"];
        match meaning(&[&plan[..], words].concat(), stdin)? {
            Work::Plan(request) => Ok(request.selection),
            other => panic!("a plan was asked for, not {other:?}"),
        }
    }

    fn path(names: &[&str]) -> FolderRef {
        FolderRef { id: None, path: Some(names.iter().map(|name| (*name).to_owned()).collect()) }
    }

    #[test]
    fn a_folder_is_said_by_its_path() {
        assert_eq!(folder(r"A/b\/c").expect("a path"), path(&["A", "b/c"]), "a slash inside a name is escaped");
        assert_eq!(folder("A//B").expect_err("a name is missing").code(), Code::Usage, "never a guess");
    }

    #[test]
    fn a_pasted_list_may_come_from_a_spreadsheet() {
        let said = selection(&["--patients-from", "-", "--all-modalities"], "\u{feff}12\r\n\r\n  7 \nA b\r3\n");
        assert_eq!(said.expect("readable").patients_from, ["12", "7", "A b", "3"], "ids as written, without blank ones");
    }

    #[test]
    fn an_empty_list_says_nothing() {
        let empty = selection(&["--patients-from", "-", "--all-modalities"], "\n\r\n").expect_err("nobody was said");
        assert_eq!(empty.code(), Code::EmptySelection, "it must not turn into everything");
        let list = ["patients", "--registry", "r", "--project", "p", "--patients-from", "-"];
        let empty = meaning(&list, "\n").expect_err("nobody was said");
        assert_eq!(empty.code(), Code::EmptySelection, "also where nothing said means everyone");
        let said = selection(&["--patients-from", "-", "--patient", "1", "--all-modalities"], "").expect("one was said");
        assert_eq!(said.patient, ["1"], "an empty list beside others adds nobody");
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let said = selection(&["--all", "--modality", "cbct"], "").expect("understood");
        assert_eq!((said.kind, said.tag_mode), (None, TagMode::Any), "the defaults of the contract");
        let said = selection(&["--all", "--kind", "both", "--tag", "a", "--tag-mode", "none"], "").expect("understood");
        assert_eq!((said.kind, said.tag_mode), (Some(KindChoice::Both), TagMode::None), "as said");
    }

    #[test]
    fn a_selection_file_says_it_all() {
        let json = r#"{"folder": [{"id": "4", "path": ["A", "b/c"]}], "modality": "cbct", "kind": "raw"}"#;
        let said = selection(&["--selection", "-"], json).expect("understood");
        assert_eq!(said.folder[0].id.as_deref(), Some("4"), "the folder's id");
        assert_eq!((said.modality, said.kind), (vec!["cbct".to_owned()], Some(KindChoice::Raw)), "the contents");
        let error = selection(&["--selection", "-"], r#"{"everything": true}"#).expect_err("an unknown key");
        assert_eq!(error.code(), Code::Usage, "an unknown key is never ignored");
        assert!(error.message().contains("everything"), "and it is named: {error}");
        let both = Said::try_parse_from(["sheaf", "plan", "--registry", "r", "--project", "p", "--selection", "f", "--all"]);
        assert!(both.is_err(), "two ways to say one thing may disagree");
    }

    #[test]
    fn input_that_cannot_be_had_is_named() {
        for (words, part) in [
            (["--patients-from", "/no/such/list"], "/no/such/list"),
            (["--selection", "/no/such/selection"], "/no/such/selection"),
        ] {
            let error = selection(&words, "").expect_err("not there");
            assert!(error.code() == Code::Usage && error.message().contains(part), "{error}");
        }
        let said = Said::try_parse_from(["sheaf", "plan", "--registry", "r", "--project", "p", "--patients-from", "-"]);
        let error = Meaning::of(said.expect("well-formed"), &mut &b"\xff\xfe1\0"[..]).expect_err("not UTF-8");
        assert!(error.message().contains("UTF-8"), "a list in another encoding is refused: {error}");
    }

    #[test]
    fn what_has_no_work_yet_says_so_in_one_sentence() {
        for words in [
            &["sync", "oracle://lab/db", "--to", "r.sqlite"][..],
            &["serve", "--registry", "r", "--listen", "127.0.0.1:8001"],
            &["projects", "--registry", "s3://lab/db"],
        ] {
            let error = meaning(words, "").expect_err("no work yet");
            assert_eq!(error.code(), Code::NotYet, "{words:?}");
            assert_eq!(error.message().matches('.').count(), 1, "one sentence: {error}");
        }
    }

    #[test]
    fn a_password_in_a_url_goes_aside_and_is_shown_nowhere() {
        let words = ["sheaf", "projects", "--registry", "mysql://lab:geheim@db.example.org:3306/registry", "--user", "mo"];
        let said = Said::try_parse_from(words).expect("well-formed");
        let meaning = Meaning::of(said, &mut &b""[..]).expect("understood");
        let name = Path::new("mysql://lab@db.example.org/registry");
        assert_eq!(meaning.work.registry(), Some(name), "records know it by its name");
        assert_eq!(meaning.passwords[0].1.expose(), "geheim", "what opens it is known");
        assert!(!format!("{meaning:?}").contains("geheim"), "and not shown: {meaning:?}");
        let error = self::meaning(&["sync", "mysql://lab:geheim@/registry"], "").expect_err("no host");
        assert!(error.code() == Code::Usage && !format!("{error:?}").contains("geheim"), "{error:?}");
    }

    #[test]
    fn the_end_of_a_tables_name_says_its_format() {
        let format = |words: &[&str]| {
            let words: Vec<&str> = ["studies", "export", "--registry", "r", "--out"].iter().chain(words).copied().collect();
            match meaning(&words, "").expect("understood") {
                Work::ExportStudies { request, .. } => request.format,
                other => panic!("a table was asked for, not {other:?}"),
            }
        };
        assert_eq!(format(&["a.xlsx"]), TableFormat::Xlsx, "a workbook");
        assert_eq!(format(&["a.TSV"]), TableFormat::Tsv, "tabs");
        assert_eq!(format(&["a"]), TableFormat::Csv, "the usual one");
        assert_eq!(format(&["a.xlsx", "--format", "csv"]), TableFormat::Csv, "as said");
    }

    #[test]
    fn global_options_stand_anywhere() {
        for words in [
            ["sheaf", "--json", "--quiet", "--user", "mo", "--home", "h", "users", "--registry", "r"],
            ["sheaf", "users", "--registry", "r", "--json", "--quiet", "--user", "mo", "--home", "h"],
        ] {
            let said = Said::try_parse_from(words).expect("understood");
            let manner = Manner::of(&said);
            assert!(manner.json && manner.quiet, "before or after the subcommand");
            assert_eq!(said.everywhere.user.as_deref(), Some("mo"), "also those with a value");
        }
        let said = Said::try_parse_from(["sheaf", "serve", "--registry", "--json"]).expect("understood");
        assert!(Manner::of(&said).json, "also behind a command that has no work yet");
        assert!(!Manner::guess(&["sheaf".into(), "--".into(), "--json".into()]).json, "but not behind --");
    }

    #[test]
    fn a_demo_has_as_many_patients_as_its_kind_wants() {
        let patients = |words: &[&str]| match meaning(words, "").expect("understood") {
            Work::Demo(options) => options.patients,
            other => panic!("a demo was asked for, not {other:?}"),
        };
        assert_eq!(patients(&["demo", "d"]), 24, "a small one");
        assert_eq!(patients(&["demo", "d", "--sparse"]), 100_000, "a large one that takes no disk");
        assert_eq!(patients(&["demo", "d", "--sparse", "--patients", "3"]), 3, "as said");
    }

    #[test]
    fn the_words_are_consistent() {
        use clap::CommandFactory as _;
        Said::command().debug_assert();
    }
}
