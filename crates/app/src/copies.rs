//! Copies in the home that stand for foreign sources: each is made when its source is opened first, and read anew when that has
//! changed, or, of a server and of a folder, when it is asked for. A server is read before a job, too.
//!
//! Readers of an earlier copy go on as if nothing was. Deliberately absent: how a source is read (see `sources.rs`).

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sheaf_registry::access::Actor;
use sheaf_registry::progress::{Cancel, Observer, Unobserved};
use sheaf_registry::rows::DataRoot;
use sheaf_registry::{Audience, Code, Error, Names, Registry, Result, hex};
use sheaf_sources::file_registry::{Mapping, STATE};
use sheaf_sources::report::Odd;
use sheaf_sources::server::Server;

use crate::environment::Environment;
use crate::folders::FolderOptions;
use crate::house::House;
use crate::patience;
use crate::platform::{self, Stamp};
use crate::refresh_problem::RefreshProblem;
use crate::roots;
use crate::source_kind::{SourceKind, kind_of};
use crate::sources::{SyncReport, SyncRequest, TIME_ZONE, canonical, sync_with};
use crate::terms::Terms;
use crate::wire::Deleted;

/// How often it is looked whether a reading has done.
const TURN: Duration = Duration::from_millis(20);

/// How a source is looked at from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// When it was read last.
    pub read_at: Option<jiff::Timestamp>,
    /// Whether that was just now.
    pub now: bool,
    /// Whether it is a server or a folder, which is not asked each time.
    pub is_live: bool,
    /// Rows of a list that were left out.
    pub rejected: u64,
    /// In which zone times of a list without an offset of their own were read.
    pub time_zone: Option<String>,
    /// Why it could not be read anew since, where that was tried in vain.
    pub last_error: Option<RefreshProblem>,
}

impl Freshness {
    fn of(copied: &Copied, copy: &Registry, now: bool) -> Self {
        let odd = copy.viewer(&Actor::Owner).and_then(|owner| copy.oddities(&owner)).unwrap_or_default();
        Self {
            read_at: copy.synced_at().ok().flatten(),
            now,
            is_live: copied.is_live || copied.is_folder,
            rejected: odd.iter().find(|odd| odd.code == Odd::RowRejected.as_str()).map_or(0, |odd| odd.count),
            time_zone: copy.info(TIME_ZONE).ok().flatten(),
            last_error: RefreshProblem::beside(&copied.copy),
        }
    }
}

/// What a source is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// To look at it: a file is read where it has changed, a server where nothing was read of it yet. What cannot be read now is
    /// looked at as it was read before.
    Looking,
    /// To prepare work with it: the same, and what cannot be read is an error.
    Preparing,
    /// To work with it as it is now: a server is read, too. Who may see what can have changed.
    Working,
    /// To see what has changed in it: a server and a folder are read, too, which do not tell that something has.
    Anew,
}

/// How a registry, or the source that stands for one, is opened.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// The registry, or the source.
    pub registry: &'a Path,
    /// What for.
    pub asking: Asking,
    /// Where the bytes of files lie, as far as it is said now; it stays so, on this machine. The registry itself is not changed.
    pub mappings: &'a [Mapping],
}

/// What was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What stands for the source; `None` for a registry of Sheaf.
    pub freshness: Option<Freshness>,
    /// Prefixes of which it was said where their files lie, and that no data of the registry has.
    pub passed_over: Vec<String>,
}

/// Makes sure that something stands for a source in the home, of a file as it is now.
///
/// # Errors
/// Those of [`crate::sources::sync`], and of the home.
pub fn prepare(
    home: Option<&Path>,
    environment: &dyn Fn() -> Environment,
    Opening { registry, asking, mappings }: Opening<'_>,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Prepared> {
    let house = House::open(home, environment())?;
    let wish = |mappings: &[Mapping]| Wish { mappings: mappings.to_vec(), ..Wish::default() };
    // Which prefixes there are is known of what was read.
    let first = if house.lacks_copy(registry) { mappings } else { &[] };
    let mut freshness = house.refresh(registry, asking, wish(first), observer, cancel)?;
    let mut passed_over = house.locate(registry, mappings)?;
    if freshness.is_some() && !passed_over.is_empty() && !house.registry(registry)?.data_roots()?.is_empty() {
        // Another prefix parts the files otherwise.
        freshness = house.refresh(registry, asking, wish(&passed_over), observer, cancel)?;
        passed_over = house.locate(registry, &passed_over)?;
    }
    Ok(Prepared { freshness, passed_over: passed_over.into_iter().map(|mapping| mapping.prefix).collect() })
}

