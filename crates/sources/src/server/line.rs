//! The line to a server while it is asked: it can be stopped at any instant, a server that is silent is given up, and every
//! way in which it fails has a code.
//!
//! No error holds what the server said in words: that may name people. Its number stands for it.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::{Duration, Instant};

use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};
use sqlx::mysql::MySqlDatabaseError;

use super::{Engine, Server};

/// How long a server may take until it has let us in.
const CONNECTING: Duration = Duration::from_secs(15);
/// How long it may be silent from then on.
const SILENCE: Duration = Duration::from_mins(1);
/// How often the flag is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The line to one server.
pub(crate) struct Line<'a> {
    server: &'a Server,
    connected: Cell<bool>,
    heard: Cell<Instant>,
    /// How long it may be silent before it has let us in, and after.
    patience: (Duration, Duration),
}

/// Reads a server, and where it goes away in the middle reads it again from the beginning, after each of these pauses. A line cannot be
/// taken up where it broke: the server forgets the snapshot with it, and half of one and half of another are no state that ever was.
pub(crate) fn persistently<T>(pauses: &[Duration], cancel: &Cancel, mut read: impl FnMut() -> Result<T>) -> Result<T> {
    let mut answer = read();
    for pause in pauses {
        let Err(lost) = &answer else { break };
        if lost.code() != Code::SourceLost {
            break;
        }
        wait(*pause, cancel)?;
        match read() {
            // It may be starting again.
            Err(away) if away.code() == Code::SourceUnreachable => {}
            other => answer = other,
        }
    }
    answer
}

fn wait(pause: Duration, cancel: &Cancel) -> Result<()> {
    let begun = Instant::now();
    while let Some(left) = pause.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        cancel.check()?;
        std::thread::sleep(left.min(LOOK));
    }
    cancel.check()
}

/// What a server answered, in numbers.
#[derive(Debug)]
struct Answered(String);

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered with error {}", self.0)
    }
}

impl std::error::Error for Answered {}

impl<'a> Line<'a> {
    pub(crate) fn new(server: &'a Server) -> Self {
        let (connected, heard) = (Cell::new(false), Cell::new(Instant::now()));
        Self { server, connected, heard, patience: (CONNECTING, SILENCE) }
    }

    /// The server has let us in.
    pub(crate) fn connected(&self) {
        self.connected.set(true);
        self.heard();
    }

    /// Something came.
    pub(crate) fn heard(&self) {
        self.heard.set(Instant::now());
    }

