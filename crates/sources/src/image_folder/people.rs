//! Whose files these are: by their headers where these say it, and by their paths.
//!
//! A patient who is named in so many words by the path (BIDS, a `FileRegistry`, a user's pattern) is that one. Elsewhere the
//! number in the header counts, and what has none goes with the only number in its folder; a number that has several names in
//! several folders is no number of one patient, and the folders count. Names are kept for the registry and to keep them out of
//! everything else.

use std::collections::{BTreeSet, HashMap, HashSet};

use sha2::{Digest as _, Sha256};
use sheaf_registry::hex;
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::text::fold;

use super::dicom::Header;
use super::format::without_ending;
use super::place::{Place, slug};
use crate::report::{Odd, Oddities};

/// What a word of a path must have to be found in a name.
const SHORTEST: usize = 3;
/// Words of names that are nobody's.
const NOBODY: [&str; 9] = ["patient", "test", "demo", "phantom", "sample", "anonymous", "anonym", "anon", "unknown"];

/// Words of folders that are nobody's names.
const COMMON: [&str; 66] = [
    "and",
    "baseline",
    "batch",
    "case",
    "cases",
    "cbct",
    "clinic",
    "cohort",
    "control",
    "controls",
    "data",
    "dataset",
    "dental",
    "derivatives",
    "dicom",
    "export",
    "exports",
    "files",
    "follow",
    "full",
    "group",
    "healthy",
    "hospital",
    "image",
    "images",
    "intraoral",
    "ios",
    "jaw",
    "lab",
    "left",
    "lower",
    "mesh",
    "model",
    "models",
    "mri",
    "new",
    "nifti",
    "notes",
    "of",
    "old",
    "panoramic",
    "patients",
    "photo",
    "photos",
    "post",
    "pre",
    "processed",
    "project",
    "raw",
    "report",
    "right",
    "scan",
    "scans",
    "scanner",
    "segmentation",
    "series",
    "session",
    "study",
    "subject",
    "subjects",
    "the",
    "training",
    "upper",
    "validation",
    "video",
    "visit",
];

/// All that files say of patients.
#[derive(Default)]
pub(super) struct People {
    owners: Vec<Owner>,
    by_path: HashMap<(String, String), usize>,
    persons: Vec<Person>,
    by_number: HashMap<(String, String), usize>,
    /// Words of names.
    words: HashSet<String>,
    /// Projects that paths name in so many words.
    projects: HashSet<String>,
}

/// A patient as a path says it.
struct Owner {
    project: String,
    patient: String,
    is_certain: bool,
    folders: BTreeSet<Vec<String>>,
    /// By their headers.
    persons: BTreeSet<usize>,
    /// Of files without a number.
    names: Vec<Sensitive<String>>,
    /// A path, for what is told.
    example: String,
}

/// A patient as headers say it.
struct Person {
    project: String,
    number: String,
    name: Sensitive<String>,
    folders: BTreeSet<Vec<String>>,
    example: String,
    differs: bool,
}

/// A patient of the registry.
#[derive(Clone, Default)]
pub(super) struct Patient {
    pub(super) project: String,
    pub(super) id: String,
    pub(super) name: Sensitive<String>,
    pub(super) record_no: Option<Sensitive<String>>,
    pub(super) folders: BTreeSet<Vec<String>>,
}

/// Who a file belongs to, before all files are known: by its path, and by its header.
pub(super) type Claim = (usize, Option<usize>);

impl People {
    /// Notes what a file says.
    pub(super) fn claim(&mut self, place: &Place, header: Option<&Header>, path: &str, odd: &mut Oddities) -> Claim {
        // Two folders of patients may hold patients of one number each.
        let around = if place.is_certain || place.patient.is_empty() { &[][..] } else { &place.folders };
        let patient: Vec<&str> = around.iter().map(String::as_str).chain([place.patient.as_str()]).collect();
        let key = (place.project.clone(), patient.join("/"));
        let next = self.owners.len();
        let owner = *self.by_path.entry(key).or_insert_with_key(|(project, patient)| {
            self.owners.push(Owner {
                project: project.clone(),
                patient: patient.clone(),
                is_certain: place.is_certain,
                folders: BTreeSet::new(),
                persons: BTreeSet::new(),
                names: Vec::new(),
                example: path.to_owned(),
            });
            next
        });
        let folders = (!place.folders.is_empty() && !place.patient.is_empty()).then(|| place.folders.clone());
        self.owners[owner].folders.extend(folders.clone());
        let Some(header) = header else { return (owner, None) };
        let name = header.patient_name.expose();
        self.words.extend(words(name));
        let number = header.patient_id.expose();
        if is_nobody(number) {
            if !number.is_empty() {
                odd.note(Odd::PatientIdPlaceholder, path);
            }
            let names = &mut self.owners[owner].names;
            if !name.is_empty() && names.len() < 8 && !names.contains(&header.patient_name) {
                names.push(header.patient_name.clone());
            }
            return (owner, None);
        }
        let next = self.persons.len();
        let key = (place.project.clone(), number.clone());
        let person = *self.by_number.entry(key).or_insert_with_key(|(project, number)| {
            self.persons.push(Person {
                project: project.clone(),
                number: number.clone(),
                name: header.patient_name.clone(),
                folders: BTreeSet::new(),
                example: path.to_owned(),
                differs: false,
            });
            next
        });
        let known = &mut self.persons[person];
        known.folders.extend(folders);
        if known.name.expose().is_empty() {
            known.name = header.patient_name.clone();
        }
        let spelled = |name: &str| fold(name).chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
        known.differs |= !name.is_empty() && spelled(name) != spelled(known.name.expose());
        self.owners[owner].persons.insert(person);
        (owner, Some(person))
    }

