/** The fields of a study, in the order of the full list. */
export const FIELDS = [
  'exam_id',
  'medical_record_no',
  'application_order_no',
  'patient_name',
  'patient_gender',
  'patient_birth_date',
  'patient_age',
  'exam_status',
  'exam_source',
  'exam_item',
  'exam_description',
  'exam_room',
  'exam_equipment',
  'equipment_type',
  'order_datetime',
  'check_in_datetime',
  'report_certification_datetime',
  'certified_physician',
] as const;
export type Field = (typeof FIELDS)[number];

export function isField(name: string): name is Field {
  return FIELDS.some((field) => field === name);
}

/** The columns that a list usually has. */
export const LIST: readonly Field[] = [
  'exam_id',
  'medical_record_no',
  'patient_name',
  'patient_gender',
  'patient_age',
  'exam_status',
  'exam_source',
  'exam_description',
  'exam_room',
  'exam_equipment',
  'order_datetime',
  'check_in_datetime',
  'report_certification_datetime',
  'certified_physician',
];

/** Texts as they are known; what is not a field (of a later version, say) is left out. */
export function asFields(names: readonly string[]): Field[] {
  return names.flatMap((name) => FIELDS.find((field) => field === name) ?? []);
}

/** The inspector's parts. */
export const PARTS = {
  patient: ['patient_name', 'medical_record_no', 'patient_gender', 'patient_age', 'patient_birth_date'],
  examination: [
    'exam_status',
    'exam_source',
    'exam_description',
    'exam_item',
    'exam_room',
    'exam_equipment',
    'equipment_type',
    'application_order_no',
    'certified_physician',
  ],
  times: ['order_datetime', 'check_in_datetime', 'report_certification_datetime'],
} as const satisfies Record<string, readonly Field[]>;
