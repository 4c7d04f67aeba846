//! One study, and its fields by name.

use std::fmt;

use jiff::Timestamp;

use crate::error::{Code, Error, Result};
use crate::registry::unknown;
use crate::text;

/// A row of the study table. Texts are as they stand in the source, empty where it has none. Prints as its `exam_id` alone,
/// since the rest identifies a person.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns of the source, named as there")]
pub struct Study {
    pub exam_id: String,
    pub medical_record_no: String,
    pub application_order_no: String,
    pub patient_name: String,
    pub patient_gender: String,
    pub patient_birth_date: String,
    pub patient_age: Option<i64>,
    pub exam_status: String,
    pub exam_source: String,
    pub exam_item: String,
    pub exam_description: String,
    pub exam_room: String,
    pub exam_equipment: String,
    pub equipment_type: String,
    pub order_datetime: Option<Timestamp>,
    pub check_in_datetime: Option<Timestamp>,
    pub report_certification_datetime: Option<Timestamp>,
    pub certified_physician: String,
}

impl fmt::Debug for Study {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Study").field("exam_id", &self.exam_id).finish_non_exhaustive()
    }
}

/// The value of one field of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyValue<'a> {
    /// Text; empty where the source has none.
    Text(&'a str),
    /// A number.
    Number(Option<i64>),
    /// A time.
    Time(Option<Timestamp>),
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// Mostly another text in every study: kept as text.
    Text,
    /// Few texts in many studies: kept as a dictionary.
    Words,
    /// A number.
    Number,
    /// A time.
    Time,
}

