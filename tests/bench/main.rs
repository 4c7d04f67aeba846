//! `make bench-ui`: what the window costs its user, measured in the real window on 100,000 patients with 1,000,000 files.
//!
//! Each budget is printed with its figure; one that is missed makes the run fail. A benchmark, not a test: run it on a
//! machine that does nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use sheaf_app::Environment;
use sheaf_app::demo::{DemoOptions, make_demo};
use sheaf_app::desk::{Desk, FileQuestion, FolderQuestion, Native, Notice, NotificationState, SaveQuestion};
use sheaf_registry::progress::{Cancel, Unobserved};
use tokio::process::{Child, Command};

/// Runs of each start; the median counts.
const STARTS: usize = 9;
/// Runs of each click; the median counts.
const CLICKS: usize = 9;
/// Most rounds of scrolling while an export runs; the median of those in which it ran to their end counts.
const ROUNDS: usize = 3;

/// Studies of the page that shows them.
const MANY_STUDIES: u64 = 1_000_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Answers the two dialogs that prepare the home: which registry, which destination.
struct Answers {
    registry: PathBuf,
    destination: PathBuf,
}

impl Native for Answers {
    fn choose_file(&self, _: &FileQuestion) -> Option<PathBuf> {
        Some(self.registry.clone())
    }
    fn choose_folder(&self, _: &FolderQuestion) -> Option<PathBuf> {
        Some(self.destination.clone())
    }
    fn choose_save(&self, _: &SaveQuestion) -> Option<PathBuf> {
        None
    }
    fn show_in_folder(&self, _: &Path) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn open_folder(&self, _: &Path) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn copy(&self, _: &str) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn trash(&self, _: &Path) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn notify(&self, _: &Notice) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn has_notice(&self) -> bool {
        false
    }
    fn notifications(&self) -> NotificationState {
        NotificationState { available: false, about: String::new() }
    }
    fn has_focus(&self) -> bool {
        true
    }
    fn working(&self, _: Option<f64>, _: Option<&'static str>) {}
    fn hide(&self) {}
    fn exit(&self) {}
    fn language(&self) -> String {
        "en".to_owned()
    }
}

/// A sparse demo, made once and kept, and a fresh home that has it open.
fn prepare(scratch: &Path, name: &str, patients: u64, studies: u64) -> Outcome<PathBuf> {
    let dir = scratch.join(name);
    let registry = dir.join("registry.sqlite");
    if !registry.exists() {
        eprintln!("making a sparse demo (once): {name}");
        let options = DemoOptions { dir, patients, studies, seed: 1, sparse: true, with_faults: false };
        make_demo(&options, &Unobserved, &Cancel::new()).map_err(|error| error.to_string())?;
    }
    let (home, destination) = (scratch.join("home"), scratch.join("out"));
    for dir in [&home, &destination] {
        let _ = std::fs::remove_dir_all(dir);
        std::fs::create_dir_all(dir)?;
    }
    let desk = Desk::open(Some(&home), Environment::system(), Box::new(Answers { registry, destination }))
        .map_err(|error| error.to_string())?;
    for command in ["open_registry", "choose_destination"] {
        desk.dispatch(command, json!({})).map_err(|report| report.message)?;
    }
    Ok(home)
}

struct Window {
    page: Client,
    driver: Child,
    program: u32,
}

impl Window {
    /// Starts a program with a window through a driver of its own.
    async fn open(program: &Path, home: &Path) -> Outcome<Window> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("SHEAF_HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("WebKitWebDriver does not start ({error}); `make setup` brings it"))?;
        let url = format!("http://127.0.0.1:{port}");
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let capabilities = json!({"webkitgtk:browserOptions": {"binary": program, "args": []}});
        let page = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities.as_object().cloned().unwrap_or_default())
            .connect(&url)
            .await?;
        let program = child_of(driver.id().ok_or("the driver is gone")?).ok_or("the program is gone")?;
        Ok(Window { page, driver, program })
    }

    /// Milliseconds from the start of the program to the page's mark `usable`.
    async fn usable_after(&self) -> Outcome<f64> {
        let script = "const done = arguments[arguments.length - 1];
            const look = () => {
              const [mark] = performance.getEntriesByName('usable');
              if (mark) done(performance.timeOrigin + mark.startTime); else setTimeout(look, 5);
            };
            look();";
        let at = self.page.execute_async(script, vec![]).await?.as_f64().ok_or("no time")?;
        Ok(at - started_at(self.program)?)
    }

