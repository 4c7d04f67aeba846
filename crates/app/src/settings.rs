//! `settings.toml` under the home: limits and quotas.
//!
//! What is deliberately absent: rules. What a limit means is in [`crate::limits`].

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use sheaf_registry::{Code, Error, Result};

/// File name under the home.
pub const FILE_NAME: &str = "settings.toml";

/// The settings. All keys are optional; without the file every one has its default. An unknown key or a bad value is
/// refused with its line, so that a typing error never means "unlimited".
///
/// ```toml
/// max_bytes_per_export = "500 GB"     # bytes of the files in one export; default: unlimited
/// max_patients_per_export = 1000      # patients in one export; default: unlimited
/// max_studies_per_export = 100000     # studies in one table; default: unlimited
/// max_kept_bytes_per_user = "2 TB"    # archives of one user that are still where they were published; default: unlimited
/// free_space_reserve = "1 GiB"        # stays free at the destination; default: 1 GiB
/// concurrent_jobs = 1                 # exports that run at once, over all processes of this home: 1 to 64; default: 1
/// ```
///
/// A size is a number of bytes, or text such as `"10 GB"` (decimal: kB, MB, GB, TB) or `"10 GiB"` (binary: KiB, MiB, GiB,
/// TiB), also with a fraction (`"1.5 TB"`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Most bytes of files in one export; `None` is unlimited.
    #[serde(deserialize_with = "optional_size")]
    pub max_bytes_per_export: Option<u64>,
    /// Most patients in one export; `None` is unlimited.
    pub max_patients_per_export: Option<u64>,
    /// Most studies in one table; `None` is unlimited.
    pub max_studies_per_export: Option<u64>,
    /// Most bytes of one user's archives that are still where they were published; `None` is unlimited.
    #[serde(deserialize_with = "optional_size")]
    pub max_kept_bytes_per_user: Option<u64>,
    /// Bytes that stay free at the destination.
    #[serde(deserialize_with = "size")]
    pub free_space_reserve: u64,
    /// Exports that run at once, over all processes of one home: 1 to 64.
    #[serde(deserialize_with = "jobs")]
    pub concurrent_jobs: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_bytes_per_export: None,
            max_patients_per_export: None,
            max_studies_per_export: None,
            max_kept_bytes_per_user: None,
            free_space_reserve: 1 << 30,
            concurrent_jobs: 1,
        }
    }
}

impl Settings {
    /// Reads the file; the defaults where there is none. `SETTINGS_INVALID` names the key and the line.
    pub fn read(path: &Path) -> Result<Settings> {
        match std::fs::read_to_string(path) {
            // Who only knows the window has never seen where the file is.
            Ok(text) => Self::parse(&text).map_err(|error| error.hint(correct(&path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::new(
                Code::SettingsInvalid,
                format!("The settings file {} cannot be read: {error}.", path.display()),
            )
            .hint("Make it readable, or remove it to go on with the defaults.")
            .cause(error)),
        }
    }

    /// Changes the file: each key to what a person wrote, an empty one to its default; comments and the order of the lines
    /// stay. Nothing is written unless all of it is understood. `SETTINGS_INVALID` names the key.
    pub(crate) fn change(path: &Path, said: &[(&str, &String)], concurrent_jobs: u32) -> Result<Settings> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(Error::new(
                    Code::SettingsInvalid,
                    format!("The settings file {} cannot be read: {error}.", path.display()),
                )
                .hint("Make it readable, or remove it to begin with the defaults.")
                .cause(error));
            }
        };
        let mut document: toml_edit::DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            let reason = error.message().trim_end_matches('.').replace('\n', " ");
            Error::new(Code::SettingsInvalid, format!("The settings file cannot be understood: {reason}."))
                .hint(format!("Correct {} by hand; it was not changed.", path.display()))
        })?;
        let refused = |key: &str, reason: String| {
            Error::new(Code::SettingsInvalid, format!("`{key}`: {reason}.")).hint("Correct it; nothing was changed.")
        };
        for (key, said) in said {
            let said = said.trim();
            if said.is_empty() {
                document.remove(key);
                continue;
            }
            let counted = match *key {
                "max_patients_per_export" => Some("patients"),
                "max_studies_per_export" => Some("studies"),
                _ => None,
            };
            let value = if let Some(what) = counted {
                let number: i64 = said.parse().map_err(|_| refused(key, format!("`{said}` is no number of {what}")))?;
                toml_edit::Value::from(number)
            } else {
                let bytes = parse_size(said).map_err(|reason| refused(key, reason))?;
                // Plain bytes are a number in the file, as people write them.
                match said.parse::<u64>().ok().and_then(|_| i64::try_from(bytes).ok()) {
                    Some(bytes) => toml_edit::Value::from(bytes),
                    None => toml_edit::Value::from(said),
                }
            };
            set(&mut document, key, value);
        }
        set(&mut document, "concurrent_jobs", i64::from(concurrent_jobs).into());
        let text = document.to_string();
        let settings = Self::parse(&text).map_err(|error| error.hint("Correct it; nothing was changed."))?;
        crate::platform::write_whole(path, text.as_bytes()).map_err(|error| {
            Error::new(Code::HomeUnusable, format!("The settings file {} cannot be written: {error}.", path.display()))
                .hint("Free space, or make the folder writable.")
                .cause(error)
        })?;
        Ok(settings)
    }

    /// Understands the text of a settings file.
    pub fn parse(text: &str) -> Result<Settings> {
        toml::from_str(text).map_err(|error| {
            let reason = error.message().trim_end_matches('.').replace('\n', " ");
            let message = match error.span() {
                Some(span) => {
                    let start = span.start.min(text.len());
                    let before = text.get(..start).unwrap_or(text);
                    let line = before.matches('\n').count() + 1;
                    let key = text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
                    match key {
                        Some(key) => format!("Line {line} of the settings, key `{key}`: {reason}."),
                        None => format!("Line {line} of the settings: {reason}."),
                    }
                }
                None => format!("The settings cannot be understood: {reason}."),
            };
            Error::new(Code::SettingsInvalid, message).hint(correct(&FILE_NAME))
        })
    }
}

