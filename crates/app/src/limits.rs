//! Limits, quotas and room: from numbers to refusals. Asked three times: before a job is created, when it starts, and
//! while it writes.
//!
//! What is deliberately absent: looking at disks or databases. Whoever asks brings the numbers.

use sheaf_registry::{Code, Error, Result};

use crate::settings::Settings;

/// What is known of a plan and of where it would go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Patients with at least one file.
    pub patients: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// The archive will not be larger than this.
    pub archive_bytes_max: u64,
    /// Bytes of the user's archives that are kept, and those promised to jobs that run.
    pub kept_bytes: u64,
    /// Free bytes at the destination; `None` where it is not known.
    pub free_bytes: Option<u64>,
    /// The largest file that the destination can hold, where that is little.
    pub largest_file: Option<u64>,
}

/// Every reason to refuse, most telling first.
pub fn breaches(demand: &Demand, settings: &Settings) -> Vec<Error> {
    let mut found = Vec::new();
    if let Some(most) = settings.max_patients_per_export.filter(|most| demand.patients > *most) {
        found.push(
            Error::new(
                Code::LimitExceeded,
                format!("The selection has {} patients with files; one export may have at most {most}.", demand.patients),
            )
            .hint("Choose fewer patients, or raise max_patients_per_export in the settings."),
        );
    }
    if let Some(most) = settings.max_bytes_per_export.filter(|most| demand.bytes > *most) {
        found.push(too_many_bytes(demand.bytes, most));
    }
    if let Some(most) = settings.max_kept_bytes_per_user
        && demand.kept_bytes.saturating_add(demand.archive_bytes_max) > most
    {
        found.push(over_quota(demand.kept_bytes, demand.archive_bytes_max, most));
    }
    if let Some(most) = demand.largest_file.filter(|most| demand.archive_bytes_max > *most) {
        found.push(too_large(demand.archive_bytes_max, most));
    }
    if let Some(free) = demand.free_bytes
        && demand.archive_bytes_max.saturating_add(settings.free_space_reserve) > free
    {
        found.push(no_space(demand.archive_bytes_max, settings.free_space_reserve, free));
    }
    found
}

/// Refuses with the first of [`breaches`].
pub fn check(demand: &Demand, settings: &Settings) -> Result<()> {
    breaches(demand, settings).into_iter().next().map_or(Ok(()), Err)
}

/// Refuses a table of more studies than one may have, with the count; nothing is ever cut.
pub fn check_studies(studies: u64, settings: &Settings) -> Result<()> {
    match settings.max_studies_per_export {
        Some(most) if studies > most => {
            Err(Error::new(Code::LimitExceeded, format!("{studies} studies match; one table may have at most {most}."))
                .hint("Narrow the filter, or raise max_studies_per_export in the settings."))
        }
        _ => Ok(()),
    }
}

/// Whether writing may go on after `written` bytes of the archive, with what is free now.
pub fn check_room(demand: &Demand, settings: &Settings, written: u64) -> Result<()> {
    let overhead = demand.archive_bytes_max.saturating_sub(demand.bytes);
    if let Some(most) = settings.max_bytes_per_export
        && written > most.saturating_add(overhead)
    {
        return Err(too_many_bytes(written, most));
    }
    check_quota(demand.kept_bytes, written, settings)?;
    match demand.free_bytes {
        Some(free) if free < settings.free_space_reserve => {
            Err(no_space(demand.archive_bytes_max.saturating_sub(written), settings.free_space_reserve, free))
        }
        _ => Ok(()),
    }
}

/// Whether `written` more bytes may be kept beside those that are.
pub fn check_quota(kept_bytes: u64, written: u64, settings: &Settings) -> Result<()> {
    match settings.max_kept_bytes_per_user {
        Some(most) if kept_bytes.saturating_add(written) > most => Err(over_quota(kept_bytes, written, most)),
        _ => Ok(()),
    }
}

/// The refusal for lack of room, also for a copy of an archive.
pub fn no_space(needed: u64, reserve: u64, free: u64) -> Error {
    Error::new(
        Code::NoSpace,
        format!(
            "The archive needs up to {needed} bytes and {reserve} bytes stay in reserve, but only {free} bytes are free."
        ),
    )
    .hint("Free space at the destination, choose another one, or lower free_space_reserve in the settings.")
}

fn too_large(needed: u64, most: u64) -> Error {
    Error::new(
        Code::ArchiveTooLarge,
        format!(
            "The archive may get {needed} bytes large, but the file system there holds no file of more than {most} bytes."
        ),
    )
    .hint("Choose a destination on another disk (this one is FAT), or choose fewer patients or modalities.")
}

