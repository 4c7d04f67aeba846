//! A live `MySQL` or `MariaDB`, staged as a dump is: the rows of the tables that are read, each value as a dump would write
//! it, in one snapshot that the server keeps while it is asked.
//!
//! A table that the account may not read is not even listed to it, so what a generation cannot lack is asked for by name.
//! Deliberately absent: any statement that writes, and what the tables mean.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::TryStreamExt as _;
use sheaf_registry::progress::{Phase, Progress};
use sheaf_registry::{Code, Error, Names, Result};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::Options;
use super::cells::STEP;
use super::stage::{Stage, Staged, TABLES, is_wanted_column, is_wanted_table};
use crate::dump::Value;
use crate::server::{Engine, Line, Login, Peer, State};

/// What is set before anything is asked: values as they are stored, times in UTC, one snapshot for all tables.
const BEGIN: [&str; 3] = [
    "SET SESSION sql_mode = ''",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
];

/// The columns that the account may read.
const COLUMNS: &str = "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS \
                       WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION";

/// About how many bytes each table holds.
const SIZES: &str = "SELECT TABLE_NAME, DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";

/// Types whose values a dump writes as bare digits.
const NUMBERS: [&str; 9] = ["bigint", "decimal", "double", "float", "int", "mediumint", "smallint", "tinyint", "year"];

/// What is read of users: their names and whether they are in use decide who sees what, and nothing else is asked for.
const USERS: (&str, [&str; 4]) = ("auth_user", ["id", "is_active", "is_staff", "username"]);

/// What the server calls itself, and the cipher of the line to it, if there is one.
const VERSION: &str = "SELECT VERSION()";
const CIPHER: &str = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";

/// The tables that hold it, and their columns in order, each with whether it holds numbers.
type Columns = BTreeMap<String, Vec<(String, bool)>>;

/// Keeps what the server holds; also given is what tells one state of it from another.
pub(super) fn stage(login: &Login, name: &Path, names: Names, options: &Options<'_>) -> Result<(Staged, String)> {
    let mut state = String::new();
    let staged = staged(login, name, names, options, async |mut reading, tables, stage| {
        for (table, columns) in &tables {
            reading.table(table, columns, stage).await?;
        }
        // A server that is told nothing ends the snapshot by itself.
        let _ = reading.connection.close().await;
        state = reading.digest.finish();
        Ok(())
    })?;
    Ok((staged, state))
}

/// Keeps the tables of the server without their rows; also given is what it says of itself, and how many rows each has.
pub(super) fn look(login: &Login, name: &Path, options: &Options<'_>) -> Result<(Staged, Peer, BTreeMap<String, u64>)> {
    let (mut peer, mut counts) = (None, BTreeMap::new());
    let staged = staged(login, name, Names::Kept, options, async |mut reading, tables, stage| {
        let version = reading.word(VERSION, 0).await?;
        let is_encrypted = !reading.word(CIPHER, 1).await?.is_empty();
        peer = Some(Peer::new(login.server.engine, &version, is_encrypted));
        for (table, columns) in &tables {
            let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
            stage.begin(table, &names)?;
            if table.ends_with("_patient") || table.ends_with("_fileregistry") {
                let count = reading.word(&format!("SELECT COUNT(*) FROM `{table}`"), 0).await?;
                counts.insert(table.clone(), count.parse().unwrap_or(0));
            }
        }
        let _ = reading.connection.close().await;
        Ok(())
    })?;
    let peer = peer.ok_or_else(|| Error::new(Code::Internal, "A server was not asked what it is."))?;
    Ok((staged, peer, counts))
}

/// A snapshot of the server, with the tables in it that are read, once nothing is hidden in them that is needed.
fn staged(
    login: &Login,
    name: &Path,
    names: Names,
    options: &Options<'_>,
    work: impl AsyncFnOnce(Reading<'_>, Columns, &mut Stage<'_>) -> Result<()>,
) -> Result<Staged> {
    if login.server.engine != Engine::MySql {
        return Err(Error::new(Code::NotYet, format!("No FileRegistry is known in {}.", login.server.engine))
            .hint("Name the MySQL or MariaDB database of a FileRegistry."));
    }
    Staged::fill(name, names, options.scratch, |stage| {
        let line = Line::new(&login.server);
        line.run(options.cancel, async {
            let connection = connect(login).connect().await.map_err(|error| line.failed(error, None))?;
            line.connected();
            let digest = State::default();
            let mut reading = Reading { line: &line, connection, options, digest, done: 0, total: 0 };
            reading.begin().await?;
            let tables = reading.tables(name, names).await?;
            reading.may_read(&tables).await?;
            work(reading, tables, stage).await
        })
    })
}

