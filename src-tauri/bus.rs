//! What goes over D-Bus: the file manager, keeping the machine awake, the progress on the taskbar.
//!
//! A desktop may lack any of it. Then the caller is told, or nothing happens; a job is never affected.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use zbus::blocking::{Connection, connection};
use zbus::zvariant::{OwnedFd, Value};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Name of the desktop entry, by which desktops find the taskbar's button: the packages call it after the product.
pub(crate) const DESKTOP_ENTRY: &str = "Sheaf";
/// Name of the icon: the packages call it after the program.
pub(crate) const ICON: &str = "sheaf-desktop";

/// A connection of its own to the session's bus.
pub(crate) fn session() -> zbus::Result<Connection> {
    connection::Builder::session()?.method_timeout(PATIENCE).build()
}

/// Has the file manager show this file, selected.
pub(crate) fn show_in_file_manager(file: &Path) -> zbus::Result<()> {
    let Ok(uri) = tauri::Url::from_file_path(file) else {
        return Err(zbus::Error::Failure("not an absolute path".to_owned()));
    };
    session()?.call_method(
        Some("org.freedesktop.FileManager1"),
        "/org/freedesktop/FileManager1",
        Some("org.freedesktop.FileManager1"),
        "ShowItems",
        &([uri.as_str()].as_slice(), ""),
    )?;
    Ok(())
}

/// Keeps the machine awake and the taskbar told. On a thread of its own: whoever works does not wait for a bus.
pub(crate) struct Work(Sender<Wish>);

#[derive(Clone, Copy, PartialEq)]
struct Wish {
    share: Option<f64>,
    awake: Option<&'static str>,
}

impl Work {
    /// Starts the thread, which sleeps until there is something to tell.
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel::<Wish>();
        // Without it the machine may fall asleep; a job goes on when it wakes.
        let _ = std::thread::Builder::new().name("sheaf-work".to_owned()).spawn(move || {
            let mut bus = None;
            let mut lock = None;
            let mut before = Wish { share: None, awake: None };
            while let Ok(mut wish) = receiver.recv() {
                // Only the latest counts.
                while let Ok(later) = receiver.try_recv() {
                    wish = later;
                }
                if wish.share != before.share {
                    bus = bus.or_else(|| session().ok());
                    if let Some(bus) = &bus {
                        let _ = tell_taskbar(bus, wish.share);
                    }
                }
                if wish.awake != before.awake {
                    // Let go before the next is held: a lock has one reason.
                    drop(lock.take());
                    lock = wish.awake.and_then(Awake::keep);
                }
                before = wish;
            }
            drop(lock);
        });
        Self(sender)
    }

    /// Says how far the work is, `None` when there is none, and for which reason the machine stays awake, if it shall.
    pub(crate) fn tell(&self, share: Option<f64>, awake: Option<&'static str>) {
        let _ = self.0.send(Wish { share, awake });
    }
}

/// As docks of GNOME, KDE and others hear it; it has no object that one could ask.
fn tell_taskbar(bus: &Connection, share: Option<f64>) -> zbus::Result<()> {
    let properties: HashMap<&str, Value<'_>> =
        HashMap::from([("progress", Value::from(share.unwrap_or(0.0))), ("progress-visible", Value::from(share.is_some()))]);
    bus.emit_signal(
        None::<&str>,
        "/org/sheaf_imaging/sheaf",
        "com.canonical.Unity.LauncherEntry",
        "Update",
        &(format!("application://{DESKTOP_ENTRY}.desktop"), properties),
    )
}

/// Holds off sleep for as long as it lives.
enum Awake {
    /// Closing the descriptor lets go.
    Logind { _lock: OwnedFd },
    /// The connection and the cookie of the desktop's own service.
    ScreenSaver(Connection, u32),
}

impl Awake {
    /// By logind, or by the desktop's screen saver; `None` where there is neither.
    fn keep(why: &str) -> Option<Awake> {
        match Self::by_logind(why).or_else(|_| Self::by_screen_saver(why)) {
            Ok(awake) => Some(awake),
            Err(error) => {
                tracing::info!(%error, "the machine cannot be kept awake");
                None
            }
        }
    }

    fn by_logind(why: &str) -> zbus::Result<Awake> {
        let system = connection::Builder::system()?.method_timeout(PATIENCE).build()?;
        let answer = system.call_method(
            Some("org.freedesktop.login1"),
            "/org/freedesktop/login1",
            Some("org.freedesktop.login1.Manager"),
            "Inhibit",
            &("sleep:idle", "Sheaf", why, "block"),
        )?;
        Ok(Awake::Logind { _lock: answer.body().deserialize()? })
    }

    fn by_screen_saver(why: &str) -> zbus::Result<Awake> {
        let bus = session()?;
        let answer = bus.call_method(
            Some("org.freedesktop.ScreenSaver"),
            "/org/freedesktop/ScreenSaver",
            Some("org.freedesktop.ScreenSaver"),
            "Inhibit",
            &("Sheaf", why),
        )?;
        let cookie = answer.body().deserialize()?;
        Ok(Awake::ScreenSaver(bus, cookie))
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        if let Awake::ScreenSaver(bus, cookie) = self {
            let _ = bus.call_method(
                Some("org.freedesktop.ScreenSaver"),
                "/org/freedesktop/ScreenSaver",
                Some("org.freedesktop.ScreenSaver"),
                "UnInhibit",
                &*cookie,
            );
        }
    }
}
