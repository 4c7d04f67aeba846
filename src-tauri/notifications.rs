//! Notifications of the desktop. Words come from the desk; here they are shown, and a click on them brings the window.
//!
//! Over the bus directly, and listening before showing: of a click, and of one among several that are put away together, none is missed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use sheaf_app::desk::{Desk, Event, Notice, NotificationState};
use sheaf_registry::{Code, Error, Result};
use tauri::{AppHandle, Manager as _};
use zbus::MatchRule;
use zbus::blocking::{Connection, MessageIterator};
use zbus::message::{Message, Type};
use zbus::zvariant::Value;

use crate::bus::{self, DESKTOP_ENTRY, ICON};

/// How long a daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// The daemon of this desktop.
pub(crate) struct Daemon {
    /// Asked early who it is: a page that begins shall not wait for it.
    early: Mutex<Option<mpsc::Receiver<NotificationState>>>,
    /// How many notifications stand that can be clicked.
    standing: Arc<AtomicUsize>,
}

impl Daemon {
    /// Asks who it is.
    pub(crate) fn ask() -> Self {
        Self { early: Mutex::new(Some(question())), standing: Arc::default() }
    }

    /// What it has answered; from the second time on it is asked anew.
    pub(crate) fn state(&self) -> NotificationState {
        let early = self.early.lock().unwrap_or_else(PoisonError::into_inner).take();
        early.unwrap_or_else(question).recv_timeout(PATIENCE).unwrap_or_else(|_| silent())
    }

    /// Whether a notification stands that can be clicked.
    pub(crate) fn has_notice(&self) -> bool {
        self.standing.load(Ordering::Acquire) > 0
    }

    /// Shows a notification, and waits on a thread of its own for what becomes of it: some desktops take it away with the
    /// connection.
    pub(crate) fn show(&self, app: &AppHandle, notice: &Notice) -> Result<()> {
        let (sender, receiver) = mpsc::channel();
        let (app, notice, standing) = (app.clone(), notice.clone(), Arc::clone(&self.standing));
        let thread = std::thread::Builder::new().name("sheaf-notice".to_owned()).spawn(move || {
            let shown = match Shown::new(&notice) {
                Ok(shown) => shown,
                Err(error) => return drop(sender.send(Err(error))),
            };
            let _stands = notice.action.is_some().then(|| Stands::begin(standing));
            let _ = sender.send(Ok(()));
            if shown.wait_for_click() {
                crate::reappear(&app);
                if let (Some(id), Some(desk)) = (notice.export, app.try_state::<Arc<Desk>>()) {
                    desk.hub().tell(&Event::ShowExport { id });
                }
            }
        });
        let unavailable = || Error::new(Code::DesktopUnavailable, "The notification could not be shown.");
        thread.map_err(|error| unavailable().cause(error))?;
        match receiver.recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(unavailable().hint("Is a notification daemon running on this desktop?").cause(error)),
            Err(_) => Err(unavailable().hint("The notification daemon does not answer.")),
        }
    }
}

/// Counts a notification for as long as it lives.
struct Stands(Arc<AtomicUsize>);

impl Stands {
    fn begin(standing: Arc<AtomicUsize>) -> Self {
        standing.fetch_add(1, Ordering::AcqRel);
        Self(standing)
    }
}

