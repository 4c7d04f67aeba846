//! `s3://bucket/prefix?endpoint=...`: where a bucket is, without any secret.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use sheaf_registry::{Code, Error, Result};
use url::{Host, Url};

/// Where the objects of a data root are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketAddress {
    bucket: String,
    /// Leading part of all keys, without slashes at its ends; empty for the whole bucket.
    prefix: String,
    endpoint: Option<String>,
    region: String,
    path_style: bool,
    profile: Option<String>,
    loopback: bool,
}

impl BucketAddress {
    /// Reads an address: `s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME&path_style=true|false&profile=NAME]`.
    ///
    /// An endpoint other than AWS's is asked by path unless `path_style=false`. Without TLS only this machine is asked.
    ///
    /// # Errors
    /// `USAGE`.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::new(Code::Usage, format!("This is no address of a bucket: {why}."))
                .hint("Write it as s3://BUCKET/PREFIX?endpoint=https://HOST&region=NAME, without user and password.")
        };
        let url = Url::parse(text).map_err(|_| wrong("it cannot be read"))?;
        if url.scheme() != "s3" {
            return Err(wrong("it does not begin with s3://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it holds a user or a password, which belong into the keyring, the environment or a file"));
        }
        if url.port().is_some() || url.fragment().is_some() {
            return Err(wrong("a port belongs into the endpoint, and nothing follows a #"));
        }
        let bucket = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it names no bucket"))?;
        let path = url.path().trim_matches('/');
        let prefix = percent_decode_str(path).decode_utf8().map_err(|_| wrong("its path is no UTF-8"))?.into_owned();
        if !prefix.is_empty() && prefix.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong("its path has an empty part, or one that leads up"));
        }
        let mut address = Self {
            bucket: bucket.to_owned(),
            prefix,
            endpoint: None,
            region: "us-east-1".to_owned(),
            path_style: false,
            profile: None,
            loopback: false,
        };
        let mut path_style = None;
        for (key, value) in url.query_pairs() {
            match (&*key, &*value) {
                ("endpoint", value) => {
                    let endpoint = Url::parse(value).map_err(|_| wrong("its endpoint is no URL"))?;
                    address.loopback = is_loopback(&endpoint);
                    match endpoint.scheme() {
                        "https" => {}
                        "http" if address.loopback => {}
                        "http" => return Err(wrong("its endpoint has no TLS, and is not this machine")),
                        _ => return Err(wrong("its endpoint is no https URL")),
                    }
                    if !endpoint.username().is_empty() || endpoint.password().is_some() {
                        return Err(wrong("its endpoint holds a user or a password"));
                    }
                    address.endpoint = Some(value.trim_end_matches('/').to_owned());
                }
                ("region", value) if !value.is_empty() => value.clone_into(&mut address.region),
                ("path_style", "true") => path_style = Some(true),
                ("path_style", "false") => path_style = Some(false),
                ("profile", value) if !value.is_empty() => address.profile = Some(value.to_owned()),
                (key, _) => return Err(wrong(&format!("{} is not understood", sheaf_registry::text::quoted(key)))),
            }
        }
        address.path_style = path_style.unwrap_or(address.endpoint.is_some());
        Ok(address)
    }

    /// Name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Leading part of all keys, without slashes at its ends.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    pub(super) const fn path_style(&self) -> bool {
        self.path_style
    }

    pub(super) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    pub(super) const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The error of an address that reads well and still cannot be used.
    pub(super) fn unusable(&self) -> Error {
        Error::new(Code::Usage, format!("The bucket {self} cannot be asked with this address."))
            .hint("Check its endpoint, region and name.")
    }
}

impl fmt::Display for BucketAddress {
    /// Bucket, prefix and host, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if !self.prefix.is_empty() {
            write!(f, "/{}", self.prefix)?;
        }
        match &self.endpoint {
            Some(endpoint) => write!(f, " at {endpoint}"),
            None => Ok(()),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_a_bucket_is() {
        let address =
            BucketAddress::parse("s3://scans/lab%20a/x/?endpoint=https://minio.lab:9000/&region=eu-1").expect("good");
        assert_eq!((address.bucket(), address.prefix(), address.region()), ("scans", "lab a/x", "eu-1"), "its parts");
        assert!(address.path_style(), "an endpoint of its own is asked by path");
        assert_eq!(address.to_string(), "s3://scans/lab a/x at https://minio.lab:9000", "for people");
        let aws = BucketAddress::parse("s3://scans").expect("the shortest");
        assert_eq!((aws.prefix(), aws.path_style(), aws.endpoint()), ("", false, None), "as AWS has it");
        for loopback in ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9"] {
            let address = BucketAddress::parse(&format!("s3://b?endpoint={loopback}")).expect("this machine");
            assert!(address.is_loopback(), "{loopback} needs no TLS");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_no_secret_is_repeated() {
        for (text, why) in [
            ("s3://b?endpoint=http://minio.lab:9000", "no TLS"),
            ("s3://key:hush@b", "user or a password"),
            ("s3://b?endpoint=https://key:hush@minio.lab", "user or a password"),
            ("s3://b?secret=hush", "not understood"),
            ("s3://b/a/../c//d", "leads up"),
            ("https://b", "s3://"),
            ("s3://", "bucket"),
        ] {
            let error = BucketAddress::parse(text).expect_err(text);
            assert_eq!(error.code(), Code::Usage, "{text}");
            assert!(error.to_string().contains(why), "{text}: {error}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }
}
