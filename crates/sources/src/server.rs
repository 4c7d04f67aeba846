//! A database server as a source: its name, and why it may not answer.
//!
//! A server's name is its URL without the password, so that it can stand in records, logs and lists. The password goes
//! beside it ([`Login`]) and is shown nowhere. Deliberately absent: what is read (see `file_registry`), and where passwords
//! are kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{Code, Error, Result};
use url::Url;

mod line;
mod state;

pub(crate) use line::{Line, persistently};
pub(crate) use state::State;

/// The form of a URL, for whoever wrote another.
const FORM: &str = "Write mysql://NAME@HOST[:PORT]/DATABASE or postgres://NAME@HOST[:PORT]/DATABASE; in a name or a password, \
                    write %40 for @, %3A for :, %2F for /, %23 for #, %3F for ? and %25 for %.";

/// How long it is waited before a server that went away in the middle is read again, each time.
pub const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)];

/// What needs no escape in a part of a URL.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same in a file's path.
const PLAIN_PATH: &AsciiSet = &PLAIN.remove(b'/');

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// `MySQL` 8 or `MariaDB`.
    MySql,
    /// `PostgreSQL`.
    Postgres,
}

impl Engine {
    const fn scheme(self) -> &'static str {
        match self {
            Engine::MySql => "mysql",
            Engine::Postgres => "postgres",
        }
    }

    /// The port that such a server has where none is said.
    pub const fn usual_port(self) -> u16 {
        match self {
            Engine::MySql => 3306,
            Engine::Postgres => 5432,
        }
    }

    /// Of the scheme of a URL.
    fn of(scheme: &str) -> Option<Self> {
        match scheme {
            "mysql" | "mariadb" => Some(Engine::MySql),
            "postgres" | "postgresql" => Some(Engine::Postgres),
            _ => None,
        }
    }
}

/// A database of a server, and as whom it is asked. It prints as its canonical name, which reads as the same server again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// What it speaks.
    pub engine: Engine,
    /// Name or address, an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The account on the server.
    pub user: String,
    /// The database.
    pub database: String,
    /// Certificates of authorities that are trusted besides the machine's own.
    pub ca: Option<PathBuf>,
}

/// A server and what opens it.
#[derive(Clone, Debug)]
pub struct Login {
    /// The server.
    pub server: Server,
    /// The account's password, where it has one.
    pub password: Option<Sensitive<String>>,
}

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name and version, such as `MariaDB 10.11.6`.
    pub product: String,
    /// Whether nobody between can read what is asked and answered.
    pub is_encrypted: bool,
}

impl Peer {
    /// From what it calls itself. Only digits and dots of that are taken: the rest is words of whoever runs it.
    pub(crate) fn new(engine: Engine, version: &str, is_encrypted: bool) -> Self {
        let name = match engine {
            Engine::MySql if version.to_ascii_lowercase().contains("mariadb") => "MariaDB",
            Engine::MySql => "MySQL",
            Engine::Postgres => "PostgreSQL",
        };
        // Old replication made MariaDB call itself 5.5.5 in front of what it is.
        let version = version.strip_prefix("5.5.5-").unwrap_or(version);
        let digits: String = version.chars().take_while(|digit| digit.is_ascii_digit() || *digit == '.').take(20).collect();
        Self { product: format!("{name} {digits}").trim_end().to_owned(), is_encrypted }
    }
}

impl Server {
    /// Whether this is the URL of a database server rather than a file.
    pub fn is_url(text: &str) -> bool {
        text.split_once("://").is_some_and(|(scheme, _)| Engine::of(&scheme.to_ascii_lowercase()).is_some())
    }

    /// Whether this may be meant as such a URL, also with a slip in it: then it may hold a password, and is not to be repeated.
    pub fn may_be_meant(text: &str) -> bool {
        let has_scheme = |(scheme, _): (&str, &str)| Engine::of(&scheme.to_ascii_lowercase()).is_some();
        let has_password = |(_, rest): (&str, &str)| rest.contains('@');
        text.split_once(':').is_some_and(|parts| has_scheme(parts) || has_password(parts))
    }