    async fn run(&self, script: &str) -> Outcome<Value> {
        let wrapped = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {PAGE} {script} }})().then(done, (error) => done({{error: String(error)}}));"
        );
        let answer = self.page.execute_async(&wrapped, vec![]).await?;
        match answer.get("error") {
            Some(error) => Err(format!("in the page: {error}").into()),
            None => Ok(answer),
        }
    }

    async fn number(&self, script: &str) -> Outcome<f64> {
        self.run(script).await?.as_f64().ok_or_else(|| "no number".into())
    }

    /// Proportional set size of the program and everything it started, in MB.
    fn memory(&self) -> f64 {
        let mut tree = vec![self.program];
        let mut next = 0;
        while let Some(&parent) = tree.get(next) {
            tree.extend(children_of(parent));
            next += 1;
        }
        let kilobytes: u64 = tree.iter().filter_map(|pid| pss(*pid)).sum();
        f64::from(u32::try_from(kilobytes).unwrap_or(u32::MAX)) * 1024.0 / 1e6
    }

    async fn close(mut self) -> Outcome<()> {
        self.page.close().await?;
        self.driver.kill().await?;
        // The driver may be gone before it has ended the program; a start meanwhile would be handed over to that, as there
        // is one instance.
        while pss(self.program).is_some() {
            Command::new("kill").arg(self.program.to_string()).stderr(Stdio::null()).status().await?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

/// What scripts in the page share: the next frame, and waiting for a change of the document without polling slower than frames.
const PAGE: &str = r"
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const until = async (holds) => { for (let i = 0; i < 1200; i += 1) { const found = holds(); if (found) return found; await frame(); } throw new Error('waited in vain for ' + holds); };
    const type = (input, text) => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, text);
      input.dispatchEvent(new Event('input', { bubbles: true }));
    };
    const tree = document.querySelector('[role=tree]');
    const rows = () => [...tree.querySelectorAll('[role=treeitem]')];
    const quantile = (times, share) => [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))];
";

fn children_of(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

fn child_of(pid: u32) -> Option<u32> {
    children_of(pid).first().copied()
}

fn pss(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}

/// When a process started, in milliseconds since 1970; the kernel tells it to 10 ms.
fn started_at(pid: u32) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(')').ok_or("no process")?.1;
    let ticks: f64 = after_name.split_whitespace().nth(19).ok_or("no start time")?.parse()?;
    let uptime: f64 = std::fs::read_to_string("/proc/uptime")?.split_whitespace().next().ok_or("no uptime")?.parse()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    Ok((now - uptime + ticks / 100.0) * 1000.0)
}

/// One line of the answer.
struct Line {
    what: &'static str,
    figure: f64,
    budget: Option<f64>,
    unit: &'static str,
}

static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

fn tell(what: &'static str, figure: f64, budget: Option<f64>, unit: &'static str) {
    let line = Line { what, figure, budget, unit };
    eprintln!("{}", write_line(&line));
    LINES.lock().expect("nobody panicked").push(line);
}

