use std::time::Instant;

use sheaf_registry::RegistryWriter;
use sheaf_registry::rows::Kind;
use sheaf_registry::writer::{NewFile, NewModality, NewPatient};

#[test]
#[ignore = "a measurement"]
fn a_million() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("registry.sqlite");
    let start = Instant::now();
    let mut writer = RegistryWriter::create(&path).expect("create");
    let root = writer.data_root("", Some("data")).expect("root");
    let project = writer.project("p", "P").expect("project");
    let modality = writer.modality(&NewModality { slug: "ios", name: "IOS", ..NewModality::default() }).expect("modality");
    for number in 0..100_000 {
        let id = number.to_string();
        let patient = writer.patient(&NewPatient::new(project, &id)).expect("patient");
        for file in 0..10 {
            let file_path = format!("p/raw/ios/ios_patient_{number}_{file}.stl");
            let mut file = NewFile::new(patient, modality, Kind::Raw, root, &file_path);
            file.file_size = Some(1);
            file.file_hash = sheaf_registry::rows::RegisteredHash::Sha256([7; 32]);
            writer.file(&file).expect("file");
        }
    }
    println!("inserted {:?}", start.elapsed());
    writer.finish().expect("finish");
    println!("finished {:?} {}", start.elapsed(), path.metadata().expect("m").len());
    let start = Instant::now();
    let registry = sheaf_registry::Registry::open(&path).expect("open");
    println!("open {:?}", start.elapsed());
    let start = Instant::now();
    let viewer = registry.viewer(&sheaf_registry::Actor::Owner).expect("viewer");
    let selection = sheaf_registry::selection::Selection {
        all: true,
        all_modalities: true,
        kind: sheaf_registry::selection::KindChoice::Both,
        ..Default::default()
    };
    let resolved = sheaf_registry::resolve::Resolved::new(&registry, &viewer, "p", &selection).expect("resolve");
    println!("resolved {:?} {}", start.elapsed(), resolved.into_parts().files.len());
    let start = Instant::now();
    let page = registry.patients(&viewer, "p", &selection, Some(50), 99_000).expect("page");
    println!("page {:?} {}", start.elapsed(), page.patients.len());
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    println!("{:?}", status.lines().find(|line| line.starts_with("VmHWM")));
}