    /// Does the work to its end, until the flag is raised, or until the server is silent for too long.
    pub(crate) fn run<T>(&self, cancel: &Cancel, work: impl Future<Output = Result<T>>) -> Result<T> {
        cancel.check()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::new(Code::Internal, "Nothing could be asked over the network.").cause(error))?;
        let done = runtime.block_on(async {
            let mut work = pin!(work);
            let mut look = tokio::time::interval(LOOK);
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return done,
                    _ = look.tick() => {
                        cancel.check()?;
                        let patience = if self.connected.get() { self.patience.1 } else { self.patience.0 };
                        if self.heard.get().elapsed() > patience {
                            return Err(self.gone(None));
                        }
                    }
                }
            }
        });
        // A name that is still being looked up holds nobody up.
        runtime.shutdown_background();
        done
    }

    /// What a failed question means; `table` is what was asked.
    pub(crate) fn failed(&self, error: sqlx::Error, table: Option<&str>) -> Error {
        match error {
            sqlx::Error::Database(error) => {
                let mysql = error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number);
                let state = error.code().unwrap_or_default();
                let answered = Answered(mysql.map_or_else(|| state.to_string(), |number| format!("{number} ({state})")));
                let fault = mysql.map_or_else(|| Fault::of_state(&state), Fault::of_number);
                self.refused(fault, table).cause(answered)
            }
            sqlx::Error::Tls(error) if error.to_string().contains("does not support") => {
                self.untrusted("it offers no encryption")
            }
            sqlx::Error::Tls(_) => self.untrusted("its certificate, or the file after ca=, cannot be understood"),
            sqlx::Error::Io(error) => self.broken(error),
            // What it said cannot be understood, which may be anything.
            sqlx::Error::Protocol(_) if !self.connected.get() => self.stranger(),
            _ => self.gone(None),
        }
    }

    fn broken(&self, error: io::Error) -> Error {
        let certificate = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(error) = certificate {
            use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext};
            return self.untrusted(match error {
                rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
                    "its certificate is for another name"
                }
                rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => "its certificate has expired",
                rustls::Error::InvalidCertificate(_) => "its certificate comes from nobody whom this machine trusts",
                _ => "no encryption could be agreed on",
            });
        }
        // The file of an authority is read when the line is made.
        if !self.connected.get() && error.kind() == io::ErrorKind::NotFound && self.server.ca.is_some() {
            return self.untrusted("the file of its authority, after ca=, cannot be read");
        }
        self.gone(Some(error))
    }

    fn stranger(&self) -> Error {
        let Server { engine, host, port, .. } = self.server;
        let message = format!("{host} does not speak {engine} on port {port} as Sheaf does.");
        Error::new(Code::SourceUnreachable, message)
            .hint("Check the port, and that the account logs in with a plain password.")
    }

    fn untrusted(&self, why: &str) -> Error {
        Error::new(Code::SourceUntrusted, format!("{} is not trusted: {why}.", self.server)).hint(
            "Ask for the certificate of the authority and name it with ?ca=FILE after the database, use the name that the \
             certificate is for, or reach the server through an SSH tunnel on this machine.",
        )
    }

    /// The server went away, or never was there.
    fn gone(&self, error: Option<io::Error>) -> Error {
        let Server { host, port, .. } = self.server;
        let told = if self.connected.get() {
            Error::new(Code::SourceLost, format!("{} went away while it was read.", self.server))
                .hint("What was read of it before is as it was. Try again when the server and the network are well.")
        } else {
            Error::new(Code::SourceUnreachable, format!("{host} does not answer on port {port}."))
                .hint("Check the name, the port and the network (a VPN, a tunnel), and whether the server runs.")
        };
        match error {
            Some(error) => told.cause(error),
            None => told,
        }
    }

    fn refused(&self, fault: Fault, table: Option<&str>) -> Error {
        let Server { user, database, .. } = self.server;
        let server = self.server;
        match fault {
            Fault::Login => Error::new(Code::SourceDenied, format!("{server} refuses this name or password."))
                .hint("Check both, and whether the account may come from this machine."),
            Fault::Busy => Error::new(Code::SourceUnreachable, format!("{server} takes nobody in at the moment."))
                .hint("Try again later."),
            Fault::Database => Error::new(Code::SourceUnknown, format!("{server} does not exist on its server."))
                .hint("Check the name of the database, after the last slash."),
            Fault::Privilege => {
                let what = table.map_or_else(|| format!("the database {database}"), |table| format!("the table {table}"));
                Error::new(Code::SourcePrivilege, format!("{user} may not read {what} of {server}."))
                    .hint("Ask for the right to SELECT there; Sheaf never needs another one.")
            }
            Fault::Encoding => Error::new(Code::SourceEncoding, format!("A text of {server} cannot be written in UTF-8."))
                .hint("Ask whoever keeps the database to mend it: its letters are not in the encoding that it says."),
            Fault::Changing => Error::new(Code::DbBusy, format!("{server} was being changed while it was read."))
                .hint("Wait until that is done, then try again."),
            Fault::Ended if self.connected.get() => {
                Error::new(Code::SourceLost, format!("{server} ended the reading before it was whole."))
                    .hint("What was read of it before is as it was. Try again when the server is well.")
            }
            Fault::Ended => self.gone(None),
        }
    }
}

/// Why a server refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Name, password or machine.
    Login,
    /// Too many are in.
    Busy,
    /// There is no such database.
    Database,
    /// The account may not read it.
    Privilege,
    /// Letters that are none.
    Encoding,
    /// Tables are being changed.
    Changing,
    /// It ends, ended this line, or anything else.
    Ended,
}

