//! The people of a demo: invented names of several languages, numbers, dates, and what their teeth are like.
//!
//! A person follows from the seed and a number alone, so that a hundred thousand need not be held at once.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::anatomy::Traits;
use super::random::Random;

/// An invented person.
pub(super) struct Person {
    /// `patient_id`.
    pub(super) number: u64,
    /// Name.
    pub(super) name: String,
    /// Hospital record number, with its leading zeros; most have one.
    pub(super) record_no: Option<String>,
    /// `M`, `F` or, rarely, `U`.
    pub(super) gender: &'static str,
    /// Day of birth.
    pub(super) birth: Date,
    /// First visit.
    pub(super) since: Timestamp,
    /// What the teeth are like.
    pub(super) traits: Traits,
    /// Words that a clinic would tag the patient with.
    pub(super) tags: Vec<&'static str>,
}

/// Every tag, as [`Person::tags`] says them.
pub(super) const TAGS: [&str; 7] = ["ortho", "implant", "pediatric", "surgery", "follow-up", "對照組", "étude pilote"];

/// Given names of women, given names of men, family names, and whether the family name stands first.
struct Language(&'static [&'static str], &'static [&'static str], &'static [&'static str], bool);

const LANGUAGES: [Language; 4] = [
    Language(
        &["怡君", "淑芬", "雅婷", "美玲", "詩涵", "佩珊"],
        &["志明", "俊傑", "家豪", "建宏", "冠宇", "柏翰"],
        &["陳", "林", "黃", "張", "李", "王", "吳", "歐陽"],
        true,
    ),
    Language(
        &["Giulia", "Chiara", "Francesca", "Martina", "Nicolò-Maria"],
        &["Niccolò", "Matteo", "Lorenzo", "Andrea", "Davide"],
        &["Rossi", "Bianchi", "D'Angelo", "De Luca", "Ferrari", "Barbieri"],
        false,
    ),
    Language(
        &["Jürgen-Marie", "Anneliese", "Zoë", "Hannah", "Grace"],
        &["Jörg", "Søren", "Oliver", "Łukasz", "Thomas"],
        &["Müller", "Weiß", "Åkesson", "Smith", "O'Brien", "Nowak"],
        false,
    ),
    Language(
        &["María José", "Inês", "Lucía", "Ana Sofía", "Noémie"],
        &["José", "João", "Íñigo", "François", "Andrés"],
        &["Núñez", "Gonçalves", "García Márquez", "Lefèvre", "Ibáñez"],
        false,
    ),
];

impl Person {
    /// The person of a number.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let mut random = Random::of(seed, "person", number);
        let female = random.chance(54);
        let Language(women, men, families, family_first) = random.pick(&LANGUAGES);
        let given = random.pick(if female { women } else { men });
        let family = random.pick(families);
        let name = if *family_first { format!("{family}{given}") } else { format!("{given} {family}") };
        let young = random.chance(22);
        let traits = Traits { implant: !young && random.chance(35), crowded: random.chance(40), young };
        let age = if young { 7 + random.below(9) } else { 18 + random.below(64) };
        let age = i64::try_from(age).unwrap_or(0);
        let birth = day(jiff::civil::date(2025, 1, 1), -(age * 365)).saturating_sub(days(random.below(365)).days());
        let since = start().saturating_add((days(random.below(640)) * 24).hours());
        let since = since.and_then(|time| time.checked_add(days(random.below(9 * 3600)).seconds())).unwrap_or(start());
        let said = [
            (traits.crowded, "ortho"),
            (traits.implant, "implant"),
            (young, "pediatric"),
            (random.chance(18), "surgery"),
            (random.chance(30), "follow-up"),
            (random.chance(15), "對照組"),
            (random.chance(10), "étude pilote"),
        ];
        Self {
            number,
            name,
            // A prime, so that no two of ten million share one.
            record_no: random
                .chance(85)
                .then(|| format!("{:08}", number.wrapping_mul(7_919).wrapping_add(seed) % 10_000_000)),
            gender: match (random.chance(2), female) {
                (true, _) => "U",
                (_, true) => "F",
                _ => "M",
            },
            birth,
            since,
            traits,
            tags: said.into_iter().filter_map(|(is_so, tag)| is_so.then_some(tag)).collect(),
        }
    }
}

/// The morning of the clinic's first day.
pub(super) fn start() -> Timestamp {
    Timestamp::constant(1_704_675_600, 0)
}

fn days(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(0)
}

fn day(from: Date, offset: i64) -> Date {
    from.saturating_add(offset.days())
}