/// Reads a source anew into what stands for it in the home. Where the bytes of files lie, and whether names are kept, stays as it
/// was said, where nothing else is said now.
///
/// # Errors
/// Those of [`crate::sources::sync`], and of the home.
pub fn resync(
    home: Option<&Path>,
    environment: Environment,
    source: &Path,
    said: Wish,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<Option<SyncReport>> {
    let house = House::open(home, environment)?;
    reach(source, cancel)?;
    let Some(copy) = house.copy_of(source)? else { return Ok(None) };
    let mappings = said.mappings.clone();
    let Some(mut report) = house.read_anew(&copy, Wanted { said, known: None }, observer, cancel)? else { return Ok(None) };
    house.locate(&copy.source, &mappings)?;
    if report.kind == SourceKind::FileRegistry {
        // As whoever reads the source, before it is said which of its users looks at it.
        let registry = Registry::open_copy(&copy.copy, &copy.source, &house.scratch()?)?;
        let located = house.data_roots(&copy.source, &registry.data_roots()?);
        report.roots = Some(roots::reports(&registry, located, &house.environment.credentials)?);
    }
    Ok(Some(report))
}

/// Deletes what is kept of a source in the home, and what opens a server from the keyring. The source stays as it is.
///
/// # Errors
/// `USAGE` where nothing is kept; those of the home.
pub fn forget(home: Option<&Path>, environment: Environment, source: &Path) -> Result<Deleted> {
    let house = House::open(home, environment)?;
    let source = canonical(source);
    if !house.copy_at(&source).parent().is_some_and(Path::exists) {
        return Err(Error::new(Code::Usage, format!("Nothing is kept of {}.", source.display()))
            .hint("Name the source as it was named when it was read."));
    }
    house.forget_copy(&source)?;
    Ok(Deleted { deleted: source.display().to_string() })
}

/// A foreign source and what stands for it.
#[derive(Debug)]
struct Copied {
    /// Its one name.
    source: PathBuf,
    copy: PathBuf,
    is_live: bool,
    is_folder: bool,
    /// Whoever reads it is one of the users that it has.
    has_users: bool,
}

/// How a source is read, as far as it is said now; what is not said stays as it was.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Where the bytes of files lie.
    pub mappings: Vec<Mapping>,
    /// How a folder of images is read.
    pub folder: FolderOptions,
    /// In which zone times of a list without an offset of their own are meant.
    pub time_zone: Option<String>,
    /// Whether names of patients are kept in what is read.
    pub names: Option<Names>,
    /// For whom it is read.
    pub audience: Option<Audience>,
}

impl Wish {
    fn is_silent(&self) -> bool {
        let Self { mappings, folder, time_zone, names, audience } = self;
        let is_unsaid = time_zone.is_none() && names.is_none() && audience.is_none();
        mappings.is_empty() && folder.layout.is_none() && !folder.hash && is_unsaid
    }
}

/// How a source is read anew.
#[derive(Default)]
struct Wanted<'a> {
    said: Wish,
    /// The state of a server that is known.
    known: Option<&'a str>,
}

impl Copied {
    /// Where it stands when a server was found to hold what the copy holds.
    fn confirmed(&self) -> PathBuf {
        self.copy.with_file_name("confirmed")
    }

    fn open(&self, scratch: &Path) -> Result<Registry> {
        let registry = Registry::open_copy(&self.copy, &self.source, scratch)?;
        let confirmed = std::fs::read_to_string(self.confirmed()).ok().and_then(|time| time.parse().ok());
        let registry = match confirmed {
            Some(time) => registry.confirmed_at(time),
            None => registry,
        };
        Ok(if self.has_users { registry.for_users() } else { registry })
    }
}

impl House {
    /// Opens a registry for reading. One that cannot be read in place is read as a private copy that goes with this process; of
    /// a foreign source the copy in the home is opened, whatever its age, which is made where there is none.
    pub(crate) fn registry(&self, path: &Path) -> Result<Registry> {
        let scratch = self.scratch()?;
        let Some(copied) = self.copy_of(path)? else { return Registry::open_with_scratch(path, &scratch) };
        if !copied.copy.exists() {
            self.read_anew(&copied, Wanted::default(), &Unobserved, &Cancel::new())?;
        }
        copied.open(&scratch)
    }

    /// Notes where the data of a registry lies on this machine, which counts from now on; what it has no data of is handed back.
    fn locate(&self, path: &Path, mappings: &[Mapping]) -> Result<Vec<Mapping>> {
        if mappings.is_empty() {
            return Ok(Vec::new());
        }
        let registry = self.registry(path)?;
        let roots = registry.data_roots()?;
        let id = self.store.id_of(registry.path(), &self.environment.random_id(), self.environment.clock.now())?;
        let mut others = Vec::new();
        for mapping in mappings {
            if roots.iter().any(|root| root.prefix == mapping.root()) {
                self.store.locate(&id, mapping.root(), Path::new(&mapping.location.to_string()))?;
            } else {
                others.push(mapping.clone());
            }
        }
        Ok(others)
    }

