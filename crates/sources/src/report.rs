//! What a synchronisation has to tell: how much was read, and what was odd in the source.
//!
//! Deliberately absent: sentences for people, and everything that identifies a person. An example is the id of a row or a word
//! of the source's own, never the path of a file, which may be called by somebody's name. Only in a folder of images, whose files
//! have no ids, it is a path without the names that are known.

use std::collections::BTreeMap;
use std::fmt::Display;

use sheaf_registry::provenance::Oddity;

/// So many examples are kept of each oddity.
const EXAMPLES: usize = 5;

macro_rules! odd {
    ($($(#[$doc:meta])+ $name:ident = $text:literal;)+) => {
        /// What can be odd in a source. None of it keeps the source from being read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Odd { $($(#[$doc])+ $name,)+ }

        impl Odd {
            /// All of them.
            pub const ALL: &'static [Odd] = &[$(Odd::$name,)+];

            /// The word as machines read it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Odd::$name => $text,)+ }
            }
        }
    };
}

odd! {
    /// A file without a patient: listed for whoever sees everything, never exported.
    Orphan = "ORPHAN";
    /// A row names a patient that is not there.
    PatientUnknown = "PATIENT_UNKNOWN";
    /// The source marks a patient as deleted: hidden.
    PatientDeleted = "PATIENT_DELETED";
    /// A patient names a project that is not there: it goes into the project for those without one.
    ProjectUnknown = "PROJECT_UNKNOWN";
    /// A project has no short name of its own.
    ProjectRenamed = "PROJECT_RENAMED";
    /// A row names a folder that is not there.
    FolderUnknown = "FOLDER_UNKNOWN";
    /// Folders that are inside of each other.
    FolderRing = "FOLDER_RING";
    /// A file names a modality that is not there.
    ModalityUnknown = "MODALITY_UNKNOWN";
    /// Two rows of the modality table mean one modality.
    ModalityMerged = "MODALITY_MERGED";
    /// A file type that no version of the source is known to write.
    FileTypeUnknown = "FILE_TYPE_UNKNOWN";
    /// The path or the row's modality says something else than the file type.
    FileTypeOverruled = "FILE_TYPE_OVERRULED";
    /// A row for several files does not list them: only its own path is known.
    ListMissing = "LIST_MISSING";
    /// A row for several files lists others than its own path.
    ListWithoutPath = "LIST_WITHOUT_PATH";
    /// An entry of such a list names no file.
    ListEntryInvalid = "LIST_ENTRY_INVALID";
    /// A row for a folder does not list what is in it: that is looked up when it is exported.
    DirectoryUnlisted = "DIRECTORY_UNLISTED";
    /// A row for a folder in which files of others lie: never walked.
    DirectoryShared = "DIRECTORY_SHARED";
    /// A dump that does not say where it ends: rows may be missing at its end.
    DumpEndUnsaid = "DUMP_END_UNSAID";
    /// Metadata that is no JSON object.
    MetadataInvalid = "METADATA_INVALID";
    /// A row of a list of studies that breaks a rule: left out.
    RowRejected = "ROW_REJECTED";
    /// A column of a list that is no field of a study: not read.
    ColumnUnread = "COLUMN_UNREAD";
    /// A sheet of a workbook besides the first: not read.
    SheetUnread = "SHEET_UNREAD";
    /// A time that cannot be read.
    TimeInvalid = "TIME_INVALID";
    /// No folder of this machine is set for paths under a prefix.
    PrefixUnmapped = "PREFIX_UNMAPPED";
    /// A path under no known prefix: never exported.
    PathOutside = "PATH_OUTSIDE";
    /// A path that leads out of its folder: never exported.
    PathRefused = "PATH_REFUSED";
    /// A user without a role, or with one that is not known: nothing is allowed.
    RoleUnknown = "ROLE_UNKNOWN";
    /// A right names a user, a project or a folder that is not there.
    AccessUnknown = "ACCESS_UNKNOWN";
    /// The source says nowhere who may see what: only whoever can open the file may.
    RightsAbsent = "RIGHTS_ABSENT";
    /// No image, and not beside one of its name: not registered.
    FileUnknown = "FILE_UNKNOWN";
    /// Called like an image, and not one: damaged, cut, or something else. Not registered.
    ImageDamaged = "IMAGE_DAMAGED";
    /// A hidden file or folder: not looked into.
    FileHidden = "FILE_HIDDEN";
    /// A pipe, a socket or a device: not opened.
    FileSpecial = "FILE_SPECIAL";
    /// A file that may not be read, or could not.
    FileUnreadable = "FILE_UNREADABLE";
    /// A file that changed while it was read.
    FileChanged = "FILE_CHANGED";
    /// A folder that may not be read, or could not: nothing in it is known.
    FolderUnreadable = "FOLDER_UNREADABLE";
    /// A link to a folder: not followed.
    LinkFolder = "LINK_FOLDER";
    /// A link to nothing, or a file that went away meanwhile.
    LinkBroken = "LINK_BROKEN";
    /// A name that is no text of this machine's: not registered.
    NameNotText = "NAME_NOT_TEXT";
    /// The index of a disc of DICOM images: no image, not registered.
    DicomDirectory = "DICOM_DIRECTORY";
    /// A DICOM file whose header ends or makes no sense before the series: known by its path alone.
    DicomUnreadable = "DICOM_UNREADABLE";
    /// A number of a patient that stands for nobody, such as `ANONYMOUS`: the path says whose it is.
    PatientIdPlaceholder = "PATIENT_ID_PLACEHOLDER";
    /// Files of one patient by their path, of several by their headers.
    PatientSeveral = "PATIENT_SEVERAL";
    /// One number of a patient, and several names: where they lie in several folders, the folders are the patients.
    PatientNamesDiffer = "PATIENT_NAMES_DIFFER";
    /// A folder of a patient that is called by the patient's name: the patient gets a number of Sheaf's own.
    PatientFolderNamed = "PATIENT_FOLDER_NAMED";
    /// A path that the pattern does not fit.
    PatternUnmatched = "PATTERN_UNMATCHED";
}

/// Counts what was odd.
#[derive(Debug, Default)]
pub struct Oddities(BTreeMap<Odd, (u64, Vec<String>)>);

impl Oddities {
    /// Counts one; the example is kept if it is one of the first, and another than those.
    pub fn note(&mut self, odd: Odd, example: impl Display) {
        self.note_many(odd, 1, example);
    }

    /// Counts several that share an example.
    pub fn note_many(&mut self, odd: Odd, count: u64, example: impl Display) {
        let (counted, examples) = self.0.entry(odd).or_default();
        *counted += count;
        if examples.len() == EXAMPLES {
            return;
        }
        let example = example.to_string();
        if !examples.contains(&example) {
            examples.push(example);
        }
    }

    /// Its codes, each once.
    #[cfg(test)]
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.0.keys().map(|odd| odd.as_str()).collect()
    }

    /// All that was odd, by code.
    pub fn into_list(self) -> Vec<Oddity> {
        let oddity =
            |(odd, (count, examples)): (Odd, (u64, Vec<String>))| Oddity { code: odd.as_str().to_owned(), count, examples };
        let mut list: Vec<Oddity> = self.0.into_iter().map(oddity).collect();
        list.sort_by(|a, b| a.code.cmp(&b.code));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_some_are_kept() {
        let mut odd = Oddities::default();
        (0..20).for_each(|row| odd.note(Odd::Orphan, format_args!("row {row}")));
        odd.note_many(Odd::PrefixUnmapped, 7, "/dataset");
        let list = odd.into_list();
        let seen: Vec<_> = list.iter().map(|odd| (odd.code.as_str(), odd.count, odd.examples.len())).collect();
        assert_eq!(seen, [("ORPHAN", 20, 5), ("PREFIX_UNMAPPED", 7, 1)], "a count is whole, examples are few");
    }

    #[test]
    fn each_word_is_its_own() {
        let mut words: Vec<&str> = Odd::ALL.iter().map(|odd| odd.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Odd::ALL.len(), "a machine tells them apart by their word");
    }
}
