//! The header of a DICOM file: whose it is, and to which study and series it belongs.
//!
//! Elements are read one by one, and values that are not asked for are skipped, so that a length that lies costs no memory.
//! Deliberately absent: pixels, and everything behind the series.

use std::io::{Cursor, Read as _};

use dicom_core::Tag;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex as _;
use dicom_parser::dataset::lazy_read::LazyDataSetReader;
use dicom_parser::dataset::{DataToken, LazyDataToken};
use dicom_parser::stateful::decode::StatefulDecode as _;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use flate2::read::DeflateDecoder;
use sheaf_registry::sensitive::Sensitive;

const CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
const CLASS: Tag = Tag(0x0008, 0x0016);
const STUDY_DATE: Tag = Tag(0x0008, 0x0020);
const MODALITY: Tag = Tag(0x0008, 0x0060);
const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const BODY_PART: Tag = Tag(0x0018, 0x0015);
const STUDY: Tag = Tag(0x0020, 0x000d);
/// The last one that is asked for; elements stand in the order of their tags.
const SERIES: Tag = Tag(0x0020, 0x000e);

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
/// The class of a DICOMDIR.
const DIRECTORY: &str = "1.2.840.10008.1.3.10";
/// No value that is asked for is longer.
const LONGEST: u32 = 1024;
/// So much is unpacked of a data set that is deflated.
const MOST: u64 = 1 << 20;

/// What a header says. Values are trimmed; what is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) patient_id: Sensitive<String>,
    pub(super) patient_name: Sensitive<String>,
    pub(super) study: String,
    pub(super) study_date: String,
    pub(super) series: String,
    pub(super) modality: String,
    pub(super) body_part: String,
    pub(super) class: String,
}

impl Header {
    /// Whether the file is the index of a disc, and no image.
    pub(super) fn is_directory(&self) -> bool {
        self.class == DIRECTORY
    }
}

/// What became of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// All of it was there.
    Whole(Box<Header>),
    /// It ends, or makes no sense, before its end: what came before.
    Stopped(Box<Header>),
}

/// Whether a file begins as DICOM does.
pub(super) fn has_preamble(head: &[u8]) -> bool {
    head.get(128..132) == Some(b"DICM")
}

/// Whether this is DICOM without its preamble: a data set that can be read, and says what it is.
pub(super) fn is_bare(head: &[u8]) -> bool {
    matches!(head.get(..2), Some([0x08 | 0x02, 0x00])) && head.len() > 8 && {
        let (Read::Whole(header) | Read::Stopped(header)) = read(head);
        header.class.starts_with("1.2.840.10008.") && !header.study.is_empty()
    }
}

/// Reads the header out of the first bytes of a file.
pub(super) fn read(head: &[u8]) -> Read {
    let mut header = Header::default();
    let data = if has_preamble(head) { &head[132..] } else { head };
    let meta = Meta::read(data);
    header.class = meta.class;
    let data = &data[meta.bytes..];
    let unpacked;
    let (data, syntax) = match meta.syntax.as_str() {
        DEFLATED => {
            let mut inside = Vec::new();
            // What ends in the middle has begun.
            let _ = DeflateDecoder::new(data).take(MOST).read_to_end(&mut inside);
            unpacked = inside;
            (unpacked.as_slice(), EXPLICIT)
        }
        "" => (data, if has_words(data) { EXPLICIT } else { IMPLICIT }),
        syntax => (data, syntax),
    };
    let is_whole = elements(data, syntax, SERIES, &mut |tag, value| {
        let field = match tag {
            CLASS if header.class.is_empty() => &mut header.class,
            STUDY_DATE => &mut header.study_date,
            MODALITY => &mut header.modality,
            BODY_PART => &mut header.body_part,
            STUDY => &mut header.study,
            SERIES => &mut header.series,
            PATIENT_ID => {
                header.patient_id = Sensitive::new(value);
                return;
            }
            PATIENT_NAME => {
                header.patient_name = Sensitive::new(name(&value));
                return;
            }
            _ => return,
        };
        *field = value;
    })
    .is_whole;
    if is_whole { Read::Whole(Box::new(header)) } else { Read::Stopped(Box::new(header)) }
}

/// The group at the beginning that says how the rest is written.
#[derive(Default)]
struct Meta {
    syntax: String,
    pub(super) class: String,
    /// How long it is.
    bytes: usize,
}

impl Meta {
    fn read(data: &[u8]) -> Self {
        let mut meta = Self::default();
        if !data.starts_with(&[0x02, 0x00]) {
            return meta;
        }
        let end = elements(data, EXPLICIT, Tag(0x0002, 0xffff), &mut |tag, value| match tag {
            Tag(0x0002, 0x0002) => meta.class = value,
            Tag(0x0002, 0x0010) => meta.syntax = value,
            _ => {}
        });
        meta.bytes = end.at;
        meta
    }
}