/// How the server is reached.
fn connect(login: &Login) -> MySqlConnectOptions {
    let server = &login.server;
    let mut connect = MySqlConnectOptions::new()
        .host(&server.host)
        .port(server.port)
        .username(&server.user)
        .database(&server.database)
        .charset("utf8mb4")
        .timezone(Some("+00:00".to_owned()))
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .statement_cache_capacity(0)
        .ssl_mode(if server.is_verified() { MySqlSslMode::VerifyIdentity } else { MySqlSslMode::Preferred })
        .disable_statement_logging();
    if let Some(password) = &login.password {
        connect = connect.password(password.expose());
    }
    if let Some(ca) = &server.ca {
        connect = connect.ssl_ca(ca);
    }
    connect
}

/// A server that is being read.
struct Reading<'a> {
    line: &'a Line<'a>,
    connection: MySqlConnection,
    options: &'a Options<'a>,
    /// Of every value, in the order in which they come.
    digest: State,
    /// Bytes of values so far, and about how many there are.
    done: u64,
    total: u64,
}

impl Reading<'_> {
    async fn begin(&mut self) -> Result<()> {
        for sql in BEGIN {
            self.rows(sql, None, &mut |_| Ok(())).await?;
        }
        Ok(())
    }

    /// The tables that are read, as far as the account sees them.
    async fn tables(&mut self, name: &Path, names: Names) -> Result<Columns> {
        let mut tables = Columns::new();
        let mut listed = |row: &MySqlRow| {
            let (table, column, kind) = (text(row, 0), text(row, 1), text(row, 2));
            if is_wanted_table(&table) && is_wanted_column(&table, &column, names) {
                let is_number = NUMBERS.contains(&kind.to_lowercase().as_str());
                tables.entry(table).or_default().push((column, is_number));
            }
            Ok(())
        };
        self.rows(COLUMNS, None, &mut listed).await?;
        let lower: BTreeSet<String> = tables.keys().map(|table| table.to_lowercase()).collect();
        if lower.len() < tables.len() {
            let message = format!("{} has two tables whose names differ only in case.", name.display());
            return Err(Error::new(Code::SourceUnknown, message).hint("Name the database of a FileRegistry."));
        }
        let mut total = 0;
        let mut sized = |row: &MySqlRow| {
            if tables.contains_key(&text(row, 0)) {
                total += text(row, 1).parse::<u64>().unwrap_or(0);
            }
            Ok(())
        };
        self.rows(SIZES, None, &mut sized).await?;
        self.total = total;
        Ok(tables)
    }

    /// `SOURCE_PRIVILEGE` where something is hidden from the account without which the rest would mean something else: a table
    /// of rights or of tags that is not there reads as one that is empty.
    async fn may_read(&mut self, tables: &Columns) -> Result<()> {
        for (table, columns) in tables {
            let is_enough =
                table == USERS.0 && USERS.1.iter().all(|column| columns.iter().any(|(known, _)| known == column));
            if !is_enough {
                // A hidden column fails here; no row is sent.
                self.rows(&format!("SELECT * FROM `{table}` LIMIT 0"), Some(table), &mut |_| Ok(())).await?;
            }
        }
        for table in needed(tables) {
            if !tables.contains_key(&table) {
                self.is_absent(&table).await?;
            }
        }
        Ok(())
    }

    /// That a table that is not listed is not hidden: an account that may read all tables is told so.
    async fn is_absent(&mut self, table: &str) -> Result<()> {
        match self.rows(&format!("SELECT 1 FROM `{table}` LIMIT 0"), Some(table), &mut |_| Ok(())).await {
            Err(error) if error.code() != Code::DbBusy => Err(error),
            _ => Ok(()),
        }
    }

    /// Keeps every row of a table.
    async fn table(&mut self, table: &str, columns: &[(String, bool)], stage: &mut Stage<'_>) -> Result<()> {
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        if !stage.begin(table, &names)? {
            return Ok(());
        }
        self.digest.add(Some(table.as_bytes()));
        for name in &names {
            self.digest.add(Some(name.as_bytes()));
        }
        let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let sql = format!("SELECT {} FROM `{table}`", list.join(", "));
        let (options, mut done, total, mut taken) = (self.options, self.done, self.total, 0_u64);
        let mut digest = std::mem::take(&mut self.digest);
        let mut values = Vec::with_capacity(columns.len());
        let mut take = |row: &MySqlRow| {
            values.clear();
            for (at, (_, is_number)) in columns.iter().enumerate() {
                let bytes = bytes(row, at);
                done += bytes.map_or(0, |bytes| bytes.len() as u64);
                digest.add(bytes);
                values.push(value(bytes, *is_number));
            }
            stage.take(table, &values)?;
            taken += 1;
            if taken.is_multiple_of(STEP) {
                options.cancel.check()?;
                options.observer.observe(&progress(done, total));
            }
            Ok(())
        };
        self.rows(&sql, Some(table), &mut take).await?;
        digest.add(None);
        (self.done, self.digest) = (done, digest);
        options.observer.observe(&progress(done, total));
        Ok(())
    }

    /// One value of the answer's last row; empty where there is none.
    async fn word(&mut self, sql: &str, at: usize) -> Result<String> {
        let mut word = String::new();
        let mut take = |row: &MySqlRow| {
            word = text(row, at);
            Ok(())
        };
        self.rows(sql, None, &mut take).await?;
        Ok(word)
    }

    /// Asks, and hands on every row as it comes.
    async fn rows(&mut self, sql: &str, table: Option<&str>, take: &mut dyn FnMut(&MySqlRow) -> Result<()>) -> Result<()> {
        // Every part of it is a constant or a name of letters, digits and underscores.
        let mut rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch(&mut self.connection);
        while let Some(row) = rows.try_next().await.map_err(|error| self.line.failed(error, table))? {
            self.line.heard();
            take(&row)?;
        }
        self.line.heard();
        Ok(())
    }
}

