//! What was said: the command line as clap reads it. What it means is [`crate::meaning`].
//!
//! What is deliberately absent: rules that need a registry or a file. Those are refused later, with a code of their own.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Export patients' images from a registry into one verified ZIP.
#[derive(Debug, Parser)]
#[command(
    name = "sheaf",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done; 1 a job or a verify failed; 2 refused before a job exists; 3 completed with problems; \
                  4 seen but not allowed; 130 cancelled."
)]
pub(crate) struct Said {
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Says the home where `--home` does not.
pub(crate) const HOME_VARIABLE: &str = "SHEAF_HOME";

/// What `--map` takes.
const PLACES: &str = "Where the files under a prefix are; =DIR for keys without a prefix; a bucket as \
                      s3://BUCKET/PREFIX?endpoint=URL&region=NAME";
/// What is read.
const SOURCES: &str = "mysql:// or postgres://NAME@HOST/DATABASE, a SQLite file, a .sql or .json dump (or .gz), an XLSX or CSV of studies, a folder of \
                       images";

/// How a server is opened.
const PASSWORDS: &str = "The password of a server: in SHEAF_SOURCE_PASSWORD, or in the first line of a file that only you can read and \
                         SHEAF_SOURCE_PASSWORD_FILE names, or in the keyring. One in the URL (mysql://NAME:PASSWORD@HOST/DATABASE) is seen by whoever lists \
                         the programs of this machine.";

/// Options that stand before or after the subcommand.
#[derive(Debug, Args)]
pub(crate) struct Everywhere {
    /// Holds the export history and settings [default: the platform's data directory]
    #[arg(long, global = true, value_name = "DIR", env = HOME_VARIABLE, hide_env_values = true)]
    pub(crate) home: Option<OsString>,
    /// Print exactly one JSON document on stdout, also for errors
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress and no messages on stderr, only errors
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    /// Act as this user of the registry [default: the owner, who may do everything; a server has none]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) user: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a registry with valid synthetic imaging files to try everything on
    Demo {
        /// A folder that does not exist or is empty
        dir: PathBuf,
        /// Patients [default: 24; with --sparse: 100000]
        #[arg(long, value_name = "N")]
        patients: Option<u64>,
        /// Studies in the study table
        #[arg(long, value_name = "N", default_value_t = sheaf_app::demo::DemoOptions::STUDIES)]
        studies: u64,
        /// The same seed gives the same bytes
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Files of realistic size that take no disk
        #[arg(long)]
        sparse: bool,
        /// Plant what a registry should not hold: a missing file, a changed one, paths that lead out, hostile names
        #[arg(long)]
        with_faults: bool,
    },
    /// Read a database (a server, a SQLite file or a dump), a list of studies or a folder of images into a registry
    #[command(after_help = PASSWORDS)]
    Sync(SaidSync),
    /// List the projects that the user sees
    Projects {
        #[command(flatten)]
        registry: Registry,
    },
    /// List the users that the registry knows
    Users {
        #[command(flatten)]
        registry: Registry,
    },
    /// List the patients that the user sees, with what is registered for them
    Patients {
        #[command(flatten)]
        project: Project,
        /// At most this many
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
        /// Leave out the first ones
        #[arg(long, value_name = "N", default_value_t = 0)]
        offset: u64,
        #[command(flatten)]
        selection: SaidSelection,
    },
    /// Say what an export would hold, with every problem, and write nothing
    Plan {
        #[command(flatten)]
        project: Project,
        /// The folder that the archive would go to
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        #[command(flatten)]
        selection: SaidSelection,
    },
    /// Write one verified ZIP
    Export {
        #[command(flatten)]
        project: Project,
        /// The folder that the archive goes to; must exist
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Name of the archive without .zip [default: export_ and the local time]
        #[arg(long, value_name = "N")]
        name: Option<String>,
        /// Free text for the record
        #[arg(long, value_name = "T", default_value = "", hide_default_value = true)]
        notes: String,
        /// What happens to files that cannot be had
        #[arg(long, value_enum, default_value_t = SaidOnMissing::Fail)]
        on_missing: SaidOnMissing,
        #[command(flatten)]
        selection: SaidSelection,
    },
    /// The exports made so far
    Exports {
        #[command(subcommand)]
        command: ExportsCommand,
    },
    /// Read an archive that Sheaf made, all of it, and say whether it is whole
    Verify {
        /// The archive
        #[arg(value_name = "FILE.zip")]
        file: PathBuf,
    },
    /// Search studies, export them as a table, list the values of a field
    Studies {
        #[command(subcommand)]
        command: StudiesCommand,
    },
    /// Serve a registry over HTTP (not there yet)
    Serve {
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of a command, as roff
    Man {
        /// The command, word by word [default: sheaf itself]
        command: Vec<String>,
    },
}

/// Which source is read, into what, and how.
#[derive(Debug, Args)]
pub(crate) struct SaidSync {
    #[arg(help = SOURCES)]
    pub(crate) source: OsString,
    /// The registry to make; a name that is free, or a registry of the same folder [default: what Sheaf keeps of the source for --registry]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    #[arg(long, value_name = "PREFIX=DIR|URL", help = PLACES)]
    pub(crate) map: Vec<OsString>,
    /// Keep the server's password, and the keys of buckets that --map names, in the keyring of the desktop once the source was read
    #[arg(long)]
    pub(crate) keep_password: bool,
    /// Delete what Sheaf keeps of the source, and the server's password from the keyring; the source stays
    #[arg(long, conflicts_with_all = ["to", "map", "keep_password", "tz", "SaidNames", "SaidAudience", "SaidFolder"])]
    pub(crate) forget: bool,
    /// In which time zone the list's times are meant, where they do not say it [default: the machine's]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) tz: Option<String>,
    #[command(flatten)]
    pub(crate) names: SaidNames,
    #[command(flatten)]
    pub(crate) audience: SaidAudience,
    #[command(flatten)]
    pub(crate) folder: SaidFolder,
}

/// Whether names of patients are read.
#[derive(Debug, Args)]
pub(crate) struct SaidNames {
    /// Leave patients' names out of what is read; it stays so until --with-names
    #[arg(long, conflicts_with = "with_names")]
    pub(crate) without_names: bool,
    /// Keep patients' names again
    #[arg(long)]
    pub(crate) with_names: bool,
}

/// For whom a source is read.
#[derive(Debug, Args)]
pub(crate) struct SaidAudience {
    /// Keep only what this user of the source may read; it stays so until --for-everybody
    #[arg(long, value_name = "USER", conflicts_with = "for_everybody")]
    pub(crate) only_for: Option<String>,
    /// Keep again what everybody may read
    #[arg(long)]
    pub(crate) for_everybody: bool,
}

/// How a folder of images is read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Folders of images")]
pub(crate) struct SaidFolder {
    /// How paths are made, such as {project}/{patient}/{kind}/{modality}/{*}; `auto` for BIDS, FileRegistry and folders of
    /// patients [default: as the last time, else auto]
    #[arg(long, value_name = "PATTERN")]
    pub(crate) pattern: Option<String>,
    /// Compute SHA-256 of files of which none is known; stopped, it goes on the next time
    #[arg(long)]
    pub(crate) hash: bool,
    /// Show what the first files would be, and write nothing
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "20", conflicts_with_all = ["to", "hash"])]
    pub(crate) preview: Option<usize>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StudiesCommand {
    /// A page of the studies that match, and how many match
    Search {
        #[command(flatten)]
        studies: Box<SaidStudies>,
        /// In which order: a column and _asc or _desc
        #[arg(long, value_name = "ORDER", default_value = "order_datetime_desc")]
        sort: String,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u64,
        /// Leave out the first ones
        #[arg(long, value_name = "N", default_value_t = 0)]
        offset: u64,
    },
    /// Write the studies that match as a table, all of them
    Export {
        #[command(flatten)]
        studies: Box<SaidStudies>,
        /// In which order: a column and _asc or _desc
        #[arg(long, value_name = "ORDER", default_value = "order_datetime_desc")]
        sort: String,
        /// Format [default: as the file's name ends, else csv]. Excel drops leading zeros when it opens a CSV, never in XLSX
        #[arg(long, value_enum)]
        format: Option<SaidFormat>,
        /// The file, which must not exist; in a folder, the name is automatic
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// list (14 columns), full (18), or names of columns with commas between them
        #[arg(long, value_name = "list|full|A,B,C", default_value = "list")]
        columns: String,
        /// Leave out the byte order mark, without which Excel misreads a CSV
        #[arg(long)]
        no_bom: bool,
        /// Leave texts that a spreadsheet would run as formulas as they are; only for programs that are no spreadsheets
        #[arg(long)]
        keep_formulas: bool,
        /// Put a file with the checksum beside it
        #[arg(long)]
        sha256: bool,
    },
    /// The values that matching studies have in a field, the most frequent first
    Values {
        /// Name of a field, such as `exam_room`
        field: String,
        #[command(flatten)]
        studies: Box<SaidStudies>,
    },
}

/// Which studies. Everything that is said must hold.
#[derive(Debug, Args)]
pub(crate) struct SaidStudies {
    #[command(flatten)]
    pub(crate) registry: Registry,
    #[command(flatten)]
    pub(crate) filter: SaidFilter,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Filter")]
pub(crate) struct SaidFilter {
    /// Contained in an id, number, name, description, item, room, device or physician, without regard to case
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) q: Option<String>,
    /// State of the report
    #[arg(long, value_name = "S")]
    pub(crate) exam_status: Option<String>,
    /// Where the patient came from
    #[arg(long, value_name = "S")]
    pub(crate) exam_source: Option<String>,
    /// Number of the application
    #[arg(long, value_name = "NO")]
    pub(crate) application_order_no: Option<String>,
    /// Code of the examination
    #[arg(long, value_name = "CODE")]
    pub(crate) exam_item: Option<String>,
    /// Device; may be said several times, as may the next three
    #[arg(long, value_name = "E")]
    pub(crate) exam_equipment: Vec<String>,
    /// Gender
    #[arg(long, value_name = "G")]
    pub(crate) patient_gender: Vec<String>,
    /// Description
    #[arg(long, value_name = "D")]
    pub(crate) exam_description: Vec<String>,
    /// Room
    #[arg(long, value_name = "R")]
    pub(crate) exam_room: Vec<String>,
    /// At least this old; studies without an age are left out
    #[arg(long, value_name = "YEARS", allow_negative_numbers = true)]
    pub(crate) patient_age_min: Option<i64>,
    /// At most this old; studies without an age are left out
    #[arg(long, value_name = "YEARS", allow_negative_numbers = true)]
    pub(crate) patient_age_max: Option<i64>,
    /// Checked in on this day or later: 2025-01-31, or a time such as 2025-01-31T08:00
    #[arg(long, value_name = "DATE")]
    pub(crate) start_date: Option<String>,
    /// Checked in on this day, all of it, or before
    #[arg(long, value_name = "DATE")]
    pub(crate) end_date: Option<String>,
    /// One examination; may be said several times
    #[arg(long, value_name = "ID")]
    pub(crate) exam_ids: Vec<String>,
    /// In which time zone days begin and a table's times are written [default: the machine's]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) tz: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SaidFormat {
    /// Text with commas
    Csv,
    /// Text with tabs
    Tsv,
    /// A workbook
    Xlsx,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExportsCommand {
    /// All records, newest first
    List,
    /// What the application of a database has exported itself, newest first: its history, to be read
    Source {
        #[command(flatten)]
        registry: Registry,
    },
    /// One record
    Show {
        /// Id of the record
        id: String,
    },
    /// Read the archive again and compare it with the record
    Verify {
        /// Id of the record
        id: String,
    },
    /// Stop a job, also one of another process
    Cancel {
        /// Id of the record
        id: String,
    },
    /// Run an interrupted, failed or cancelled export again
    Restart {
        /// Id of the record
        id: String,
    },
    /// Copy the archive, verified
    Save {
        /// Id of the record
        id: String,
        /// A folder, or a path that is free
        dest: PathBuf,
    },
    /// Delete a record and its archive
    Delete {
        /// Id of the record
        id: String,
        /// Delete the record alone
        #[arg(long)]
        keep_file: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Registry {
    /// A Sheaf registry, or a source that `sheaf sync` reads
    #[arg(long = "registry", value_name = "R")]
    pub(crate) path: PathBuf,
    #[arg(long, value_name = "PREFIX=DIR|URL", help = PLACES)]
    pub(crate) map: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Project {
    #[command(flatten)]
    pub(crate) registry: Registry,
    /// Short name of the project
    #[arg(long = "project", value_name = "SLUG")]
    pub(crate) slug: String,
}

/// Patients and contents; both must be said for an export.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SaidSelection {
    /// All patients that this user may export
    #[arg(long)]
    pub(crate) all: bool,
    /// Patients of a folder and its subfolders; \/ is a slash inside a name
    #[arg(long, value_name = "PATH")]
    pub(crate) folder: Vec<String>,
    /// The same by the folder's id
    #[arg(long, value_name = "ID")]
    pub(crate) folder_id: Vec<String>,
    /// One patient by id
    #[arg(long, value_name = "ID")]
    pub(crate) patient: Vec<String>,
    /// Patients from a file with one id a line; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) patients_from: Option<PathBuf>,
    /// Only patients with these tags
    #[arg(long, value_name = "T")]
    pub(crate) tag: Vec<String>,
    /// How several tags narrow [default: any]
    #[arg(long, value_enum)]
    pub(crate) tag_mode: Option<SaidTagMode>,
    /// One modality
    #[arg(long, value_name = "M")]
    pub(crate) modality: Vec<String>,
    /// All modalities
    #[arg(long)]
    pub(crate) all_modalities: bool,
    /// Which files [default: processed]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<SaidKind>,
    /// A JSON file that says all of this with the same keys; - is standard input
    #[arg(
        long,
        value_name = "FILE.json",
        conflicts_with_all = [
            "all", "folder", "folder_id", "patient", "patients_from", "tag", "tag_mode", "modality", "all_modalities", "kind"
        ]
    )]
    pub(crate) selection: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SaidTagMode {
    Any,
    All,
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SaidKind {
    Raw,
    Processed,
    Both,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SaidOnMissing {
    /// List them all and write nothing
    Fail,
    /// Leave them out, list each, exit 3
    Skip,
}
