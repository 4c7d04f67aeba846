//! A registry as large as one gets, on files of realistic sizes that take no disk.
//!
//! All patients are of one project, so that it is as large as the whole. No folder holds more than about two thousand names.

use jiff::{Timestamp, ToSpan as _};
use sheaf_registry::Result;
use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::writer::RegistryWriter;

use super::catalogue::{Catalogue, Folder, Project, Row};
use super::crew::{self, Desk};
use super::files::directory;
use super::people::Person;
use super::random::Random;
use super::site::Site;

/// Files of one patient.
pub(super) const FILES: u64 = 10;
/// Patients whose files share the folders of their modalities: a thousand photos.
const GROUP: u64 = 200;
/// Clinics, each with [`YEARS`] folders.
const CLINICS: usize = 10;
const YEARS: usize = 9;

/// Makes the files and registers them; how many bytes they seem to have.
pub(super) fn make(site: &Site, seed: u64, patients: u64, desk: &Desk<'_>) -> Result<(Catalogue, u64)> {
    let groups: Vec<u64> = (0..patients.div_ceil(GROUP)).collect();
    let members = |group: u64| group * GROUP + 1..=((group + 1) * GROUP).min(patients);
    let write = |group: &u64| {
        for (modality, kind) in [
            ("cbct", Kind::Processed),
            ("ios", Kind::Raw),
            ("intraoral-photo", Kind::Raw),
            ("panoramic", Kind::Raw),
            ("teleradiography", Kind::Raw),
        ] {
            site.folder(&folder(*group, modality, kind))?;
        }
        for number in members(*group) {
            for row in rows(seed, number) {
                site.write_hole(&row.path, row.bytes, row.created_at)?;
            }
            desk.done(FILES)?;
        }
        Ok(())
    };
    let register = || {
        let mut catalogue = Catalogue::begin(RegistryWriter::create(&site.registry())?, 1, &folders())?;
        let mut bytes = 0;
        for number in 1..=patients {
            desk.cancel.check()?;
            let person = Person::of(seed, number);
            let patient = catalogue.person(&person, Project::Maxillo, &places(number))?;
            for row in rows(seed, number) {
                catalogue.file(patient, &row)?;
                bytes += row.bytes;
            }
        }
        Ok((catalogue, bytes))
    };
    let (_, made) = crew::work(&groups, crew::cores(), write, register)?;
    Ok(made)
}

/// The ten files of a patient.
fn rows(seed: u64, number: u64) -> Vec<Row> {
    const KB: u64 = 1_000;
    let mut random = Random::of(seed, "sizes", number);
    let created_at = moment(&mut random);
    let mut row = |modality: &'static str, kind: Kind, file_type: &str, subtype, name: &str, sizes: [u64; 2]| Row {
        path: format!("{}/{name}", folder((number - 1) / GROUP, modality, kind)),
        file_type: file_type.to_owned(),
        modality,
        kind,
        subtype,
        metadata: String::new(),
        created_at,
        bytes: (sizes[0] + random.below(sizes[1] - sizes[0])) * KB + random.below(KB),
        hash: RegisteredHash::None,
    };
    let stl = [10_000, 15_000];
    let mut rows = vec![
        row("cbct", Kind::Processed, "cbct_processed", "", &format!("cbct_patient_{number}.nii.gz"), [40_000, 80_000]),
        row("ios", Kind::Raw, "ios_raw_upper", "upper", &format!("ios_patient_{number}_upper.stl"), stl),
        row("ios", Kind::Raw, "ios_raw_lower", "lower", &format!("ios_patient_{number}_lower.stl"), stl),
        row("panoramic", Kind::Raw, "panoramic_raw", "", &format!("panoramic_patient_{number}.png"), [2_500, 5_000]),
    ];
    let name = format!("teleradiography_patient_{number}.png");
    rows.push(row("teleradiography", Kind::Raw, "teleradiography_raw", "", &name, [3_000, 6_000]));
    for index in 0..5 {
        let name = format!("intraoral-photo_patient_{number}_{index}.jpg");
        let photo = row("intraoral-photo", Kind::Raw, "intraoral_raw", "", &name, [2_000, 4_000]);
        rows.push(Row { metadata: format!(r#"{{"image_index":{index}}}"#), ..photo });
    }
    rows
}

fn folder(group: u64, modality: &str, kind: Kind) -> String {
    format!("{}/{}/{}/{group:04}", Project::Maxillo.slug(), kind.as_str(), directory(modality))
}

fn moment(random: &mut Random) -> Timestamp {
    let start = super::people::start();
    start.saturating_add(i64::try_from(random.below(640 * 24 * 60)).unwrap_or(0).minutes()).unwrap_or(start)
}

/// Two hundred folders, two deep.
fn folders() -> Vec<Folder> {
    let mut folders = Vec::new();
    for clinic in 1..=CLINICS {
        let parent = folders.len();
        folders.push(Folder { project: Project::Maxillo, parent: None, name: format!("Clinic {clinic:02}") });
        for year in 2017..2017 + YEARS {
            folders.push(Folder { project: Project::Maxillo, parent: Some(parent), name: year.to_string() });
        }
    }
    folders
}

/// In which folders a patient is: mostly one, some in two, some in none.
fn places(number: u64) -> Vec<usize> {
    let count = CLINICS * (YEARS + 1);
    let at = usize::try_from(number % count as u64).unwrap_or(0);
    match number % 16 {
        5 => Vec::new(),
        4 => vec![at, (at + 7) % count],
        _ => vec![at],
    }
}