/// The tables that the generation of what is seen cannot lack.
fn needed(tables: &Columns) -> BTreeSet<String> {
    let has = |table: &str, column: &str| {
        tables.get(table).is_some_and(|columns| columns.iter().any(|(known, _)| known == column))
    };
    let with = |end: &str| tables.keys().filter_map(|table| table.strip_suffix(end)).collect::<Vec<_>>();
    let (mut apps, files) = (with("_patient"), with("_fileregistry"));
    // The table of files has a column for the patients of each app.
    let linked = files.iter().filter_map(|app| tables.get(&format!("{app}_fileregistry"))).flatten();
    apps.extend(linked.filter_map(|(column, _)| column.strip_suffix("_patient_id")));
    apps.extend(&files);
    let main = files.iter().chain(&apps).find(|app| ["maxillo", "scans"].contains(app)).or(files.first()).or(apps.first());

    let mut needed: BTreeSet<String> = TABLES.map(ToOwned::to_owned).into();
    for app in &apps {
        needed.extend(["patient", "folder", "tag", "patient_tags"].map(|of| format!("{app}_{of}")));
        if !has(&format!("{app}_patient"), "folder_id") {
            needed.insert(format!("{app}_patient_folders"));
        }
    }
    let Some(main) = main else { return BTreeSet::new() };
    needed.insert(format!("{main}_fileregistry"));
    if has("common_projectaccess", "can_view") {
        needed.insert(format!("{main}_userprofile"));
    } else if has("common_projectaccess", "role") {
        needed.insert(format!("{main}_folderaccess"));
        // Further apps have no rights on folders; this one has, under another name.
        if apps.contains(&"brain") {
            needed.insert("brain_folder_access".to_owned());
        }
    }
    needed
}

/// A value as a dump writes it.
fn value(bytes: Option<&[u8]>, is_number: bool) -> Value {
    let Some(bytes) = bytes else { return Value::Null };
    match std::str::from_utf8(bytes) {
        Ok(digits) if is_number => Value::Number(digits.to_owned()),
        Ok(text) => Value::Text(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_owned()),
    }
}

/// A value as the server writes it in an answer of text.
fn bytes(row: &MySqlRow, at: usize) -> Option<&[u8]> {
    row.try_get_unchecked(at).unwrap_or(None)
}

fn text(row: &MySqlRow, at: usize) -> String {
    String::from_utf8_lossy(bytes(row, at).unwrap_or_default()).into_owned()
}

fn progress(bytes_done: u64, bytes_total: u64) -> Progress {
    let bytes_total = bytes_total.max(bytes_done);
    Progress { phase: Phase::Preparing, files_done: 0, files_total: 0, bytes_done, bytes_total, current: None }
}