fn write_line(line: &Line) -> String {
    let mut text = format!("{:<58} {:>9.1} {}", line.what, line.figure, line.unit);
    if let Some(budget) = line.budget {
        let verdict = if line.figure <= budget { "kept" } else { "MISSED" };
        let _ = write!(text, "   (budget {budget:.0} {}: {verdict})", line.unit);
    }
    text
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

const SCROLL: &str = r"
    const scroller = document.querySelector('[data-scroller]');
    const times = [];
    const steps = { small: (i) => scroller.scrollTop + 40, page: (i) => i % 6 ? scroller.scrollTop : scroller.scrollTop + scroller.clientHeight, far: (i) => i % 12 ? scroller.scrollTop : ((i * 7919) % 997) / 997 * scroller.scrollHeight };
    const result = {};
    for (const [name, step] of Object.entries(steps)) {
      scroller.scrollTop = 0;
      await frame(); await frame();
      const deltas = [];
      let last = performance.now();
      for (let i = 1; i <= 240; i += 1) {
        scroller.scrollTop = step(i);
        const now = await frame();
        const at = performance.now();
        deltas.push(at - last);
        last = at;
      }
      result[name] = quantile(deltas, 0.95);
    }
    return result;
";

/// Selects the patients with these digits in their ids and creates their export; answers why not, or with nothing.
const CREATE: &str = r"
    const press = (text) => [...document.querySelectorAll('button')].find((button) => button.textContent === text).click();
    const matching = () => document.querySelector('[data-testid=matching]');
    const selected = () => document.querySelector('[data-testid=selected]').textContent;
    const before = matching().textContent;
    press('Clear');
    type(document.querySelector('[data-testid=filter]'), '123');
    await until(() => matching().textContent !== before);
    const none = selected();
    matching().closest('label').querySelector('input').click();
    await until(() => selected() !== none);
    type(document.querySelector('[data-testid=filter]'), '');
    await until(() => matching().textContent === before);
    const create = document.querySelector('[data-testid=create]');
    for (let i = 0; i < 120 && create.getAttribute('aria-disabled') === 'true'; i += 1) await frame();
    if (create.getAttribute('aria-disabled') === 'true') return document.querySelector('[data-testid=blocked]').textContent;
    create.click();
    await until(() => document.querySelector('footer button [data-tone]'));
    return null;
";

async fn measure(scratch: &Path) -> Outcome<()> {
    let home = prepare(scratch, "sparse", DemoOptions::SPARSE_PATIENTS, DemoOptions::STUDIES)?;
    let sheaf = Path::new(env!("CARGO_BIN_EXE_sheaf-desktop"));
    let empty = sheaf.parent().ok_or("no folder")?.join("examples/empty-window");

    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        for (program, times) in [(empty.as_path(), &mut without), (sheaf, &mut with)] {
            let window = Window::open(program, &home).await?;
            times.push(window.usable_after().await?);
            window.close().await?;
        }
    }
    let (with, without) = (median(with), median(without));
    tell("an empty Tauri window is there after", without, None, "ms");
    tell("Sheaf is usable after", with, None, "ms");
    tell("that is later than the empty window by", with - without, Some(300.0), "ms");

    let window = Window::open(sheaf, &home).await?;
    window.usable_after().await?;
    window.page.wait().for_element(Locator::Css("[role=treeitem]")).await?;
    tell("memory of the process tree, window just opened", window.memory(), None, "MB");

    // A folder of 10,000 is checked: until its box says so and the estimate stands in the summary.
    let check = r"
        const row = await until(() => rows().find((row) => row.getAttribute('aria-expanded') !== null));
        const id = row.id; const before = row.getAttribute('aria-checked');
        const summary = document.querySelector('[data-testid=estimate]'); const said = summary.textContent;
        const box = row.querySelector('[data-check]');
        await frame(); const began = performance.now();
        box.click();
        await until(() => document.getElementById(id)?.getAttribute('aria-checked') !== before);
        const checked = performance.now() - began;
        await until(() => summary.textContent !== said);
        return [checked, performance.now() - began];
    ";
    let (mut checked, mut estimated) = (Vec::new(), Vec::new());
    for _ in 0..CLICKS {
        let answer = window.run(check).await?;
        checked.push(answer[0].as_f64().ok_or("no number")?);
        estimated.push(answer[1].as_f64().ok_or("no number")?);
    }
    tell("a folder is checked (until its box shows it)", median(checked), Some(100.0), "ms");
    tell("its estimate stands in the summary", median(estimated), Some(100.0), "ms");

    // A filter is typed: until the first rows that match are drawn. The wait for the end of the typing counts.
    let mut filtered = Vec::new();
    for number in 0..CLICKS {
        let text = format!("{}", 41_230 + number * 7);
        let script = format!(
            r"const input = document.querySelector('[data-testid=filter]');
              const before = document.querySelector('[data-testid=matching]').textContent;
              const shown = () => rows().slice(0, 9).map((row) => row.textContent).join();
              const stood = shown();
              await frame(); const began = performance.now();
              type(input, '{text}');
              await until(() => document.querySelector('[data-testid=matching]').textContent !== before && shown() !== stood);
              const took = performance.now() - began;
              const now = document.querySelector('[data-testid=matching]').textContent;
              type(input, '');
              await until(() => document.querySelector('[data-testid=matching]').textContent !== now);
              return took;"
        );
        filtered.push(window.number(&script).await?);
    }
    tell("a filter shows its first rows", median(filtered), Some(150.0), "ms");

    window.run("document.querySelector('[data-testid=expand-all]').click(); await until(() => Number(tree.getAttribute('data-rows')) > 100000); return 1;").await?;
    let scrolled = window.run(SCROLL).await?;
    for (what, name) in [
        ("scrolling by 40 px a frame, p95 of a frame", "small"),
        ("scrolling by pages, p95 of a frame", "page"),
        ("scrolling far, p95 of a frame", "far"),
    ] {
        tell(what, scrolled[name].as_f64().ok_or("no number")?, Some(32.0), "ms");
    }

    // The same while an export runs: of some hundred patients, whose files are long runs of nothing.
    // Others wait behind it, so that something runs for as long as it is scrolled.
    for _ in 0..2 {
        if let Some(why) = window.run(CREATE).await?.as_str() {
            return Err(format!("no export can be made here: {why}").into());
        }
    }
    let runs = "return Boolean(document.querySelector('footer button [data-tone]'));";
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let round = window.run(SCROLL).await?;
        if window.run(runs).await? != json!(true) {
            break;
        }
        rounds.push(round);
    }
    if rounds.is_empty() {
        return Err("the export ended before the scrolling: choose a larger one".into());
    }
    for (what, name) in [
        ("while an export runs: by 40 px a frame, p95", "small"),
        ("while an export runs: by pages, p95", "page"),
        ("while an export runs: far, p95", "far"),
    ] {
        let frames: Option<Vec<f64>> = rounds.iter().map(|round| round[name].as_f64()).collect();
        tell(what, median(frames.ok_or("no number")?), Some(32.0), "ms");
    }
    tell("memory of the process tree, while it runs", window.memory(), None, "MB");
    window.close().await
}