    /// Notes that paths name this project in so many words: a folder that is called so is no patient.
    pub(super) fn project_is(&mut self, slug: &str) {
        if !self.projects.contains(slug) {
            self.projects.insert(slug.to_owned());
        }
    }

    /// The project of a file.
    pub(super) fn project(&self, (owner, _): Claim) -> &str {
        &self.owners[owner].project
    }

    /// The patients of all files that were noted.
    pub(super) fn resolved(&self, odd: &mut Oddities) -> Patients {
        let mut found = Patients::default();
        let mut by_header = vec![None; self.persons.len()];
        let mut folders = vec![0_u32; self.persons.len()];
        self.owners.iter().flat_map(|owner| &owner.persons).for_each(|person| folders[*person] += 1);
        let is_shared = |person: usize| self.persons[person].differs && folders[person] > 1;
        let only = |owner: &Owner| owner.persons.first().filter(|_| owner.persons.len() == 1).copied();
        let decides = |owner: &Owner| owner.is_certain || (!owner.patient.is_empty() && only(owner).is_some_and(is_shared));
        for owner in self.owners.iter().filter(|owner| !decides(owner)) {
            for &at in &owner.persons {
                let person = &self.persons[at];
                let patient = found.add(&person.project, person.number.clone(), &person.folders);
                found.all[patient].say(&person.name, Some(&person.number));
                by_header[at] = Some(patient);
            }
        }
        for owner in &self.owners {
            let (only, decides) = (only(owner), decides(owner));
            if owner.persons.len() > 1 && decides {
                odd.note(Odd::PatientSeveral, &owner.example);
            }
            let patient = match only {
                Some(only) if !decides => by_header[only],
                _ if owner.patient.is_empty() || (owner.persons.len() > 1 && !decides) => None,
                _ if !owner.is_certain && self.projects.contains(&slug(&owner.patient)) => None,
                _ => {
                    let patient = found.add(&owner.project, self.unnamed(owner, odd), &owner.folders);
                    let person = only.map(|only| &self.persons[only]);
                    let said = person.map(|person| &person.name).or(owner.names.first()).cloned();
                    let name = said.unwrap_or_else(|| owner.name_of_folder());
                    found.all[patient].say(&name, person.map(|person| &*person.number));
                    Some(patient)
                }
            };
            found.by_path.push((patient, decides));
        }
        found.by_header = by_header;
        for person in self.persons.iter().filter(|person| person.differs) {
            odd.note(Odd::PatientNamesDiffer, &person.example);
        }
        found
    }

    /// The id of a patient whose folder names it: never by a name that a header says, or that looks like one.
    fn unnamed(&self, owner: &Owner, odd: &mut Oddities) -> String {
        let named = owner.persons.iter().map(|at| &self.persons[*at].name).chain(&owner.names);
        let named: HashSet<String> = named.flat_map(|name| words(name.expose())).collect();
        let is_named =
            !owner.name_of_folder().expose().is_empty() || words(&owner.patient).any(|word| named.contains(&word));
        if !is_named {
            return owner.patient.clone();
        }
        odd.note(Odd::PatientFolderNamed, &owner.example);
        let hash = hex::encode(&Sha256::digest(owner.patient.as_bytes()).into());
        format!("folder-{}", &hash[..8])
    }

    /// A path without the words of a patient's name, and without what looks like one.
    pub(super) fn without_names(&self, example: &str) -> String {
        let shown = |part: &str| match without_ending(part) {
            stem if looks_like_a_name(stem) => format!("…{}", &part[stem.len()..]),
            _ => self.without_words(part),
        };
        example.split('/').map(shown).collect::<Vec<_>>().join("/")
    }

