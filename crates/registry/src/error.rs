//! The one list of error codes, and the one error type that carries them.
//!
//! An error is designed: a code for machines, a sentence for people, a hint that names the next step, and details. No
//! message holds a patient's name, a password or a stack.

use std::fmt;

/// How an error ends a command, and how a screen colours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A job or a verification failed (exit 1).
    Failed,
    /// Refused before anything was created (exit 2).
    Refused,
    /// Seen, but not allowed (exit 4).
    Forbidden,
    /// The user stopped it (exit 130).
    Cancelled,
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal, $class:ident;)+) => {
        /// Every code that Sheaf answers with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])+ $name,)+ }

        impl Code {
            /// All codes, in the order of this list.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code as machines read it, `SCREAMING_SNAKE_CASE`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// How this code ends a command.
            pub const fn class(self) -> Class {
                match self { $(Code::$name => Class::$class,)+ }
            }
        }
    };
}

codes! {
    /// The command line or a selection file could not be understood.
    Usage = "USAGE", Refused;
    /// A filter of studies holds what cannot be meant: no date, a range that ends before it begins.
    InvalidFilter = "INVALID_FILTER", Refused;
    /// A part of Sheaf that does not exist yet.
    NotYet = "NOT_YET", Refused;
    /// No project of this slug, as far as this user can see.
    UnknownProject = "UNKNOWN_PROJECT", Refused;
    /// No patient of this id, as far as this user can see.
    UnknownPatient = "UNKNOWN_PATIENT", Refused;
    /// No folder of this path or id, as far as this user can see.
    UnknownFolder = "UNKNOWN_FOLDER", Refused;
    /// No modality of this slug.
    UnknownModality = "UNKNOWN_MODALITY", Refused;
    /// No tag of this name, as far as this user can see.
    UnknownTag = "UNKNOWN_TAG", Refused;
    /// No user of this name.
    UnknownUser = "UNKNOWN_USER", Refused;
    /// No export of this id in the history.
    UnknownExport = "UNKNOWN_EXPORT", Refused;
    /// Patients or modalities were not said.
    EmptySelection = "EMPTY_SELECTION", Refused;
    /// What was said holds no file.
    NothingToExport = "NOTHING_TO_EXPORT", Refused;
    /// A limit of the settings would be broken.
    LimitExceeded = "LIMIT_EXCEEDED", Refused;
    /// The user's quota of kept archives would be broken.
    QuotaExceeded = "QUOTA_EXCEEDED", Refused;
    /// Not enough room at the destination, the reserve counted.
    NoSpace = "NO_SPACE", Refused;
    /// The destination folder does not exist.
    DestinationMissing = "DESTINATION_MISSING", Refused;
    /// The destination is not a folder, or cannot be written.
    DestinationUnwritable = "DESTINATION_UNWRITABLE", Refused;
    /// A file of that name is already there.
    DestinationTaken = "DESTINATION_TAKEN", Refused;
    /// The name cannot name an archive.
    NameInvalid = "NAME_INVALID", Refused;
    /// There is no registry at this path.
    RegistryMissing = "REGISTRY_MISSING", Refused;
    /// No registry, or no project of it, is open in the window.
    RegistryNotOpen = "REGISTRY_NOT_OPEN", Refused;
    /// The rows of the tree have changed since they were shown.
    StaleRows = "STALE_ROWS", Refused;
    /// A list of patients cannot be read as text, or is too long.
    ListUnreadable = "LIST_UNREADABLE", Refused;
    /// A table of rows, XLSX or CSV, cannot be read.
    TableUnreadable = "TABLE_UNREADABLE", Refused;
    /// A table of rows is larger, or unpacks to more, than is read.
    TableTooLarge = "TABLE_TOO_LARGE", Refused;
    /// No saved cohort of this id.
    UnknownCohort = "UNKNOWN_COHORT", Refused;
    /// The file system of the destination cannot hold a file of that size.
    ArchiveTooLarge = "ARCHIVE_TOO_LARGE", Refused;
    /// A source is of no kind that Sheaf knows: its tables are those of another application.
    SourceUnknown = "SOURCE_UNKNOWN", Refused;
    /// A server refuses the name or the password, or this machine.
    SourceDenied = "SOURCE_DENIED", Refused;
    /// A server does not answer.
    SourceUnreachable = "SOURCE_UNREACHABLE", Refused;
    /// A server's certificate is not one to trust, or it has none.
    SourceUntrusted = "SOURCE_UNTRUSTED", Refused;
    /// The server's account may not read what is needed.
    SourcePrivilege = "SOURCE_PRIVILEGE", Refused;
    /// A server went away while it was read.
    SourceLost = "SOURCE_LOST", Refused;
    /// A password is kept where it cannot be read, or where others can read it.
    PasswordUnusable = "PASSWORD_UNUSABLE", Refused;
    /// A dump of a database ends in the middle.
    DumpCut = "DUMP_CUT", Refused;
    /// A dump of a database holds what no dump does.
    DumpMalformed = "DUMP_MALFORMED", Refused;
    /// A text of a source is not UTF-8.
    SourceEncoding = "SOURCE_ENCODING", Refused;
    /// A row of a source breaks a rule without which it means nothing, such as that its id is its own.
    SourceRow = "SOURCE_ROW", Refused;
    /// The registry is damaged.
    RegistryCorrupt = "REGISTRY_CORRUPT", Refused;
    /// The file belongs to another application.
    RegistryForeign = "REGISTRY_FOREIGN", Refused;
    /// The registry was made by a newer Sheaf.
    RegistryNewer = "REGISTRY_NEWER", Refused;
    /// The registry was made by an older Sheaf and must be brought up to date by the program that made it.
    RegistryOlder = "REGISTRY_OLDER", Refused;
    /// The registry cannot be read (permission, I/O).
    RegistryUnreadable = "REGISTRY_UNREADABLE", Refused;
    /// The history database is damaged, foreign or newer.
    HistoryUnusable = "HISTORY_UNUSABLE", Refused;
    /// The home directory cannot be used.
    HomeUnusable = "HOME_UNUSABLE", Refused;
    /// The settings file cannot be understood.
    SettingsInvalid = "SETTINGS_INVALID", Refused;
    /// The record's state does not allow this.
    StateConflict = "STATE_CONFLICT", Refused;
    /// Another process holds the database. A job that meets it waits, then fails with its record.
    DbBusy = "DB_BUSY", Refused;
    /// The desktop lacks what this needs: a file manager, a clipboard, a notification daemon.
    DesktopUnavailable = "DESKTOP_UNAVAILABLE", Refused;
    /// A file could not be moved to the trash.
    TrashFailed = "TRASH_FAILED", Refused;
    /// The user may look at this, but not export it.
    ExportForbidden = "EXPORT_FORBIDDEN", Forbidden;
    /// This registry is opened only under a user's name.
    UserRequired = "USER_REQUIRED", Forbidden;
    /// The process of a job ended before the job did.
    Interrupted = "INTERRUPTED", Failed;
    /// The user stopped the work.
    Cancelled = "CANCELLED", Cancelled;
    /// A file in the registry does not exist.
    SourceMissing = "SOURCE_MISSING", Failed;
    /// A file exists but may not be read.
    SourceUnreadable = "SOURCE_UNREADABLE", Failed;
    /// A path names a folder, a pipe, a device or a link loop.
    SourceNotRegular = "SOURCE_NOT_REGULAR", Failed;
    /// A path leads out of its data root.
    PathEscape = "PATH_ESCAPE", Failed;
    /// A data root is not there, or none is set for a path.
    RootMissing = "ROOT_MISSING", Failed;
    /// Reading a file failed.
    SourceIo = "SOURCE_IO", Failed;
    /// A file changed while it was read, three times.
    SourceChanged = "SOURCE_CHANGED", Failed;
    /// A file has another size than the registry says.
    SizeMismatch = "SIZE_MISMATCH", Failed;
    /// A file has another hash than the registry says.
    HashMismatch = "HASH_MISMATCH", Failed;
    /// A cell of a table holds less than the registry does: it was too long, or held what no table can.
    CellChanged = "CELL_CHANGED", Failed;
    /// Writing the archive failed.
    WriteFailed = "WRITE_FAILED", Failed;
    /// The archive that was written is not the one that was planned.
    VerifyFailed = "VERIFY_FAILED", Failed;
    /// The archive is not there.
    ArchiveMissing = "ARCHIVE_MISSING", Failed;
    /// The archive is not the one of the record.
    ArchiveAltered = "ARCHIVE_ALTERED", Failed;
    /// A ZIP file is damaged, or not one that Sheaf made.
    ArchiveInvalid = "ARCHIVE_INVALID", Failed;
    /// A fault in Sheaf itself.
    Internal = "INTERNAL", Failed;
}

