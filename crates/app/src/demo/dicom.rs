//! A volume as DICOM Part 10 files, one a slice: CT Image Storage, explicit VR little endian, uncompressed.
//!
//! What is deliberately absent: reading, other kinds of images, and every attribute that such an image may do without.

use super::random::Random;
use super::volume::Volume;

/// Whose series it is. All identifiers follow from these numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Series<'a> {
    /// The demo's seed.
    pub(super) seed: u64,
    /// The patient's identifier in the registry.
    pub(super) patient_id: &'a str,
    /// The patient's number: the name is `DEMO^` and this.
    pub(super) number: u64,
    /// Which scan of this patient, from 0: another one is another study.
    pub(super) study: u64,
    /// Day of the study as `YYYYMMDD`.
    pub(super) date: &'a str,
}

const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const EXPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";
const IMPLEMENTATION: &str = "2.25.273046189571206143381024561772045117651";

/// The whole series, a file for each slice from the lowest up.
pub(super) fn series(volume: &Volume, series: &Series<'_>) -> impl Iterator<Item = Vec<u8>> {
    (0..volume.dims[2]).map(|z| slice(volume, z, series))
}

/// The file of one slice. Panics if there is no such slice.
pub(super) fn slice(volume: &Volume, z: usize, series: &Series<'_>) -> Vec<u8> {
    let instance = series.uid("dicom instance", z as u64 + 1);
    let mut meta = DataSet::default();
    meta.bytes(0x0002, 0x0001, *b"OB", &[0, 1]);
    meta.text(0x0002, 0x0002, *b"UI", CT_IMAGE);
    meta.text(0x0002, 0x0003, *b"UI", &instance);
    meta.text(0x0002, 0x0010, *b"UI", EXPLICIT_LITTLE_ENDIAN);
    meta.text(0x0002, 0x0012, *b"UI", IMPLEMENTATION);
    meta.text(0x0002, 0x0013, *b"SH", "SHEAF_DEMO");
    let mut file = DataSet(vec![0; 128]);
    file.0.extend(b"DICM");
    file.bytes(0x0002, 0x0000, *b"UL", &u32::try_from(meta.0.len()).unwrap_or(u32::MAX).to_le_bytes());
    file.0.extend(meta.0);
    identity(&mut file, series, &instance);
    image(&mut file, volume, z, series);
    file.0
}

fn identity(file: &mut DataSet, series: &Series<'_>, instance: &str) {
    file.text(0x0008, 0x0005, *b"CS", "ISO_IR 192");
    file.text(0x0008, 0x0008, *b"CS", "ORIGINAL\\PRIMARY\\AXIAL");
    file.text(0x0008, 0x0016, *b"UI", CT_IMAGE);
    file.text(0x0008, 0x0018, *b"UI", instance);
    for element in [0x0020, 0x0021, 0x0022, 0x0023] {
        file.text(0x0008, element, *b"DA", series.date);
    }
    for element in [0x0030, 0x0031, 0x0032, 0x0033] {
        file.text(0x0008, element, *b"TM", "101500");
    }
    file.text(0x0008, 0x0050, *b"SH", &format!("D{:07}{:02}", series.number, series.study));
    file.text(0x0008, 0x0060, *b"CS", "CT");
    file.text(0x0008, 0x0070, *b"LO", "Sheaf demo");
    file.text(0x0008, 0x0090, *b"PN", "");
    file.text(0x0008, 0x1030, *b"LO", "CBCT of the jaws (synthetic)");
    file.text(0x0008, 0x103e, *b"LO", "Axial");
    file.text(0x0010, 0x0010, *b"PN", &format!("DEMO^{:04}", series.number));
    file.text(0x0010, 0x0020, *b"LO", series.patient_id);
    file.text(0x0010, 0x0030, *b"DA", "");
    file.text(0x0010, 0x0040, *b"CS", "O");
}

