//! Named points at which a test ends the process as `kill -9` would. Compiled only with the feature `failpoints`.

/// Ends this process if `SHEAF_FAILPOINT` names this point.
#[cfg(feature = "failpoints")]
pub(crate) fn hit(name: &str) {
    if std::env::var_os("SHEAF_FAILPOINT").is_some_and(|wanted| wanted == name) {
        #[cfg(unix)]
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
}

/// Nothing, in a product.
#[cfg(not(feature = "failpoints"))]
pub(crate) const fn hit(_: &str) {}
