//! Which modality, kind and subtype a file has: from its path, then from the row's modality, then from its file type.
//!
//! Deliberately absent: file name endings. The application names files freely.

use std::collections::{HashMap, HashSet};

use sheaf_registry::ids::ModalityId;
use sheaf_registry::rows::Kind;
use sheaf_registry::writer::NewModality;
use sheaf_registry::{RegistryWriter, Result};

use super::cells::Tables;
use crate::report::{Odd, Oddities};

/// Names of one modality; the first that the source lists is used, else the first.
const ALIASES: [&[&str]; 3] =
    [&["intraoral-photo", "intraoral"], &["bite-classification", "bite"], &["panoramic", "panoramich"]];

/// Folders and types that mean a modality also where the source's table lists none such.
const VOCABULARY: [&str; 18] = [
    "audio",
    "bite",
    "bite-classification",
    "braintumor-mri-flair",
    "braintumor-mri-seg",
    "braintumor-mri-t1",
    "braintumor-mri-t1c",
    "braintumor-mri-t2",
    "cbct",
    "intraoral",
    "intraoral-photo",
    "ios",
    "panoramic",
    "panoramich",
    "rawzip",
    "rgb",
    "teleradiography",
    "video",
];

/// Stems of file types that are known, but say little: a path or a modality that differs is no contradiction.
const UNSPECIFIC: [&str; 4] = ["generic", "image", "rgb-image", "volume"];

/// The source's modalities, and those that only its files name.
pub(super) struct Modalities {
    /// The source's ids.
    slugs: HashMap<i64, String>,
    listed: HashSet<String>,
    ids: HashMap<String, ModalityId>,
}

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) slug: String,
    pub(super) kind: Kind,
    pub(super) subtype: String,
}

/// What a row says of its files.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) modality: Option<i64>,
    pub(super) file_type: &'a str,
    pub(super) subtype: &'a str,
}

impl Modalities {
    pub(super) fn read(tables: &Tables<'_>, writer: &mut RegistryWriter, odd: &mut Oddities) -> Result<Self> {
        let columns = ["id", "slug", "name", "label", "supported_extensions", "subtypes", "is_active"];
        let mut rows = Vec::new();
        tables.each("common_modality", &columns, &mut |row| {
            let list = |at| -> Result<Vec<String>> { Ok(serde_json::from_str(&row.word(at)?).unwrap_or_default()) };
            let slug = row.word(1)?.trim().to_lowercase();
            let name = row.word(2)?.into_owned();
            rows.push((row.id, slug, name, row.word(3)?.into_owned(), list(4)?, list(5)?, row.flag(6)));
            Ok(())
        })?;
        let listed = rows.iter().map(|row| row.1.clone()).filter(|slug| !slug.is_empty()).collect();
        let mut all = Self { slugs: HashMap::new(), listed, ids: HashMap::new() };
        for (id, slug, name, label, extensions, subtypes, is_active) in &rows {
            let canonical = all.canonical(slug);
            all.slugs.insert(*id, canonical.clone());
            if canonical != *slug || slug.is_empty() || all.ids.contains_key(slug) {
                odd.note(Odd::ModalityMerged, format_args!("common_modality {id}: {slug}"));
                continue;
            }
            let extensions: Vec<&str> = extensions.iter().map(String::as_str).collect();
            let subtypes: Vec<&str> = subtypes.iter().map(String::as_str).collect();
            let written = writer.modality(&NewModality {
                slug,
                name,
                label,
                supported_extensions: &extensions,
                subtypes: &subtypes,
                is_inactive: *is_active == Some(false),
                is_unlisted: false,
            })?;
            all.ids.insert(canonical, written);
        }
        Ok(all)
    }