impl Code {
    /// Reads a code as [`Code::as_str`] writes it; `None` for one that this program does not know.
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One file that could not go into the archive, or went in although it differs from the registry.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileProblem {
    /// The file's id in the source registry.
    pub file: String,
    /// The patient's id as the registry knows it.
    pub patient: String,
    /// The registry's path, as it stands there.
    pub path: String,
    /// One of the codes of [`Code`], as text.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// Whether the file is left out of the archive.
    pub omitted: bool,
}

/// A piece of an error: a near match, a missing id, or a file with its problem.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum Detail {
    /// A name, an id or a sentence.
    Text(String),
    /// A file.
    File(FileProblem),
}

/// The error of every room.
#[derive(Debug)]
pub struct Error {
    code: Code,
    message: String,
    hint: String,
    details: Vec<Detail>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Short for a result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with its sentence. Add the next step with [`Error::hint`].
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: String::new(), details: Vec::new(), cause: None }
    }

    /// The error of work that its user stopped.
    pub fn cancelled() -> Self {
        Self::new(Code::Cancelled, "Stopped at your request; nothing was left behind.")
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds details.
    #[must_use]
    pub fn details(mut self, details: impl IntoIterator<Item = Detail>) -> Self {
        self.details.extend(details);
        self
    }

    /// Keeps the cause for a log or a report.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The next step; empty where there is none.
    pub fn next_step(&self) -> &str {
        &self.hint
    }

    /// The details.
    pub fn detail_list(&self) -> &[Detail] {
        &self.details
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn every_code_is_one_word_of_its_own() {
        let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all, "a machine tells codes apart by their word");
        for word in words {
            let shape = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
            assert!(word.bytes().all(shape), "{word} must be written as codes are");
        }
    }

    #[test]
    fn a_class_decides_how_a_command_ends() {
        assert_eq!(Code::EmptySelection.class(), Class::Refused, "nothing was begun");
        assert_eq!(Code::DbBusy.class(), Class::Refused, "a held database is met before there is a job");
        assert_eq!(Code::ExportForbidden.class(), Class::Forbidden, "seen but not allowed");
        assert_eq!(Code::Cancelled.class(), Class::Cancelled, "the user stopped it");
        assert_eq!(Code::VerifyFailed.class(), Class::Failed, "a job failed");
    }

    #[test]
    fn an_error_carries_its_parts_and_shows_its_sentence() {
        let error = Error::new(Code::UnknownTag, "There is no tag.")
            .hint("Look again.")
            .details([Detail::Text("near".to_owned())])
            .cause(std::io::Error::other("why"));
        assert_eq!(
            (error.code(), error.to_string().as_str()),
            (Code::UnknownTag, "There is no tag."),
            "for machines, for people"
        );
        assert_eq!((error.message(), error.next_step()), ("There is no tag.", "Look again."), "each part can be had");
        assert_eq!(error.detail_list(), [Detail::Text("near".to_owned())], "details are kept");
        assert_eq!(error.source().map(ToString::to_string), Some("why".to_owned()), "the cause is for the report");
        assert!(Error::cancelled().source().is_none(), "a stop has no cause beyond itself");
        assert_eq!(Code::RootMissing.to_string(), "ROOT_MISSING", "a code prints as its word");
    }
}
