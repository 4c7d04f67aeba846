//! What a window counts is what an export takes: the interactive index agrees with the rows, for every user.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use sheaf_registry::Viewer;
use sheaf_registry::index::{Contents, Index, View};
use sheaf_registry::resolve::Resolved;
use sheaf_registry::selection::{KindChoice, Selection};

use super::fixture::Made;
use super::{Synced, owner, sync, user};
use crate::samples::Sample;

fn agree(synced: &Synced, source: &str) {
    let registry = synced.registry();
    let mut viewers: Vec<Viewer> = vec![owner(&registry)];
    viewers.extend(registry.users().expect("users").iter().map(|known| user(&registry, &known.name)));
    let cache = tempfile::tempdir().expect("a folder");
    for viewer in &viewers {
        for project in registry.projects(viewer).expect("projects") {
            let (id, slug) = (project.project.id, &project.project.slug);
            let who = format!("{source}: {} in {slug}", viewer.name());
            let load = |cache: Option<&Path>| Index::load(&registry, viewer, id, cache).expect("an index");
            // From the file, and from what was kept of it.
            let looks = [load(None), load(Some(cache.path())), load(Some(cache.path()))];
            let mut counts = BTreeSet::new();
            for index in looks {
                let mut view = View::for_viewer(Arc::new(index), viewer).expect("a view");
                view.set_contents(Contents { modalities: None, kind: KindChoice::Both });
                view.check_matching(true);
                let ids = view.selected_ids();
                assert_eq!(ids.len() as u64, project.patients, "{who}: all that are seen can be checked");
                let estimate = view.estimate();
                counts.insert((estimate.selected, estimate.files, estimate.bytes));
            }
            assert_eq!(counts.len(), 1, "{who}: {counts:?}");
            let all = Selection { all: true, all_modalities: true, kind: Some(KindChoice::Both), ..Selection::default() };
            let resolved = Resolved::new(&registry, viewer, slug, &all).expect("rows").into_parts();
            let bytes = resolved.files.iter().filter_map(|file| file.registered_bytes).sum();
            let taken = (resolved.patients.len() as u64, resolved.files.len() as u64, bytes);
            assert_eq!(counts.into_iter().next(), Some(taken), "{who}: patients, files and bytes");
        }
    }
}

#[test]
fn of_the_small_databases() {
    for made in Made::ALL {
        let (_dir, path) = made.database("");
        agree(&sync(&path), &format!("{made:?}"));
    }
}

#[test]
fn of_the_samples() {
    for sample in ["toothfairy_2026_01", "yggdrasil_2026_07"] {
        let Some(unpacked) = Sample::unpack(sample) else { continue };
        agree(&sync(&unpacked.dump()), sample);
    }
}