    /// The row id of a modality; one that the source does not list is added as such.
    pub(super) fn id(&mut self, slug: &str, writer: &mut RegistryWriter) -> Result<ModalityId> {
        if let Some(id) = self.ids.get(slug) {
            return Ok(*id);
        }
        let id = writer.modality(&NewModality { slug, name: slug, is_unlisted: true, ..NewModality::default() })?;
        self.ids.insert(slug.to_owned(), id);
        Ok(id)
    }

    /// Whether the source has a modality of this id.
    pub(super) fn has(&self, id: i64) -> bool {
        self.slugs.contains_key(&id)
    }

    /// What the file at `path` is.
    pub(super) fn resolve(&self, path: &str, said: Said<'_>) -> Resolved {
        let place = self.place(path);
        let typed = FileType::parse(said.file_type);
        let named = said.modality.and_then(|id| self.slugs.get(&id)).filter(|slug| !slug.is_empty());
        let from_path = place.as_ref().and_then(|place| place.known.clone());
        let slug = from_path.or_else(|| named.cloned()).or_else(|| {
            let stem = Some(self.canonical(&typed.stem)).filter(|stem| !stem.is_empty());
            stem.or_else(|| place.as_ref().and_then(|place| place.segment.clone()))
        });
        let slug = slug.unwrap_or_else(|| "unknown".to_owned());
        let kind = place.as_ref().map(|place| place.kind).or(typed.kind).unwrap_or(Kind::Other);
        let subtype = if said.subtype.is_empty() {
            self.subtype(path, &slug, named.is_some(), &typed)
        } else {
            said.subtype.to_owned()
        };
        Resolved { slug, kind, subtype }
    }

    /// Whether the row's file type names another modality than the one that was found.
    pub(super) fn overrules(&self, found: &Resolved, file_type: &str) -> bool {
        let stem = FileType::parse(file_type).stem;
        !stem.is_empty() && !UNSPECIFIC.contains(&stem.as_str()) && self.canonical(&stem) != found.slug
    }

    /// Whether some version of the source writes this file type.
    pub(super) fn knows_type(&self, file_type: &str) -> bool {
        let stem = FileType::parse(file_type).stem;
        UNSPECIFIC.contains(&stem.as_str()) || self.is_known(&stem)
    }

    /// Where a path says what it holds: `.../{raw|processed}/<modality>/...`. Several parts may look like that; the first
    /// that names a known modality counts, else the first.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        let parts: Vec<&str> = path.split('/').collect();
        let mut first = None;
        for (at, part) in parts.iter().enumerate() {
            let kind = match *part {
                "raw" => Kind::Raw,
                "processed" => Kind::Processed,
                _ => continue,
            };
            // The last part is the file itself.
            let segment = parts.get(at + 1).filter(|_| at + 2 < parts.len()).map(|part| normal(part));
            let segment = segment.filter(|segment| !segment.is_empty());
            let known = segment.as_deref().filter(|segment| self.is_known(segment)).map(|segment| self.canonical(segment));
            let place = Place { at, kind, segment, known };
            if place.known.is_some() {
                return Some(place);
            }
            first.get_or_insert(place);
        }
        first
    }

    fn is_known(&self, name: &str) -> bool {
        self.listed.contains(name) || VOCABULARY.contains(&name)
    }

    /// The one name of a modality that has several.
    fn canonical(&self, slug: &str) -> String {
        let Some(group) = ALIASES.iter().find(|group| group.contains(&slug)) else { return slug.to_owned() };
        group.iter().find(|name| self.listed.contains(**name)).unwrap_or(&group[0]).to_string()
    }

    /// Upper or lower: of the file type, else of the file's name; of a scan under a wrong type also from which of the two
    /// got its modality.
    fn subtype(&self, path: &str, slug: &str, has_modality: bool, typed: &FileType) -> String {
        if !typed.subtype.is_empty() || slug != "ios" {
            return typed.subtype.clone();
        }
        match jaw(path.rsplit('/').next().unwrap_or_default()) {
            Some(jaw) => jaw,
            None if self.canonical(&typed.stem) == slug => String::new(),
            None => if has_modality { "upper" } else { "lower" }.to_owned(),
        }
    }
}

