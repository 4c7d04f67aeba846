//! What an answer without an object means.
//!
//! It is told in words of our own: those of a server may hold what shall not be shown. Of them only the codes of S3 are read
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>), which an answer without a body does not have.

use std::error::Error as _;

use object_store::client::HttpError;
use sheaf_registry::Code;
use sheaf_registry::file_store::SourceError;

use super::BucketAddress;

/// Why a file of a bucket cannot be had.
pub(super) fn describe(address: &BucketAddress, cause: &object_store::Error) -> SourceError {
    use object_store::Error as Cause;
    let told = told(cause);
    let place = |message: String| SourceError { code: Code::RootMissing, message };
    let key = |message: &str| SourceError { code: Code::SourceUnreadable, message: message.to_owned() };
    match between(&told, "<Code>", "</Code>") {
        Some("NoSuchBucket") => return place(format!("There is no bucket {address}.")),
        Some("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed") => {
            return place(elsewhere(address));
        }
        Some("KeyTooLongError") => return key("No object can have a key as long as this path."),
        Some("ExpiredToken" | "InvalidToken") => return key("The credentials for the bucket have expired."),
        Some("RequestTimeTooSkewed") => {
            return key("The clock of this computer is too far from the bucket's for a signature to count.");
        }
        _ => {}
    }
    match cause {
        Cause::NotFound { .. } => {
            SourceError { code: Code::SourceMissing, message: "The bucket has no such object.".to_owned() }
        }
        Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. } => {
            key("The bucket does not let these credentials read the object.")
        }
        Cause::Precondition { .. } | Cause::NotModified { .. } => {
            SourceError { code: Code::SourceChanged, message: "The object was replaced while it was read.".to_owned() }
        }
        _ => match status(&told) {
            Some(300..400) => place(elsewhere(address)),
            Some(416) => key("The object ends before what was asked of it."),
            Some(status) => place(format!("The server of the bucket {address} answers with an error ({status}).")),
            None if told.contains("redirect without LOCATION") => place(elsewhere(address)),
            None => place(format!("The bucket {address} does not answer.")),
        },
    }
}

/// Whether nobody answered, or nobody who can: then the next question is not answered either.
pub(super) fn is_silence(cause: &object_store::Error) -> bool {
    let mut next = cause.source();
    while let Some(cause) = next {
        if cause.is::<HttpError>() {
            return true;
        }
        next = cause.source();
    }
    status(&told(cause)).is_some_and(|status| status >= 500)
}

/// Whether an answer with a body could say more than this one, which has none.
pub(super) fn may_say_more(cause: &object_store::Error) -> bool {
    use object_store::Error as Cause;
    let is_plain = matches!(cause, Cause::NotFound { .. } | Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. });
    is_plain || status(&told(cause)).is_some_and(|status| (400..500).contains(&status))
}

fn elsewhere(address: &BucketAddress) -> String {
    format!("The bucket {address} is in another region, or at another endpoint.")
}

/// All that is said of a failure, for what is looked for in it.
fn told(cause: &object_store::Error) -> String {
    let mut told = cause.to_string();
    let mut next = cause.source();
    while let Some(cause) = next {
        told.push('\n');
        told.push_str(&cause.to_string());
        next = cause.source();
    }
    told
}

fn status(told: &str) -> Option<u16> {
    told.split_once("status code: ")?.1.get(..3)?.parse().ok()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