/// The next step where a line is not understood.
fn correct(file: &dyn fmt::Display) -> String {
    format!("Correct or remove that line in {file}; docs/settings.md lists every key.")
}

/// Gives a key another value; what was written beside it stays.
fn set(document: &mut toml_edit::DocumentMut, key: &str, mut value: toml_edit::Value) {
    if let Some(before) = document.get(key).and_then(toml_edit::Item::as_value) {
        *value.decor_mut() = before.decor().clone();
    }
    document[key] = toml_edit::Item::Value(value);
}

/// Understands `"10 GB"`, `"1.5 TiB"` or plain digits as bytes; a fraction of a byte is dropped. The error is a sentence.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let bad = || format!("`{text}` is no size; write bytes, or a number with kB, MB, GB, TB, KiB, MiB, GiB or TiB");
    let trimmed = text.trim();
    let split = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(split);
    let unit: u128 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(bad()),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || whole.len() > 20 || fraction.len() > 15 || (number.contains('.') && fraction.is_empty()) {
        return Err(bad());
    }
    let digits: u128 = format!("{whole}{fraction}").parse().map_err(|_| bad())?;
    let divisor = (0..fraction.len()).fold(1_u128, |divisor, _| divisor * 10);
    digits.checked_mul(unit).and_then(|bytes| u64::try_from(bytes / divisor).ok()).ok_or_else(bad)
}

struct SizeVisitor;

impl Visitor<'_> for SizeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size such as 1000000 or \"10 GB\"")
    }

    fn visit_i64<E: serde::de::Error>(self, bytes: i64) -> Result<u64, E> {
        u64::try_from(bytes).map_err(|_| E::custom("a size cannot be negative"))
    }

    fn visit_u64<E: serde::de::Error>(self, bytes: u64) -> Result<u64, E> {
        Ok(bytes)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
        parse_size(text).map_err(E::custom)
    }
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(SizeVisitor)
}

fn optional_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    size(deserializer).map(Some)
}