/// What a path says.
pub(super) struct Place {
    /// Which of its parts says raw or processed.
    pub(super) at: usize,
    kind: Kind,
    segment: Option<String>,
    known: Option<String>,
}

/// A file type taken apart: `ios_raw_upper` is `ios`, raw, `upper`.
#[derive(Debug, PartialEq, Eq)]
struct FileType {
    stem: String,
    kind: Option<Kind>,
    subtype: String,
}

impl FileType {
    fn parse(file_type: &str) -> Self {
        let parts: Vec<&str> = file_type.trim().split('_').collect();
        let kind_at = parts.iter().rposition(|part| matches!(*part, "raw" | "processed"));
        let (stem, subtype) = match kind_at {
            Some(at) => (&parts[..at], &parts[at + 1..]),
            None => (&parts[..], &[][..]),
        };
        let kind = kind_at.map(|at| Kind::parse(parts[at]));
        Self { stem: normal(&stem.join("-")), kind, subtype: subtype.join("_") }
    }
}

/// The one name of the modality that a name means, where no source lists its own.
pub(crate) fn usual(name: &str) -> Option<&'static str> {
    let name = normal(name);
    let known = VOCABULARY.iter().find(|known| **known == name)?;
    Some(ALIASES.iter().find(|group| group.contains(known)).map_or(*known, |group| group[0]))
}

/// Which jaw the name of a scan says.
pub(crate) fn jaw(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.find(|word| matches!(*word, "upper" | "lower")).map(ToOwned::to_owned)
}

