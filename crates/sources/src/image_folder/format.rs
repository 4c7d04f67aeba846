//! What a file is, by how it begins; its name counts only where the content says nothing.
//!
//! Deliberately absent: reading an image. That one begins as it should says nothing of its end.

use std::io::Read as _;

use flate2::read::GzDecoder;

use super::dicom;

/// Formats that are images of patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// DICOM, with or without its preamble.
    Dicom,
    /// `NIfTI` 1 or 2, in one file or two, also gzipped.
    Nifti,
    /// STL, binary or text.
    Stl,
    /// PLY.
    Ply,
    /// Wavefront OBJ.
    Obj,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// MP4, `QuickTime`, AVI, Matroska or `WebM`.
    Video,
}

impl Format {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Format; 8] =
        [Format::Dicom, Format::Nifti, Format::Stl, Format::Ply, Format::Obj, Format::Jpeg, Format::Png, Format::Video];

    /// The word in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Dicom => "dicom",
            Format::Nifti => "nifti",
            Format::Stl => "stl",
            Format::Ply => "ply",
            Format::Obj => "obj",
            Format::Jpeg => "jpeg",
            Format::Png => "png",
            Format::Video => "video",
        }
    }

    /// The modality of such a file where nothing else names one.
    pub(super) const fn modality(self) -> &'static str {
        match self {
            Format::Dicom => "dicom",
            Format::Nifti => "volume",
            Format::Stl | Format::Ply | Format::Obj => "mesh",
            Format::Jpeg | Format::Png => "image",
            Format::Video => "video",
        }
    }
}

/// What a file seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// An image.
    Image(Format),
    /// Called like an image, and not one: damaged, cut, or something else.
    Damaged,
    /// Nothing that is known.
    Unknown,
}

/// Names that only images of the formats above have.
const ENDINGS: [&str; 20] = [
    ".dcm", ".ima", ".nii", ".nii.gz", ".stl", ".ply", ".obj", ".jpg", ".jpeg", ".png", ".mp4", ".m4v", ".mov", ".avi",
    ".mkv", ".webm", ".hdr", ".dic", ".dicom", ".hdr.gz",
];

/// The name without an ending of images, or of texts beside them; what else stands behind a dot may be part of it.
pub(super) fn without_ending(name: &str) -> &str {
    let plain = name.to_ascii_lowercase();
    let endings = ENDINGS.iter().chain(&[".txt", ".json", ".csv", ".tsv", ".xml", ".pdf"]);
    let ending = endings.filter(|ending| plain.ends_with(**ending)).map(|ending| ending.len()).max();
    &name[..name.len() - ending.unwrap_or_default()]
}

/// Looks at the first bytes of a file of `bytes` bytes. `head` holds all of a file that is shorter.
pub(super) fn recognise(head: &[u8], bytes: u64, name: &str) -> Seen {
    let name = name.to_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let image = if dicom::has_preamble(head) {
        Some(Format::Dicom)
    } else if head.starts_with(&[0x1f, 0x8b]) {
        is_nifti(&inflated(head)).then_some(Format::Nifti)
    } else if is_nifti(head) {
        nifti_is_whole(head, bytes).then_some(Format::Nifti)
    } else if is_binary_stl(head, bytes, ending) || is_text_stl(head) {
        Some(Format::Stl)
    } else if head.starts_with(b"ply\n") || head.starts_with(b"ply\r") {
        Some(Format::Ply)
    } else if head.starts_with(&[0xff, 0xd8, 0xff]) {
        Some(Format::Jpeg)
    } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(Format::Png)
    } else if is_video(head, ending) {
        Some(Format::Video)
    } else if ending == "obj" && is_obj(head) {
        Some(Format::Obj)
    } else if dicom::is_bare(head) {
        Some(Format::Dicom)
    } else {
        None
    };
    match image {
        Some(format) => Seen::Image(format),
        None if ENDINGS.iter().any(|ending| name.ends_with(ending)) => Seen::Damaged,
        None => Seen::Unknown,
    }
}