    fn without_words(&self, example: &str) -> String {
        let is_word = |letter: char| letter.is_alphanumeric();
        let mut shown = String::new();
        let mut rest = example;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|letter| is_word(letter) != is_word(first)).unwrap_or(rest.len());
            let (part, behind) = rest.split_at(end);
            shown.push_str(if self.words.contains(&*fold(part)) { "…" } else { part });
            rest = behind;
        }
        shown
    }
}

impl Owner {
    /// What a folder of this patient is called, where that looks like a name; empty elsewhere.
    fn name_of_folder(&self) -> Sensitive<String> {
        let name = self.patient.rsplit('/').next().filter(|name| looks_like_a_name(name));
        Sensitive::new(name.unwrap_or_default().to_owned())
    }
}

/// The patients of a folder.
#[derive(Default)]
pub(super) struct Patients {
    pub(super) all: Vec<Patient>,
    by_id: HashMap<(String, String), usize>,
    /// For each folder its patient, and whether that is also the one of files with a number.
    by_path: Vec<(Option<usize>, bool)>,
    by_header: Vec<Option<usize>>,
}

impl Patients {
    /// Whose file it is; `None` where nobody can say.
    pub(super) fn of(&self, (owner, person): Claim) -> Option<usize> {
        let (patient, decides) = self.by_path[owner];
        let header = person.filter(|_| !decides).and_then(|person| self.by_header[person]);
        header.or(patient)
    }

    fn add(&mut self, project: &str, id: String, folders: &BTreeSet<Vec<String>>) -> usize {
        let next = self.all.len();
        let at = *self.by_id.entry((project.to_owned(), id)).or_insert_with_key(|(project, id)| {
            self.all.push(Patient { project: project.clone(), id: id.clone(), ..Patient::default() });
            next
        });
        self.all[at].folders.extend(folders.iter().cloned());
        at
    }
}

impl Patient {
    /// Takes over what is not known yet.
    fn say(&mut self, name: &Sensitive<String>, record_no: Option<&str>) {
        if self.name.expose().is_empty() {
            self.name = name.clone();
        }
        if self.record_no.is_none() {
            self.record_no = record_no.map(|number| Sensitive::new(number.to_owned()));
        }
    }
}

/// Whether a person may be called so: two to four words of letters alone, of which none is common in names of folders, or two to
/// four Han characters.
fn looks_like_a_name(text: &str) -> bool {
    let is_han = |letter: char| ('\u{4e00}'..='\u{9fff}').contains(&letter);
    let words: Vec<&str> = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_word = |word: &&str| {
        let plain = fold(word);
        let is_common = COMMON.contains(&&*plain) || NOBODY.contains(&&*plain);
        word.chars().all(char::is_alphabetic) && !is_common
    };
    let few = 2..=4;
    match &*words {
        [word] => word.chars().all(is_han) && few.contains(&word.chars().count()),
        words => {
            let is_long = words.iter().any(|word| word.chars().count() >= SHORTEST);
            few.contains(&words.len()) && is_long && words.iter().all(is_word)
        }
    }
}

/// The words of a text by which a person may be known.
fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let words = words.map(|word| fold(word).into_owned());
    words.filter(|word| word.chars().count() >= SHORTEST && !NOBODY.contains(&word.as_str()))
}

