//! What the registry of a demo holds beside its files: projects, folders, tags, modalities, users and their rights.

use std::collections::HashMap;

use jiff::Timestamp;
use sheaf_registry::Result;
use sheaf_registry::ids::{FileId, FolderId, ModalityId, PatientId, ProjectId, RootId, TagId};
use sheaf_registry::rows::{Kind, RegisteredHash};
use sheaf_registry::writer::{NewFile, NewGrant, NewModality, NewPatient, RegistryWriter};

use super::people::{Person, TAGS};

/// One of the two projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Project {
    /// Teeth and jaws.
    Maxillo,
    /// Heads in a magnet.
    Brain,
}

impl Project {
    /// Both, in the order of their rows.
    pub(super) const ALL: [Project; 2] = [Project::Maxillo, Project::Brain];

    /// Slug, and first part of every path.
    pub(super) const fn slug(self) -> &'static str {
        match self {
            Project::Maxillo => "maxillo",
            Project::Brain => "brain",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Project::Maxillo => "Maxillofacial imaging",
            Project::Brain => "Brain tumour MRI",
        }
    }

    /// Two thirds of the patients have teeth to look at.
    pub(super) const fn of(number: u64) -> Self {
        if number.is_multiple_of(3) { Project::Brain } else { Project::Maxillo }
    }
}

/// A file as it stands in the registry.
pub(super) struct Row {
    /// Path below the data root.
    pub(super) path: String,
    /// `FileRegistry`'s `file_type`.
    pub(super) file_type: String,
    /// Slug of one of [`MODALITIES`].
    pub(super) modality: &'static str,
    /// Raw or processed.
    pub(super) kind: Kind,
    /// `upper`, `lower` or nothing.
    pub(super) subtype: &'static str,
    /// A JSON object, or nothing.
    pub(super) metadata: String,
    /// When the row was made; also the file's time.
    pub(super) created_at: Timestamp,
    /// Size.
    pub(super) bytes: u64,
    /// Hash.
    pub(super) hash: RegisteredHash,
}

/// A folder: its project, the index of the folder around it, its name.
pub(super) struct Folder {
    /// The project.
    pub(super) project: Project,
    /// Index into the same list, of an earlier one.
    pub(super) parent: Option<usize>,
    /// Name.
    pub(super) name: String,
}

const MRI: NewModality<'static> = NewModality {
    slug: "",
    name: "",
    label: "",
    supported_extensions: &[".nii", ".nii.gz", ".dcm"],
    subtypes: &[],
    is_inactive: false,
    is_unlisted: false,
};

/// The modality table, and one modality that is not in it.
pub(super) const MODALITIES: [NewModality<'static>; 11] = [
    NewModality {
        slug: "cbct",
        name: "CBCT",
        label: "Cone beam CT",
        supported_extensions: &[".nii", ".nii.gz", ".dcm", ".mha"],
        ..MRI
    },
    NewModality {
        slug: "ios",
        name: "IOS",
        label: "Intra-oral scans",
        supported_extensions: &[".stl", ".ply", ".obj"],
        subtypes: &["upper", "lower"],
        ..MRI
    },
    NewModality {
        slug: "intraoral-photo",
        name: "Intraoral Photographs",
        label: "Intra-oral photos",
        supported_extensions: &[".jpg", ".jpeg", ".png"],
        ..MRI
    },
    NewModality {
        slug: "panoramic",
        name: "Panoramic",
        label: "Panoramic radiograph",
        supported_extensions: &[".png", ".jpg", ".dcm"],
        ..MRI
    },
    NewModality {
        slug: "teleradiography",
        name: "Teleradiography",
        label: "Lateral teleradiograph",
        supported_extensions: &[".png", ".jpg", ".dcm"],
        ..MRI
    },
    NewModality { slug: "braintumor-mri-t1", name: "Brain Tumor MRI T1", label: "MRI T1", ..MRI },
    NewModality { slug: "braintumor-mri-t1c", name: "Brain Tumor MRI T1c", label: "MRI T1 with contrast", ..MRI },
    NewModality { slug: "braintumor-mri-t2", name: "Brain Tumor MRI T2", label: "MRI T2", ..MRI },
    NewModality { slug: "braintumor-mri-flair", name: "Brain Tumor MRI FLAIR", label: "MRI FLAIR", ..MRI },
    NewModality { slug: "braintumor-mri-seg", name: "Brain Tumor MRI Seg", label: "Segmentation", ..MRI },
    NewModality {
        slug: "bite-classification",
        name: "bite-classification",
        supported_extensions: &[],
        is_unlisted: true,
        ..MRI
    },
];

/// The registry in the making.
pub(super) struct Catalogue {
    writer: RegistryWriter,
    projects: Vec<ProjectId>,
    folders: Vec<FolderId>,
    tags: HashMap<&'static str, TagId>,
    modalities: HashMap<&'static str, ModalityId>,
    root: RootId,
}

