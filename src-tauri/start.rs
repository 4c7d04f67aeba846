//! What happens before there is a window: the words on the command line, and how WebKit shall draw.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sheaf_app::credentials::Server;
use sheaf_app::desk::settings::{Appearance, Preferences, Rendering};

/// What `--help` says.
const HELP: &str = "\
Sheaf's window: from a registry of patients' images to a ZIP that can be proved complete.

Usage: sheaf-desktop [REGISTRY]

Arguments:
  [REGISTRY]  A registry to open, or the URL of a database server; without it, the one that was open last

Options:
  -h, --help     Print help
  -V, --version  Print version

Environment:
  SHEAF_HOME     Folder of the history, cohorts and settings, in place of the account's own

A second start shows the window of the first. Without a display use the program `sheaf`.
";

/// Variable by which WebKitGTK leaves out its renderer that needs a working graphics driver.
#[cfg(target_os = "linux")]
const COMPATIBLE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// What was said on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Open the window, on this registry if there is one.
    Open(Option<PathBuf>),
    /// Print this and end.
    Print(String),
    /// Print this as an error and end.
    Refuse(String),
}

/// Understands the words after the program's name. A path is relative to `folder`.
pub(crate) fn understand(words: impl IntoIterator<Item = OsString>, folder: &Path) -> Said {
    let mut registry = None;
    let mut only_paths = false;
    for word in words {
        match word.to_str() {
            Some("--") if !only_paths => only_paths = true,
            Some("-h" | "--help") if !only_paths => return Said::Print(HELP.to_owned()),
            Some("-V" | "--version") if !only_paths => {
                return Said::Print(format!("sheaf-desktop {}\n", env!("CARGO_PKG_VERSION")));
            }
            Some(option) if !only_paths && option.starts_with('-') && option.len() > 1 => {
                return Said::Refuse(format!("{option} is no option of sheaf-desktop; see sheaf-desktop --help."));
            }
            _ if registry.is_some() => {
                return Said::Refuse("One registry can be opened; see sheaf-desktop --help.".to_owned());
            }
            Some(url) if Server::is_url(url) => registry = Some(word.into()),
            _ => registry = Some(folder.join(word)),
        }
    }
    Said::Open(registry)
}

/// Whether there is a display to open a window on.
#[cfg(target_os = "linux")]
pub(crate) fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The home that the environment names; none is the account's own.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::var_os("SHEAF_HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// Starts this program anew, once, with WebKit's compatible rendering where drivers are known to leave windows blank. Setting a
/// variable of a running process is not safe, so it is a new start; it takes a few milliseconds.
#[cfg(target_os = "linux")]
pub(crate) fn choose_rendering(preferences: &Preferences) {
    use std::os::unix::process::CommandExt as _;
    if std::env::var_os(COMPATIBLE).is_some() || !is_compatible_wanted(preferences.rendering, Path::new("/")) {
        return;
    }
    let mut words = std::env::args_os();
    let Ok(program) = std::env::current_exe() else { return };
    let mut command = std::process::Command::new(program);
    if let Some(name) = words.next() {
        command.arg0(name);
    }
    // Returns only if it failed; then the window opens as it is, which is better than none.
    let error = command.args(words).env(COMPATIBLE, "1").exec();
    tracing::warn!(%error, "the program could not be started anew for compatible rendering");
}

/// Whether WebKit shall draw without the graphics driver. `root` is the root of the file system.
#[cfg(target_os = "linux")]
fn is_compatible_wanted(rendering: Rendering, root: &Path) -> bool {
    match rendering {
        Rendering::Compatible => true,
        Rendering::Accelerated => false,
        Rendering::Automatic => {
            let has_render_node = std::fs::read_dir(root.join("dev/dri")).is_ok_and(|entries| {
                entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
            });
            !has_render_node || root.join("sys/module/nvidia").exists()
        }
    }
}

/// Colour of the window until the page is painted: the page's own, so that nothing flashes.
pub(crate) fn background(appearance: Appearance, is_desktop_dark: bool) -> tauri::webview::Color {
    match appearance {
        Appearance::Dark => DARK,
        Appearance::System if is_desktop_dark => DARK,
        Appearance::Light | Appearance::System => LIGHT,
    }
}