impl Drop for Stands {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn question() -> mpsc::Receiver<NotificationState> {
    let (sender, receiver) = mpsc::channel();
    let _ = std::thread::Builder::new().name("sheaf-daemon".to_owned()).spawn(move || {
        let state = match name_of_daemon() {
            Ok(about) => NotificationState { available: true, about },
            Err(error) => {
                tracing::info!(%error, "no notification daemon answers");
                NotificationState { available: false, about: "No notification daemon answers on this desktop.".to_owned() }
            }
        };
        let _ = sender.send(state);
    });
    receiver
}

fn name_of_daemon() -> zbus::Result<String> {
    let answer = bus::session()?.call_method(Some(NAME), PATH, Some(NAME), "GetServerInformation", &())?;
    let (name, _vendor, _version, _spec): (String, String, String, String) = answer.body().deserialize()?;
    Ok(name)
}

fn silent() -> NotificationState {
    NotificationState { available: false, about: "The notification daemon does not answer.".to_owned() }
}

/// A notification that stands, and what the daemon tells of it.
struct Shown {
    number: u32,
    told: MessageIterator,
    _bus: Connection,
}

impl Shown {
    fn new(notice: &Notice) -> zbus::Result<Self> {
        let bus = bus::session()?;
        let rule = MatchRule::builder().msg_type(Type::Signal).interface(NAME)?.path(PATH)?.build();
        let told = MessageIterator::for_match_rule(rule, &bus, None)?;
        let hints = HashMap::from([
            ("desktop-entry", Value::from(DESKTOP_ENTRY)),
            ("category", Value::from("transfer")),
            // Critical, or normal.
            ("urgency", Value::from(if notice.urgent { 2_u8 } else { 1 })),
        ]);
        let (title, body) = (one_line(&notice.title), escape(&notice.body));
        // It replaces none, and the daemon decides how long it stands.
        let words = ("Sheaf", 0_u32, ICON, title, body, actions(notice), hints, -1_i32);
        let number = bus.call_method(Some(NAME), PATH, Some(NAME), "Notify", &words)?.body().deserialize()?;
        Ok(Self { number, told, _bus: bus })
    }

    /// Waits until it is clicked (`true`), or is put away or the daemon gone.
    fn wait_for_click(self) -> bool {
        for message in self.told.map_while(zbus::Result::ok) {
            if let Some(clicked) = what_became(&message, self.number) {
                return clicked;
            }
        }
        false
    }
}

/// What a message of the daemon says about this notification: clicked, put away, or nothing.
fn what_became(message: &Message, number: u32) -> Option<bool> {
    let (header, body) = (message.header(), message.body());
    match header.member()?.as_str() {
        "ActionInvoked" => {
            let (about, action) = body.deserialize::<(u32, String)>().ok()?;
            (about == number).then_some(action == "default" || action == "show")
        }
        "NotificationClosed" => {
            let (about, _why) = body.deserialize::<(u32, u32)>().ok()?;
            (about == number).then_some(false)
        }
        _ => None,
    }
}

/// A click anywhere, and a button: each with its label.
fn actions(notice: &Notice) -> Vec<&str> {
    notice.action.as_deref().map_or_else(Vec::new, |label| vec!["default", label, "show", label])
}

/// Text of the first line: as it is, on one line; it is no markup.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Text of the body, which daemons read as markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\n' => escaped.push('\n'),
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_holds_is_text_and_no_markup() {
        assert_eq!(escape("<b>a</b> & b\u{7}"), "&lt;b&gt;a&lt;/b&gt; &amp; b ", "daemons with markup show it as it was");
        assert_eq!(one_line("Done\u{1b}[31m\n"), "Done [31m ", "no control character");
    }

    #[test]
    fn only_what_is_said_of_this_notification_counts() {
        let said = |member: &str, body: &(u32, &str)| {
            Message::signal(PATH, NAME, member).expect("a signal").build(body).expect("a message")
        };
        assert_eq!(what_became(&said("ActionInvoked", &(7, "show")), 7), Some(true), "the button");
        assert_eq!(what_became(&said("ActionInvoked", &(7, "default")), 7), Some(true), "a click anywhere");
        assert_eq!(what_became(&said("ActionInvoked", &(8, "show")), 7), None, "another's");
        assert_eq!(what_became(&said("ActivationToken", &(7, "x")), 7), None, "something else about it");
        let closed = Message::signal(PATH, NAME, "NotificationClosed").expect("a signal").build(&(7_u32, 2_u32));
        let closed = closed.expect("a message");
        assert_eq!(what_became(&closed, 7), Some(false), "it was put away");
        assert_eq!(what_became(&closed, 8), None, "another was");
    }
}