fn image(file: &mut DataSet, volume: &Volume, z: usize, series: &Series<'_>) {
    let [columns, rows] = [volume.dims[0], volume.dims[1]].map(|dim| u16::try_from(dim).unwrap_or(u16::MAX));
    let [dx, dy, dz] = volume.spacing.map(f64::from);
    let [ox, oy, oz] = volume.origin.map(f64::from);
    let height = oz + dz * f64::from(u32::try_from(z).unwrap_or(u32::MAX));
    let number = |value: f64| format!("{value:.4}");
    file.text(0x0018, 0x0050, *b"DS", &number(dz));
    file.text(0x0018, 0x0060, *b"DS", "90");
    file.text(0x0018, 0x5100, *b"CS", "HFS");
    file.text(0x0020, 0x000d, *b"UI", &series.uid("dicom study", 0));
    file.text(0x0020, 0x000e, *b"UI", &series.uid("dicom series", 0));
    file.text(0x0020, 0x0010, *b"SH", &format!("{}", series.study + 1));
    file.text(0x0020, 0x0011, *b"IS", "1");
    file.text(0x0020, 0x0012, *b"IS", "1");
    file.text(0x0020, 0x0013, *b"IS", &format!("{}", z + 1));
    file.text(0x0020, 0x0032, *b"DS", &format!("{}\\{}\\{}", number(ox), number(oy), number(height)));
    file.text(0x0020, 0x0037, *b"DS", "1\\0\\0\\0\\1\\0");
    file.text(0x0020, 0x0052, *b"UI", &series.uid("dicom frame", 0));
    file.text(0x0020, 0x1040, *b"LO", "");
    file.text(0x0020, 0x1041, *b"DS", &number(height));
    file.short(0x0028, 0x0002, 1); // samples a pixel
    file.text(0x0028, 0x0004, *b"CS", "MONOCHROME2");
    file.short(0x0028, 0x0010, rows);
    file.short(0x0028, 0x0011, columns);
    file.text(0x0028, 0x0030, *b"DS", &format!("{}\\{}", number(dy), number(dx)));
    file.short(0x0028, 0x0100, 16); // bits allocated
    file.short(0x0028, 0x0101, 16); // bits stored
    file.short(0x0028, 0x0102, 15); // high bit
    file.short(0x0028, 0x0103, 1); // signed
    file.text(0x0028, 0x1050, *b"DS", "700");
    file.text(0x0028, 0x1051, *b"DS", "3400");
    file.text(0x0028, 0x1052, *b"DS", "0");
    file.text(0x0028, 0x1053, *b"DS", "1");
    file.text(0x0028, 0x1054, *b"LO", "HU");
    let pixels: Vec<u8> = volume.slice(z).iter().flat_map(|value| value.to_le_bytes()).collect();
    file.bytes(0x7fe0, 0x0010, *b"OW", &pixels);
}

impl Series<'_> {
    /// A UID that is this series' own: a UUID under the root that is free for all (`2.25.`).
    fn uid(&self, purpose: &str, index: u64) -> String {
        let mut random = Random::of(self.seed ^ self.number.rotate_left(32) ^ self.study.rotate_left(56), purpose, index);
        let bits = u128::from(random.next()) << 64 | u128::from(random.next());
        // Version 8 (its maker's own) and the variant of RFC 9562.
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62;
        format!("2.25.{bits}")
    }
}

/// Attributes one after the other; the caller keeps them in ascending order.
#[derive(Default)]
struct DataSet(Vec<u8>);

