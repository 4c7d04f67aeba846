//! What each patient of a demo gets: which examinations, under which paths, with which rows.

use jiff::{Timestamp, ToSpan as _};
use sha2::{Digest as _, Sha256};
use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;
use sheaf_registry::rows::{Kind, RegisteredHash};

use super::anatomy::Anatomy;
use super::brain::{self, Weighting};
use super::catalogue::{Project, Row};
use super::crew::Desk;
use super::people::Person;
use super::random::Random;
use super::site::Site;
use super::{dicom, nifti, photo, radiograph, stl, surface, volume};

/// One piece of work: files of one patient that are made together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Scans of both arches, if `scans`, and photos of them, if `photos`.
    Mouth { scans: bool, photos: bool },
    /// A cone beam CT: its slices and the volume made of them.
    Cbct,
    /// The panoramic radiograph, if the first, and the one from the side, if the second.
    Radiographs { panoramic: bool, teleradiography: bool },
    /// What somebody made of the bite.
    Bite,
    /// The head in a magnet, in three weightings.
    Mri,
}

/// A part of a patient's files.
pub(super) struct Piece<'a> {
    /// Whose.
    pub(super) person: &'a Person,
    /// What.
    pub(super) part: Part,
}

/// How finely things are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fineness {
    /// Grid of a scan, millimetres.
    pub(super) pitch: f32,
    /// Width of a photo, pixels.
    pub(super) photo: u32,
    /// Voxels of a volume along each axis.
    pub(super) volume: usize,
}

impl Fineness {
    /// As people see it.
    pub(super) const FULL: Self = Self { pitch: 0.85, photo: 900, volume: 96 };
}

/// Every so many slices of a volume make up its DICOM series.
const SLICE: usize = 4;

/// Draws a radiograph.
type Film = fn(&Anatomy, u64, &Cancel) -> Result<Vec<u8>>;

/// What making files takes.
pub(super) struct Studio<'a> {
    /// Where they go.
    pub(super) site: &'a Site,
    /// Whom to tell and to ask.
    pub(super) desk: &'a Desk<'a>,
    /// The demo's seed.
    pub(super) seed: u64,
    /// How finely.
    pub(super) fineness: Fineness,
}

/// What a patient was examined with. The first has everything; of the others most lack something.
pub(super) fn parts(seed: u64, person: &Person) -> Vec<Part> {
    let mut random = Random::of(seed, "examinations", person.number);
    let mut has = |percent| random.chance(percent) || person.number == 1;
    let (cbct, scans, photos, bite, panoramic, teleradiography) = (has(70), has(85), has(80), has(55), has(75), has(60));
    let mut parts = Vec::new();
    match Project::of(person.number) {
        Project::Maxillo => {
            if cbct {
                parts.push(Part::Cbct);
            }
            if scans || photos {
                parts.push(Part::Mouth { scans, photos });
            }
            if panoramic || teleradiography {
                parts.push(Part::Radiographs { panoramic, teleradiography });
            }
            if bite && scans {
                parts.push(Part::Bite);
            }
        }
        Project::Brain => {
            if cbct || !photos {
                parts.push(Part::Mri);
            }
            if photos && bite {
                parts.push(Part::Mouth { scans: false, photos: true });
            }
        }
    }
    parts
}

impl Part {
    /// How many files it is.
    pub(super) const fn files(self, fineness: Fineness) -> u64 {
        match self {
            Part::Mouth { scans, photos } => {
                (if scans { 4 } else { 0 }) + (if photos { photo::View::ALL.len() as u64 } else { 0 })
            }
            Part::Cbct => 1 + fineness.volume.div_ceil(SLICE) as u64,
            Part::Radiographs { panoramic, teleradiography } => panoramic as u64 + teleradiography as u64,
            Part::Bite => 1,
            Part::Mri => Weighting::ALL.len() as u64,
        }
    }
}

