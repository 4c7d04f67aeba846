//! A desktop of its own for each test: display, session bus, notification daemon, home; and the real window on it, driven
//! through WebKitWebDriver. Nothing is shared, so tests run side by side and touch nobody's desktop.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::desktop::PROGRAM;

/// How long anything on the screen may take before a test gives up. A bound for what has gone wrong, not a measure: exports give way to
/// whatever else the machine does.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Ends a process that this harness started.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(command: &mut Command) -> Owned {
    let program = command.get_program().to_string_lossy().into_owned();
    Owned(command.spawn().unwrap_or_else(|error| panic!("{program} does not start ({error}); `make setup` brings it")))
}

/// Starts a program that writes one line about itself to its standard output, and gives that line.
fn spawn_and_read(command: &mut Command) -> (Owned, String) {
    let mut child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut line = String::new();
    let out = child.0.stdout.as_mut().expect("it is piped");
    BufReader::new(out).read_line(&mut line).expect("it writes");
    assert!(!line.trim().is_empty(), "{} said nothing", command.get_program().display());
    (child, line.trim().to_owned())
}

/// A display, a session bus and a home.
pub(crate) struct Desktop {
    display: String,
    bus: String,
    dir: TempDir,
    dunst: Option<Owned>,
    _bus: Owned,
    _xvfb: Owned,
}

impl Desktop {
    /// A desktop of 1280 by 800 points with a notification daemon.
    pub(crate) fn start() -> Desktop {
        let mut desktop = Self::bare(1280, 800);
        desktop.start_dunst();
        desktop
    }

    /// A desktop without a notification daemon.
    pub(crate) fn bare(width: u32, height: u32) -> Desktop {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let screen = format!("{width}x{height}x24");
        let (xvfb, number) = spawn_and_read(Command::new("Xvfb").args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            &screen,
            "-nolisten",
            "tcp",
            "-noreset",
        ]));
        let (bus, address) = spawn_and_read(
            Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
                .envs(home(dir.path())),
        );
        let display = format!(":{number}");
        for name in ["home", "sheaf", "out"] {
            std::fs::create_dir_all(dir.path().join(name)).expect("a folder");
        }
        Desktop { display, bus: address, dir, dunst: None, _bus: bus, _xvfb: xvfb }
    }

    /// Name of the display.
    pub(crate) fn display(&self) -> &str {
        &self.display
    }

    /// Address of the session bus.
    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }

    /// A command on this desktop. Its session bus stands for the system's, too: nothing reaches the machine's own.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .envs(home(self.dir.path()))
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus)
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("NO_AT_BRIDGE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XDG_CURRENT_DESKTOP");
        command
    }

    /// A folder of this desktop: `home`, `sheaf` (the application's home), `out` (for archives).
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts the daemon, which writes every notification into a file: title, text, urgency, separated by tabs. They stand until a
    /// test clicks them or puts them away.
    fn start_dunst(&mut self) {
        let (script, rules, log) = (self.path("heard.sh"), self.path("dunstrc"), self.path("heard.tsv"));
        std::fs::write(
            &script,
            format!("#!/bin/sh\nprintf '%s\\t%s\\t%s\\n' \"$2\" \"$3\" \"$5\" >> '{}'\n", log.display()),
        )
        .expect("a script");
        make_executable(&script);
        std::fs::write(
            &rules,
            format!(
                "[global]\n    notification_limit = 5\n[heard]\n    summary = \"*\"\n    timeout = 0\n    script = {}\n",
                script.display()
            ),
        )
        .expect("rules");
        let dunst = spawn(self.command("dunst").arg("-config").arg(&rules).stdout(Stdio::null()).stderr(Stdio::null()));
        self.dunst = Some(dunst);
        let asked = Instant::now();
        let owned = || {
            let mut ask = self.command("dbus-send");
            ask.args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.NameHasOwner",
            ]);
            let answer = ask.arg("string:org.freedesktop.Notifications").output().expect("dbus-send runs");
            String::from_utf8_lossy(&answer.stdout).contains("true")
        };
        while !owned() {
            assert!(asked.elapsed() < PATIENCE, "dunst does not take its name");
            std::thread::sleep(LOOK);
        }
    }

    /// Waits for a notification whose line holds this text.
    pub(crate) async fn heard(&self, text: &str) -> String {
        let line = || self.all_heard().lines().find(|line| line.contains(text)).map(str::to_owned);
        eventually(&format!("a notification with {text:?}"), async || line()).await
    }

    /// All notifications so far.
    pub(crate) fn all_heard(&self) -> String {
        std::fs::read_to_string(self.path("heard.tsv")).unwrap_or_default()
    }

    /// Clicks the notification that stands, or puts all away: a word of `dunstctl`.
    pub(crate) fn notifications(&self, word: &str) {
        let done = self.command("dunstctl").arg(word).status().expect("dunstctl runs");
        assert!(done.success(), "dunst takes {word}");
    }

    /// The next dialogs of the window are answered with these paths; an empty one closes the dialog.
    pub(crate) fn answer_dialogs(&self, paths: &[&Path]) {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("dialogs"))
            .expect("answers can be written");
        for path in paths {
            writeln!(file, "{}", path.display()).expect("it is written");
        }
    }
}

