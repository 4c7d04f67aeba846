//! Named points at which a test ends the process as `kill -9` would, or holds it. Compiled only with the feature
//! `failpoints`.

/// Ends this process if `SHEAF_FAILPOINT` names this point. If `SHEAF_PAUSE` names it, makes the file `SHEAF_PAUSE_FILE` and
/// waits until somebody has removed it.
#[cfg(feature = "failpoints")]
pub(crate) fn hit(name: &str) {
    let named = |variable: &str| std::env::var_os(variable).is_some_and(|wanted| wanted == name);
    if named("SHEAF_FAILPOINT") {
        #[cfg(unix)]
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
    if named("SHEAF_PAUSE")
        && let Some(file) = std::env::var_os("SHEAF_PAUSE_FILE").map(std::path::PathBuf::from)
        && std::fs::write(&file, name).is_ok()
    {
        while file.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

/// Nothing, in a product.
#[cfg(not(feature = "failpoints"))]
pub(crate) const fn hit(_: &str) {}
