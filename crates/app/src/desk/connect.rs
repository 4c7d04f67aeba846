//! Connecting to a database server: its form, a test of the connection, and opening it as one of its users.
//!
//! The password goes from the form into the process and, where that is asked for, into the keyring of the desktop; no answer holds
//! it. A file of certificates is chosen in a dialog of the desktop and goes by an id. Deliberately absent: how a server is read
//! (see `copies.rs`).

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use sheaf_registry::progress::Cancel;
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{Code, Error, Names, Result};
use sheaf_sources::server::{Engine, Login};

use super::open::{canonical, users};
use super::registries::{OpenRegistry, RecentId};
use super::{Desk, FileQuestion, Nothing};
use crate::copies::{Asking, Wish};
use crate::credentials::Server;
use crate::sources;
pub use crate::sources::ServerAnswer;
use crate::store::Known;
use crate::wire::{ErrorReport, User};

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ServerEngine {
    /// `MySQL` or `MariaDB`, with a `FileRegistry`.
    MySql,
    /// `PostgreSQL`, with studies.
    Postgres,
}

/// How a server is reached, but for the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ServerForm {
    /// What it speaks.
    pub engine: ServerEngine,
    /// Name or address.
    pub host: String,
    /// Port; `null`: the usual one.
    pub port: Option<u16>,
    /// The account on the server.
    pub user: String,
    /// The database.
    pub database: String,
    /// Authorities that are trusted besides the machine's own.
    pub certificate: Option<CertificateFile>,
}

/// A file of certificates of authorities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct CertificateFile {
    /// Its id, by which it is known.
    pub id: u32,
    /// Where it is, for people; what a page says of that counts for nothing.
    pub path: String,
}

/// The URL of a server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ServerUrl {
    /// `mysql://…` or `postgres://…`; may hold a password.
    #[cfg_attr(feature = "typescript", ts(type = "string"))]
    pub url: Sensitive<String>,
}

/// A server to be asked what it holds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct TestServer {
    /// Id of the work.
    pub task: String,
    /// The server.
    pub server: ServerForm,
    /// The account's password; `null`: what is known of it.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub password: Option<Sensitive<String>>,
}

/// A server to be opened.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ConnectServer {
    /// Id of the work.
    pub task: String,
    /// The server.
    pub server: ServerForm,
    /// The account's password; `null`: what is known of it.
    #[cfg_attr(feature = "typescript", ts(type = "string | null"))]
    pub password: Option<Sensitive<String>>,
    /// Keep it in the keyring of the desktop.
    pub keep_password: bool,
    /// Whether patients' names are read; `null`: as the last time, else they are.
    pub read_names: Option<bool>,
}

/// A server that was read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ServerConnected {
    /// Its id among the registries of this machine.
    pub id: String,
    /// What is open now; `null`: it has to be said first as whom of its users (`open_as`).
    pub registry: Option<OpenRegistry>,
    /// Why the password was not kept, where it should have been.
    pub not_kept: Option<ErrorReport>,
}

/// The users of a registry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct RegistryUsers {
    /// Those who are in use there, by name.
    pub users: Vec<User>,
}

/// A registry, and as whom it is opened.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct OpenAs {
    /// Its id.
    pub id: String,
    /// One of its users.
    pub user: String,
}

impl Desk {
    /// What the URL of a server says, to fill the form with; a password in it is passed over. `USAGE`, also where it names a file of certificates, which is chosen
    /// in a dialog.
    pub fn read_server_url(&self, said: ServerUrl) -> Result<ServerForm> {
        let (server, _) = Server::parse(said.url.expose().trim())?;
        if server.ca.is_some() {
            return Err(Error::new(Code::Usage, "A file of certificates is not taken from a URL.")
                .hint("Take ca=… out of it, and choose the file below."));
        }
        Ok(self.form_of(server))
    }

    /// Lets the user choose a file of certificates; `null` when the dialog was closed.
    pub fn choose_certificate(&self, _: Nothing) -> Result<Option<CertificateFile>> {
        let words = self.language();
        let question = FileQuestion {
            title: words.choose_certificate().to_owned(),
            kind: Some((words.certificates().to_owned(), ["pem", "crt", "cer"].map(ToOwned::to_owned).to_vec())),
            folder: None,
        };
        Ok(self.native.choose_file(&question).map(|path| self.certificate(path)))
    }

    /// Asks a server what it holds. Errors are those of servers; nothing is kept.
    pub fn test_server(&self, test: TestServer) -> Result<ServerAnswer> {
        let task = self.tasks.begin(&test.task)?;
        let (house, server) = (self.sheaf.house(), self.server_of(&test.server)?);
        let login = match test.password {
            Some(password) => Login { server, password: Some(password) },
            None => house.environment.credentials.login(server, task.cancel())?,
        };
        sources::look(&login, &house.environment, &house.scratch()?, task.cancel())
    }