/// Where reading ended.
struct End {
    /// Behind the last element that was read.
    at: usize,
    /// Whether everything up to the last tag was read.
    is_whole: bool,
}

/// Tells the values of the elements up to `last` that stand in no sequence and are asked for.
fn elements(data: &[u8], syntax: &str, last: Tag, tell: &mut dyn FnMut(Tag, String)) -> End {
    let mut end = End { at: 0, is_whole: false };
    // Those that a registry does not know are written like the usual one.
    let syntax = TransferSyntaxRegistry.get(syntax).or_else(|| TransferSyntaxRegistry.get(EXPLICIT));
    let Some(Ok(mut reader)) = syntax.map(|syntax| LazyDataSetReader::new_with_ts(Cursor::new(data), syntax)) else {
        return end;
    };
    // What is open: sequences, and items of them.
    let mut open: Vec<Open> = Vec::new();
    while let Some(Ok(token)) = reader.advance() {
        match &token {
            LazyDataToken::ElementHeader(header) => {
                if open.is_empty() && header.tag > last {
                    end.is_whole = true;
                    return end;
                }
            }
            LazyDataToken::SequenceStart { tag, .. } => {
                if open.is_empty() && *tag > last {
                    end.is_whole = true;
                    return end;
                }
                open.push(Open::Sequence);
            }
            LazyDataToken::ItemStart { .. } => open.push(Open::Item),
            // An end of what has not begun makes no sense, and the reader must not go on behind it.
            LazyDataToken::ItemEnd => {
                if open.pop() != Some(Open::Item) {
                    return end;
                }
            }
            LazyDataToken::SequenceEnd => {
                if open.pop() != Some(Open::Sequence) {
                    return end;
                }
            }
            LazyDataToken::LazyValue { header, decoder } => {
                let (tag, length) = (header.tag, header.len.0);
                let behind = usize::try_from(decoder.position().saturating_add(u64::from(length))).unwrap_or(usize::MAX);
                if behind > data.len() {
                    return end;
                }
                if open.is_empty() && length <= LONGEST && is_asked(tag) {
                    let Ok(DataToken::PrimitiveValue(value)) = token.into_owned() else { return end };
                    tell(tag, value.to_multi_str().first().map(|value| clean(value)).unwrap_or_default());
                } else if token.skip().is_err() {
                    return end;
                }
                if open.is_empty() {
                    end.at = behind;
                }
            }
            // Pixels, which come last.
            _ => return end,
        }
    }
    end
}

/// What is open while a data set is read.
#[derive(PartialEq, Eq)]
enum Open {
    Sequence,
    Item,
}

fn is_asked(tag: Tag) -> bool {
    const ASKED: [Tag; 11] = [
        Tag(0x0002, 0x0002),
        Tag(0x0002, 0x0010),
        CHARACTER_SET,
        CLASS,
        STUDY_DATE,
        MODALITY,
        PATIENT_NAME,
        PATIENT_ID,
        BODY_PART,
        STUDY,
        SERIES,
    ];
    ASKED.contains(&tag)
}

/// Whether the first element says its type in letters, as the explicit syntaxes do.
fn has_words(data: &[u8]) -> bool {
    data.get(4..6).is_some_and(|word| word.iter().all(u8::is_ascii_uppercase))
}

/// Without what fills it up, and without what no value holds.
fn clean(value: &str) -> String {
    value.trim_matches(['\0', ' ']).chars().filter(|letter| !letter.is_control()).collect()
}

