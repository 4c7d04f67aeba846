//! What files are, and whose.

use super::{ADA, JPEG, MP4, PNG, STL, Said, Tree, gzipped, nifti};
use crate::image_folder::Ask;

#[test]
fn every_format_is_told_and_goes_to_its_patient() {
    let tree = Tree::new();
    tree.dicom("P001/dicom/IM1", ADA);
    tree.dicom("P001/dicom/IM2", ADA);
    tree.dicom("P001/seg.dcm", Said { modality: "SEG", ..ADA });
    tree.file("P001/ios/upper jaw.stl", STL);
    tree.file("P001/ios/upper jaw.txt", b"how it was taken");
    tree.file("P001/photo.jpg", JPEG);
    tree.file("P002/derived/scan.nii.gz", &gzipped(&nifti()));
    tree.file("P002/cbct/scan.nii", &nifti());
    tree.file("P002/panoramic.png", PNG);
    tree.file("P002/walk", MP4);
    tree.file("P002/model.ply", b"ply\nformat ascii 1.0\n");
    tree.file("P002/model.obj", b"# made\nv 0 0 0\n");
    tree.file("P002/notes.txt", b"nothing");
    tree.file("letters/to somebody.txt", b"nothing");
    let synced = tree.sync();
    assert_eq!(
        synced.files(),
        [
            "P001/dicom/IM1 my-images H-7 ct raw",
            "P001/dicom/IM2 my-images H-7 ct raw",
            "P001/ios/upper jaw.stl my-images H-7 ios raw",
            "P001/ios/upper jaw.txt my-images H-7 ios raw",
            "P001/photo.jpg my-images H-7 image raw",
            "P001/seg.dcm my-images H-7 seg processed",
            "P002/cbct/scan.nii my-images P002 cbct raw",
            "P002/derived/scan.nii.gz my-images P002 volume processed",
            "P002/model.obj my-images P002 mesh raw",
            "P002/model.ply my-images P002 mesh raw",
            "P002/panoramic.png my-images P002 panoramic raw",
            "P002/walk my-images P002 video raw",
        ]
    );
    let formats = [
        ("dicom", 3),
        ("nifti", 2),
        ("stl", 1),
        ("ply", 1),
        ("obj", 1),
        ("jpeg", 1),
        ("png", 1),
        ("video", 1),
        ("beside", 1),
    ];
    assert_eq!(synced.report.formats, formats, "each is counted");
    assert_eq!(synced.odd(), ["FILE_UNKNOWN 2"], "what is no image is counted");
    let people =
        synced.lines("SELECT patient_id || ' ' || number || ' ' || name || ' ' || coalesce(record_no, '-') FROM patient");
    assert_eq!(people, ["H-7 1 LOVELACE Ada H-7", "P002 2  -"], "the name is in its column, and numbers are Sheaf's own");
    let about = synced.lines(
        "SELECT (metadata ->> '$.series') || ' ' || (metadata ->> '$.study') FROM file_registry WHERE file_path LIKE '%IM1'",
    );
    assert_eq!(about, ["1.2.3.4 1.2.3"], "series and study of a slice");
    assert_eq!(
        synced.lines("SELECT location FROM data_root"),
        [tree.root().canonicalize().expect("there").to_string_lossy()]
    );
}

#[test]
fn a_bids_data_set_is_read_as_it_says() {
    let tree = Tree::new();
    let volume = gzipped(&nifti());
    tree.file("sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz", &volume);
    tree.file("sub-01/ses-a/anat/sub-01_ses-a_T1w.json", b"{}");
    tree.file("sub-01/ses-b/dwi/sub-01_ses-b_dwi.nii.gz", &volume);
    tree.file("sub-01/ses-b/dwi/sub-01_ses-b_dwi.bval", b"0 1000");
    tree.file("sub-02/func/sub-02_task-rest_bold.nii.gz", &volume);
    tree.file("sub-02/func/sub-02_task-rest_events.tsv", b"onset\tduration\n");
    tree.file("derivatives/fmriprep/sub-01/anat/sub-01_desc-preproc_T1w.nii.gz", &volume);
    tree.dicom("sourcedata/sub-01/anat/sub-01_T1w/IM1", ADA);
    tree.file("dataset_description.json", b"{}");
    tree.file("participants.tsv", b"participant_id\n");
    let synced = tree.sync();
    assert_eq!(
        synced.files(),
        [
            "derivatives/fmriprep/sub-01/anat/sub-01_desc-preproc_T1w.nii.gz my-images sub-01 t1w processed",
            "sourcedata/sub-01/anat/sub-01_T1w/IM1 my-images sub-01 ct raw",
            "sub-01/ses-a/anat/sub-01_ses-a_T1w.json my-images sub-01 t1w raw",
            "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz my-images sub-01 t1w raw",
            "sub-01/ses-b/dwi/sub-01_ses-b_dwi.bval my-images sub-01 dwi raw",
            "sub-01/ses-b/dwi/sub-01_ses-b_dwi.nii.gz my-images sub-01 dwi raw",
            "sub-02/func/sub-02_task-rest_bold.nii.gz my-images sub-02 bold raw",
            "sub-02/func/sub-02_task-rest_events.tsv my-images sub-02 events raw",
        ]
    );
    let sessions =
        synced.lines("SELECT metadata ->> '$.session' FROM file_registry WHERE metadata ->> '$.session' IS NOT NULL");
    assert_eq!(sessions, ["ses-a", "ses-a", "ses-b", "ses-b"], "sessions are kept");
    assert_eq!(synced.odd(), ["FILE_UNKNOWN 2"], "what is about the whole is no file of a patient");
}