    /// Reads a server and opens it, as whom it was looked at last. What was open stays where that fails.
    pub fn connect_server(&self, connect: ConnectServer) -> Result<ServerConnected> {
        // From the first, so that it is stopped also while it waits for its turn.
        let task = self.tasks.begin(&connect.task)?;
        let (house, server) = (self.sheaf.house(), self.server_of(&connect.server)?);
        let (credentials, path) = (&house.environment.credentials, PathBuf::from(server.to_string()));
        let _opening = self.opening();
        task.cancel().check()?;
        let (before, is_new) = (credentials.said_of(&server), house.lacks_copy(&path));
        if let Some(password) = connect.password {
            credentials.say(server.clone(), password);
        }
        let names = connect.read_names.map(|read| if read { Names::Kept } else { Names::LeftOut });
        let said = Wish { names, ..Wish::default() };
        let read = self.read_source_for(task.cancel(), &path, Asking::Anew, said).and_then(|()| task.cancel().check());
        if let Err(error) = read {
            credentials.unsay(&server, before);
            if is_new {
                // Nobody wants what was read of it when that was stopped at the last moment.
                house.drop_copy(&path)?;
            }
            return Err(error);
        }
        let kept = if connect.keep_password { credentials.keep(&server, &Cancel::new()) } else { Ok(()) };
        let registry = match self.reopen(&path, &mut |_| ()) {
            Err(error) if error.code() == Code::UserRequired => None,
            opened => Some(opened?),
        };
        let id = match &registry {
            Some(registry) => registry.id.clone(),
            None => self.list(&path)?,
        };
        Ok(ServerConnected { id, registry, not_kept: kept.err().map(|error| ErrorReport::from(&error)) })
    }

    /// Who can look at a registry that was opened before.
    pub fn registry_users(&self, recent: RecentId) -> Result<RegistryUsers> {
        let known = self.known(&recent.id)?;
        Ok(RegistryUsers { users: users(&self.sheaf.house().registry(&known.path)?)? })
    }

    /// Opens a registry that was opened before as one of its users. `UNKNOWN_USER`.
    pub fn open_as(&self, chosen: OpenAs) -> Result<OpenRegistry> {
        let _opening = self.opening();
        let known = self.known(&chosen.id)?;
        self.reopen_as(&known.path, Some(&chosen.user), known.project.as_deref())
    }

    /// Takes the password out of the URL of a server, where one stands in it. A path has none.
    pub(super) fn hear_password(&self, named: &Path) {
        let said = named.to_str().filter(|text| Server::is_url(text)).and_then(|url| Server::parse(url).ok());
        if let Some((server, Some(password))) = said {
            self.sheaf.house().environment.credentials.say(server, password);
        }
    }

    /// Puts a registry that was read and not opened on the list, so that what was read of it is known of; its id.
    pub(super) fn list(&self, path: &Path) -> Result<String> {
        let house = self.sheaf.house();
        house.store.opened(&Known {
            id: house.environment.random_id(),
            path: canonical(path)?,
            opened_at: house.environment.clock.now(),
            project: None,
            user: None,
        })
    }

    /// The form of a server whose name stands where a path may stand; `None` for a path.
    pub(super) fn form_at(&self, path: &Path) -> Option<ServerForm> {
        Server::named(path)?.ok().map(|server| self.form_of(server))
    }

    fn form_of(&self, Server { engine, host, port, user, database, ca }: Server) -> ServerForm {
        ServerForm {
            engine: match engine {
                Engine::MySql => ServerEngine::MySql,
                Engine::Postgres => ServerEngine::Postgres,
            },
            host,
            port: Some(port).filter(|port| *port != engine.usual_port()),
            user,
            database,
            certificate: ca.map(|ca| self.certificate(ca)),
        }
    }

    fn server_of(&self, form: &ServerForm) -> Result<Server> {
        let engine = match form.engine {
            ServerEngine::MySql => Engine::MySql,
            ServerEngine::Postgres => Engine::Postgres,
        };
        let ca = match &form.certificate {
            None => None,
            Some(file) => Some(self.certificate_of(file.id).ok_or_else(|| {
                Error::new(Code::Usage, "The file of certificates is not known.").hint("Choose it once more.")
            })?),
        };
        let [host, user, database] = [&form.host, &form.user, &form.database].map(|said| said.trim());
        Server::new(engine, host, form.port, user, database, ca)
    }

    /// The id of a file of certificates, as long as this process lives.
    fn certificate(&self, path: PathBuf) -> CertificateFile {
        let mut known = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|known| *known == path).unwrap_or_else(|| {
            known.push(path.clone());
            known.len() - 1
        });
        CertificateFile { id: u32::try_from(at).unwrap_or(u32::MAX), path: path.to_string_lossy().into_owned() }
    }

    fn certificate_of(&self, id: u32) -> Option<PathBuf> {
        let known = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(usize::try_from(id).ok()?).cloned()
    }
}
