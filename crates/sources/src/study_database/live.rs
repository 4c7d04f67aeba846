//! A live `PostgreSQL`: the rows of the table as the server sends them, in one snapshot that it keeps while it is asked.
//!
//! What the account may see is what is read, also where the server gives each account rows of its own. Deliberately absent: any
//! statement that writes.

use futures_util::TryStreamExt as _;
use sheaf_registry::{Code, Error, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::{Options, STEP, TABLE, Table, progress, text, unknown};
use crate::server::{Engine, Line, Login, Peer, State};
use crate::sheet::Cell;

/// What is set before anything is asked: values as a dump writes them, times in UTC, rows in the order in which they lie.
const BEGIN: [&str; 6] = [
    "SET datestyle = 'ISO, YMD'",
    "SET timezone = 'UTC'",
    "SET bytea_output = 'hex'",
    "SET synchronize_seqscans = off",
    "SET lock_timeout = '30s'",
    "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
];

/// The tables of that name, those first that are found without their schema; their columns, and about how many rows they have.
const COLUMNS: &str = "SELECT n.nspname, a.attname, c.reltuples::bigint, pg_table_is_visible(c.oid)::int
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relname = 'medical_examinations_fact' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname NOT LIKE 'pg\\_temp%'
    ORDER BY pg_table_is_visible(c.oid) DESC, n.nspname, a.attnum";

/// What the server calls itself, and whether the line to it is encrypted.
const PEER: &str =
    "SELECT current_setting('server_version'), (SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid())";

/// Reads the table; what tells one state of it from another.
pub(super) fn read(login: &Login, table: &mut Table<'_>, options: &Options<'_>) -> Result<String> {
    asked(login, options, async |mut reading| {
        let found = reading.find(table).await?;
        let state = reading.table(table, &found, options).await?;
        // A server that is told nothing ends the snapshot by itself.
        let _ = reading.connection.close().await;
        Ok(state)
    })
}

/// Looks for the table, and counts its rows.
pub(super) fn look(login: &Login, table: &mut Table<'_>, options: &Options<'_>) -> Result<(Peer, u64)> {
    asked(login, options, async |mut reading| {
        let mut peer = None;
        let mut said = |row: &PgRow| {
            peer = Some(Peer::new(login.server.engine, &word(row, 0), word(row, 1) == "1"));
            Ok(())
        };
        reading.rows(PEER, None, &mut said).await?;
        let peer = peer.ok_or_else(|| Error::new(Code::Internal, "A server did not say what it is."))?;
        let found = reading.find(table).await?;
        let mut rows = 0;
        let mut counted = |row: &PgRow| {
            rows = word(row, 0).parse().unwrap_or(0);
            Ok(())
        };
        let sql = format!("SELECT count(*) FROM {}.{TABLE}", quoted(&found.schema));
        reading.rows(&sql, Some(TABLE), &mut counted).await?;
        // Columns of which the account may read none are told now, not later.
        reading.rows(&format!("{} LIMIT 0", found.select(table)), Some(TABLE), &mut |_| Ok(())).await?;
        let _ = reading.connection.close().await;
        Ok((peer, rows))
    })
}

/// Asks in one snapshot of the server.
fn asked<T>(login: &Login, options: &Options<'_>, work: impl AsyncFnOnce(Reading<'_>) -> Result<T>) -> Result<T> {
    if login.server.engine != Engine::Postgres {
        return Err(Error::new(Code::NotYet, format!("No table of studies is known in {}.", login.server.engine))
            .hint("Name the PostgreSQL database of the studies."));
    }
    let line = Line::new(&login.server);
    line.run(options.cancel, async {
        let connection = connect(login).connect().await.map_err(|error| line.failed(error, None))?;
        line.connected();
        let mut reading = Reading { line: &line, connection };
        for sql in BEGIN {
            reading.rows(sql, None, &mut |_| Ok(())).await?;
        }
        work(reading).await
    })
}