/// Whether a number is what programs write in place of one.
fn is_nobody(number: &str) -> bool {
    let plain: String = fold(number).chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mut letters = plain.chars();
    let first = letters.next();
    let words = [
        "anonymous",
        "anonymized",
        "anonymised",
        "anonym",
        "anon",
        "unknown",
        "none",
        "null",
        "noid",
        "na",
        "patientid",
        "id",
    ];
    first.is_none()
        || words.contains(&plain.as_str())
        || (matches!(first, Some('0' | 'x')) && letters.all(|letter| Some(letter) == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(patient: &str, is_certain: bool) -> Place {
        Place { project: "p".to_owned(), patient: patient.to_owned(), is_certain, ..Place::default() }
    }

    fn header(number: &str, name: &str) -> Header {
        Header { patient_id: number.to_owned().into(), patient_name: name.to_owned().into(), ..Header::default() }
    }

    /// A file: its folder, whether that is certain, and number and name in its header.
    type Said<'a> = (&'a str, bool, Option<(&'a str, &'a str)>);

    /// The ids of the patients, and what was odd.
    fn resolved(files: &[Said<'_>]) -> (Vec<String>, Vec<&'static str>) {
        let (mut people, mut odd) = (People::default(), Oddities::default());
        let claims: Vec<Claim> = files
            .iter()
            .map(|(patient, is_certain, said)| {
                let header = said.map(|(number, name)| header(number, name));
                people.claim(&place(patient, *is_certain), header.as_ref(), patient, &mut odd)
            })
            .collect();
        let found = people.resolved(&mut odd);
        let ids = claims.iter().map(|claim| found.of(*claim).map_or("-".to_owned(), |at| found.all[at].id.clone()));
        (ids.collect(), odd.codes())
    }

    #[test]
    fn headers_and_folders_are_brought_together() {
        let table: [(&[Said<'_>], &[&str], &[&str]); 9] = [
            // One number in a folder: everything in it is that patient's.
            (&[("A", false, Some(("7", "x"))), ("A", false, None), ("A", false, Some(("", "")))], &["7", "7", "7"], &[]),
            // Several: what has no number is nobody's.
            (&[("A", false, Some(("7", "x"))), ("A", false, Some(("8", "y"))), ("A", false, None)], &["7", "8", "-"], &[]),
            // One patient in two folders.
            (&[("A", false, Some(("7", "x"))), ("B", false, Some(("7", "X")))], &["7", "7"], &[]),
            // Named by the path in so many words.
            (&[("A", true, Some(("7", "x"))), ("A", true, None)], &["A", "A"], &[]),
            (&[("A", true, Some(("7", "x"))), ("A", true, Some(("8", "y")))], &["A", "A"], &["PATIENT_SEVERAL"]),
            // Numbers of nobody: two patients stay two.
            (
                &[("A", false, Some(("ANONYMOUS", ""))), ("B", false, Some(("anonymous", "")))],
                &["A", "B"],
                &["PATIENT_ID_PLACEHOLDER"],
            ),
            (
                &[("A", false, Some(("7", "One"))), ("A", false, Some(("7", "Other")))],
                &["7", "7"],
                &["PATIENT_NAMES_DIFFER"],
            ),
            // One number for all that were made nameless in one way.
            (
                &[("A", false, Some(("7", "One"))), ("B", false, Some(("7", "Other"))), ("B", false, None)],
                &["A", "B", "B"],
                &["PATIENT_NAMES_DIFFER"],
            ),
            // Nothing says whose it is.
            (&[("", false, None)], &["-"], &[]),
        ];
        for (files, expected, codes) in table {
            let (ids, odd) = resolved(files);
            assert_eq!(ids, expected, "{files:?}");
            assert_eq!(odd, codes, "{files:?}");
        }
    }

    #[test]
    fn a_patients_name_becomes_no_id_and_no_example() {
        let (ids, odd) = resolved(&[("Rossi Mario", false, Some(("", "ROSSI Mario")))]);
        assert!(ids[0].starts_with("folder-") && ids[0].len() == 15, "{ids:?}");
        assert_eq!(odd, ["PATIENT_FOLDER_NAMED"], "it is told, without the name");
        let (mut people, mut odd) = (People::default(), Oddities::default());
        people.claim(&place("A", false), Some(&header("7", "RÓSSI Mario")), "A", &mut odd);
        assert_eq!(
            people.without_names("Clinic/rÓssi_mario (2)/a.jpg"),
            "Clinic/…_… (2)/a.jpg",
            "words, whatever their case"
        );
        assert_eq!(people.without_names("Rossini/marionette"), "Rossini/marionette", "other words stay");
    }

    #[test]
    fn a_folder_that_may_be_called_by_a_person_is_no_id_and_no_example() {
        for name in [
            "Rossi Mario",
            "ROSSI_Mario",
            "Rossi^Mario",
            "de la Cruz, Ana",
            "Li Wei",
            "王小明",
            "Ó Briain-Ní Néill",
            "Rossi M.",
        ] {
            let (ids, odd) = resolved(&[(name, false, None)]);
            assert!(ids[0].starts_with("folder-"), "{name}: {ids:?}");
            assert_eq!(odd, ["PATIENT_FOLDER_NAMED"], "{name}");
            let shown = People::default().without_names(&format!("Clinic A/{name}/{name}.STL"));
            assert_eq!(shown, "Clinic A/…/….STL");
        }
        for id in ["P001", "Patient 7", "rossi", "case_a", "Healthy Control", "upper jaw", "2025 Rossi", "sub-abc-1", "A B"]
        {
            let (ids, odd) = resolved(&[(id, false, None)]);
            assert_eq!((ids, odd), (vec![id.to_owned()], vec![]), "{id}");
            assert_eq!(People::default().without_names(id), id);
        }
        let (mut people, mut odd) = (People::default(), Oddities::default());
        people.claim(&place("Rossi Mario", false), None, "a", &mut odd);
        assert_eq!(people.resolved(&mut odd).all[0].name.expose(), "Rossi Mario", "it is that patient's name");
    }

    #[test]
    fn numbers_that_stand_for_nobody_are_known() {
        for number in ["", "  ", "0", "0000", "ANON", "Anonymous ", "xxx", "N/A", "PatientID"] {
            assert!(is_nobody(number), "{number}");
        }
        for number in ["1", "007", "anon-17", "X1", "TCGA-01"] {
            assert!(!is_nobody(number), "{number}");
        }
    }
}