    /// Reads a foreign source anew where that is called for, and as it is said now. A file that is away is left as it was read, and
    /// so is one that cannot be read for whoever only looks; a server that is away is an error for whoever works with it.
    pub(crate) fn refresh(
        &self,
        path: &Path,
        asking: Asking,
        said: Wish,
        observer: &dyn Observer,
        cancel: &Cancel,
    ) -> Result<Option<Freshness>> {
        reach(path, cancel)?;
        let Some(copied) = self.copy_of(path)? else { return Ok(None) };
        let Copied { is_live, is_folder, .. } = copied;
        let known = copied.open(&self.scratch()?).ok();
        let noted = known.as_ref().and_then(|copy| copy.info(STATE).ok().flatten());
        let now = Stamp::of(&copied.source).map(|stamp| stamp.to_string());
        let is_current = match asking {
            _ if !is_live && !is_folder => now.is_none() || now == noted,
            Asking::Looking | Asking::Preparing => true,
            Asking::Working => is_folder,
            Asking::Anew => false,
        };
        if let Some(known) = known.as_ref().filter(|_| is_current && said.is_silent()) {
            if now.is_some() && now == noted {
                // What could not be read in between is not there any longer.
                RefreshProblem::clear(&copied.copy);
            }
            return Ok(Some(Freshness::of(&copied, known, false)));
        }
        let may_be_older = known.is_some() && asking == Asking::Looking && said.is_silent();
        // An open file could not be replaced everywhere.
        drop(known);
        // What is said now is to be written, also where the source is as it was.
        let known = noted.as_deref().filter(|_| said.is_silent());
        let wanted = Wanted { said, known };
        let is_read = match self.read_anew(&copied, wanted, observer, cancel) {
            Ok(read) => read.is_some(),
            // Why is noted beside what was read before.
            Err(error) if may_be_older && error.code() != Code::Cancelled => false,
            Err(error) => return Err(error),
        };
        Ok(Some(Freshness::of(&copied, &copied.open(&self.scratch()?)?, is_read)))
    }

    /// Why what was read of this source, by its one name, could not be read anew; `None` where it could, and for what is no source.
    pub(crate) fn refresh_problem(&self, source: &Path) -> Option<RefreshProblem> {
        RefreshProblem::beside(&self.copy_at(source))
    }

    /// Where what stands for a source is or would be.
    pub(crate) fn copy_at(&self, source: &Path) -> PathBuf {
        let key = hex::encode(&Sha256::digest(source.as_os_str().as_encoded_bytes()).into());
        self.home.sources().join(&key[..16]).join("registry.sqlite")
    }

    /// Whether this is a foreign source that was not read yet.
    pub(crate) fn lacks_copy(&self, path: &Path) -> bool {
        self.copy_of(path).is_ok_and(|known| known.is_some_and(|copied| !copied.copy.exists()))
    }

    /// Deletes what was read of a foreign source; it is read again when it is opened. Whoever reads the copy goes on.
    pub(crate) fn forget_copy(&self, path: &Path) -> Result<()> {
        if let Some(Ok(server)) = Server::named(path) {
            self.environment.credentials.forget(&server, &Cancel::new());
        }
        self.drop_copy(path)
    }

