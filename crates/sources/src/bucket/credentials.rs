//! Who asks a bucket: from the environment, or from a file that only its owner may read.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::StaticCredentialProvider;
use object_store::aws::{AwsCredential, AwsCredentialProvider};
use sheaf_registry::sensitive::Sensitive;
use sheaf_registry::{Code, Error, Result};

use super::BucketAddress;
use crate::secret::is_private;

/// A key and its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketKey {
    /// Its name, which is no secret.
    pub id: String,
    /// What goes with it.
    pub secret: Sensitive<String>,
}

/// Where credentials may stand: said of a bucket to this process or kept for it, variables of the process, the home of its user.
pub struct Surroundings {
    /// What was said of this bucket.
    pub said: Box<Known>,
    /// What is kept for this bucket; asked only where neither it nor the environment says anything.
    pub kept: Box<Known>,
    /// The value of a variable.
    pub variable: Box<Variable>,
    /// The user's home folder.
    pub home: Option<PathBuf>,
}

/// The key that is known for a bucket.
pub type Known = dyn Fn(&BucketAddress) -> Option<BucketKey> + Send + Sync;

/// The value of a variable of the process, by its name.
pub type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;

/// A key and its secret. It has no words of its own, so none can leak.
pub(super) struct Credentials(Arc<AwsCredential>);

impl Credentials {
    pub(super) fn provider(&self) -> AwsCredentialProvider {
        Arc::new(StaticCredentialProvider::new(AwsCredential {
            key_id: self.0.key_id.clone(),
            secret_key: self.0.secret_key.clone(),
            token: self.0.token.clone(),
        }))
    }
}

/// The credentials for a bucket: what was said of it; else, unless its address names a profile, by the names that other programs
/// use, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (with `AWS_SESSION_TOKEN`), and what is kept for it; else that profile of
/// `AWS_SHARED_CREDENTIALS_FILE` or `~/.aws/credentials`. `None` where there are none: the bucket may be public.
///
/// # Errors
/// `PASSWORD_UNUSABLE` for a file that cannot be read, that others may read too, or that lacks what was asked for.
pub(super) fn find(address: &BucketAddress, surroundings: &Surroundings) -> Result<Option<Credentials>> {
    let own = |key: BucketKey| {
        let secret_key = key.secret.into_inner();
        Ok(Some(Credentials(Arc::new(AwsCredential { key_id: key.id, secret_key, token: None }))))
    };
    if let Some(key) = (surroundings.said)(address) {
        return own(key);
    }
    let variable = |name: &str| (surroundings.variable)(name).filter(|value| !value.is_empty());
    if address.profile().is_none()
        && let (Some(key_id), Some(secret_key)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"))
    {
        let token = variable("AWS_SESSION_TOKEN");
        return Ok(Some(Credentials(Arc::new(AwsCredential { key_id, secret_key, token }))));
    }
    if address.profile().is_none()
        && let Some(key) = (surroundings.kept)(address)
    {
        return own(key);
    }
    let named = variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
    let usual = || surroundings.home.as_ref().map(|home| home.join(".aws/credentials"));
    let profile = address.profile().map(ToOwned::to_owned).or_else(|| variable("AWS_PROFILE"));
    let must = named.is_some() || profile.is_some();
    let Some(path) = named.or_else(usual) else { return Ok(None) };
    let unreadable = |why: &str| {
        Error::new(Code::PasswordUnusable, format!("The credentials in {} cannot be used: {why}.", path.display()))
            .hint("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or correct the file.")
    };
    let metadata = match std::fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must => return Ok(None),
        Err(error) => return Err(unreadable("it cannot be opened").cause(error)),
    };
    if !is_private(&metadata) {
        return Err(unreadable("others than you may read it")
            .hint(format!("Let only yourself read it: chmod 600 {}", path.display())));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable("it cannot be read").cause(error))?;
    let profile = profile.unwrap_or_else(|| "default".to_owned());
    match in_profile(&text, &profile) {
        Some((Some(key_id), Some(secret_key), token)) => {
            Ok(Some(Credentials(Arc::new(AwsCredential { key_id, secret_key, token }))))
        }
        None if !must => Ok(None),
        _ => Err(unreadable(&format!("it has no key and secret for {}", sheaf_registry::text::quoted(&profile)))),
    }
}

/// Key, secret and token of a profile of a file as AWS's own programs write it.
type Found = (Option<String>, Option<String>, Option<String>);

fn in_profile(text: &str, profile: &str) -> Option<Found> {
    let mut found: Option<Found> = None;
    let mut inside = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == profile;
            if inside {
                found.get_or_insert_default();
            }
        } else if let Some((key, value)) = line.split_once('=').filter(|_| inside) {
            let (found, value) = (found.get_or_insert_default(), Some(value.trim().to_owned()));
            match key.trim() {
                "aws_access_key_id" => found.0 = value,
                "aws_secret_access_key" => found.1 = value,
                "aws_session_token" => found.2 = value,
                _ => {}
            }
        }
    }
    found
}
