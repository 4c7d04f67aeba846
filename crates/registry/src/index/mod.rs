//! The interactive index: what makes the tree, the counts and the estimate answer in less than a millisecond.
//!
//! [`Index`] is the immutable structure of one project. Each *placement* (a patient in a folder) has a dense ordinal in
//! depth-first order, so a folder is an interval of ordinals and a set of patients is a bitmap. A set is always *closed*: it
//! holds all placements of a patient or none. [`View`] is what one person looks at: the patients that they may read, a filter,
//! the choice of contents, the open folders and the selection; every number that it gives counts distinct patients.
//!
//! A registry's index comes from [`Index::load`], with the rights of a viewer, and is looked at through [`View::for_viewer`].
//! From plain rows, as tests have them:
//!
//! ```
//! use std::sync::Arc;
//! use sheaf_registry::index::{Access, Filter, Index, IndexInput, View};
//!
//! let index = Index::new(IndexInput::default())?;
//! let mut view = View::new(Arc::new(index), |_| Access::Export);
//! view.set_filter(Filter { text: "2025".into(), ..Filter::default() });
//! view.check_matching(true);
//! assert_eq!(view.rows(0, 60).total, 0);
//! assert_eq!(view.estimate().bytes, 0);
//! # Ok::<(), sheaf_registry::Error>(())
//! ```
//!
//! Deliberately absent: paths and hashes of files, record numbers, studies (SQL serves detail rows), positions that outlive
//! the index (a selection leaves as row ids), and undo (a snapshot is [`View::selected_ids`]).

mod build;
mod cache;
mod content;
mod find;
mod forest;
mod input;
mod load;
mod natural_key;
mod numbers;
mod ranked;
mod selecting;
mod structure;
mod text_column;
mod tree;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use natural_key::{natural_key, natural_order};
pub(crate) use text_column::TextColumn;

pub use content::PatientContent;
pub use input::{IndexInput, InputFolder, InputPatient};
pub use numbers::{
    Completeness, CompletenessRow, ContentFacet, Estimate, Facets, LackingCount, ModalityChoice, ModalityTotal, TagChoice,
    TagFacet,
};
pub use selecting::{MatchedIds, Selected, Target};
pub use structure::Index;
pub use tree::{Check, FolderItem, Item, PatientItem, Row, Window};
pub use view::{Access, Contents, Counts, Filter, Scope, View};
