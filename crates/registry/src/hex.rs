//! SHA-256 values as text and back: the one place for it.
//!
//! Deliberately absent: other lengths.

/// 32 bytes as 64 lower-case hexadecimal digits.
pub fn encode(bytes: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// The bytes of 64 hexadecimal digits of either case; `None` for anything else.
pub fn decode(text: &str) -> Option<[u8; 32]> {
    let text: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |character: u8| char::from(character).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_survives_both_ways() {
        let hash: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 8).expect("below 256"));
        assert_eq!(decode(&encode(&hash)), Some(hash), "a registered hash must be read as it was written");
        assert_eq!(decode(&encode(&hash).to_uppercase()), Some(hash), "sources write either case");
    }

    #[test]
    fn what_is_not_64_hexadecimal_digits_is_no_hash() {
        for text in ["", "multi-file", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"é".repeat(32), &"+f".repeat(32)]
        {
            assert_eq!(decode(text), None, "{text:?} must not be taken for a SHA-256");
        }
    }
}