    /// The server of which the parts are known; none of them is a URL's. A `port` of `None` is the usual one.
    ///
    /// # Errors
    /// `USAGE` for a part that is empty or that none can be.
    pub fn new(
        engine: Engine,
        host: &str,
        port: Option<u16>,
        user: &str,
        database: &str,
        ca: Option<PathBuf>,
    ) -> Result<Self> {
        let wrong =
            |why: &str| Error::new(Code::Usage, format!("The server {why}.")).hint("Check host, account and database.");
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_lowercase();
        for (part, what) in [(&*host, "names no host"), (user, "names no account"), (database, "names no database")] {
            if part.is_empty() {
                return Err(wrong(what));
            }
            if part.contains(char::is_control) {
                return Err(wrong("holds what no name does"));
            }
        }
        let is_name = |host: &str| !host.contains([':', '/', '@', '?', '#', ' ', '[', ']', '\\']);
        if !is_name(&host) && host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(wrong("is named by more than a host; the port has a place of its own"));
        }
        if database.contains('/') {
            return Err(wrong("has one database at a time"));
        }
        let (port, user, database) = (port.unwrap_or(engine.usual_port()), user.to_owned(), database.to_owned());
        Ok(Self { engine, host, port, user, database, ca })
    }

    /// The server whose name stands where a path may stand; `None` for a path.
    pub fn named(path: &Path) -> Option<Result<Self>> {
        let text = path.to_str().filter(|text| Self::is_url(text))?;
        Some(Self::parse(text).map(|(server, _)| server))
    }

    /// The server of a URL, and the password that stands in it. No message holds any part of what cannot be read.
    ///
    /// # Errors
    /// `USAGE`.
    pub fn parse(text: &str) -> Result<(Self, Option<Sensitive<String>>)> {
        let wrong = |why: &str| Error::new(Code::Usage, format!("The URL of the server {why}.")).hint(FORM);
        let url = Url::parse(text).map_err(|_| wrong("cannot be read"))?;
        let engine = Engine::of(url.scheme()).ok_or_else(|| wrong("is neither of MySQL nor of PostgreSQL"))?;
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8().map_err(|_| wrong("holds what is no UTF-8"))?;
            if text.contains(char::is_control) { Err(wrong("holds what no name does")) } else { Ok(text.into_owned()) }
        };
        let host = url.host_str().unwrap_or_default();
        let host = decoded(host)?;
        let database = decoded(url.path().strip_prefix('/').unwrap_or_default())?;
        let user = decoded(url.username())?;
        if url.fragment().is_some() || database.contains('/') {
            return Err(wrong("has more than one database, or a # that is not written as %23"));
        }
        let mut ca = None;
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "ca" if ca.is_none() && Path::new(value.as_ref()).is_absolute() => ca = Some(PathBuf::from(value.as_ref())),
                "ca" => return Err(wrong("names no file by its full path after ca=")),
                _ => return Err(wrong("has a parameter that is not known; there is ca=FILE")),
            }
        }
        let password = url.password().map(decoded).transpose()?.filter(|password| !password.is_empty());
        let server = Self::new(engine, &host, url.port(), &user, &database, ca).map_err(|error| error.hint(FORM))?;
        Ok((server, password.map(Sensitive::new)))
    }

    /// Whether the server is on this machine, so that nobody is between.
    pub fn is_loopback(&self) -> bool {
        let is_address = |host: &str| host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        self.host == "localhost" || is_address(&self.host)
    }

    /// Whether its certificate must be one to trust: off this machine, and where an authority was named.
    pub(crate) fn is_verified(&self) -> bool {
        !self.is_loopback() || self.ca.is_some()
    }
}

impl FromStr for Server {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text).map(|(server, _)| server)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, host, port, user, database, ca } = self;
        write!(f, "{}://{}@", engine.scheme(), utf8_percent_encode(user, PLAIN))?;
        if host.contains(':') { write!(f, "[{host}]") } else { write!(f, "{}", utf8_percent_encode(host, PLAIN)) }?;
        if *port != engine.usual_port() {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", utf8_percent_encode(database, PLAIN))?;
        match ca {
            Some(ca) => write!(f, "?ca={}", utf8_percent_encode(&ca.to_string_lossy(), PLAIN_PATH)),
            None => Ok(()),
        }
    }
}

