//! Sees that the open registry's file has changed, and says so once.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use sheaf_registry::progress::Cancel;

use super::events::{Event, Hub};
use crate::patience::{PATIENCE, ask};
use crate::platform::Stamp;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(2);

/// Watches one file at a time, on a thread of its own that ends with this value.
pub(crate) struct Watch(Arc<Shared>);

struct Shared {
    hub: Hub,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    watched: Option<(PathBuf, Stamp)>,
    changed: bool,
    ended: bool,
}

impl Watch {
    /// Watches nothing yet.
    pub(crate) fn new(hub: Hub) -> Self {
        let shared = Arc::new(Shared { hub, state: Mutex::default(), wake: Condvar::new() });
        let theirs = Arc::clone(&shared);
        // Without the thread a change is seen when the registry is read anew.
        let _ = std::thread::Builder::new().name("sheaf-watch".to_owned()).spawn(move || theirs.run());
        Self(shared)
    }

    /// From now on watches this file, which looked like this; or nothing.
    pub(crate) fn set(&self, watched: Option<(PathBuf, Stamp)>) {
        let mut state = self.0.lock();
        state.watched = watched;
        state.changed = false;
    }

    /// Whether the file has changed since.
    pub(crate) fn changed(&self) -> bool {
        self.0.lock().changed
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.ended {
            let watched = state.watched.clone().filter(|_| !state.changed);
            if let Some((path, stamp)) = watched {
                drop(state);
                let asked = path.clone();
                // A file that is away, or on a disk that is silent, may come back as it was.
                let now = ask(PATIENCE, &Cancel::new(), move |_| Stamp::of(&asked)).flatten();
                state = self.lock();
                let still = state.watched.as_ref().is_some_and(|watched| *watched == (path, stamp));
                if still && now.is_some_and(|now| now != stamp) {
                    state.changed = true;
                    drop(state);
                    self.hub.tell(&Event::RegistryChanged);
                    state = self.lock();
                }
            }
            if !state.ended {
                state = self.wake.wait_timeout(state, INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}
