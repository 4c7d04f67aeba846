//! `NIfTI`-1 in one gzip-compressed file (`.nii.gz`), little endian.
//!
//! What is deliberately absent: extensions, times in the compressed stream, and every data type but signed 16 bit.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::volume::Volume;

/// Where the voxels begin: the header and four bytes that say that no extension follows.
const DATA: usize = 352;

/// Writes a volume with its place in the patient (RAS axes, millimetres).
pub(super) fn encode(volume: &Volume) -> Vec<u8> {
    let mut plain = header(volume);
    plain.reserve(volume.values.len() * 2);
    plain.extend(volume.values.iter().flat_map(|value| value.to_le_bytes()));
    let mut gzip = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::fast());
    gzip.write_all(&plain).and_then(|()| gzip.finish()).expect("a vector takes every byte")
}

fn header(volume: &Volume) -> Vec<u8> {
    let mut bytes = vec![0; DATA];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    let [dx, dy, dz] = volume.spacing;
    // DICOM's x and y go left and back, those of NIfTI right and to the front.
    let [ox, oy, oz] = [-volume.origin[0], -volume.origin[1], volume.origin[2]];
    put(0, &348_i32.to_le_bytes());
    put(38, b"r");
    let dims = volume.dims.map(|dim| i16::try_from(dim).unwrap_or(i16::MAX));
    for (index, dim) in [3, dims[0], dims[1], dims[2], 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * index, &dim.to_le_bytes());
    }
    put(70, &4_i16.to_le_bytes()); // datatype: signed 16 bit
    put(72, &16_i16.to_le_bytes()); // bits a voxel
    for (index, size) in [1.0, dx, dy, dz].into_iter().enumerate() {
        put(76 + 4 * index, &size.to_le_bytes());
    }
    put(108, &352_f32.to_le_bytes()); // vox_offset
    put(112, &1_f32.to_le_bytes()); // scl_slope
    put(123, &[2]); // millimetres
    put(124, &2500_f32.to_le_bytes()); // cal_max
    put(128, &(-1000_f32).to_le_bytes()); // cal_min
    put(148, b"Sheaf demo, synthetic CBCT");
    put(252, &1_i16.to_le_bytes()); // qform_code: the scanner's axes
    put(254, &1_i16.to_le_bytes()); // sform_code: the same
    put(264, &1_f32.to_le_bytes()); // quatern_d: half a turn around z
    for (row, (at, offset)) in [-dx, -dy, dz].into_iter().zip([ox, oy, oz]).enumerate() {
        put(268 + 4 * row, &offset.to_le_bytes());
        put(280 + 16 * row + 4 * row, &at.to_le_bytes());
        put(280 + 16 * row + 12, &offset.to_le_bytes());
    }
    put(344, b"n+1\0");
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn volume() -> Volume {
        Volume { dims: [3, 4, 2], spacing: [0.5, 0.6, 0.7], origin: [-10.0, 20.0, 5.0], values: (-12..12).collect() }
    }

    #[test]
    fn the_header_says_what_follows() {
        let packed = encode(&volume());
        assert_eq!(packed[..2], [0x1f, 0x8b], "gzip");
        assert_eq!(packed[4..8], [0; 4], "without a time");
        let mut bytes = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut bytes).expect("it unpacks");
        let short = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let float = |at: usize| f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        assert_eq!(bytes[..4], 348_i32.to_le_bytes(), "size of the header");
        assert_eq!(&bytes[344..348], b"n+1\0", "one file");
        assert_eq!([short(40), short(42), short(44), short(46)], [3, 3, 4, 2], "dimensions");
        assert_eq!([short(70), short(72)], [4, 16], "signed 16 bit");
        assert_eq!([float(80), float(84), float(88)].map(f32::to_bits), [0.5, 0.6, 0.7].map(f32::to_bits), "voxel size");
        assert_eq!(
            [float(280), float(300), float(320)].map(f32::to_bits),
            [-0.5, -0.6, 0.7].map(f32::to_bits),
            "left and back become right and front"
        );
        assert_eq!(
            [float(292), float(308), float(324)].map(f32::to_bits),
            [10.0, -20.0, 5.0].map(f32::to_bits),
            "where the first voxel is"
        );
        assert_eq!(
            [float(268), float(272), float(276)].map(f32::to_bits),
            [10.0, -20.0, 5.0].map(f32::to_bits),
            "the same by the other form"
        );
        assert_eq!(bytes.len(), 352 + 2 * 24, "the voxels fill the rest");
        assert_eq!(short(352), -12, "the first voxel");
    }

    #[test]
    fn the_same_volume_gives_the_same_bytes() {
        assert_eq!(encode(&volume()), encode(&volume()), "no time, no chance in it");
    }
}
