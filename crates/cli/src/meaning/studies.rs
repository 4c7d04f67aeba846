//! What commands about studies mean.

use sheaf_app::studies::{StudyExportRequest, TableFormat};
use sheaf_registry::Result;
use sheaf_registry::studies::{StudyField, StudyFilter, StudySort};
use sheaf_tables::Columns;

use super::{Aside, Studies, Work, registry_of};
use crate::args::{SaidFilter, SaidFormat, StudiesCommand};

/// What is meant by a command about studies.
pub(super) fn studies(said: StudiesCommand, user: Option<String>, aside: &mut Aside) -> Result<Work> {
    Ok(match said {
        StudiesCommand::Search { studies, sort, limit, offset } => {
            let (sort, unknown_order) = order(&sort);
            let (registry, filter) = (registry_of(studies.registry, aside)?, filter(studies.filter));
            Work::SearchStudies(Studies { registry, user, filter, sort, unknown_order, limit, offset })
        }
        StudiesCommand::Values { field, studies } => {
            let (registry, filter) = (registry_of(studies.registry, aside)?, filter(studies.filter));
            let (sort, unknown_order, field) = (StudySort::default(), None, StudyField::categorical(&field)?);
            let studies = Studies { registry, user, filter, sort, unknown_order, limit: 0, offset: 0 };
            Work::StudyValues { studies, field }
        }
        StudiesCommand::Export { studies, sort, format, out, columns, no_bom, keep_formulas, sha256 } => {
            let (sort, unknown_order) = order(&sort);
            let ending = out.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
            let format = match (format, ending.as_deref()) {
                (Some(SaidFormat::Tsv), _) | (None, Some("tsv")) => TableFormat::Tsv,
                (Some(SaidFormat::Xlsx), _) | (None, Some("xlsx")) => TableFormat::Xlsx,
                (Some(SaidFormat::Csv) | None, _) => TableFormat::Csv,
            };
            let request = StudyExportRequest {
                registry: registry_of(studies.registry, aside)?,
                user,
                filter: filter(studies.filter),
                sort,
                columns: Columns::named(&columns)?,
                format,
                bom: !no_bom,
                neutralise: !keep_formulas,
                sha256_file: sha256,
                out,
            };
            Work::ExportStudies { request: Box::new(request), unknown_order }
        }
    })
}

/// The order, and what was said where it is none: then the usual one is taken, and that is told.
fn order(said: &str) -> (StudySort, Option<String>) {
    StudySort::named(said).map_or_else(|| (StudySort::default(), Some(said.to_owned())), |sort| (sort, None))
}

fn filter(said: SaidFilter) -> StudyFilter {
    StudyFilter {
        q: said.q.unwrap_or_default(),
        exam_status: said.exam_status,
        exam_source: said.exam_source,
        application_order_no: said.application_order_no,
        exam_item: said.exam_item,
        exam_equipment: said.exam_equipment,
        patient_gender: said.patient_gender,
        exam_description: said.exam_description,
        exam_room: said.exam_room,
        patient_age_min: said.patient_age_min,
        patient_age_max: said.patient_age_max,
        start_date: said.start_date,
        end_date: said.end_date,
        exam_ids: (!said.exam_ids.is_empty()).then_some(said.exam_ids),
        time_zone: said.tz,
    }
}
