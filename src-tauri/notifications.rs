//! Notifications of the desktop. Words come from the desk; here they are shown, and a click on them brings the window.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use notify_rust::{Hint, Notification, Urgency};
use sheaf_app::desk::{Desk, Event, Notice, NotificationState};
use sheaf_registry::{Code, Error, Result};
use tauri::{AppHandle, Manager as _};

use crate::bus::DESKTOP_ENTRY;

/// How long a daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The daemon, which is asked early: a page that begins shall not wait for it.
pub(crate) struct Daemon(Mutex<Option<mpsc::Receiver<NotificationState>>>);

impl Daemon {
    /// Asks who it is.
    pub(crate) fn ask() -> Self {
        Self(Mutex::new(Some(question())))
    }

    /// What it has answered; from the second time on it is asked anew.
    pub(crate) fn state(&self) -> NotificationState {
        let early = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        early.unwrap_or_else(question).recv_timeout(PATIENCE).unwrap_or_else(|_| silent())
    }
}

fn question() -> mpsc::Receiver<NotificationState> {
    let (sender, receiver) = mpsc::channel();
    let _ = std::thread::Builder::new().name("sheaf-daemon".to_owned()).spawn(move || {
        let state = match notify_rust::get_server_information() {
            Ok(server) => NotificationState { available: true, about: server.name },
            Err(error) => {
                tracing::info!(%error, "no notification daemon answers");
                NotificationState { available: false, about: "No notification daemon answers on this desktop.".to_owned() }
            }
        };
        let _ = sender.send(state);
    });
    receiver
}

fn silent() -> NotificationState {
    NotificationState { available: false, about: "The notification daemon does not answer.".to_owned() }
}

/// Shows a notification, and waits on a thread of its own for what becomes of it: some desktops take it away with the connection.
pub(crate) fn show(app: &AppHandle, notice: &Notice) -> Result<()> {
    let (sender, receiver) = mpsc::channel();
    let (app, notice) = (app.clone(), notice.clone());
    let thread = std::thread::Builder::new().name("sheaf-notice".to_owned()).spawn(move || {
        let shown = write(&notice).show();
        let Some(handle) = shown.map_or_else(
            |error| {
                let _ = sender.send(Err(error));
                None
            },
            |handle| {
                let _ = sender.send(Ok(()));
                Some(handle)
            },
        ) else {
            return;
        };
        handle.wait_for_action(|action| {
            if action == "default" || action == "show" {
                crate::reappear(&app);
                if let (Some(id), Some(desk)) = (notice.export, app.try_state::<std::sync::Arc<Desk>>()) {
                    desk.hub().tell(&Event::ShowExport { id });
                }
            }
        });
    });
    let unavailable = || Error::new(Code::DesktopUnavailable, "The notification could not be shown.");
    thread.map_err(|error| unavailable().cause(error))?;
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(unavailable().hint("Is a notification daemon running on this desktop?").cause(error)),
        Err(_) => Err(unavailable().hint("The notification daemon does not answer.")),
    }
}

fn write(notice: &Notice) -> Notification {
    let mut notification = Notification::new();
    notification
        .appname("Sheaf")
        .summary(&one_line(&notice.title))
        .body(&escape(&notice.body))
        .icon(DESKTOP_ENTRY)
        .hint(Hint::DesktopEntry(DESKTOP_ENTRY.to_owned()))
        .hint(Hint::Category("transfer".to_owned()))
        .urgency(if notice.urgent { Urgency::Critical } else { Urgency::Normal });
    if let Some(label) = &notice.action {
        notification.action("default", label).action("show", label);
    }
    notification
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
        let notice = Notice {
            export: Some("x".to_owned()),
            title: "Done\u{1b}[31m".to_owned(),
            body: "<b>a</b> & b\u{7}".to_owned(),
            action: Some("Show".to_owned()),
            urgent: false,
        };
        let notification = write(&notice);
        assert_eq!(notification.body, "&lt;b&gt;a&lt;/b&gt; &amp; b ", "daemons with markup show it as it was");
        assert_eq!(notification.summary, "Done [31m", "no control character");
        assert_eq!(notification.actions, ["default", "Show", "show", "Show"], "a click anywhere, and a button");
        assert_eq!(write(&Notice { action: None, ..notice }).actions, Vec::<String>::new(), "nothing to click");
    }
}