fn jobs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    match usize::deserialize(deserializer)? {
        jobs @ 1..=64 => Ok(jobs),
        jobs => Err(serde::de::Error::custom(format!("{jobs} is out of range; 1 to 64 exports can run at once"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_what_people_wrote_around_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(FILE_NAME);
        let before = "# ours\nmax_bytes_per_export = \"1 GB\" # for now\n\nfree_space_reserve = 0\n";
        std::fs::write(&path, before).expect("writable");
        let text = |text: &str| text.to_owned();
        let (bytes, patients, reserve) = (text(" 500 GB "), text("7"), text(""));
        let said =
            [("max_bytes_per_export", &bytes), ("max_patients_per_export", &patients), ("free_space_reserve", &reserve)];
        let settings = Settings::change(&path, &said, 2).expect("understood");
        assert_eq!(settings, Settings::read(&path).expect("readable"), "what is answered is what is kept");
        assert_eq!(
            (settings.max_patients_per_export, settings.free_space_reserve),
            (Some(7), 1 << 30),
            "empty: the default"
        );
        let after =
            "# ours\nmax_bytes_per_export = \"500 GB\" # for now\nmax_patients_per_export = 7\nconcurrent_jobs = 2\n";
        let now = std::fs::read_to_string(&path).expect("text");
        assert_eq!(now, after, "comments stay");
        for (key, bad) in [
            ("max_bytes_per_export", "lots"),
            ("max_patients_per_export", "-1"),
            ("max_studies_per_export", "1 GB"),
            ("free_space_reserve", "1 PB"),
        ] {
            let bad = text(bad);
            let error = Settings::change(&path, &[(key, &bad)], 2).expect_err("must be refused");
            assert_eq!(error.code(), Code::SettingsInvalid, "{error}");
            assert!(error.message().contains(key), "{error} names the key");
        }
        for jobs in [0, 65] {
            let error = Settings::change(&path, &[], jobs).expect_err("must be refused");
            assert!(error.message().contains("1 to 64"), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("text"), now, "a refusal changes nothing");
        std::fs::write(&path, "max_bytes = [").expect("writable");
        assert!(Settings::change(&path, &[], 1).is_err(), "a file that is not understood is not overwritten");
        let error = Settings::read(&path).expect_err("not understood");
        assert!(error.next_step().contains(&*path.to_string_lossy()), "{} says where it is", error.next_step());
    }

    #[test]
    fn without_a_file_there_are_the_defaults() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings::read(&dir.path().join(FILE_NAME)).expect("no file is no error");
        assert_eq!(settings, Settings::default(), "nothing said");
        assert_eq!(settings.free_space_reserve, 1_073_741_824, "1 GiB stays free");
        assert_eq!((settings.concurrent_jobs, settings.max_bytes_per_export), (1, None), "one at a time, unlimited");
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let settings = Settings::parse(
            "max_bytes_per_export = \"10 GB\"\nmax_kept_bytes_per_user = 5\nfree_space_reserve = \"1.5 KiB\"\n\
             max_patients_per_export = 3\nconcurrent_jobs = 64",
        )
        .expect("all of it is right");
        assert_eq!(settings.max_bytes_per_export, Some(10_000_000_000), "decimal");
        assert_eq!(settings.max_kept_bytes_per_user, Some(5), "plain bytes");
        assert_eq!(settings.free_space_reserve, 1536, "binary with a fraction");
        assert_eq!((settings.max_patients_per_export, settings.concurrent_jobs), (Some(3), 64), "numbers");
        for (text, bytes) in [("7", 7), ("7B", 7), (" 2 tb ", 2_000_000_000_000), ("0.5MB", 500_000), ("3GiB", 3 << 30)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GB", "-1", "1 PB", "1.", ".5 GB", "1.2.3", "99999999999999999999 TB", "1e3", "1 GB x"] {
            assert!(parse_size(text).is_err(), "{text:?} is no size");
        }
    }

    #[test]
    fn a_bad_line_is_refused_with_its_key_and_number() {
        for (text, line, key, reason) in [
            ("\n# why\nmax_bytes = 1", 3, "max_bytes", "unknown field"),
            ("concurrent_jobs = 0", 1, "concurrent_jobs", "1 to 64"),
            ("concurrent_jobs = 1\nfree_space_reserve = \"lots\"", 2, "free_space_reserve", "`lots` is no size"),
            ("free_space_reserve = -1", 1, "free_space_reserve", "negative"),
            ("max_patients_per_export = \"all\"", 1, "max_patients_per_export", "invalid type"),
            ("max_bytes_per_export = true", 1, "max_bytes_per_export", "a size such as"),
            ("concurrent_jobs = ", 1, "concurrent_jobs", ""),
        ] {
            let error = Settings::parse(text).expect_err("must be refused");
            assert_eq!(error.code(), Code::SettingsInvalid, "{text}");
            let message = error.message();
            for part in [format!("Line {line} "), format!("`{key}`"), reason.to_owned()] {
                assert!(message.contains(&part), "{message:?} must say {part:?}");
            }
            assert!(!error.next_step().is_empty(), "there is a next step");
        }
        let error = Settings::parse("nonsense\n").expect_err("must be refused");
        assert!(error.message().contains("Line 1"), "{error} names the line also without a key");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_no_reason_for_no_limits() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let error = Settings::read(dir.path()).expect_err("a folder cannot be read");
        assert_eq!(error.code(), Code::SettingsInvalid, "limits are never dropped silently");
    }
}
