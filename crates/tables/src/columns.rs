//! Which columns, in which order.

use sheaf_registry::error::Detail;
use sheaf_registry::studies::StudyField;
use sheaf_registry::text::{near_matches, quoted};
use sheaf_registry::{Code, Error, Result};

/// The columns of a table: at least one, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<StudyField>);

impl Columns {
    /// The 14 of the list.
    pub const LIST: [StudyField; 14] = [
        StudyField::ExamId,
        StudyField::MedicalRecordNo,
        StudyField::PatientName,
        StudyField::PatientGender,
        StudyField::PatientAge,
        StudyField::ExamStatus,
        StudyField::ExamSource,
        StudyField::ExamDescription,
        StudyField::ExamRoom,
        StudyField::ExamEquipment,
        StudyField::OrderDatetime,
        StudyField::CheckInDatetime,
        StudyField::ReportCertificationDatetime,
        StudyField::CertifiedPhysician,
    ];

    /// The list.
    pub fn list() -> Self {
        Self(Self::LIST.to_vec())
    }

    /// All 18.
    pub fn full() -> Self {
        Self(StudyField::ALL.to_vec())
    }

    /// These fields, in this order.
    ///
    /// # Errors
    /// `USAGE` for no field, or for one that is named twice.
    pub fn of(fields: impl IntoIterator<Item = StudyField>) -> Result<Self> {
        let fields: Vec<StudyField> = fields.into_iter().collect();
        if fields.is_empty() {
            return Err(Error::new(Code::Usage, "A table needs at least one column.").hint(hint()));
        }
        for (at, field) in fields.iter().enumerate() {
            if fields[..at].contains(field) {
                return Err(Error::new(Code::Usage, format!("The column {field} is named twice.")).hint("Name it once."));
            }
        }
        Ok(Self(fields))
    }

    /// `list`, `full`, or names of fields with commas between them.
    ///
    /// # Errors
    /// `USAGE` with near matches for a name that is none.
    pub fn named(said: &str) -> Result<Self> {
        match said.trim() {
            "list" => return Ok(Self::list()),
            "full" => return Ok(Self::full()),
            _ => {}
        }
        let field = |name: &str| {
            let name = name.trim();
            StudyField::named(name).ok_or_else(|| {
                let near = near_matches(name, StudyField::ALL.iter().map(|field| field.name()));
                let next = match near.first() {
                    Some(near) => format!("Did you mean {}?", quoted(near)),
                    None => hint(),
                };
                let message = format!("There is no column {}.", quoted(name));
                Error::new(Code::Usage, message).hint(next).details(near.into_iter().map(Detail::Text))
            })
        };
        Self::of(said.split(',').map(field).collect::<Result<Vec<_>>>()?)
    }

    /// The fields, in their order.
    pub fn fields(&self) -> &[StudyField] {
        &self.0
    }
}

fn hint() -> String {
    let names: Vec<&str> = StudyField::ALL.iter().map(|field| field.name()).collect();
    format!("Name `list`, `full`, or some of {}.", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_have_the_columns_of_the_original() {
        assert_eq!(Columns::named("list").expect("a preset").fields().len(), 14, "the list");
        assert_eq!(Columns::named("full").expect("a preset").fields().len(), 18, "all of it");
        let custom = Columns::named("patient_age, exam_id").expect("two columns");
        assert_eq!(custom.fields(), [StudyField::PatientAge, StudyField::ExamId], "in the order as chosen");
    }

    #[test]
    fn a_column_that_is_none_is_told_with_what_is_near() {
        for (said, hint) in [
            ("exam_idd", "Did you mean \"exam_id\"?"),
            ("", "Name `list`"),
            ("exam_id,", "Name `list`"),
            ("exam_id,exam_id", "Name it once."),
        ] {
            let error = Columns::named(said).expect_err("no such columns");
            assert_eq!(error.code(), Code::Usage, "{said}");
            assert!(error.next_step().starts_with(hint), "{said}: {}", error.next_step());
        }
    }
}