    /// The same; what is known of the way to it stays.
    pub(crate) fn drop_copy(&self, path: &Path) -> Result<()> {
        let copy = self.copy_at(&canonical(path));
        match std::fs::remove_dir_all(copy.parent().unwrap_or(&copy)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(crate::home::unusable(self.home.dir(), &error))
            }
            _ => Ok(()),
        }
    }

    /// A foreign source and where what stands for it is; `None` for a registry of Sheaf.
    fn copy_of(&self, path: &Path) -> Result<Option<Copied>> {
        let source = canonical(path);
        let copy = self.copy_at(&source);
        let (is_live, is_folder) = (Server::named(&source).is_some(), source.is_dir());
        let has_users = |kind| is_live && kind == SourceKind::FileRegistry;
        match kind_of(&source) {
            // What is nothing any longer may have been something.
            Ok(None) if !copy.exists() || Registry::is_registry(&source)? => Ok(None),
            Ok(None) => Ok(Some(Copied { source, copy, is_live, is_folder, has_users: false })),
            Ok(Some(kind)) => Ok(Some(Copied { source, copy, is_live, is_folder, has_users: has_users(kind) })),
            // It works without the network, too.
            Err(_) if copy.exists() => Ok(Some(Copied { source, copy, is_live, is_folder, has_users: is_live })),
            Err(error) => Err(error),
        }
    }

    /// Reads a source; `None` where it is a server whose state is the one that is known.
    fn read_anew(
        &self,
        copied: &Copied,
        Wanted { said: Wish { mut mappings, mut folder, time_zone, names, audience }, known }: Wanted<'_>,
        observer: &dyn Observer,
        cancel: &Cancel,
    ) -> Result<Option<SyncReport>> {
        let Copied { source, copy, .. } = copied;
        let around = copy.parent().unwrap_or(copy);
        platform::create_private_dir(around).map_err(|error| crate::home::unusable(self.home.dir(), &error))?;
        // Before it is looked at what was said of it: another reading may just be told otherwise.
        let _alone = in_turn(copy, cancel)?;
        let scratch = self.scratch()?;
        // What was said of an earlier copy; of one that cannot be opened, what was noted beside it.
        let earlier = copied.open(&scratch).and_then(|earlier| Terms::of(&earlier));
        let earlier = earlier.unwrap_or_else(|_| Terms::beside(copy));
        let time_zone = time_zone.or_else(|| earlier.time_zone());
        let names = names.or_else(|| Some(earlier.names()));
        let audience = audience.or_else(|| Some(earlier.audience()));
        folder.layout = folder.layout.or_else(|| earlier.layout());
        for place in earlier.mappings() {
            if mappings.iter().all(|said| said.root() != place.prefix) {
                mappings.push(place);
            }
        }
        folder.ledger = Some(ledger(copy));
        let (source, to) = (source.clone(), copy.clone());
        let request = SyncRequest { source, to, replace: true, time_zone, mappings, folder, names, audience };
        let read = sync_with(&request, &self.environment, (&scratch, known), observer, cancel);
        let now = self.environment.clock.now();
        match &read {
            Ok(Some(_)) => {
                // An older time says nothing; the copy has its own.
                let _ = std::fs::remove_file(copied.confirmed());
                RefreshProblem::clear(copy);
                Terms::keep(copy, &copied.open(&scratch)?);
            }
            Ok(None) => {
                if let Err(error) = platform::write_whole(&copied.confirmed(), now.to_string().as_bytes()) {
                    tracing::warn!(%error, "that a source is as it was is not noted");
                }
                RefreshProblem::clear(copy);
            }
            Err(error) => RefreshProblem::keep(copy, now, error),
        }
        read
    }
}

/// Where files lie, as it was said of an earlier copy; without what was said of none: a slip that would stay for ever. Whether the
/// whole source has some is not known of what one user may read.
pub(crate) fn roots_of(copy: &Registry) -> Result<Vec<DataRoot>> {
    let mut roots = copy.data_roots()?;
    if copy.audience()? == Audience::Everybody {
        roots.retain(|root| copy.has_files_under(root.id).unwrap_or(true));
    }
    Ok(roots)
}

/// Waits until the disk of a source answers, whatever it says: a disk that is silent can be given up.
fn reach(source: &Path, cancel: &Cancel) -> Result<()> {
    let asked = source.to_owned();
    let answered = patience::ask(Duration::MAX, cancel, move |_| drop(kind_of(&canonical(&asked))));
    answered.map_or_else(|| cancel.check(), Ok)
}

/// What the source of a copy looked like when it was read; `None` for a registry of Sheaf, and for a server.
pub(crate) fn stamp_of_source(registry: &Registry) -> Option<Stamp> {
    registry.info(STATE).ok().flatten().filter(|_| registry.is_copy())?.parse().ok()
}

/// The same right when whoever has it has done; `None` where none can be had on this disk.
fn in_turn(copy: &Path, cancel: &Cancel) -> Result<Option<File>> {
    loop {
        cancel.check()?;
        match alone(copy) {
            None if is_taken(copy) => std::thread::sleep(TURN),
            lock => return Ok(lock),
        }
    }
}

fn is_taken(copy: &Path) -> bool {
    let folder = copy.parent().and_then(|folder| File::open(folder).ok());
    folder.is_some_and(|folder| matches!(folder.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The right to change a copy, as long as it is held; `None` while another process has it. What one that died in the middle
/// has left is removed.
pub(crate) fn alone(copy: &Path) -> Option<File> {
    let folder = copy.parent()?;
    // The folder itself is locked, so that nothing is left in it.
    let lock = File::open(folder).ok()?;
    lock.try_lock().ok()?;
    for left in std::fs::read_dir(folder).ok()?.flatten() {
        if left.path().extension().is_some_and(|ending| ending == "partial") {
            let _ = std::fs::remove_file(left.path());
        }
    }
    Some(lock)
}

/// Where hashes of the files of a folder are kept until its copy has them.
pub(crate) fn ledger(copy: &Path) -> PathBuf {
    copy.with_file_name("hashes.sqlite")
}
