import type { StudiesState } from '../../bindings/StudiesState';
import type { StudyFilter } from '../../bindings/StudyFilter';
import type { StudyLine } from '../../bindings/StudyLine';
import { LIST } from './fields';

/** A state of the studies for tests: a hundred thousand, nothing said, nothing selected. */
export function studiesState(change: Partial<StudiesState> = {}): StudiesState {
  return {
    revision: 1,
    may_read: true,
    may_export: true,
    total: 100_000,
    matching: 100_000,
    selected: 0,
    matching_selected: 0,
    // As Rust sends it: what says nothing is left out.
    filter: {} as StudyFilter,
    sort: 'order_datetime_desc',
    time_zone: 'Asia/Shanghai',
    limit: null,
    record_numbers: true,
    own_record_numbers: 0,
    list: null,
    columns: { shown: [...LIST], widths: {}, sets: [] },
    ...change,
  };
}

export function studyLine(row: number, change: Partial<StudyLine> = {}): StudyLine {
  return {
    exam_id: `E${String(row).padStart(6, '0')}`,
    medical_record_no: `00${row}`,
    application_order_no: `A${row}`,
    patient_name: 'Rossi',
    patient_gender: 'F',
    patient_birth_date: '1960-01-31',
    patient_age: 65,
    exam_status: '終審報告',
    exam_source: '門診',
    exam_item: '300707001',
    exam_description: 'CT head',
    exam_room: 'CT 1',
    exam_equipment: 'CT-A',
    equipment_type: 'CT',
    order_datetime: '2025-01-31 08:00:00',
    check_in_datetime: '2025-01-31 09:00:00',
    report_certification_datetime: '',
    certified_physician: 'Bianchi',
    selected: false,
    ...change,
  };
}