impl Catalogue {
    /// Starts with everything but patients, for the first so many of [`Project::ALL`].
    pub(super) fn begin(mut writer: RegistryWriter, projects: usize, folders: &[Folder]) -> Result<Self> {
        let root = writer.data_root("", Some("data"))?;
        let projects = Project::ALL.iter().take(projects);
        let projects: Vec<ProjectId> =
            projects.map(|project| writer.project(project.slug(), project.name())).collect::<Result<_>>()?;
        let mut modalities = HashMap::new();
        for modality in &MODALITIES {
            modalities.insert(modality.slug, writer.modality(modality)?);
        }
        let mut tags = HashMap::new();
        for tag in TAGS {
            tags.insert(tag, writer.tag(tag)?);
        }
        let anna = writer.user("anna", "exporter")?;
        let bruno = writer.user("bruno", "exporter")?;
        let vera = writer.user("vera", "viewer")?;
        for project in projects.iter().copied().map(Some) {
            writer.grant(&NewGrant { project, may_export_studies: true, ..NewGrant::export(anna) })?;
            writer.grant(&NewGrant { project, ..NewGrant::read(vera) })?;
        }
        writer.grant(&NewGrant { project: Some(projects[0]), ..NewGrant::export(bruno) })?;
        let mut catalogue = Self { writer, projects, folders: Vec::new(), tags, modalities, root };
        for folder in folders {
            catalogue.folder(folder)?;
        }
        Ok(catalogue)
    }

    /// Adds a folder; its index.
    pub(super) fn folder(&mut self, folder: &Folder) -> Result<usize> {
        let parent = folder.parent.map(|index| self.folders[index]);
        let id = self.writer.folder(Some(self.project(folder.project)), parent, &folder.name)?;
        self.folders.push(id);
        Ok(self.folders.len() - 1)
    }

    /// Adds a person as a patient, in the folders of these indexes.
    pub(super) fn person(&mut self, person: &Person, project: Project, folders: &[usize]) -> Result<PatientId> {
        let patient_id = person.number.to_string();
        let patient = self.writer.patient(&NewPatient {
            name: &person.name,
            record_no: person.record_no.as_deref(),
            created_at: Some(person.since),
            ..NewPatient::new(self.project(project), &patient_id)
        })?;
        for tag in &person.tags {
            self.writer.tag_patient(patient, self.tags[tag])?;
        }
        self.place(patient, folders)?;
        Ok(patient)
    }

    /// Adds a patient of any id and name.
    pub(super) fn stranger(&mut self, id: &str, name: &str, project: Project, folders: &[usize]) -> Result<PatientId> {
        let patient = self.writer.patient(&NewPatient { name, ..NewPatient::new(self.project(project), id) })?;
        self.place(patient, folders)?;
        Ok(patient)
    }

    /// Tags a patient with a word of its own.
    pub(super) fn tag(&mut self, patient: PatientId, name: &str) -> Result<()> {
        let tag = self.writer.tag(name)?;
        self.writer.tag_patient(patient, tag)
    }

    /// Registers a file.
    pub(super) fn file(&mut self, patient: PatientId, row: &Row) -> Result<FileId> {
        self.writer.file(&NewFile {
            file_type: &row.file_type,
            file_size: Some(row.bytes),
            file_hash: row.hash.clone(),
            subtype: row.subtype,
            metadata: &row.metadata,
            created_at: Some(row.created_at),
            ..NewFile::new(patient, self.modalities[row.modality], row.kind, self.root, &row.path)
        })
    }

    /// The writer, for what is no patient's.
    pub(super) fn writer(&mut self) -> &mut RegistryWriter {
        &mut self.writer
    }

    /// Lets the registry appear.
    pub(super) fn finish(self) -> Result<()> {
        self.writer.finish()
    }

    fn place(&mut self, patient: PatientId, folders: &[usize]) -> Result<()> {
        folders.iter().try_for_each(|index| self.writer.place(patient, self.folders[*index]))
    }

    fn project(&self, project: Project) -> ProjectId {
        self.projects[project as usize]
    }
}

/// The folders of a demo of real files.
pub(super) fn folders() -> Vec<Folder> {
    use Project::{Brain, Maxillo};
    let table = [
        (Maxillo, None, "Clinic A"),
        (Maxillo, Some(0), "2024"),
        (Maxillo, Some(0), "2025"),
        (Maxillo, None, "Clinic B"),
        (Maxillo, Some(3), "2025"),
        (Maxillo, Some(3), "Ortho/Implant"),
        (Maxillo, None, "口腔外科"),
        (Maxillo, Some(6), "2025年"),
        (Maxillo, None, "Clínica São João"),
        (Brain, None, "Neurologie"),
        (Brain, Some(9), "Étude 2025"),
        (Brain, None, "腦神經科"),
    ];
    table.map(|(project, parent, name)| Folder { project, parent, name: name.to_owned() }).into()
}

/// In which of [`folders`] a patient is: mostly one, some in two, some in none.
pub(super) fn places(number: u64) -> Vec<usize> {
    let choice: &[usize] = match Project::of(number) {
        Project::Maxillo => &[1, 2, 5, 7, 4, 8, 0],
        Project::Brain => &[10, 11, 9],
    };
    let turn = usize::try_from(number / 3 + number % 3).unwrap_or(0);
    let at = |offset: usize| choice[(turn + offset) % choice.len()];
    match number % 8 {
        5 => Vec::new(),
        4 => vec![at(0), at(1)],
        _ => vec![at(0)],
    }
}
