//! stub
use super::anatomy::Anatomy;
use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;
/// stub
pub(super) fn panoramic(_anatomy: &Anatomy, _seed: u64, cancel: &Cancel) -> Result<Vec<u8>> {
    cancel.check()?;
    Ok(Vec::new())
}
/// stub
pub(super) fn teleradiography(_anatomy: &Anatomy, _seed: u64, cancel: &Cancel) -> Result<Vec<u8>> {
    cancel.check()?;
    Ok(Vec::new())
}