impl DataSet {
    fn text(&mut self, group: u16, element: u16, kind: [u8; 2], value: &str) {
        let mut bytes = value.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(if kind == *b"UI" { 0 } else { b' ' });
        }
        self.bytes(group, element, kind, &bytes);
    }

    fn short(&mut self, group: u16, element: u16, value: u16) {
        self.bytes(group, element, *b"US", &value.to_le_bytes());
    }

    fn bytes(&mut self, group: u16, element: u16, kind: [u8; 2], value: &[u8]) {
        self.0.extend(group.to_le_bytes());
        self.0.extend(element.to_le_bytes());
        self.0.extend(kind);
        if kind == *b"OB" || kind == *b"OW" {
            self.0.extend([0, 0]);
            self.0.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
        } else {
            self.0.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        }
        self.0.extend(value);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn volume() -> Volume {
        Volume { dims: [4, 6, 3], spacing: [0.5, 0.6, 2.0], origin: [-10.0, 20.0, 5.0], values: (-36..36).collect() }
    }

    fn whose(study: u64) -> Series<'static> {
        Series { seed: 1, patient_id: "P-007", number: 7, study, date: "20240315" }
    }

    /// Attributes by group and element; panics where the bytes are not what the lengths say.
    fn read(mut bytes: &[u8]) -> BTreeMap<(u16, u16), Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut last = None;
        while !bytes.is_empty() {
            let tag = (u16::from_le_bytes([bytes[0], bytes[1]]), u16::from_le_bytes([bytes[2], bytes[3]]));
            assert!(last < Some(tag), "ascending order at {tag:x?}");
            last = Some(tag);
            let (head, length) = if matches!(&bytes[4..6], b"OB" | b"OW") {
                (12, u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize)
            } else {
                (8, usize::from(u16::from_le_bytes([bytes[6], bytes[7]])))
            };
            assert_eq!(length % 2, 0, "even length at {tag:x?}");
            found.insert(tag, bytes[head..head + length].to_vec());
            bytes = &bytes[head + length..];
        }
        found
    }

    fn text(value: &[u8]) -> &str {
        std::str::from_utf8(value).expect("text").trim_end_matches(['\0', ' '])
    }

    #[test]
    fn a_slice_is_a_part_10_file() {
        let file = slice(&volume(), 1, &whose(0));
        assert_eq!(file[..128], [0; 128], "the preamble");
        assert_eq!(&file[128..132], b"DICM", "the magic");
        let length = u32::from_le_bytes([file[140], file[141], file[142], file[143]]) as usize;
        let meta = read(&file[132..144 + length]);
        assert!(meta.keys().all(|tag| tag.0 == 2), "the group length ends at the end of the group");
        assert_eq!(text(&meta[&(2, 0x10)]), EXPLICIT_LITTLE_ENDIAN, "how the rest is written");
        let data = read(&file[144 + length..]);
        assert_eq!(data[&(8, 0x18)], meta[&(2, 3)], "one instance, said twice");
        assert_eq!(text(&data[&(0x10, 0x10)]), "DEMO^0007", "a name that is nobody's");
        assert_eq!(text(&data[&(0x10, 0x20)]), "P-007", "the registry's identifier");
        assert_eq!(text(&data[&(0x20, 0x32)]), "-10.0000\\20.0000\\7.0000", "where this slice is");
        assert_eq!(data[&(0x28, 0x10)], 6_u16.to_le_bytes(), "rows");
        assert_eq!(data[&(0x28, 0x11)], 4_u16.to_le_bytes(), "columns");
        assert_eq!(data[&(0x7fe0, 0x10)].len(), 6 * 4 * 2, "two bytes a pixel");
        assert_eq!(data[&(0x7fe0, 0x10)][..2], (-12_i16).to_le_bytes(), "its first pixel");
    }

    #[test]
    fn identifiers_are_unique_where_they_must_be_and_the_same_where_they_must() {
        let ids = |file: &[u8]| {
            let length = u32::from_le_bytes([file[140], file[141], file[142], file[143]]) as usize;
            let data = read(&file[144 + length..]);
            [(8, 0x18), (0x20, 0xd), (0x20, 0xe)].map(|tag| text(&data[&tag]).to_owned())
        };
        let files: Vec<_> = series(&volume(), &whose(0)).collect();
        assert_eq!(files.len(), 3, "a file a slice");
        let [first, second] = [ids(&files[0]), ids(&files[1])];
        assert_ne!(first[0], second[0], "each file is an instance of its own");
        assert_eq!(first[1..], second[1..], "of one study and series");
        let other = ids(&slice(&volume(), 0, &whose(1)));
        assert!(first.iter().zip(&other).all(|(a, b)| a != b), "another scan shares nothing");
        assert!(first.iter().all(|uid| uid.starts_with("2.25.") && uid.len() <= 64), "valid UIDs");
        assert_eq!(files[0], slice(&volume(), 0, &whose(0)), "deterministic");
    }
}