/// The name without what says its format: `scan` of `scan.nii.gz`.
pub(super) fn stem(name: &str) -> &str {
    let name = match name.len().checked_sub(3) {
        Some(at) if name.is_char_boundary(at) && name[at..].eq_ignore_ascii_case(".gz") => &name[..at],
        _ => name,
    };
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The first bytes of what is gzipped; a header of `NIfTI` 2 has 540.
fn inflated(head: &[u8]) -> Vec<u8> {
    let mut inside = Vec::new();
    // What ends in the middle has begun.
    let _ = GzDecoder::new(head).take(544).read_to_end(&mut inside);
    inside
}

/// The header of `NIfTI` 1 or 2, in either order of bytes.
fn is_nifti(head: &[u8]) -> bool {
    let size = head.get(..4).map(|bytes| [bytes[0], bytes[1], bytes[2], bytes[3]]);
    let is_size = |wanted: u32| size.is_some_and(|size| [wanted.to_le_bytes(), wanted.to_be_bytes()].contains(&size));
    let has = |at: usize, magic: &[&[u8]]| magic.iter().any(|magic| head.get(at..at + magic.len()) == Some(magic));
    (is_size(348) && has(344, &[b"n+1\0", b"ni1\0"])) || (is_size(540) && has(4, &[b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n"]))
}

/// Whether a `NIfTI` 1 in one file has as many bytes as its header says; of the others that is not asked.
fn nifti_is_whole(head: &[u8], bytes: u64) -> bool {
    if head.get(344..348) != Some(b"n+1\0") {
        return true;
    }
    let is_little = head.starts_with(&348_u32.to_le_bytes());
    let short = |at: usize| {
        let bytes = [head[at], head[at + 1]];
        u64::from(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let offset = [head[108], head[109], head[110], head[111]];
    let offset = if is_little { f32::from_le_bytes(offset) } else { f32::from_be_bytes(offset) };
    // No larger than any file has; a float of a header is a whole number there.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    let offset = offset as u64;
    let dims = (1..=short(40).min(7)).map(|dim| short(40 + 2 * usize::try_from(dim).unwrap_or(0)).max(1));
    let bits = dims.fold(short(72), u64::saturating_mul);
    bits.div_ceil(8).saturating_add(offset) <= bytes
}

/// 80 bytes of anything, the number of triangles, 50 bytes for each.
fn is_binary_stl(head: &[u8], bytes: u64, ending: &str) -> bool {
    let Some(count) = head.get(80..84) else { return false };
    let count = u64::from(u32::from_le_bytes([count[0], count[1], count[2], count[3]]));
    bytes == 84 + 50 * count && (count > 0 || ending == "stl")
}

fn is_text_stl(head: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    head.trim_ascii_start().starts_with(b"solid") && (has(b"facet") || has(b"endsolid")) && !head.contains(&0)
}

fn is_video(head: &[u8], ending: &str) -> bool {
    let at = |from: usize, to: usize| head.get(from..to).unwrap_or_default();
    match at(4, 8) {
        // Photos and sounds are kept in the same way.
        b"ftyp" => {
            let others: [&[u8]; 8] = [b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"M4A ", b"M4B "];
            !others.contains(&at(8, 12))
        }
        b"moov" | b"mdat" | b"wide" | b"free" | b"skip" => matches!(ending, "mov" | "mp4"),
        _ if at(0, 4) == b"RIFF" => at(8, 12) == b"AVI ",
        _ if at(0, 4) == b"\x1a\x45\xdf\xa3" => {
            let beginning = &head[..head.len().min(64)];
            [b"webm".as_slice(), b"matroska"].iter().any(|kind| memchr::memmem::find(beginning, kind).is_some())
        }
        _ => false,
    }
}

/// A text whose first line with something to say is one of such a file.
fn is_obj(head: &[u8]) -> bool {
    if head.contains(&0) {
        return false;
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default();
    let word = first.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    [b"v".as_slice(), b"vt", b"vn", b"vp", b"o", b"g", b"s", b"f", b"mtllib", b"usemtl"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nifti(little: bool) -> Vec<u8> {
        let mut head = vec![0; 352];
        let short = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        head[..4].copy_from_slice(&if little { 348_u32.to_le_bytes() } else { 348_u32.to_be_bytes() });
        for (at, value) in [(40, 3), (42, 4), (44, 4), (46, 2), (72, 16)] {
            head[at..at + 2].copy_from_slice(&short(value));
        }
        head[108..112].copy_from_slice(&if little { 352_f32.to_le_bytes() } else { 352_f32.to_be_bytes() });
        head[344..348].copy_from_slice(b"n+1\0");
        head
    }

    fn stl(count: u32) -> Vec<u8> {
        let mut file = b"solid of a binary file that begins like a text".to_vec();
        file.resize(80, b' ');
        file.extend(count.to_le_bytes());
        file.resize(84 + 50 * count as usize, 7);
        file
    }

    #[test]
    fn content_counts_before_the_name() {
        use Seen::{Damaged, Image, Unknown};
        let mut whole = nifti(true);
        whole.resize(352 + 64, 0);
        let mut other_order = nifti(false);
        other_order.resize(352 + 64, 0);
        let mut second = vec![0; 544];
        second[..4].copy_from_slice(&540_u32.to_le_bytes());
        second[4..12].copy_from_slice(b"n+2\0\r\n\x1a\n");
        let table: [(&[u8], &str, Seen); 30] = [
            (&whole, "a.nii", Image(Format::Nifti)),
            (&whole, "no ending", Image(Format::Nifti)),
            (&other_order, "a.nii", Image(Format::Nifti)),
            (&second, "a.nii", Image(Format::Nifti)),
            (&nifti(true), "cut.nii", Damaged),
            (&whole[..300], "cut.nii", Damaged),
            (&stl(2), "a.stl", Image(Format::Stl)),
            (&stl(2), "a", Image(Format::Stl)),
            (&stl(0), "a.stl", Image(Format::Stl)),
            (&stl(0), "a.txt", Unknown),
            (&stl(2)[..100], "cut.stl", Damaged),
            (b"solid a\nfacet normal 0 0 1\n", "a.stl", Image(Format::Stl)),
            (b"solid advice", "a.txt", Unknown),
            (b"ply\nformat ascii 1.0\n", "a.ply", Image(Format::Ply)),
            (b"plywood", "a.ply", Damaged),
            (b"# made\n\nv 1 2 3\n", "a.OBJ", Image(Format::Obj)),
            (b"v 1 2 3\n", "a.txt", Unknown),
            (b"\x7fELF", "a.obj", Damaged),
            (b"\xff\xd8\xff\xe0", "a.dcm", Image(Format::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", "a.PNG", Image(Format::Png)),
            (b"\0\0\0\x18ftypisom", "a.mp4", Image(Format::Video)),
            (b"\0\0\0\x18ftypqt  ", "a", Image(Format::Video)),
            (b"\0\0\0\x18ftypheic", "a.heic", Unknown),
            (b"\0\0\0\x18mdat", "a.mov", Image(Format::Video)),
            (b"RIFF\0\0\0\0AVI LIST", "a.avi", Image(Format::Video)),
            (b"RIFF\0\0\0\0WAVEfmt ", "a.wav", Unknown),
            (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "a.webm", Image(Format::Video)),
            (b"", "a.jpg", Damaged),
            (b"", "a.txt", Unknown),
            (b"PK\x03\x04", "a.zip", Unknown),
        ];
        for (head, name, expected) in table {
            assert_eq!(recognise(head, head.len() as u64, name), expected, "{name} that begins with {:?}", head.get(..12));
        }
    }

    #[test]
    fn what_is_gzipped_is_looked_into_and_no_further_than_a_header() {
        use std::io::Write as _;
        let gzipped = |bytes: &[u8]| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(bytes).and_then(|()| gzip.finish()).expect("memory takes it")
        };
        let mut volume = nifti(true);
        volume.resize(1 << 20, 0);
        let file = gzipped(&volume);
        assert_eq!(recognise(&file, file.len() as u64, "a.nii.gz"), Seen::Image(Format::Nifti), "a volume");
        let bomb = gzipped(&vec![0; 1 << 24]);
        assert_eq!(recognise(&bomb, bomb.len() as u64, "a.nii.gz"), Seen::Damaged, "nothing but zeros");
        assert_eq!(inflated(&bomb).len(), 544, "no more than a header is unpacked");
    }

    #[test]
    fn a_stem_is_what_files_that_belong_together_share() {
        for (name, expected) in
            [("scan.nii.gz", "scan"), ("scan.json", "scan"), ("a.b.GZ", "a"), ("none", "none"), ("é.gz", "é"), (".x", "")]
        {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