/// Where a process finds its home: nothing of whoever runs the tests.
fn home(dir: &Path) -> [(&'static str, PathBuf); 11] {
    [
        ("HOME", dir.join("home")),
        ("XDG_CONFIG_HOME", dir.join("config")),
        ("XDG_DATA_HOME", dir.join("data")),
        ("XDG_CACHE_HOME", dir.join("cache")),
        ("XDG_STATE_HOME", dir.join("state")),
        ("XDG_RUNTIME_DIR", dir.to_owned()),
        ("SHEAF_HOME", dir.join("sheaf")),
        ("SHEAF_TEST_DIALOGS", dir.join("dialogs")),
        ("LANG", PathBuf::from("C.UTF-8")),
        ("LANGUAGE", PathBuf::from("en")),
        ("GSETTINGS_BACKEND", PathBuf::from("memory")),
    ]
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("its mode is set");
}

/// Looks until there is something, and fails with what was waited for.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    in_time(look).await.unwrap_or_else(|| panic!("waited in vain for {what}"))
}

async fn in_time<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        let found = look().await;
        if found.is_some() || began.elapsed() > PATIENCE {
            return found;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The real window.
pub(crate) struct Window {
    page: Client,
    driver: Owned,
    program: u32,
}

impl Window {
    /// Starts the application as built for tests, and waits for its page.
    pub(crate) async fn open(desktop: &Desktop) -> Window {
        Self::open_with(desktop, Path::new(PROGRAM), &[]).await
    }

    /// Starts a program with more variables in its environment.
    pub(crate) async fn open_with(desktop: &Desktop, program: &Path, environment: &[(&str, &str)]) -> Window {
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut command = desktop.command("WebKitWebDriver");
        command.arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.envs(environment.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = spawn(&mut command);
        let listens = async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok();
        drop(eventually("WebKitWebDriver", listens).await);
        let capabilities = json!({"webkitgtk:browserOptions": {"binary": program, "args": []}});
        let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(capabilities.as_object().cloned().expect("an object"));
        let driver_at = format!("http://127.0.0.1:{port}");
        // The driver waits without end for a program that has ended.
        let page = tokio::time::timeout(PATIENCE, builder.connect(&driver_at))
            .await
            .expect("the window comes in time")
            .expect("a session with the window");
        let program = children_of(driver.0.id()).first().copied().expect("the driver started the program");
        let window = Window { page, driver, program };
        // The session answers before the page is there.
        window.wait("main").await;
        window
    }

    /// Looks until there is something. When it does not come, the window is kept as a picture and its text is told.
    pub(crate) async fn until<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        if let Some(found) = in_time(look).await {
            return found;
        }
        let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
        self.shot(&format!("failed-{test}")).await;
        let says = self.run("return document.body.innerText;", vec![]).await;
        panic!(
            "waited in vain for {what}; target/tmp/window/failed-{test}.png shows the window, which says:\n{}",
            says.as_str().unwrap_or("")
        );
    }

    /// The WebDriver session.
    pub(crate) fn page(&self) -> &Client {
        &self.page
    }

    /// Waits for an element by its CSS selector.
    pub(crate) async fn wait(&self, css: &str) -> Element {
        self.until(css, async || self.page.find(Locator::Css(css)).await.ok()).await
    }

    /// Waits until no element has this selector.
    pub(crate) async fn wait_gone(&self, css: &str) {
        let gone = async || self.page.find(Locator::Css(css)).await.is_err().then_some(());
        self.until(&format!("{css} to go"), gone).await;
    }

    /// Waits for a visible element with this role and accessible name (a part of it is enough).
    pub(crate) async fn role(&self, role: &str, name: &str) -> Element {
        let script = "return window.__sheafFind(arguments[0], arguments[1]);";
        let find = async || {
            let ready = self.page.execute(FIND, vec![]).await;
            ready.ok()?;
            let found = self.page.execute(script, vec![json!(role), json!(name)]).await.ok()?;
            // The key that the WebDriver standard gives to references of elements.
            let id = found.get("element-6066-11e4-a52e-4f735466cecf")?.as_str()?.to_owned();
            Some(Element::from_element_id(self.page.clone(), id.into()))
        };
        self.until(&format!("{role} {name:?}"), find).await
    }

    /// Clicks what has this role and accessible name. What has moved or is being drawn anew is found again.
    pub(crate) async fn click(&self, role: &str, name: &str) {
        let clicked = async || {
            let element = self.role(role, name).await;
            self.rests(&element).await.then_some(())?;
            element.click().await.ok()
        };
        self.until(&format!("a click on {role} {name:?}"), clicked).await;
    }

    /// Whether an element stays where it is from one frame to the next: a click goes to a place, and misses what moves.
    async fn rests(&self, element: &Element) -> bool {
        let script = "const [element, done] = arguments;
            const place = () => { const box = element.getBoundingClientRect(); return `${box.x} ${box.y} ${box.width}`; };
            const before = place();
            requestAnimationFrame(() => requestAnimationFrame(() => done(place() === before)));";
        let element = serde_json::to_value(element).expect("a reference");
        self.page.execute_async(script, vec![element]).await.is_ok_and(|same| same == json!(true))
    }

    /// Waits until the text of an element holds this text; gives it all. The driver's own reading leaves out what is cut at an edge.
    pub(crate) async fn wait_text(&self, css: &str, text: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? '';";
        let reads = async || {
            let found = self.page.execute(script, vec![json!(css)]).await.ok()?.as_str()?.to_owned();
            found.contains(text).then_some(found)
        };
        self.until(&format!("{css} to say {text:?}"), reads).await
    }

    /// Clicks the first element with this selector, found again if it has moved.
    pub(crate) async fn click_css(&self, css: &str) {
        let clicked = async || {
            let element = self.page.find(Locator::Css(css)).await.ok()?;
            self.rests(&element).await.then_some(())?;
            element.click().await.ok()
        };
        self.until(&format!("a click on {css}"), clicked).await;
    }

    /// The first whole number that an element shows.
    pub(crate) async fn number(&self, css: &str) -> u64 {
        let text = self.wait(css).await.text().await.expect("it has text");
        let digits: String = text
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(|c| c.is_ascii_digit() || *c == ',')
            .filter(char::is_ascii_digit)
            .collect();
        digits.parse().unwrap_or_else(|_| panic!("{css} shows no number: {text:?}"))
    }

    /// Types into whatever has the focus. What was just drawn anew is asked for again: nothing was typed into it then.
    pub(crate) async fn keys(&self, text: &str) {
        let typed = async || self.page.active_element().await.ok()?.send_keys(text).await.ok();
        self.until("something that takes keys", typed).await;
    }

    /// Presses a key that has no character.
    pub(crate) async fn press(&self, key: Key) {
        self.keys(&char::from(key).to_string()).await;
    }

    /// Presses a key together with Control.
    pub(crate) async fn control(&self, key: char) {
        self.keys(&format!("{}{key}{}", char::from(Key::Control), char::from(Key::Null))).await;
    }

    /// Presses Tab until the focus is on something whose accessible name begins so; it must be seen to be there.
    pub(crate) async fn tab_to(&self, name: &str) {
        let script = "const e = document.activeElement;
            const by = e?.getAttribute('aria-labelledby')?.split(' ').map((id) => document.getElementById(id)?.textContent).join(' ');
            const name = (e?.getAttribute('aria-label') ?? by ?? e?.labels?.[0]?.textContent ?? e?.textContent ?? '').trim();
            if (!name.startsWith(arguments[0])) return false;
            const at = document.getElementById(e.getAttribute('aria-activedescendant') ?? '') ?? e;
            const look = getComputedStyle(at);
            return look.outlineStyle !== 'none' || look.boxShadow !== 'none' ? true : 'unseen';";
        for _ in 0..80 {
            match self.run(script, vec![json!(name)]).await {
                Value::Bool(true) => return,
                Value::Bool(false) => self.press(Key::Tab).await,
                _ => panic!("the focus on {name} cannot be seen"),
            }
        }
        panic!("Tab does not reach {name}");
    }

    /// Waits until nothing moves any longer: transitions of colours would be judged half way.
    pub(crate) async fn still(&self) {
        let script = "const solid = (e) => !e || (getComputedStyle(e).opacity === '1' && solid(e.parentElement));
            return document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity)
              && [...document.querySelectorAll('[role=dialog], [role=menu], .mantine-Notification-root')].every(solid);";
        self.until("a still page", async || (self.run(script, vec![]).await == json!(true)).then_some(())).await;
    }

    /// Somebody comes back to the window from another one, such as the file manager.
    pub(crate) async fn come_back(&self) {
        self.run("window.dispatchEvent(new Event('focus'));", vec![]).await;
    }

    /// Puts away the messages that stand.
    pub(crate) async fn put_messages_away(&self) {
        let script = "const all = document.querySelectorAll('.mantine-Notification-root');
            all.forEach((message) => message.querySelector('button[aria-label]')?.click());
            return all.length === 0;";
        self.until("no message", async || (self.run(script, vec![]).await == json!(true)).then_some(())).await;
    }

    /// Chooses a colour or a language in the settings, whose page stands open then, at its beginning.
    pub(crate) async fn choose_in_settings(&self, option: &str, css: &str) {
        self.click_css("nav a[href$='settings']").await;
        self.wait("[data-section=appearance]").await;
        // What is half below the edge is brought into sight by no click.
        self.run("document.querySelector('[data-section=appearance]').scrollIntoView();", vec![]).await;
        self.click("radio", option).await;
        self.wait(css).await;
        self.run("document.querySelector('[data-testid=settings]').scrollTo(0, 0);", vec![]).await;
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.page.execute(script, arguments).await.expect("the script runs")
    }

    /// Brings axe into the page, as `window.judge`, which gives each violation with its rule and where.
    pub(crate) async fn load_axe(&self) {
        let axe = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ui/node_modules/axe-core/axe.min.js"))
            .expect("axe-core is installed");
        self.page.execute(&axe, vec![]).await.expect("axe is loaded");
        let judge = "window.judge = () => axe.run(document, {resultTypes: ['violations']}).then(
              (result) => result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target} ${n.html.slice(0, 160)}`)),
              (error) => [String(error)]);";
        self.run(judge, vec![]).await;
    }

    /// Violations that axe finds now.
    async fn axe(&self) -> Vec<String> {
        self.load_axe().await;
        let found = self.page.execute_async("window.judge().then(arguments[0]);", vec![]).await.expect("axe runs");
        serde_json::from_value(found).expect("a list of texts")
    }

    /// Fails when axe finds anything on the page as it stands.
    pub(crate) async fn judge(&self, place: &str) {
        self.still().await;
        let found = self.axe().await;
        assert!(found.is_empty(), "{place}: {found:#?}");
    }

    /// Writes what the window shows into a file below `target/tmp/window`.
    pub(crate) async fn shot(&self, name: &str) {
        self.picture(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("window"), name).await;
    }

    /// Writes what the window shows into a folder.
    pub(crate) async fn picture(&self, dir: &Path, name: &str) {
        std::fs::create_dir_all(dir).expect("a folder");
        // A picture is taken with the next frame; a page that stands still has none. So one is drawn, and some more.
        let beat = "let n = 0; const beat = () => { document.body.style.opacity = n % 2 ? '' : '0.999'; if ((n += 1) < 60) requestAnimationFrame(beat); }; setTimeout(beat, 50);";
        self.run(beat, vec![]).await;
        let picture = self.page.screenshot().await.expect("a picture");
        std::fs::write(dir.join(format!("{name}.png")), picture).expect("it is written");
    }

    /// Sends a signal to the application, by its process id.
    pub(crate) fn signal(&self, signal: &str) {
        let sent =
            Command::new("kill").args([&format!("-{signal}"), &self.program.to_string()]).status().expect("kill runs");
        assert!(sent.success(), "the application is there to take {signal}");
    }

    /// Waits until the application has ended.
    pub(crate) async fn ended(&self) {
        let ended = async || (!is_running(self.program)).then_some(());
        eventually("the application to end", ended).await;
    }

    /// Kills the application, as a crash would.
    pub(crate) async fn crash(self) {
        self.signal("KILL");
        self.ended().await;
        drop(self.driver);
    }

    /// Ends the session and with it the application.
    pub(crate) async fn close(self) {
        self.page.close().await.expect("the session ends");
    }
}

/// Finds an element by role and accessible name, as assistive technology would, among those that can be seen.
const FIND: &str = r"
window.__sheafFind ??= (role, name) => {
  const implied = { button: 'button', link: 'a[href]', checkbox: 'input[type=checkbox]', textbox: 'input:not([type]),input[type=text],input[type=search],textarea', radio: 'input[type=radio]', heading: 'h1,h2,h3', dialog: 'dialog' };
  const selector = `[role=${role}]` + (implied[role] ? `,${implied[role]}` : '');
  const label = (element) => {
    const by = element.getAttribute('aria-labelledby');
    if (by) return by.split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    return element.getAttribute('aria-label') ?? (element.labels?.length ? [...element.labels].map((l) => l.textContent).join(' ') : element.getAttribute('placeholder') && !element.textContent ? element.getAttribute('placeholder') : element.textContent) ?? '';
  };
  const seen = (element) => {
    if (element.closest('[hidden],[aria-hidden=true],[inert]')) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden';
  };
  // A control may be drawn by its label alone: then that is what is clicked.
  const drawn = (e) => !e ? null : (seen(e) ? e : [...(e.labels ?? [])].find(seen));
  const all = [...document.querySelectorAll(selector)].filter((e) => (e.getAttribute('role') ?? role) === role && drawn(e));
  return drawn(all.find((e) => label(e).trim() === name) ?? all.find((e) => label(e).includes(name))) ?? null;
};";

fn children_of(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Whether any thread of a process still runs. The first one may have ended while another, which writes to a disk, holds what the
/// process has open, such as its name on the bus.
fn is_running(pid: u32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok())
        .any(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X'])))
}