impl Studio<'_> {
    /// Makes the files of a piece; their rows, in order.
    pub(super) fn make(&self, piece: &Piece<'_>) -> Result<Vec<Row>> {
        let person = piece.person;
        let mut rows = Vec::new();
        match piece.part {
            Part::Mouth { scans, photos } => self.mouth(person, scans, photos, &mut rows)?,
            Part::Cbct => self.cbct(person, &mut rows)?,
            Part::Radiographs { panoramic, teleradiography } => {
                self.radiographs(person, panoramic, teleradiography, &mut rows)?;
            }
            Part::Bite => rows.push(self.bite(person)?),
            Part::Mri => self.mri(person, &mut rows)?,
        }
        Ok(rows)
    }

    fn mouth(&self, person: &Person, scans: bool, photos: bool, rows: &mut Vec<Row>) -> Result<()> {
        let anatomy = Anatomy::of(self.seed, person.number, person.traits);
        let scan = |arch, pitch| surface::scan(arch, anatomy.texture, pitch, self.desk.cancel);
        let [upper, lower] = anatomy.arches().map(|arch| scan(arch, self.fineness.pitch));
        let (upper, lower) = (upper?, lower?);
        if scans {
            let [upper_coarse, lower_coarse] = anatomy.arches().map(|arch| scan(arch, self.fineness.pitch * 1.8));
            for (kind, subtype, mesh) in [
                (Kind::Raw, "upper", &upper),
                (Kind::Raw, "lower", &lower),
                (Kind::Processed, "upper", &upper_coarse?),
                (Kind::Processed, "lower", &lower_coarse?),
            ] {
                let name = format!("ios_patient_{}_{subtype}.stl", person.number);
                let bytes = stl::encode(mesh, &format!("Sheaf demo, {subtype} arch"));
                let row = self.row(person, "ios", kind, &name, format!("ios_{}_{subtype}", kind.as_str()));
                rows.push(self.store(Row { subtype, ..row }, &bytes)?);
            }
        }
        if photos {
            let mut random = Random::of(self.seed, "photos", person.number);
            let camera = 1_000 + random.below(8_000);
            for (index, view) in (0_u64..).zip(photo::View::ALL) {
                let width = self.fineness.photo;
                let bytes = photo::take(view, &upper, &lower, width, &mut random, anatomy.texture, self.desk.cancel)?;
                let name = format!("intraoral-photo_patient_{}_{index}.jpg", person.number);
                let row = self.row(person, "intraoral-photo", Kind::Raw, &name, "intraoral_raw".to_owned());
                let original = format!("IMG_{}.JPG", camera + index);
                let metadata =
                    serde_json::json!({"image_index": index, "original_filename": original, "view": view.as_str()});
                let mut row = self.store(Row { metadata: metadata.to_string(), ..row }, &bytes)?;
                if index == 3 && person.number % 4 == 1 {
                    // Uploads through an object store have its ETag: an MD5, which says nothing about a SHA-256.
                    row.hash = RegisteredHash::NotComparable(format!("{:016x}{:016x}", random.next(), random.next()).into());
                }
                rows.push(row);
            }
        }
        Ok(())
    }

    fn cbct(&self, person: &Person, rows: &mut Vec<Row>) -> Result<()> {
        let number = person.number;
        let anatomy = Anatomy::of(self.seed, number, person.traits);
        let volume = volume::cbct(&anatomy, self.fineness.volume, self.seed, self.desk.cancel)?;
        let patient_id = number.to_string();
        let base = self.row(person, "cbct", Kind::Raw, "", "cbct_raw".to_owned());
        let date = base.created_at.strftime("%Y%m%d").to_string();
        let series = dicom::Series { seed: self.seed, patient_id: &patient_id, number, study: 0, date: &date };
        for (index, bytes) in (1_u64..).zip(dicom::series(&volume.thinned(SLICE), &series)) {
            let name = format!("cbct_patient_{number}/slice_{index:04}.dcm");
            let row = self.row(person, "cbct", Kind::Raw, &name, "cbct_raw".to_owned());
            let metadata = format!(r#"{{"instance_number":{index}}}"#);
            rows.push(self.store(Row { metadata, ..row }, &bytes)?);
        }
        let name = format!("cbct_patient_{number}.nii.gz");
        let row = self.row(person, "cbct", Kind::Processed, &name, "cbct_processed".to_owned());
        let mut row = self.store(row, &nifti::encode(&volume))?;
        if number % 5 == 2 {
            // The pipeline that makes several files of a volume says this instead of a hash.
            row.hash = RegisteredHash::NotComparable("multi-file".into());
        }
        rows.push(row);
        Ok(())
    }

    fn radiographs(&self, person: &Person, panoramic: bool, teleradiography: bool, rows: &mut Vec<Row>) -> Result<()> {
        let anatomy = Anatomy::of(self.seed, person.number, person.traits);
        let films: [(bool, &'static str, Film); 2] = [
            (panoramic, "panoramic", radiograph::panoramic),
            (teleradiography, "teleradiography", radiograph::teleradiography),
        ];
        for (_, modality, film) in films.into_iter().filter(|(is_wanted, ..)| *is_wanted) {
            let bytes = film(&anatomy, self.seed, self.desk.cancel)?;
            let name = format!("{modality}_patient_{}.png", person.number);
            rows.push(self.store(self.row(person, modality, Kind::Raw, &name, format!("{modality}_raw")), &bytes)?);
        }
        Ok(())
    }

    fn mri(&self, person: &Person, rows: &mut Vec<Row>) -> Result<()> {
        for weighting in Weighting::ALL {
            let volume = brain::scan(self.seed, person.number, weighting, self.fineness.volume * 2 / 3, self.desk.cancel)?;
            let modality = weighting.modality();
            let name = format!("{modality}_patient_{}.nii.gz", person.number);
            let file_type = format!("{}_processed", modality.replace('-', "_"));
            let row = self.row(person, modality, Kind::Processed, &name, file_type);
            rows.push(self.store(row, &nifti::encode(&volume))?);
        }
        Ok(())
    }

    fn bite(&self, person: &Person) -> Result<Row> {
        let mut random = Random::of(self.seed, "bite", person.number);
        let classes = ["class_1", "class_2_edge", "class_2_full", "class_3"];
        let found = serde_json::json!({
            "sagittal_left": random.pick(&classes),
            "sagittal_right": random.pick(&classes),
            "vertical": random.pick(&["normal", "deep_bite", "open_bite"]),
            "transverse": random.pick(&["normal", "cross_bite", "scissor_bite"]),
            "midline": random.pick(&["centered", "deviated"]),
        });
        let name = format!("bite_classification_patient_{}.json", person.number);
        let row = self.row(person, "bite-classification", Kind::Processed, &name, "bite_classification".to_owned());
        self.store(row, format!("{found:#}\n").as_bytes())
    }

    /// A row by the conventions, for a file that is not there yet.
    fn row(&self, person: &Person, modality: &'static str, kind: Kind, name: &str, file_type: String) -> Row {
        let project = Project::of(person.number).slug();
        Row {
            path: format!("{project}/{}/{}/{name}", kind.as_str(), directory(modality)),
            file_type,
            modality,
            kind,
            subtype: "",
            metadata: String::new(),
            created_at: self.moment(person, modality, kind),
            bytes: 0,
            hash: RegisteredHash::None,
        }
    }

    /// When a file was made: some days after the first visit, processed ones after raw ones.
    fn moment(&self, person: &Person, modality: &str, kind: Kind) -> Timestamp {
        let mut random = Random::of(self.seed, modality, person.number);
        let minutes = random.below(14 * 24 * 60) + if kind == Kind::Raw { 0 } else { 15 * 24 * 60 };
        person.since.saturating_add(i64::try_from(minutes).unwrap_or(0).minutes()).unwrap_or(person.since)
    }

    /// Writes a file; its row with size and hash.
    fn store(&self, row: Row, bytes: &[u8]) -> Result<Row> {
        self.site.write(&row.path, bytes, row.created_at)?;
        self.desk.done(1)?;
        Ok(Row { bytes: bytes.len() as u64, hash: RegisteredHash::Sha256(Sha256::digest(bytes).into()), ..row })
    }
}

/// The folder of a modality, which is not always its slug.
pub(super) fn directory(modality: &str) -> &str {
    match modality {
        "intraoral-photo" => "intraoral",
        "bite-classification" => "bite",
        slug => slug,
    }
}