#[test]
fn paths_of_a_file_registry_are_read_as_it_writes_them() {
    let tree = Tree::new();
    tree.dicom("maxillo/raw/cbct/dicom_patient_7/IM1", ADA);
    tree.file("maxillo/processed/ios/ios_upper_patient_7.stl", STL);
    tree.file("brain/processed/braintumor-mri-t1/braintumor-mri-t1_patient_7.nii.gz", &gzipped(&nifti()));
    tree.file("maxillo/processed/bite/bite_classification_patient_7.json", b"{}");
    tree.file("maxillo/raw/rgb/rgb_7_20260101.png", PNG);
    let synced = tree.sync();
    assert_eq!(
        synced.files(),
        [
            "brain/processed/braintumor-mri-t1/braintumor-mri-t1_patient_7.nii.gz brain 7 braintumor-mri-t1 processed",
            "maxillo/processed/bite/bite_classification_patient_7.json maxillo 7 bite-classification processed",
            "maxillo/processed/ios/ios_upper_patient_7.stl maxillo 7 ios processed",
            "maxillo/raw/cbct/dicom_patient_7/IM1 maxillo 7 cbct raw",
            "maxillo/raw/rgb/rgb_7_20260101.png - rgb raw",
        ]
    );
    let people = synced.lines("SELECT j.slug || ' ' || number || ' ' || coalesce(record_no, '-') FROM patient p, project j WHERE j.id = project_id ORDER BY 1");
    assert_eq!(people, ["brain 7 -", "maxillo 7 H-7"], "the number of the path, and of the header beside it");
    assert_eq!(synced.odd(), ["ORPHAN 1"], "a project is no patient");
    assert_eq!(synced.lines("SELECT subtype FROM file_registry WHERE subtype != ''"), ["upper"]);
}

#[test]
fn a_pattern_of_the_users_is_taken_alone_and_kept() {
    let tree = Tree::new();
    tree.dicom("Clinic/2025/Jaw/a1/scan.dcm", ADA);
    tree.file("Clinic/2024/Jaw/a1/scan.stl", STL);
    tree.file("Clinic/2025/Jaw/b2/scan.stl", STL);
    tree.file("loose.stl", STL);
    let ask = Ask { layout: Some("{*}/{folder}/{project}/{patient}/{modality}.{*}"), ..Ask::default() };
    let synced = tree.sync_as(&ask).expect("readable");
    let expected = [
        "Clinic/2024/Jaw/a1/scan.stl jaw a1 scan raw",
        "Clinic/2025/Jaw/a1/scan.dcm jaw a1 scan raw",
        "Clinic/2025/Jaw/b2/scan.stl jaw b2 scan raw",
        "loose.stl - mesh raw",
    ];
    assert_eq!(synced.files(), expected);
    let folders = synced.lines(
        "SELECT p.patient_id || ' ' || f.name FROM patient_folder JOIN patient p ON p.id = patient_folder.patient_id
           JOIN folder f ON f.id = folder_id ORDER BY 1",
    );
    assert_eq!(folders, ["a1 2024", "a1 2025", "b2 2025"], "a patient may be in several folders");
    assert_eq!(synced.odd(), ["ORPHAN 1", "PATTERN_UNMATCHED 1"], "what it does not fit is told");
    assert_eq!(tree.sync().files(), expected, "the next time it is known");
    let ask = Ask { layout: Some("auto"), ..Ask::default() };
    assert_eq!(tree.sync_as(&ask).expect("readable").report.layout, "auto", "until another is said");
}

#[test]
fn folders_around_patients_are_folders_and_keep_equal_numbers_apart() {
    let tree = Tree::new();
    tree.file("Clinic A/2025/patient_1/a.stl", STL);
    tree.file("Clinic B/patient_1/a.stl", STL);
    let synced = tree.sync();
    assert_eq!(
        synced.files(),
        [
            "Clinic A/2025/patient_1/a.stl my-images Clinic A/2025/patient_1 mesh raw",
            "Clinic B/patient_1/a.stl my-images Clinic B/patient_1 mesh raw",
        ],
        "two persons, as far as anyone knows"
    );
    assert_eq!(synced.lines("SELECT name FROM folder ORDER BY name"), ["2025", "Clinic A", "Clinic B"]);
}
