//! Looking at studies: a page of those that match, and the values of a field.

use serde::{Deserialize, Serialize};
use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;
use sheaf_registry::studies::{Criteria, Study, StudyField, StudyFilter, StudySort};

use crate::house::actor;
use crate::registries::Looking;

/// `studies search`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Studies {
    /// How many studies match, beyond this page too.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub total: u64,
    /// In which time zone the days of the filter were meant.
    pub time_zone: String,
    /// The page.
    pub rows: Vec<StudyRow>,
}

/// One study. Texts are as the registry has them; times are UTC.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[expect(missing_docs, reason = "the fields are the columns of the source, named as there")]
pub struct StudyRow {
    pub exam_id: String,
    pub medical_record_no: String,
    pub application_order_no: String,
    pub patient_name: String,
    pub patient_gender: String,
    pub patient_birth_date: String,
    #[cfg_attr(feature = "typescript", ts(type = "number | null"))]
    pub patient_age: Option<i64>,
    pub exam_status: String,
    pub exam_source: String,
    pub exam_item: String,
    pub exam_description: String,
    pub exam_room: String,
    pub exam_equipment: String,
    pub equipment_type: String,
    pub order_datetime: Option<jiff::Timestamp>,
    pub check_in_datetime: Option<jiff::Timestamp>,
    pub report_certification_datetime: Option<jiff::Timestamp>,
    pub certified_physician: String,
}

impl std::fmt::Debug for StudyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudyRow").field("exam_id", &self.exam_id).finish_non_exhaustive()
    }
}

impl From<Study> for StudyRow {
    fn from(study: Study) -> Self {
        Self {
            exam_id: study.exam_id,
            medical_record_no: study.medical_record_no,
            application_order_no: study.application_order_no,
            patient_name: study.patient_name,
            patient_gender: study.patient_gender,
            patient_birth_date: study.patient_birth_date,
            patient_age: study.patient_age,
            exam_status: study.exam_status,
            exam_source: study.exam_source,
            exam_item: study.exam_item,
            exam_description: study.exam_description,
            exam_room: study.exam_room,
            exam_equipment: study.exam_equipment,
            equipment_type: study.equipment_type,
            order_datetime: study.order_datetime,
            check_in_datetime: study.check_in_datetime,
            report_certification_datetime: study.report_certification_datetime,
            certified_physician: study.certified_physician,
        }
    }
}

/// `studies values FIELD`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudyValues {
    /// The values, the most frequent first.
    pub values: Vec<StudyValueCount>,
}

/// A value of a field and how many studies have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StudyValueCount {
    /// The text; empty for studies that have none.
    pub value: String,
    /// How many.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub count: u64,
}

impl Looking<'_> {
    /// A page of the studies that match, and how many match.
    pub fn studies(
        &self,
        filter: &StudyFilter,
        sort: StudySort,
        limit: u64,
        offset: u64,
        cancel: &Cancel,
    ) -> Result<Studies> {
        let criteria = Criteria::new(filter, &(self.environment)().zone)?;
        let opened = self.open()?;
        let viewer = opened.registry().viewer(&actor(self.user))?;
        let page = opened.registry().study_page(&viewer, &criteria, sort, (offset, limit), cancel)?;
        let rows = page.rows.into_iter().map(StudyRow::from).collect();
        Ok(Studies { total: page.total, time_zone: criteria.zone_name().to_owned(), rows })
    }

    /// The values that matching studies have in a field, the most frequent first.
    pub fn study_values(&self, field: StudyField, filter: &StudyFilter, cancel: &Cancel) -> Result<StudyValues> {
        let criteria = Criteria::new(filter, &(self.environment)().zone)?;
        let opened = self.open()?;
        let viewer = opened.registry().viewer(&actor(self.user))?;
        let values = opened.registry().study_values(&viewer, field, &criteria, cancel)?;
        let values = values.into_iter().map(|value| StudyValueCount { value: value.value, count: value.count });
        Ok(StudyValues { values: values.collect() })
    }
}