/// The page of studies on a million of them.
async fn measure_studies(scratch: &Path) -> Outcome<()> {
    let home = prepare(scratch, "studies", DemoOptions::PATIENTS, MANY_STUDIES)?;
    let window = Window::open(Path::new(env!("CARGO_BIN_EXE_sheaf-desktop")), &home).await?;
    window.usable_after().await?;
    let read = r"
        await frame(); const began = performance.now();
        document.querySelector('nav a[href$=studies]').click();
        await until(() => document.querySelector('[role=grid] [role=row][data-index]'));
        return performance.now() - began;
    ";
    tell("1,000,000 studies are read, and their first rows drawn", window.number(read).await?, None, "ms");
    let mut searched = Vec::new();
    for number in 1..=CLICKS {
        let script = format!(
            r"const input = document.querySelector('[data-testid=studies-search]');
              const count = document.querySelector('[data-testid=studies-count]');
              const before = count.textContent;
              const shown = () => [...document.querySelectorAll('[role=grid] [role=row][data-index]')].slice(0, 9).map((row) => row.textContent).join();
              const stood = shown();
              await frame(); const began = performance.now();
              type(input, 'e0000{number}');
              await until(() => count.textContent !== before && shown() && shown() !== stood);
              const took = performance.now() - began;
              const now = count.textContent;
              type(input, '');
              await until(() => count.textContent !== now);
              return took;"
        );
        searched.push(window.number(&script).await?);
    }
    tell("a text is searched in them: first rows and count", median(searched), None, "ms");
    let scrolled = window.run(SCROLL).await?;
    for (what, name) in [
        ("scrolling the studies by 40 px a frame, p95", "small"),
        ("scrolling the studies by pages, p95", "page"),
        ("scrolling the studies far, p95", "far"),
    ] {
        tell(what, scrolled[name].as_f64().ok_or("no number")?, Some(32.0), "ms");
    }
    tell("memory of the process tree, with the studies", window.memory(), None, "MB");
    window.close().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-ui");
    std::fs::create_dir_all(&scratch).expect("target/ can be written");
    let measured = match measure(&scratch).await {
        Ok(()) => measure_studies(&scratch).await,
        failed => failed,
    };
    // What an export had written when its window went would fill the disk.
    let _ = std::fs::remove_dir_all(scratch.join("out"));
    if let Err(error) = measured {
        eprintln!("bench-ui: {error}");
        return ExitCode::FAILURE;
    }
    let lines = LINES.lock().expect("nobody panicked");
    println!("\nbench-ui: 100,000 patients, 1,000,000 files; 1,000,000 studies");
    for line in lines.iter() {
        println!("{}", write_line(line));
    }
    let missed = lines.iter().any(|line| line.budget.is_some_and(|budget| line.figure > budget));
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