impl Fault {
    /// Of an error of `MySQL` and `MariaDB`.
    const fn of_number(number: u16) -> Self {
        match number {
            // Denied, no password, blocked or unknown machine, an old or unknown way of login, expired, locked, encryption.
            1045 | 1129 | 1130 | 1249..=1251 | 1275 | 1524 | 1698 | 1820 | 1862 | 3118 | 3159 | 4151 => Fault::Login,
            1040 | 1203 | 1226 => Fault::Busy,
            1049 => Fault::Database,
            1044 | 1142 | 1143 | 1227 | 1345 | 1356 | 1370 => Fault::Privilege,
            1146 | 1205 | 1213 | 1412 | 1054 => Fault::Changing,
            _ => Fault::Ended,
        }
    }

    /// Of a standard state, as `PostgreSQL` gives it.
    fn of_state(state: &str) -> Self {
        match state {
            "28000" | "28P01" => Fault::Login,
            "53300" | "57P03" => Fault::Busy,
            "3D000" => Fault::Database,
            "42501" => Fault::Privilege,
            "22021" | "22P05" => Fault::Encoding,
            "40001" | "40P01" | "42P01" | "42703" | "55P03" => Fault::Changing,
            _ => Fault::Ended,
        }
    }
}

/// What a server speaks, for people.
impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::MySql => "MySQL",
            Engine::Postgres => "PostgreSQL",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> Server {
        "mysql://lab@db.example.org/registry".parse().expect("a server")
    }

    #[test]
    fn a_server_that_is_silent_for_too_long_is_given_up() {
        let (server, none) = (server(), Duration::ZERO);
        let silent = |connected: bool| {
            let line = Line { patience: (none, none), ..Line::new(&server) };
            line.connected.set(connected);
            line.run::<()>(&Cancel::new(), std::future::pending()).expect_err("given up").code()
        };
        assert_eq!(silent(false), Code::SourceUnreachable, "it never let us in");
        assert_eq!(silent(true), Code::SourceLost, "it went away");
        let raised = Cancel::new();
        raised.raise();
        let stopped = Line::new(&server).run::<()>(&raised, std::future::pending()).expect_err("stopped");
        assert_eq!(stopped.code(), Code::Cancelled, "whoever waits may stop waiting");
    }

    #[test]
    fn only_a_line_that_broke_is_followed_by_another_and_a_pause_can_be_left() {
        let cancel = Cancel::new();
        let tried = |pauses: &[Duration], codes: &[Code]| {
            let mut left = codes.iter();
            let read = || left.next().map_or(Ok(()), |code| Err(Error::new(*code, "")));
            (persistently(pauses, &cancel, read).map_err(|error| error.code()), codes.len() - left.len())
        };
        let (none, lost, away) = (Duration::ZERO, Code::SourceLost, Code::SourceUnreachable);
        assert_eq!(tried(&[none; 2], &[lost, lost]), (Ok(()), 2));
        assert_eq!(tried(&[none; 2], &[lost, away, away]), (Err(lost), 3), "what happened first is told");
        assert_eq!(tried(&[none; 3], &[lost, Code::SourceDenied]), (Err(Code::SourceDenied), 2), "nobody knocks again");
        assert_eq!(tried(&[none; 2], &[away]), (Err(away), 1), "what never was there is not waited for");
        let stopped = persistently::<()>(&[Duration::MAX], &cancel, || {
            cancel.raise();
            Err(Error::new(lost, ""))
        });
        assert_eq!(stopped.expect_err("stopped").code(), Code::Cancelled);
    }

    #[test]
    fn what_a_server_refuses_has_a_code_in_both_languages() {
        let server = server();
        let line = Line::new(&server);
        line.connected();
        let code = |fault: Fault| line.refused(fault, Some("auth_user")).code();
        for (number, state, expected) in [
            (1045, "28P01", Code::SourceDenied),
            (1040, "53300", Code::SourceUnreachable),
            (1049, "3D000", Code::SourceUnknown),
            (1142, "42501", Code::SourcePrivilege),
            (1412, "40001", Code::DbBusy),
            (1053, "57P01", Code::SourceLost),
            (9999, "XX000", Code::SourceLost),
        ] {
            assert_eq!(code(Fault::of_number(number)), expected, "{number}");
            assert_eq!(code(Fault::of_state(state)), expected, "{state}");
        }
        let told = line.failed(sqlx::Error::Protocol("Ada Lovelace".to_owned()), None);
        assert!(!format!("{told} {told:?}").contains("Ada"), "what it said is not told: {told:?}");
    }
}