macro_rules! fields {
    ($($(#[$doc:meta])+ $name:ident = $column:ident, $kind:ident;)+) => {
        /// A field of a study, in the order of the full list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum StudyField { $($(#[$doc])+ $name,)+ }

        impl StudyField {
            /// All fields.
            pub const ALL: &'static [StudyField] = &[$(StudyField::$name,)+];

            /// The column's name, as the source, filters and tables have it.
            pub const fn name(self) -> &'static str {
                match self { $(StudyField::$name => stringify!($column),)+ }
            }

            pub(crate) const fn kind(self) -> FieldKind {
                match self { $(StudyField::$name => FieldKind::$kind,)+ }
            }
        }
    };
}

fields! {
    /// Number of the examination, unique.
    ExamId = exam_id, Text;
    /// The hospital's record number of the patient.
    MedicalRecordNo = medical_record_no, Text;
    /// Number of the application.
    ApplicationOrderNo = application_order_no, Text;
    /// Name of the patient.
    PatientName = patient_name, Text;
    /// M, F, U.
    PatientGender = patient_gender, Words;
    /// `YYYYMMDD` or ISO, as it stands.
    PatientBirthDate = patient_birth_date, Words;
    /// Age in years.
    PatientAge = patient_age, Number;
    /// State of the report.
    ExamStatus = exam_status, Words;
    /// Where the patient came from.
    ExamSource = exam_source, Words;
    /// Code of the examination.
    ExamItem = exam_item, Words;
    /// What is examined, and how.
    ExamDescription = exam_description, Words;
    /// Room.
    ExamRoom = exam_room, Words;
    /// Device.
    ExamEquipment = exam_equipment, Words;
    /// Type of device.
    EquipmentType = equipment_type, Words;
    /// When it was ordered.
    OrderDatetime = order_datetime, Time;
    /// When the patient came.
    CheckInDatetime = check_in_datetime, Time;
    /// When the report was certified.
    ReportCertificationDatetime = report_certification_datetime, Time;
    /// Who certified it.
    CertifiedPhysician = certified_physician, Words;
}

impl StudyField {
    /// The nine fields that a text is looked for in.
    pub const SEARCHED: [StudyField; 9] = [
        StudyField::ExamId,
        StudyField::MedicalRecordNo,
        StudyField::ApplicationOrderNo,
        StudyField::PatientName,
        StudyField::ExamDescription,
        StudyField::ExamItem,
        StudyField::ExamRoom,
        StudyField::ExamEquipment,
        StudyField::CertifiedPhysician,
    ];

    /// The fields whose distinct values are offered, with counts.
    pub const CATEGORICAL: [StudyField; 9] = [
        StudyField::PatientGender,
        StudyField::ExamStatus,
        StudyField::ExamSource,
        StudyField::ExamItem,
        StudyField::ExamDescription,
        StudyField::ExamRoom,
        StudyField::ExamEquipment,
        StudyField::EquipmentType,
        StudyField::CertifiedPhysician,
    ];

    /// The field of this name.
    pub fn named(name: &str) -> Option<StudyField> {
        StudyField::ALL.iter().copied().find(|field| field.name() == name)
    }

    /// The categorical field of this name.
    ///
    /// # Errors
    /// `USAGE` with near matches.
    pub fn categorical(name: &str) -> Result<StudyField> {
        let found = StudyField::named(name).filter(|field| StudyField::CATEGORICAL.contains(field));
        found.ok_or_else(|| {
            let names = StudyField::CATEGORICAL.map(StudyField::name);
            let message = format!("{} is no field whose values are listed.", text::quoted(name));
            let otherwise = format!("Those are {}.", names.join(", "));
            unknown(Code::Usage, message, text::near_matches(name, names), &otherwise)
        })
    }
}

impl fmt::Display for StudyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Study {
    /// The value of a field.
    pub fn value(&self, field: StudyField) -> StudyValue<'_> {
        match field {
            StudyField::PatientAge => StudyValue::Number(self.patient_age),
            StudyField::OrderDatetime => StudyValue::Time(self.order_datetime),
            StudyField::CheckInDatetime => StudyValue::Time(self.check_in_datetime),
            StudyField::ReportCertificationDatetime => StudyValue::Time(self.report_certification_datetime),
            _ => StudyValue::Text(self.text(field)),
        }
    }

    /// The text of a field; empty for one that holds none.
    pub fn text(&self, field: StudyField) -> &str {
        match field {
            StudyField::ExamId => &self.exam_id,
            StudyField::MedicalRecordNo => &self.medical_record_no,
            StudyField::ApplicationOrderNo => &self.application_order_no,
            StudyField::PatientName => &self.patient_name,
            StudyField::PatientGender => &self.patient_gender,
            StudyField::PatientBirthDate => &self.patient_birth_date,
            StudyField::ExamStatus => &self.exam_status,
            StudyField::ExamSource => &self.exam_source,
            StudyField::ExamItem => &self.exam_item,
            StudyField::ExamDescription => &self.exam_description,
            StudyField::ExamRoom => &self.exam_room,
            StudyField::ExamEquipment => &self.exam_equipment,
            StudyField::EquipmentType => &self.equipment_type,
            StudyField::CertifiedPhysician => &self.certified_physician,
            StudyField::PatientAge
            | StudyField::OrderDatetime
            | StudyField::CheckInDatetime
            | StudyField::ReportCertificationDatetime => "",
        }
    }

    /// The text of a field, to be set; `None` for one that holds none.
    pub(crate) fn text_mut(&mut self, field: StudyField) -> Option<&mut String> {
        Some(match field {
            StudyField::ExamId => &mut self.exam_id,
            StudyField::MedicalRecordNo => &mut self.medical_record_no,
            StudyField::ApplicationOrderNo => &mut self.application_order_no,
            StudyField::PatientName => &mut self.patient_name,
            StudyField::PatientGender => &mut self.patient_gender,
            StudyField::PatientBirthDate => &mut self.patient_birth_date,
            StudyField::ExamStatus => &mut self.exam_status,
            StudyField::ExamSource => &mut self.exam_source,
            StudyField::ExamItem => &mut self.exam_item,
            StudyField::ExamDescription => &mut self.exam_description,
            StudyField::ExamRoom => &mut self.exam_room,
            StudyField::ExamEquipment => &mut self.exam_equipment,
            StudyField::EquipmentType => &mut self.equipment_type,
            StudyField::CertifiedPhysician => &mut self.certified_physician,
            StudyField::PatientAge
            | StudyField::OrderDatetime
            | StudyField::CheckInDatetime
            | StudyField::ReportCertificationDatetime => return None,
        })
    }
}

/// The error of a filter, with the field that is wrong as its detail.
pub(crate) fn invalid(field: &str, message: impl Into<String>, hint: &str) -> Error {
    Error::new(Code::InvalidFilter, message).hint(hint).details([crate::error::Detail::Text(field.to_owned())])
}
