//! Which patients and contents are meant, from words, a pasted list or a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sheaf_registry::selection::{FolderRef, KindChoice, Selection, TagMode};
use sheaf_registry::text::{quoted, read_path};
use sheaf_registry::{Code, Error, Result};

use crate::args::{SaidKind, SaidSelection, SaidTagMode};
use crate::selection_file;

/// A list or a selection larger than this is not one.
const LONGEST_INPUT: u64 = 64 << 20;

pub(super) fn selection_of(said: SaidSelection, stdin: &mut dyn Read) -> Result<Selection> {
    if let Some(file) = said.selection {
        let text = read_text(&file, stdin, "selection")?;
        return selection_file::read(text.trim_start_matches('\u{feff}'), &shown(&file));
    }
    let has_list = said.patients_from.is_some();
    let patients_from = match said.patients_from {
        Some(file) => lines(&read_text(&file, stdin, "list of patients")?),
        None => Vec::new(),
    };
    let selection = Selection {
        all: said.all,
        folder: said.folder.iter().map(|path| folder(path)).collect::<Result<_>>()?,
        folder_id: said.folder_id,
        patient: said.patient,
        patients_from,
        tag: said.tag,
        tag_mode: match said.tag_mode {
            None | Some(SaidTagMode::Any) => TagMode::Any,
            Some(SaidTagMode::All) => TagMode::All,
            Some(SaidTagMode::None) => TagMode::None,
        },
        modality: said.modality,
        all_modalities: said.all_modalities,
        kind: said.kind.map(|kind| match kind {
            SaidKind::Processed => KindChoice::Processed,
            SaidKind::Raw => KindChoice::Raw,
            SaidKind::Both => KindChoice::Both,
        }),
    };
    if has_list && !selection.says_patients() {
        return Err(empty_list());
    }
    Ok(selection)
}

/// An empty list means nobody, never everyone, also where nothing said means everyone.
pub(crate) fn empty_list() -> Error {
    Error::new(Code::EmptySelection, "The list of patients is empty.").hint("Write one id on each line of the list.")
}

/// An input as messages call it.
fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { format!("`{}`", path.display()) }
}

/// `Clinic A/2025`, names from the root down; `\/` is a slash inside a name.
pub(super) fn folder(path: &str) -> Result<FolderRef> {
    let names = read_path(path).ok_or_else(|| {
        Error::new(Code::Usage, format!("The folder {} has a part without a name.", quoted(path)))
            .hint("Write names from the root down, such as \"Clinic A/2025\"; a slash inside a name is \\/.")
    })?;
    Ok(FolderRef { id: None, path: Some(names) })
}

/// One id a line: a byte order mark, blank lines and Windows line ends say nothing.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.trim_start_matches('\u{feff}')
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn read_text(path: &Path, stdin: &mut dyn Read, what: &str) -> Result<String> {
    let shown = shown(path);
    let refuse = |why: &str| Error::new(Code::Usage, format!("The {what} {shown} {why}."));
    let mut bytes = Vec::new();
    let mut file;
    let source: &mut dyn Read = if path == Path::new("-") {
        stdin
    } else {
        file = File::open(path).map_err(|error| refuse(&format!("cannot be opened: {error}")).cause(error))?;
        &mut file
    };
    source
        .take(LONGEST_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refuse(&format!("cannot be read: {error}")).cause(error))?;
    if bytes.len() as u64 > LONGEST_INPUT {
        return Err(refuse("is larger than 64 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| refuse("is not text in UTF-8").hint("Save it as UTF-8 and try again."))
}