/// A name as slugs are written: `braintumor_mri_t1_raw` is `braintumor-mri-t1`.
pub(crate) fn normal(name: &str) -> String {
    let name = name.trim().to_lowercase().replace('_', "-");
    let stem = name.strip_suffix("-raw").or_else(|| name.strip_suffix("-processed")).unwrap_or(&name);
    // What leads somewhere else is no name.
    if matches!(stem, "." | "..") { String::new() } else { stem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modalities(slugs: &[(i64, &str)]) -> Modalities {
        let listed: HashSet<String> = slugs.iter().map(|(_, slug)| (*slug).to_owned()).collect();
        let mut all = Modalities { slugs: HashMap::new(), listed, ids: HashMap::new() };
        all.slugs = slugs.iter().map(|(id, slug)| (*id, all.canonical(slug))).collect();
        all
    }

    #[test]
    fn path_then_modality_then_type() {
        let all = modalities(&[(1, "intraoral"), (4, "cbct"), (5, "ios"), (6, "intraoral-photo"), (9, "braintumor-mri-t1")]);
        let table = [
            // The two scans of the application's best known error.
            ("/dataset/default/raw/ios/ios_upper_patient_1.stl", Some(5), "cbct_raw", "", "ios raw upper"),
            ("/dataset/default/raw/ios/ios_lower_patient_1.stl", None, "cbct_raw", "", "ios raw lower"),
            ("/dataset/default/raw/ios/a.stl", Some(5), "cbct_raw", "", "ios raw upper"),
            ("/dataset/default/raw/ios/b.stl", None, "cbct_raw", "", "ios raw lower"),
            ("maxillo/raw/ios/link.stl", None, "ios_raw_upper", "", "ios raw upper"),
            ("maxillo/raw/ios/a.stl", None, "ios_raw", "", "ios raw "),
            ("maxillo/raw/ios_raw/a.stl", None, "ios_raw_lower", "lower", "ios raw lower"),
            ("maxillo/processed/ios_processed/ios_upper_1.stl", None, "ios_processed_lower", "", "ios processed lower"),
            // Folders that are no slugs.
            ("/dataset/x/raw/intraoral/1.jpg", Some(6), "intraoral_raw", "", "intraoral-photo raw "),
            ("/dataset/x/processed/bite/1.json", None, "bite_classification", "", "bite-classification processed "),
            ("/dataset/x/raw/rgb/1.png", None, "generic_raw", "", "rgb raw "),
            ("/dataset/x/raw/braintumor_mri_t1/1.nii.gz", None, "braintumor_mri_t1_raw", "", "braintumor-mri-t1 raw "),
            // A folder that says nothing does not win.
            ("maxillo/raw/misc/1.bin", Some(4), "generic_raw", "", "cbct raw "),
            ("maxillo/raw/misc/1.bin", None, "bite_classification", "", "bite-classification raw "),
            ("maxillo/processed/misc/1.bin", None, "intraoral-photo_processed", "", "intraoral-photo processed "),
            ("maxillo/processed/misc/1.bin", None, "intraoral_processed", "", "intraoral-photo processed "),
            ("maxillo/raw/misc/1.jpg", None, "rgb_image", "", "rgb-image raw "),
            ("/dataset/x/raw/../../../etc/hostname", None, "generic_raw", "", "generic raw "),
            ("/etc/hosts", None, "generic_processed", "", "generic processed "),
            ("/etc/hosts", None, "", "", "unknown other "),
            ("a/raw/new-thing/1.bin", None, "", "", "new-thing raw "),
            // An early typing error.
            ("/dataset/x/raw/panoramich/1.jpg", None, "panoramich_raw", "", "panoramic raw "),
            ("/dataset/x/1.jpg", None, "panoramich_processed", "", "panoramic processed "),
            // Folders of the machine that are called alike.
            ("/mnt/raw/maxillo/processed/cbct/1.nii.gz", None, "", "", "cbct processed "),
            ("/raw/raw/processed/cbct/1.nii.gz", None, "", "", "cbct processed "),
            ("laparoscopy/processed/video/1.mp4", None, "video_processed", "subsampled", "video processed subsampled"),
            ("maxillo/raw/1.bin", None, "cbct_processed", "", "cbct raw "),
            ("x", Some(77), "something_new_raw", "", "something-new raw "),
        ];
        for (path, modality, file_type, subtype, expected) in table {
            let found = all.resolve(path, Said { modality, file_type, subtype });
            let shown = format!("{} {} {}", found.slug, found.kind.as_str(), found.subtype);
            assert_eq!(shown, expected, "{path} with {modality:?} and {file_type}");
        }
    }

    #[test]
    fn of_two_names_the_one_that_is_listed_is_used() {
        let older = modalities(&[(1, "intraoral"), (2, "bite")]);
        assert_eq!(older.canonical("intraoral-photo"), "intraoral", "the older source knows this one only");
        assert_eq!(older.canonical("bite-classification"), "bite", "likewise");
        assert_eq!(modalities(&[]).canonical("intraoral"), "intraoral-photo", "none is listed");
        assert_eq!(
            modalities(&[(3, "intraoral-photo"), (4, "intraoral")]).canonical("intraoral"),
            "intraoral-photo",
            "both"
        );
    }

    #[test]
    fn a_type_that_differs_is_noticed_unless_it_says_nothing() {
        let all = modalities(&[(5, "ios"), (7, "rawzip")]);
        let overruled = |path: &str, file_type: &str| {
            let found = all.resolve(path, Said { modality: None, file_type, subtype: "" });
            all.overrules(&found, file_type)
        };
        assert!(overruled("x/raw/ios/1.stl", "cbct_raw"), "a scan under the type of a volume");
        assert!(!overruled("x/raw/rawzip/1.zip", "generic_raw"), "generic is anything");
        assert!(!overruled("x/raw/intraoral/1.jpg", "intraoral_raw"), "two names of one");
        assert!(all.knows_type("braintumor_mri_seg_processed") && all.knows_type("video_raw"), "types of some generation");
        assert!(!all.knows_type("histology_raw"), "a type of tomorrow is reported");
    }
}
