//! Which generation of `FileRegistry` a database is of: told from its tables and columns, never from a version.

use sheaf_registry::{Code, Error, Result};

use super::cells::Tables;

/// The generations, for people. What is read hangs on single tables and columns, never on this word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// `scans_*` without an export table.
    G1,
    /// `scans_*` with an export table.
    G2,
    /// `maxillo_*`, still one domain.
    Between,
    /// One table of files for several domains.
    G3,
}

impl Generation {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Generation::G1 => "G1",
            Generation::G2 => "G2",
            Generation::Between => "G2-G3",
            Generation::G3 => "G3",
        }
    }
}

/// How far the row ids of one domain are from those of the next. Ids of a registry stay below 2^53, the numbers that every
/// reader of JSON holds exactly.
pub(super) const SPACE: i64 = 1_000_000_000_000;

/// One app of the source with patients of its own.
pub(super) struct Domain {
    pub(super) name: String,
    /// Its row ids begin above this one, from synchronisation to synchronisation.
    pub(super) space: i64,
    /// The column of the table of files that names its patients.
    pub(super) file_column: String,
    /// Its patients name their project; else the domain is their project.
    pub(super) has_projects: bool,
}

impl Domain {
    pub(super) fn table(&self, of: &str) -> String {
        format!("{}_{of}", self.name)
    }

    /// The row id in the registry.
    pub(super) fn row_id(&self, id: i64) -> Option<i64> {
        (0..SPACE).contains(&id).then_some(self.space + id)
    }
}

/// What is where.
pub(super) struct Shape {
    pub(super) generation: Generation,
    /// The table of files.
    pub(super) files: String,
    /// In a steady order.
    pub(super) domains: Vec<Domain>,
}

impl Shape {
    /// # Errors
    /// `SOURCE_UNKNOWN` where there is no table of files with the columns that it cannot lack.
    pub(super) fn detect(tables: &Tables<'_>) -> Result<Self> {
        let is_registry = |table: &&str| {
            let needed = ["id", "file_type", "file_path", "patient_id"];
            table.ends_with("_fileregistry") && needed.iter().all(|column| tables.has_column(table, column))
        };
        // Where an upgrade left the old tables behind, the new ones are meant.
        let found = ["maxillo_fileregistry", "scans_fileregistry"].into_iter().find(is_registry);
        let Some(files) = found.or_else(|| tables.names().find(is_registry)) else {
            return Err(unknown(tables.source()));
        };
        let app = files.trim_end_matches("_fileregistry");
        let names: Vec<&str> = tables
            .names()
            .filter_map(|table| table.strip_suffix("_patient"))
            .filter(|name| tables.has_column(&format!("{name}_patient"), "patient_id"))
            .collect();
        // Where the table of files belongs to an app without patients, its plain column means those of the first app.
        let main = *[app, "maxillo", "scans"].iter().find(|name| names.contains(name)).unwrap_or(&app);
        let mut domains: Vec<Domain> = names.iter().filter_map(|name| domain(tables, files, main, name)).collect();
        domains.sort_by_key(|domain| domain.space);
        if domains.is_empty() {
            return Err(unknown(tables.source()));
        }
        let generation = match app {
            _ if tables.has_column(files, "domain") => Generation::G3,
            "scans" if tables.has("scans_export") => Generation::G2,
            "scans" => Generation::G1,
            _ => Generation::Between,
        };
        Ok(Self { generation, files: files.to_owned(), domains })
    }
}

/// A domain, if it is one: the app of the table of files, or one that this table has a column for.
fn domain(tables: &Tables<'_>, files: &str, main: &str, name: &str) -> Option<Domain> {
    let file_column = if name == main { "patient_id".to_owned() } else { format!("{name}_patient_id") };
    if !tables.has_column(files, &file_column) {
        return None;
    }
    let has_projects = tables.has_column(&format!("{name}_patient"), "project_id");
    let space = if name == main { 0 } else { space(name) * SPACE };
    Some(Domain { name: name.to_owned(), space, file_column, has_projects })
}

/// The number of a domain: it depends on nothing but its name, so that a further domain moves none of the others.
fn space(name: &str) -> i64 {
    match name {
        "maxillo" | "scans" => 0,
        "brain" => 1,
        "laparoscopy" => 2,
        _ => {
            let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            3 + (name.bytes().fold(0xcbf2_9ce4_8422_2325, step) % 4093).cast_signed()
        }
    }
}

/// The error for a source that is of neither family.
pub(super) fn unknown(source: &std::path::Path) -> Error {
    let shown = source.display();
    Error::new(Code::SourceUnknown, format!("{shown} holds no FileRegistry: no table of files with patients is in it."))
        .hint("Name the database or dump of a FileRegistry.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_a_number_space_of_its_own() {
        let spaces = ["maxillo", "brain", "laparoscopy", "cardiology", "dermatology"].map(space);
        assert_eq!(spaces[..3], [0, 1, 2], "the ids of selections that were saved must stay");
        assert!(spaces[3] > 2 && spaces[4] > 2 && spaces[3] != spaces[4], "further ones fit in beside them");
        assert_eq!(spaces[3], space("cardiology"), "also in the next synchronisation");
        let largest = 4096 * SPACE + SPACE;
        assert!(largest < 1 << 53, "every reader of JSON holds such a number exactly");
    }
}
