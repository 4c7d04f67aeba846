//! While an export runs the machine stays awake: by logind, or by the desktop's own service where there is none. Both stand
//! on the test's own bus, and say what they were asked for.

use std::io::{ErrorKind, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use fantoccini::key::Key;
use zbus::{Connection, connection, interface, zvariant};

use crate::desktop::{Hold, create_export, on_demo, wait_state};
use crate::harness::{Desktop, eventually};

/// Who keeps the machine awake, and why, by cookie.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<Inhibition>>>);

type Inhibition = (u32, String, String);

impl Asked {
    fn all(&self) -> Vec<Inhibition> {
        self.0.lock().expect("unpoisoned").clone()
    }
}

#[interface(name = "org.freedesktop.ScreenSaver")]
impl Asked {
    fn inhibit(&self, application: String, reason: String) -> u32 {
        self.0.lock().expect("unpoisoned").push((7, application, reason));
        7
    }

    #[zbus(name = "UnInhibit")]
    fn un_inhibit(&self, cookie: u32) {
        self.0.lock().expect("unpoisoned").retain(|(held, ..)| *held != cookie);
    }
}

/// What logind was asked for, and the other end of the descriptor that it gave: closed once it is let go.
#[derive(Clone, Default)]
struct Logind(Arc<Mutex<Vec<(Words, UnixStream)>>>);

/// What is inhibited, who asks, why, and how.
type Words = [String; 4];

impl Logind {
    /// What it was asked for by those that still hold it.
    fn held(&self) -> Vec<Words> {
        let mut asked = self.0.lock().expect("unpoisoned");
        let holds = |end: &mut UnixStream| end.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        asked.iter_mut().filter_map(|(words, end)| holds(end).then(|| words.clone())).collect()
    }
}

#[interface(name = "org.freedesktop.login1.Manager")]
impl Logind {
    fn inhibit(&self, what: String, who: String, why: String, mode: String) -> zvariant::OwnedFd {
        let (ours, theirs) = UnixStream::pair().expect("two ends");
        ours.set_nonblocking(true).expect("it can be asked");
        self.0.lock().expect("unpoisoned").push(([what, who, why, mode], ours));
        zvariant::OwnedFd::from(OwnedFd::from(theirs))
    }
}

async fn serve(desktop: &Desktop, name: &str, path: &str, service: impl zbus::object_server::Interface) -> Connection {
    let builder = connection::Builder::address(desktop.bus()).and_then(|builder| builder.name(name.to_owned()));
    let builder = builder.and_then(|builder| builder.serve_at(path.to_owned(), service)).expect("names as they must be");
    builder.build().await.expect("the bus takes it")
}

#[tokio::test]
async fn the_machine_stays_awake_while_an_export_runs() {
    let desktop = Desktop::start();
    let (logind, screen_saver) = (Logind::default(), Asked::default());
    let _logind = serve(&desktop, "org.freedesktop.login1", "/org/freedesktop/login1", logind.clone()).await;
    let path = "/org/freedesktop/ScreenSaver";
    let _screen_saver = serve(&desktop, "org.freedesktop.ScreenSaver", path, screen_saver.clone()).await;
    let hold = Hold::of(&desktop);
    let window = on_demo(&desktop, &hold.environment()).await;
    assert!(logind.held().is_empty(), "without work it may sleep");
    create_export(&window).await;
    hold.reached().await;
    let asked = eventually("the machine to be kept awake", async || logind.held().pop()).await;
    assert_eq!(asked, ["sleep:idle", "Sheaf", "An export is running", "block"], "as people read it");
    hold.go_on();
    wait_state(&window, "done").await;
    eventually("the machine to be let go", async || logind.held().is_empty().then_some(())).await;
    assert!(screen_saver.all().is_empty(), "one of them is enough");
    window.close().await;
}

#[tokio::test]
async fn where_there_is_no_logind_the_desktop_keeps_it_awake_in_its_language() {
    let desktop = Desktop::start();
    let asked = Asked::default();
    let _service = serve(&desktop, "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", asked.clone()).await;
    let hold = Hold::of(&desktop);
    let window = on_demo(&desktop, &hold.environment()).await;
    window.click("checkbox", "All matching").await;
    window.choose_in_settings("Italiano", "html[lang=it]").await;
    window.control('1').await;
    window.wait("[data-testid=create][aria-disabled=false]").await;
    window.control(char::from(Key::Enter)).await;
    hold.reached().await;
    let (_, who, why) = eventually("the machine to be kept awake", async || asked.all().pop()).await;
    assert_eq!((&*who, &*why), ("Sheaf", "Un’esportazione è in corso"), "in the page's language");
    hold.go_on();
    window.control('2').await;
    window.wait("[data-row][data-state=done]").await;
    eventually("the machine to be let go", async || asked.all().is_empty().then_some(())).await;
    window.close().await;
}