/// A name as people write it: its first spelling, its parts apart.
fn name(value: &str) -> String {
    let spelling = value.split('=').find(|spelling| !spelling.trim_matches(['^', ' ']).is_empty()).unwrap_or_default();
    spelling.split('^').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use dicom_core::{DataElement, PrimitiveValue, VR};
    use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
    use flate2::write::DeflateEncoder;

    use super::*;

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

    fn elements_of(name: &str, charset: &str) -> InMemDicomObject {
        let text = |tag, vr, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
        let reference = InMemDicomObject::from_element_iter([
            text(PATIENT_ID, VR::LO, "of another"),
            text(Tag(0x0008, 0x1155), VR::UI, "1.2.3"),
        ]);
        InMemDicomObject::from_element_iter([
            text(CHARACTER_SET, VR::CS, charset),
            text(CLASS, VR::UI, CT),
            text(STUDY_DATE, VR::DA, "20250131"),
            text(MODALITY, VR::CS, "CT"),
            DataElement::new(Tag(0x0008, 0x1140), VR::SQ, dicom_core::value::DataSetSequence::from(vec![reference])),
            text(PATIENT_NAME, VR::PN, name),
            text(PATIENT_ID, VR::LO, " H-7 "),
            text(BODY_PART, VR::CS, "JAW"),
            text(STUDY, VR::UI, "1.2.3.4"),
            text(SERIES, VR::UI, "1.2.3.5"),
            DataElement::new(Tag(0x0028, 0x0010), VR::US, PrimitiveValue::from(2_u16)),
            DataElement::new(Tag(0x7fe0, 0x0010), VR::OW, PrimitiveValue::from([7_u16; 8])),
        ])
    }

    fn file(syntax: &str) -> Vec<u8> {
        let object = elements_of("ROSSI^MARIO^^Dr", "ISO_IR 192");
        let meta = FileMetaTableBuilder::new()
            .transfer_syntax(syntax)
            .media_storage_sop_class_uid(CT)
            .media_storage_sop_instance_uid("1.2.3.6");
        let mut bytes = Vec::new();
        object.with_meta(meta).expect("a DICOM file").write_all(&mut bytes).expect("memory takes it");
        bytes
    }

    fn whole(bytes: &[u8]) -> Header {
        match read(bytes) {
            Read::Whole(header) => *header,
            Read::Stopped(header) => panic!("stopped after {header:?}"),
        }
    }

    #[test]
    fn a_header_is_read_in_every_syntax() {
        for syntax in [EXPLICIT, IMPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90"] {
            let header = whole(&file(syntax));
            assert_eq!(header.patient_name.expose(), "ROSSI MARIO Dr", "{syntax}");
            assert_eq!(header.patient_id.expose(), "H-7", "{syntax}: what fills it up is no part of it, nor is a reference");
            let shown = [header.study, header.series, header.modality, header.body_part, header.study_date];
            assert_eq!(shown, ["1.2.3.4", "1.2.3.5", "CT", "JAW", "20250131"], "{syntax}");
        }
    }

    #[test]
    fn a_data_set_that_is_deflated_is_read_and_unpacked_no_further() {
        let plain = file(EXPLICIT);
        let meta = Meta::read(&plain[132..]);
        let body = 132 + meta.bytes;
        let at = memchr::memmem::find(&plain, EXPLICIT.as_bytes()).expect("it says its syntax");
        // Three letters more: the length of the value and of the group.
        let mut head = plain[..body].to_vec();
        head.splice(at..at + 20, *b"1.2.840.10008.1.2.1.99");
        head[at - 2] += 2;
        head[140] += 2;
        let mut deflated = DeflateEncoder::new(head, flate2::Compression::fast());
        deflated.write_all(&plain[body..]).expect("memory takes it");
        assert_eq!(whole(&deflated.finish().expect("memory takes it")).patient_id.expose(), "H-7", "as any other");
    }

    #[test]
    fn letters_of_names_are_read_as_the_file_says() {
        for (name, charset, expected) in [
            ("Müller^Jörg", "ISO_IR 100", "Müller Jörg"),
            ("Wang^XiaoDong=王^小东", "GB18030", "Wang XiaoDong"),
            ("=山田^太郎", "ISO_IR 192", "山田 太郎"),
        ] {
            let mut bytes = Vec::new();
            let syntax = TransferSyntaxRegistry.get(EXPLICIT).expect("known");
            elements_of(name, charset).write_dataset_with_ts(&mut bytes, syntax).expect("a data set");
            assert!(is_bare(&bytes), "without its preamble: {charset}");
            assert_eq!(whole(&bytes).patient_name.expose(), expected, "{charset}");
        }
    }

    #[test]
    fn no_length_that_lies_costs_memory_and_nothing_panics() {
        let plain = file(EXPLICIT);
        let name = memchr::memmem::find(&plain, b"\x10\0\x10\0PN").expect("it has a name");
        let mut lying = plain.clone();
        lying[name + 6..name + 8].copy_from_slice(&0xfffe_u16.to_le_bytes());
        match read(&lying) {
            Read::Stopped(header) => assert_eq!(header.study_date, "20250131", "what came before is known"),
            Read::Whole(header) => panic!("more than there is was read: {header:?}"),
        }
        for end in 0..plain.len() {
            let _ = read(&plain[..end]);
        }
        for at in 0..plain.len() - 128 {
            for value in [0, 0x0d, 0xe0, 0xff, b'Q'] {
                let mut changed = plain.clone();
                changed[at] = value;
                let _ = read(&changed);
            }
        }
        // Ends of what has not begun.
        let mut ends = vec![0x08, 0, 0x05, 0, b'S', b'Q', 0, 0, 0xff, 0xff, 0xff, 0xff];
        for item in [0xe000_u16, 0xe00d, 0xe00d, 0xe000, 0xe0dd, 0xe00d] {
            ends.extend(0xfffe_u16.to_le_bytes());
            ends.extend(item.to_le_bytes());
            ends.extend(0_u32.to_le_bytes());
        }
        assert!(matches!(read(&ends), Read::Stopped(_)), "no sense, and no panic");
    }

    #[test]
    fn what_is_no_data_set_is_none() {
        assert!(!is_bare(b"\x08\0\x05\0 some text that begins like one, and says nothing"), "no class, no study");
        assert!(!is_bare(&[]) && !is_bare(&[8]), "nothing");
        assert!(is_bare(&file(EXPLICIT)[132..]), "with the group that says how it is written");
    }
}
