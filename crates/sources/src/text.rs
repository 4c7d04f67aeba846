//! The text of a file of which nothing is known.

use std::borrow::Cow;

/// Why bytes are no text that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// Something else than a text.
    #[error("it is no text")]
    Binary,
    /// A text of another encoding: Latin-1, Big5 and GBK cannot be told from each other.
    #[error("its letters are written in an old encoding")]
    Encoding,
}

/// The text: UTF-8 with or without its mark, or UTF-16 with it.
///
/// # Errors
/// [`NotText`].
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, NotText> {
    let utf16 = |word: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let words = bytes.chunks_exact(2).map(|pair| word([pair[0], pair[1]]));
        let text = char::decode_utf16(words).collect::<Result<String, _>>().map_err(|_| NotText::Binary)?;
        if bytes.len() % 2 == 1 || text.contains('\0') { Err(NotText::Binary) } else { Ok(Cow::Owned(text)) }
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => utf16(u16::from_be_bytes, rest),
        _ if bytes.contains(&0) => Err(NotText::Binary),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| NotText::Encoding)
        }
    }
}