fn too_many_bytes(bytes: u64, most: u64) -> Error {
    Error::new(Code::LimitExceeded, format!("The files have {bytes} bytes; one export may have at most {most}."))
        .hint("Choose fewer patients or modalities, or raise max_bytes_per_export in the settings.")
}

fn over_quota(kept: u64, more: u64, most: u64) -> Error {
    Error::new(
        Code::QuotaExceeded,
        format!(
            "Your kept archives have {kept} bytes and this one needs up to {more} bytes more; the quota is {most} bytes."
        ),
    )
    .hint("Delete archives that are no longer needed (`sheaf exports delete`), or raise max_kept_bytes_per_user.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings() -> Settings {
        Settings {
            max_bytes_per_export: Some(1000),
            max_patients_per_export: Some(10),
            max_studies_per_export: Some(20),
            max_kept_bytes_per_user: Some(5000),
            free_space_reserve: 100,
            concurrent_jobs: 1,
        }
    }

    fn demand() -> Demand {
        Demand {
            patients: 10,
            bytes: 1000,
            archive_bytes_max: 1100,
            kept_bytes: 3900,
            free_bytes: Some(1200),
            largest_file: Some(1100),
        }
    }

    #[test]
    fn exactly_at_every_limit_is_allowed_and_one_more_is_not() {
        assert!(check(&demand(), &settings()).is_ok(), "each limit may be reached");
        for (demand, code, numbers) in [
            (Demand { patients: 11, ..demand() }, Code::LimitExceeded, ["11", "10"]),
            (Demand { bytes: 1001, ..demand() }, Code::LimitExceeded, ["1001", "1000"]),
            (Demand { kept_bytes: 3901, ..demand() }, Code::QuotaExceeded, ["3901", "5000"]),
            (Demand { free_bytes: Some(1199), ..demand() }, Code::NoSpace, ["1100", "1199"]),
            (Demand { largest_file: Some(1099), ..demand() }, Code::ArchiveTooLarge, ["1100", "1099"]),
        ] {
            let error = check(&demand, &settings()).expect_err("one over");
            assert_eq!(error.code(), code, "{error}");
            assert!(numbers.iter().all(|number| error.message().contains(number)), "{error} says the exact numbers");
            assert!(!error.next_step().is_empty(), "{error} has a next step");
        }
    }

    #[test]
    fn all_breaches_are_listed_and_nothing_is_limited_by_default() {
        let much = Demand {
            patients: 99,
            bytes: 9999,
            archive_bytes_max: 9999,
            kept_bytes: 9999,
            free_bytes: Some(0),
            largest_file: None,
        };
        let codes: Vec<_> = breaches(&much, &settings()).iter().map(Error::code).collect();
        let expected = [Code::LimitExceeded, Code::LimitExceeded, Code::QuotaExceeded, Code::NoSpace];
        assert_eq!(codes, expected, "a plan shows all of them at once");
        let unlimited = Settings { free_space_reserve: 0, ..Settings::default() };
        let demand = Demand { free_bytes: None, ..much };
        assert!(breaches(&demand, &unlimited).is_empty(), "no limit, no refusal, whatever the numbers");
    }

    #[test]
    fn while_writing_each_limit_stops_the_job() {
        assert!(check_room(&demand(), &settings(), 1100).is_ok(), "the whole archive fits");
        let other = Settings { max_kept_bytes_per_user: None, ..settings() };
        assert_eq!(check_room(&demand(), &other, 1101).expect_err("too large").code(), Code::LimitExceeded, "grown");
        let other = Settings { max_bytes_per_export: None, ..settings() };
        assert_eq!(check_room(&demand(), &other, 1101).expect_err("quota").code(), Code::QuotaExceeded, "over the quota");
        let full = Demand { free_bytes: Some(99), ..demand() };
        let error = check_room(&full, &settings(), 1000).expect_err("full");
        assert_eq!(error.code(), Code::NoSpace, "the reserve is touched");
        assert!(error.message().contains("100 bytes") && error.message().contains("99 bytes"), "{error}: needed and free");
    }

    proptest! {
        #[test]
        fn what_passes_before_passes_while_writing(
            patients in 0..20_u64, bytes in 0..2000_u64, overhead in 0..200_u64, kept in 0..6000_u64, free in 0..4000_u64,
        ) {
            let demand = Demand {
                patients, bytes, archive_bytes_max: bytes + overhead, kept_bytes: kept, free_bytes: Some(free),
                largest_file: None,
            };
            if check(&demand, &settings()).is_ok() {
                for written in [0, bytes, bytes + overhead] {
                    let now = Demand { free_bytes: Some(free - written), ..demand };
                    prop_assert!(check_room(&now, &settings(), written).is_ok(), "nobody else took the room");
                }
            }
        }
    }
}