/// The text with every password of a URL in it covered, for words that could not be understood.
pub fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let word = &after[..end];
        match word.rfind('@').map(|at| word.split_at(at)) {
            Some((login, host)) => {
                shown.push_str(login.split(':').next().unwrap_or_default());
                shown.push_str(if login.contains(':') { ":***" } else { "" });
                shown.push_str(host);
            }
            None => shown.push_str(word),
        }
        rest = &after[end..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_a_name_and_a_password() {
        let (server, password) = Server::parse("MySQL://lab:s%40cr%3At@DB.Example.org/registry").expect("a URL");
        assert_eq!(server.to_string(), "mysql://lab@db.example.org/registry", "the name holds no password");
        assert_eq!(password.map(Sensitive::into_inner).as_deref(), Some("s@cr:t"), "escapes are resolved");
        for (said, name) in [
            ("mariadb://a@localhost:3306/b", "mysql://a@localhost/b"),
            ("mysql://a@[::1]:3307/b", "mysql://a@[::1]:3307/b"),
            ("postgresql://a%20b@10.0.0.7/c%C3%A9", "postgres://a%20b@10.0.0.7/c%C3%A9"),
            ("postgres://a:@h:5433/b?ca=/etc/lab%20ca.pem", "postgres://a@h:5433/b?ca=/etc/lab%20ca.pem"),
        ] {
            let (server, password) = Server::parse(said).expect("a URL");
            assert_eq!((server.to_string().as_str(), password.is_none()), (name, true), "{said}");
            assert_eq!(name.parse::<Server>().expect("a name"), server, "a name is read as the same server");
            assert_eq!(Server::named(Path::new(name)).expect("no path").expect("a name"), server);
        }
        assert!(Server::named(Path::new("/data/mysql:/x.sqlite")).is_none(), "a path is none");
    }

    #[test]
    fn what_is_no_url_of_a_database_is_refused_without_showing_it() {
        for said in [
            "mysql://u:geheim@/db",
            "mysql://u:geheim@host",
            "mysql://:geheim@host/db",
            "mysql://u:geheim@host:port/db",
            "mysql://u:geheim@host/a/b",
            "mysql://u:ge#heim@host/db",
            "mysql://u:geheim@host/db?ssl-mode=DISABLED",
            "mysql://u:geheim@host/db?ca=relative.pem",
            "oracle://u:geheim@host/db",
            "mysql://u:geheim%ff@host/db",
        ] {
            let error = Server::parse(said).expect_err("refused");
            assert_eq!(error.code(), Code::Usage, "{said}");
            let told = format!("{error} {error:?}");
            assert!(!told.contains("geheim") && !told.contains("heim@"), "no part of it is shown: {told}");
        }
    }

    #[test]
    fn a_server_of_known_parts_reads_as_the_same_one_again() {
        let new = |host: &str, user: &str, database: &str| Server::new(Engine::MySql, host, None, user, database, None);
        for (host, user, database) in [("DB.example.org", "a@b:c/d", "lab %1"), ("[::1]", "u", "d"), ("::1", "u", "d#x?")] {
            let server = new(host, user, database).expect("a server");
            let (again, password) = Server::parse(&server.to_string()).expect("its own name");
            assert_eq!((again, password.is_none()), (server, true), "{host} {user} {database}");
        }
        for (host, user, database) in [
            ("", "u", "d"),
            ("h", "", "d"),
            ("h", "u", ""),
            ("h:3306", "u", "d"),
            ("u@h", "u", "d"),
            ("h", "u", "a/b"),
            ("h/x", "u", "d"),
        ] {
            assert_eq!(new(host, user, database).expect_err("refused").code(), Code::Usage, "{host} {user} {database}");
        }
    }

    #[test]
    fn neither_a_login_nor_words_in_an_error_show_a_password() {
        let (server, password) = Server::parse("mysql://lab:geheim@host/db").expect("a URL");
        let login = Login { server, password };
        assert!(!format!("{login:?}").contains("geheim"), "{login:?}");
        let shown = masked("unexpected 'mysql://lab:ge@heim@host/db' or postgres://a@h/b, not http://x");
        assert_eq!(shown, "unexpected 'mysql://lab:***@host/db' or postgres://a@h/b, not http://x");
    }

    #[test]
    fn a_server_is_called_by_its_product_and_version_alone() {
        for (engine, said, product) in [
            (Engine::MySql, "10.11.6-MariaDB-0+deb12u1", "MariaDB 10.11.6"),
            (Engine::MySql, "5.5.5-10.11.6-MariaDB", "MariaDB 10.11.6"),
            (Engine::MySql, "8.0.36", "MySQL 8.0.36"),
            (Engine::Postgres, "15.18 (Debian 15.18-0+deb12u1)", "PostgreSQL 15.18"),
            (Engine::Postgres, "of Dr. Lovelace", "PostgreSQL"),
        ] {
            assert_eq!(Peer::new(engine, said, true).product, product, "{said}");
        }
    }

    #[test]
    fn only_this_machine_is_trusted_as_it_is() {
        let verified = |url: &str| url.parse::<Server>().expect("a URL").is_verified();
        for own in ["mysql://a@localhost/b", "mysql://a@127.0.0.1/b", "mysql://a@127.9.9.9/b", "mysql://a@[::1]/b"] {
            assert!(!verified(own), "{own}");
        }
        for other in ["mysql://a@localhost.example.org/b", "mysql://a@10.0.0.1/b", "mysql://a@127.0.0.1/b?ca=/a.pem"] {
            assert!(verified(other), "{other}");
        }
    }
}
