//! A desktop that answers with what a test prepared, and remembers what it was asked.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sheaf_app::Environment;
use sheaf_app::desk::{Desk, Event, FileQuestion, FolderQuestion, Native, Notice, NotificationState, SaveQuestion};
use sheaf_app::wire::ErrorReport;
use sheaf_registry::Result;

use crate::fixture::{Lab, environment};

/// What a test prepares and looks at.
#[derive(Default)]
pub(crate) struct Desktop {
    /// Answers to questions for a file, in order; then the dialog is closed.
    pub(crate) files: Mutex<VecDeque<PathBuf>>,
    /// Answers to questions for a folder.
    pub(crate) folders: Mutex<VecDeque<PathBuf>>,
    /// Answers to questions where to save.
    pub(crate) saves: Mutex<VecDeque<PathBuf>>,
    /// Everything that was done, as a word and what it was done with.
    pub(crate) done: Mutex<Vec<(String, String)>>,
    /// Notifications that were shown.
    pub(crate) notices: Mutex<Vec<Notice>>,
    /// Notifications stand until somebody puts them away.
    pub(crate) notices_stand: AtomicBool,
    /// The window has the focus.
    pub(crate) focus: AtomicBool,
    /// There is no notification daemon.
    pub(crate) silent: AtomicBool,
}

impl Desktop {
    fn note(&self, what: &str, about: impl Into<String>) {
        self.done.lock().expect("unpoisoned").push((what.to_owned(), about.into()));
    }

    fn next(queue: &Mutex<VecDeque<PathBuf>>) -> Option<PathBuf> {
        queue.lock().expect("unpoisoned").pop_front()
    }

    /// The next question for a file is answered with this.
    pub(crate) fn will_choose_file(&self, path: &Path) {
        self.files.lock().expect("unpoisoned").push_back(path.to_owned());
    }

    /// The next question for a folder is answered with this.
    pub(crate) fn will_choose_folder(&self, path: &Path) {
        self.folders.lock().expect("unpoisoned").push_back(path.to_owned());
    }

    /// The next question where to save is answered with this.
    pub(crate) fn will_save(&self, path: &Path) {
        self.saves.lock().expect("unpoisoned").push_back(path.to_owned());
    }

    /// With what each thing of this name was done.
    pub(crate) fn did(&self, what: &str) -> Vec<String> {
        let done = self.done.lock().expect("unpoisoned");
        done.iter().filter(|(word, _)| word == what).map(|(_, about)| about.clone()).collect()
    }
}

struct Hands(Arc<Desktop>);

impl Native for Hands {
    fn choose_file(&self, question: &FileQuestion) -> Option<PathBuf> {
        self.0.note("choose_file", &question.title);
        Desktop::next(&self.0.files)
    }

    fn choose_folder(&self, question: &FolderQuestion) -> Option<PathBuf> {
        self.0.note("choose_folder", &question.title);
        Desktop::next(&self.0.folders)
    }

    fn choose_save(&self, question: &SaveQuestion) -> Option<PathBuf> {
        self.0.note("choose_save", &question.file_name);
        Desktop::next(&self.0.saves)
    }

    fn show_in_folder(&self, file: &Path) -> Result<()> {
        self.0.note("show_in_folder", file.to_string_lossy());
        Ok(())
    }

    fn open_folder(&self, folder: &Path) -> Result<()> {
        self.0.note("open_folder", folder.to_string_lossy());
        Ok(())
    }

    fn copy(&self, text: &str) -> Result<()> {
        self.0.note("copy", text);
        Ok(())
    }

    fn trash(&self, file: &Path) -> Result<()> {
        self.0.note("trash", file.to_string_lossy());
        std::fs::remove_file(file).expect("it is there");
        Ok(())
    }

    fn notify(&self, notice: &Notice) -> Result<()> {
        self.0.notices.lock().expect("unpoisoned").push(notice.clone());
        Ok(())
    }

    fn has_notice(&self) -> bool {
        self.0.notices_stand.load(Ordering::Relaxed) && !self.0.notices.lock().expect("unpoisoned").is_empty()
    }

    fn notifications(&self) -> NotificationState {
        NotificationState { available: !self.0.silent.load(Ordering::Relaxed), about: "A daemon of this test.".to_owned() }
    }

    fn has_focus(&self) -> bool {
        self.0.focus.load(Ordering::Relaxed)
    }

    fn working(&self, share: Option<f64>, awake: Option<&'static str>) {
        self.0.note("working", format!("{share:?} {awake:?}"));
    }

    fn hide(&self) {
        self.0.note("hide", "");
    }

    fn exit(&self) {
        self.0.note("exit", "");
    }

    fn language(&self) -> String {
        "it".to_owned()
    }
}

/// A window without pixels: a desk on the home of a lab, a desktop, and what the page was told.
pub(crate) struct Bench {
    pub(crate) desk: Desk,
    pub(crate) desktop: Arc<Desktop>,
    pub(crate) told: Arc<Mutex<Vec<Event>>>,
    pub(crate) lab: Lab,
}

impl Bench {
    /// A desk on a new lab.
    pub(crate) fn new() -> Bench {
        Self::on(Lab::new())
    }

    /// A desk on a lab; also the second one on the same lab, after the first was closed.
    pub(crate) fn on(lab: Lab) -> Bench {
        let desktop = Arc::new(Desktop::default());
        let hands = Box::new(Hands(Arc::clone(&desktop)));
        let desk = Desk::open(Some(&lab.home()), Self::environment(&lab), hands).expect("a usable home");
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&told);
        desk.hub().listen(Arc::new(move |event| sink.lock().expect("unpoisoned").push(event.clone())));
        Bench { desk, desktop, told, lab }
    }

    /// The user's documents are in the folder `documents` of the lab.
    fn environment(lab: &Lab) -> Environment {
        let documents = lab.root().join("documents");
        std::fs::create_dir_all(&documents).expect("writable");
        Environment { folders: vec![documents], ..environment() }
    }

    /// Closes the window and opens it again on the same home.
    pub(crate) fn again(self) -> Bench {
        let Bench { desk, lab, .. } = self;
        drop(desk);
        Self::on(lab)
    }

    /// Runs a command. Those that need the revision of the choosing get the one of now, as from a page that shows it.
    pub(crate) fn ask(&self, command: &str, mut input: Value) -> Result<Value, ErrorReport> {
        if ["plan_export", "preview", "create_export"].contains(&command) && input.get("revision").is_none() {
            let shown = self.desk.dispatch("browse", json!({}));
            input["revision"] = shown.map_or(json!(0), |state| state["revision"].clone());
        }
        self.desk.dispatch(command, input)
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub(crate) fn get(&self, command: &str, input: Value) -> Value {
        self.ask(command, input).unwrap_or_else(|error| panic!("{command}: {error:?}"))
    }

    /// Runs a command without input that must succeed.
    #[track_caller]
    pub(crate) fn just(&self, command: &str) -> Value {
        self.get(command, json!({}))
    }

    /// Runs a command that must be refused; the code.
    #[track_caller]
    pub(crate) fn refused(&self, command: &str, input: Value) -> String {
        self.ask(command, input).expect_err(command).code
    }

    /// Opens a registry as a person does, through the dialog.
    #[track_caller]
    pub(crate) fn open(&self, registry: &Path) -> Value {
        self.desktop.will_choose_file(registry);
        self.just("open_registry")
    }
}
