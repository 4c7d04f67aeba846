//! `s3://bucket/prefix?endpoint=...`: where a bucket is, without any secret.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sheaf_registry::{Code, Error, Result};
use url::{Host, Url, form_urlencoded};

/// The region where none is said.
const USUAL_REGION: &str = "us-east-1";
/// What needs no escape in a key.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

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
        // As it was said: a URL resolves what leads up, silently.
        let path = text.split('?').next().unwrap_or_default().splitn(4, '/').nth(3).unwrap_or_default();
        let prefix = percent_decode_str(path).decode_utf8().map_err(|_| wrong("its path is no UTF-8"))?;
        let prefix = prefix.trim_matches('/').to_owned();
        if !prefix.is_empty() && prefix.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong("its path has an empty part, or one that leads up"));
        }
        let mut address = Self {
            bucket: bucket.to_owned(),
            prefix,
            endpoint: None,
            region: USUAL_REGION.to_owned(),
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
                    if endpoint.query().is_some() || endpoint.fragment().is_some() {
                        return Err(wrong("its endpoint goes on after its path"));
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

    /// Of parts that are known. An empty `endpoint` is AWS's; an empty `region` the usual one; a `path_style` of `None` is what goes
    /// with the endpoint.
    ///
    /// # Errors
    /// `USAGE`.
    pub fn of(bucket: &str, prefix: &str, endpoint: &str, region: &str, path_style: Option<bool>) -> Result<Self> {
        let is_plain =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if !is_plain(bucket) {
            let message = "The name of a bucket has letters, digits, dots and hyphens.";
            return Err(Error::new(Code::Usage, message)
                .hint("Write the name alone; what leads to its files has a place of its own."));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (key, value) in [("endpoint", endpoint), ("region", region)] {
            if !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        if let Some(path_style) = path_style {
            query.append_pair("path_style", if path_style { "true" } else { "false" });
        }
        let (query, prefix) = (query.finish(), utf8_percent_encode(prefix.trim_matches('/'), KEY));
        Self::parse(format!("s3://{bucket}/{prefix}?{query}").trim_end_matches('?'))
            .map_err(|error| error.hint("Correct the folder, the endpoint or the region of the bucket."))
    }

    /// The address as it is written, always in the same way.
    pub fn url(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(endpoint) = &self.endpoint {
            query.append_pair("endpoint", endpoint);
        }
        if self.region != USUAL_REGION {
            query.append_pair("region", &self.region);
        }
        if self.path_style != self.endpoint.is_some() {
            query.append_pair("path_style", if self.path_style { "true" } else { "false" });
        }
        if let Some(profile) = &self.profile {
            query.append_pair("profile", profile);
        }
        let query = query.finish();
        let prefix = utf8_percent_encode(&self.prefix, KEY);
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        format!("s3://{}{slash}{prefix}?{query}", self.bucket).trim_end_matches('?').to_owned()
    }

    /// Name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Leading part of all keys, without slashes at its ends.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The server that has it; `None`: AWS's.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// Its region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Whether the bucket stands in the path and not in the host's name.
    pub const fn path_style(&self) -> bool {
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
    fn an_address_of_parts_is_written_in_one_way_and_reads_as_the_same() {
        for (said, url) in [
            (
                ("scans", "/lab a/x/", "https://minio.lab:9000/", "", None),
                "s3://scans/lab%20a/x?endpoint=https%3A%2F%2Fminio.lab%3A9000",
            ),
            (("scans", "", "", "eu-1", Some(true)), "s3://scans?region=eu-1&path_style=true"),
            (("scans", "é?#", "", "us-east-1", Some(false)), "s3://scans/%C3%A9%3F%23"),
        ] {
            let (bucket, prefix, endpoint, region, path_style) = said;
            let address = BucketAddress::of(bucket, prefix, endpoint, region, path_style).expect("an address");
            assert_eq!(address.url(), url, "{said:?}");
            assert_eq!(BucketAddress::parse(&address.url()).expect("its own"), address, "{said:?}");
        }
        let named = BucketAddress::parse("s3://b?profile=lab&path_style=true").expect("an address");
        assert_eq!(BucketAddress::parse(&named.url()).expect("its own"), named);
        for bucket in ["", "a/b", "key:hush@b", "b?x=hush"] {
            let error = BucketAddress::of(bucket, "", "", "", None).expect_err(bucket);
            assert!(error.code() == Code::Usage && !error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_no_secret_is_repeated() {
        for (text, why) in [
            ("s3://b?endpoint=http://minio.lab:9000", "no TLS"),
            ("s3://key:hush@b", "user or a password"),
            ("s3://b?endpoint=https://key:hush@minio.lab", "user or a password"),
            ("s3://b?endpoint=https://minio.lab/x?y", "goes on after its path"),
            ("s3://b?secret=hush", "not understood"),
            ("s3://b/a//d", "leads up"),
            ("s3://b/a/../c", "leads up"),
            ("s3://b/%2e%2e/c?region=x", "leads up"),
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