/// How the server is reached; what the environment says to other programs is passed over.
fn connect(login: &Login) -> PgConnectOptions {
    let server = &login.server;
    let mut connect = PgConnectOptions::new_without_pgpass()
        .host(&server.host)
        .port(server.port)
        .username(&server.user)
        .database(&server.database)
        .password(login.password.as_ref().map_or("", |password| password.expose()))
        .application_name("sheaf")
        .statement_cache_capacity(0)
        .ssl_mode(if server.is_verified() { PgSslMode::VerifyFull } else { PgSslMode::Prefer })
        .disable_statement_logging();
    if let Some(ca) = &server.ca {
        connect = connect.ssl_root_cert(ca);
    }
    connect
}

/// A server that is being read.
struct Reading<'a> {
    line: &'a Line<'a>,
    connection: PgConnection,
}

/// The table as the server has it.
struct Found {
    schema: String,
    columns: Vec<String>,
    /// About how many rows it has.
    about: u64,
}

impl Found {
    fn wanted<'a>(&'a self, table: &'a Table<'_>) -> impl Iterator<Item = &'a str> {
        table.wanted.iter().map(|(at, _)| self.columns[*at].as_str())
    }

    /// The question for the columns that are wanted of it.
    fn select(&self, table: &Table<'_>) -> String {
        let list: Vec<String> = self.wanted(table).map(quoted).collect();
        format!("SELECT {} FROM {}.{TABLE}", list.join(", "), quoted(&self.schema))
    }
}

impl Reading<'_> {
    /// Finds the table, and begins it with its columns.
    async fn find(&mut self, table: &mut Table<'_>) -> Result<Found> {
        let (mut found, mut is_visible, mut total) = (Vec::<(String, Vec<String>)>::new(), false, 0);
        let mut listed = |row: &PgRow| {
            let (schema, column) = (word(row, 0), word(row, 1));
            if found.is_empty() {
                total = word(row, 2).parse().unwrap_or(0);
                is_visible = word(row, 3) == "1";
            }
            match found.last_mut().filter(|(known, _)| *known == schema) {
                Some((_, columns)) => columns.push(column),
                None => found.push((schema, vec![column])),
            }
            Ok(())
        };
        self.rows(COLUMNS, Some(TABLE), &mut listed).await?;
        let several = found.len() > 1 && !is_visible;
        let Some((schema, columns)) = found.into_iter().next() else { return Err(unknown(table.source)) };
        let name = format!("{schema}.{TABLE}");
        if several {
            table.begin(&name, &columns)?;
            // Which of them is meant, nobody has said.
            table.begin("", &columns)?;
        }
        table.begin(&name, &columns)?;
        Ok(Found { schema, columns, about: total })
    }

    async fn table(&mut self, table: &mut Table<'_>, found: &Found, options: &Options<'_>) -> Result<String> {
        let mut state = State::default();
        for column in found.wanted(table) {
            state.add(Some(column.as_bytes()));
        }
        let (sql, total) = (found.select(table), found.about);
        let mut take = |row: &PgRow| {
            for at in 0..table.cells.len() {
                let bytes = bytes(row, at);
                state.add(bytes);
                table.cells[at] = match bytes.map(std::str::from_utf8) {
                    None => Cell::Empty,
                    Some(Ok(value)) => text(value),
                    Some(Err(_)) => return Err(table.no_text()),
                };
            }
            table.take()?;
            if table.row.is_multiple_of(STEP) {
                options.cancel.check()?;
                options.observer.observe(&progress(table.row, total));
            }
            Ok(())
        };
        self.rows(&sql, Some(TABLE), &mut take).await?;
        options.observer.observe(&progress(table.row, total));
        Ok(state.finish())
    }

    /// Asks, and hands on every row as it comes.
    async fn rows(&mut self, sql: &str, table: Option<&str>, take: &mut dyn FnMut(&PgRow) -> Result<()>) -> Result<()> {
        // Every part of it is a constant or a name in quotes.
        let mut rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch(&mut self.connection);
        while let Some(row) = rows.try_next().await.map_err(|error| self.line.failed(error, table))? {
            self.line.heard();
            take(&row)?;
        }
        self.line.heard();
        Ok(())
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value as the server writes it in an answer of text.
fn bytes(row: &PgRow, at: usize) -> Option<&[u8]> {
    row.try_get_raw(at).ok().and_then(|value| value.as_bytes().ok())
}

fn word(row: &PgRow, at: usize) -> String {
    String::from_utf8_lossy(bytes(row, at).unwrap_or_default()).into_owned()
}
