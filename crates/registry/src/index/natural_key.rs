//! Natural order of many texts at once: [`natural_cmp`] as a comparison of bytes, worked out once for each text.

use crate::text::{fold, natural_cmp};

/// Starts a number: before every character.
const NUMBER: u8 = 0;
/// Starts one of the two characters that would be taken for these marks.
const ESCAPE: u8 = 1;

/// Positions of the texts in natural order; equal texts in the order in which they come.
pub(crate) fn natural_order<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Vec<u32> {
    let mut keys = Vec::new();
    let mut sorted: Vec<Keyed> = Vec::with_capacity(texts.size_hint().0);
    for (at, text) in (0_u32..).zip(texts.clone()) {
        let start = keys.len();
        write_key(text, &mut keys);
        sorted.push(Keyed { head: head(&keys[start..]), start, end: keys.len(), at });
    }
    let texts: Vec<&str> = texts.collect();
    sorted.sort_by(|a, b| {
        let by_key = || keys[a.start..a.end].cmp(&keys[b.start..b.end]);
        // Equal but for case and leading zeros: rare, and decided by the rule itself.
        let by_text = || natural_cmp(texts[a.at as usize], texts[b.at as usize]);
        a.head.cmp(&b.head).then_with(by_key).then_with(by_text)
    });
    sorted.into_iter().map(|keyed| keyed.at).collect()
}

/// A text, with its key: the first bytes at hand, the rest in the common string of keys.
struct Keyed {
    head: u64,
    start: usize,
    end: usize,
    at: u32,
}

/// The first bytes of a key, so that they compare as the key does.
fn head(key: &[u8]) -> u64 {
    let mut head = [0; 8];
    let len = key.len().min(head.len());
    head[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(head)
}

/// The key of one text: keys compare as [`natural_cmp`] does, but for texts that differ in case and leading zeros alone.
pub(crate) fn natural_key(text: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len() + 8);
    write_key(text, &mut key);
    key
}

fn write_key(text: &str, out: &mut Vec<u8>) {
    let folded = fold(text);
    let mut rest = folded.as_bytes();
    while let Some(&byte) = rest.first() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            if byte <= ESCAPE {
                out.push(ESCAPE);
            }
            out.push(byte);
            rest = &rest[1..];
            continue;
        }
        let (number, after) = rest.split_at(digits);
        let zeros = number.iter().take_while(|&&byte| byte == b'0').count();
        let number = &number[zeros..];
        out.push(NUMBER);
        match u8::try_from(number.len()) {
            Ok(len) if len < u8::MAX => out.push(len),
            _ => {
                out.push(u8::MAX);
                out.extend_from_slice(&(number.len() as u64).to_be_bytes());
            }
        }
        out.extend_from_slice(number);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slow_order(texts: &[String]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(texts.len()).expect("few")).collect();
        order.sort_by(|&a, &b| natural_cmp(&texts[a as usize], &texts[b as usize]));
        order
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_rule(texts in proptest::collection::vec("[aAbBßéÉ0-3\u{0}-\u{2}/ ]{0,9}|P0{0,3}[0-9]{1,3}", 0..30)) {
            let fast = natural_order(texts.iter().map(String::as_str));
            prop_assert_eq!(fast, slow_order(&texts), "sorting many texts at once follows the one rule of natural order");
        }
    }

    #[test]
    fn numbers_of_any_length_are_in_order() {
        let texts = ["9".repeat(300), format!("1{}", "0".repeat(300)), "9".repeat(254), "9".repeat(255), "10".to_owned()];
        assert_eq!(
            natural_order(texts.iter().map(String::as_str)),
            slow_order(&texts),
            "long numbers by length, then digits"
        );
    }
}
