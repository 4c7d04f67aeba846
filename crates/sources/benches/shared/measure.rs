//! How long a source of 1,000,000 files takes to become a registry, and how much memory.

use std::path::Path;
use std::time::Instant;

use sheaf_registry::progress::{Cancel, Unobserved};
use sheaf_registry::{RegistryWriter, Result};
use sheaf_sources::file_registry::{Options, Report};

/// Rows of the table of files; ten for each patient.
pub(crate) const FILES: u32 = 1_000_000;

/// Reads a source into a registry in `folder`, and prints how that went.
pub(crate) fn measure(
    folder: &Path,
    what: &str,
    read: impl FnOnce(RegistryWriter, &Options<'_>) -> Result<Report>,
) -> Result<()> {
    let start = Instant::now();
    let writer = RegistryWriter::create(&folder.join("registry.sqlite"))?;
    let (now, cancel) = (jiff::Timestamp::now(), Cancel::new());
    let options = Options { scratch: folder, now, mappings: &[], cancel: &cancel, observer: &Unobserved };
    let report = read(writer, &options)?;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!((report.source_rows, report.patients), (FILES.into(), u64::from(FILES) / 10), "all of them");
    println!("{what}: {seconds:.1} s, {:.0} rows/s", f64::from(FILES) / seconds);
    if let Some(peak) = peak() {
        println!("peak memory: {} MB", peak / 1000);
        assert!(peak < 200_000, "memory must not grow with the rows: {peak} kB");
    }
    Ok(())
}

/// The highest memory of this process so far, in kB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
