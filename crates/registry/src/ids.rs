//! One newtype per id, so that a wrong id is a compile error.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id! {
    /// Row id of a project in one registry.
    ProjectId,
    /// Row id of a folder in one registry.
    FolderId,
    /// Stable row id of a patient in one registry. Never what a user types: that is [`crate::rows::Patient::patient_id`].
    PatientId,
    /// Row id of a tag in one registry.
    TagId,
    /// Row id of a modality in one registry.
    ModalityId,
    /// Row id of one file in one registry.
    FileId,
    /// Row id of a data root in one registry.
    RootId,
    /// Row id of a user in one registry.
    UserId,
}