// `--surface` of ui/src/theme/global.css.
const LIGHT: tauri::webview::Color = tauri::webview::Color(0xff, 0xff, 0xff, 0xff);
const DARK: tauri::webview::Color = tauri::webview::Color(0x16, 0x18, 0x1c, 0xff);

/// The language of the desktop by its variables, such as `it` or `en-GB`; empty where they say nothing.
pub(crate) fn language(variable: impl Fn(&str) -> Option<String>) -> String {
    let said = |name: &str| variable(name).filter(|value| !value.is_empty());
    let locale = said("LC_ALL").or_else(|| said("LC_MESSAGES")).or_else(|| said("LANG"));
    // LANGUAGE is a list of preference. It counts only where there is a locale at all, as in gettext.
    let is_plain = |locale: &str| matches!(locale.split(['.', '@']).next(), None | Some("" | "C" | "POSIX"));
    let first = match locale {
        Some(locale) if is_plain(&locale) => return String::new(),
        Some(locale) => said("LANGUAGE").and_then(|list| list.split(':').next().map(str::to_owned)).unwrap_or(locale),
        None => return String::new(),
    };
    let name = first.split(['.', '@']).next().unwrap_or_default();
    if is_plain(name) { String::new() } else { name.replace('_', "-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Said {
        understand(words.iter().map(OsString::from), Path::new("/here"))
    }

    #[test]
    fn the_command_line_names_at_most_one_registry() {
        assert_eq!(said(&[]), Said::Open(None), "nothing said");
        assert_eq!(said(&["a.sqlite"]), Said::Open(Some("/here/a.sqlite".into())), "relative to where it was said");
        let url = "mysql://lab@db.example.org/registry";
        assert_eq!(said(&[url]), Said::Open(Some(url.into())), "a server is no path");
        assert_eq!(said(&["/b"]), Said::Open(Some("/b".into())), "absolute as it is");
        assert_eq!(said(&["--", "-x"]), Said::Open(Some("/here/-x".into())), "a strange name behind --");
        assert!(matches!(said(&["-V"]), Said::Print(text) if text.contains(env!("CARGO_PKG_VERSION"))), "the version");
        assert!(matches!(said(&["--help"]), Said::Print(text) if text.contains("SHEAF_HOME")), "the help");
        for refused in [&["--nonsense"][..], &["a", "b"]] {
            assert!(matches!(said(refused), Said::Refuse(text) if text.contains("--help")), "{refused:?} has a next step");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn rendering_is_compatible_without_a_render_node_with_nvidia_and_on_request() {
        let root = tempfile::tempdir().expect("a temporary folder");
        assert!(is_compatible_wanted(Rendering::Automatic, root.path()), "no device at all");
        std::fs::create_dir_all(root.path().join("dev/dri/by-path")).expect("writable");
        assert!(is_compatible_wanted(Rendering::Automatic, root.path()), "no render node");
        std::fs::write(root.path().join("dev/dri/renderD128"), "").expect("writable");
        assert!(!is_compatible_wanted(Rendering::Automatic, root.path()), "a driver that works");
        assert!(is_compatible_wanted(Rendering::Compatible, root.path()), "the user knows better");
        std::fs::create_dir_all(root.path().join("sys/module/nvidia")).expect("writable");
        assert!(is_compatible_wanted(Rendering::Automatic, root.path()), "NVIDIA's leaves windows blank");
        assert!(!is_compatible_wanted(Rendering::Accelerated, root.path()), "the user knows better");
    }

    #[test]
    fn the_language_is_that_of_messages() {
        let language = |pairs: &[(&str, &str)]| {
            super::language(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(language(&[]), "", "nothing said");
        assert_eq!(language(&[("LANG", "C.UTF-8"), ("LANGUAGE", "it")]), "", "the C locale has no language");
        assert_eq!(language(&[("LANG", "en_GB.UTF-8")]), "en-GB", "as browsers write it");
        assert_eq!(language(&[("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "it_IT.UTF-8")]), "it-IT", "of messages");
        assert_eq!(language(&[("LANG", "en_GB.UTF-8"), ("LC_ALL", "de_DE@euro")]), "de-DE", "LC_ALL wins");
        assert_eq!(language(&[("LANG", "en_GB.UTF-8"), ("LANGUAGE", "it:en")]), "it", "the first of the list");
        assert_eq!(language(&[("LANG", ""), ("LC_ALL", "POSIX")]), "", "no language either");
    }
}
