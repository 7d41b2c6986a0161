//! Reads the address of a store: a folder, or a bucket of an S3-compatible server.

use url::Url;

use crate::FileError;

const FORM: &str = "write s3://bucket/prefix?region=…&endpoint=https://…, or leave it empty for a folder";

/// Where files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// In a folder of the data folder.
    Folder,
    /// In a bucket.
    Bucket(BucketAddress),
}

/// A bucket and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BucketAddress {
    pub bucket: String,
    /// What every key begins with in the bucket; empty, or with `/` at its end.
    pub prefix: String,
    pub region: String,
    /// Scheme, host and perhaps port.
    pub endpoint: String,
    /// Whether the bucket is a part of the host's name rather than of the path.
    pub in_host_name: bool,
}

impl Address {
    /// Reads `text`; what it leaves open is taken from `environment`, by the names that AWS's own programs use.
    ///
    /// # Errors
    /// [`FileError::BadAddress`].
    pub fn parse(
        text: &str,
        environment: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Address, FileError> {
        if text.is_empty() {
            return Ok(Address::Folder);
        }
        let bad = |problem: String| FileError::BadAddress { problem };
        let url = Url::parse(text).map_err(|error| bad(format!("is not an address ({error}); {FORM}")))?;
        if url.scheme() != "s3" {
            return Err(bad(format!("files can't be kept at {}:// addresses; {FORM}", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad(
                "keys do not belong into the address: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .to_owned(),
            ));
        }
        let bucket = url.host_str().filter(|_| url.port().is_none()).unwrap_or_default().to_owned();
        if bucket.is_empty() {
            return Err(bad(format!("names no bucket; {FORM}")));
        }
        let (mut region, mut endpoint, mut in_host_name) = (None, None, false);
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("region", _) => region = Some(value.into_owned()),
                ("endpoint", _) => endpoint = Some(value.into_owned()),
                ("style", "path") => in_host_name = false,
                ("style", "virtual") => in_host_name = true,
                ("style", _) => return Err(bad("style is path or virtual".to_owned())),
                _ => {
                    return Err(bad(format!(
                        "there is no parameter {name}, only region, endpoint and style; keys are taken from AWS_ACCESS_KEY_ID \
                         and AWS_SECRET_ACCESS_KEY"
                    )));
                }
            }
        }
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| environment(name).filter(|value| !value.is_empty()))
        };
        let endpoint = endpoint.or_else(|| first(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]));
        let region = region
            .or_else(|| first(["AWS_REGION", "AWS_DEFAULT_REGION"]))
            // Servers other than AWS have no regions, but a signature names one.
            .or_else(|| endpoint.is_some().then(|| "us-east-1".to_owned()))
            .ok_or_else(|| bad("names no region: add ?region=… or set AWS_REGION".to_owned()))?;
        let endpoint = match endpoint {
            Some(text) => checked_endpoint(&text).map_err(bad)?,
            None => amazon(&region),
        };
        let prefix = url.path().trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !prefix.chars().all(plain) || prefix.contains("//") {
            return Err(bad("the prefix may have letters, digits, -, _, . and single /".to_owned()));
        }
        Ok(Address::Bucket(BucketAddress { bucket, prefix, region, endpoint, in_host_name }))
    }
}

fn checked_endpoint(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or("endpoint must begin with https:// or http://")?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !plain || url.path() != "/" {
        return Err("endpoint is scheme, host and port alone".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

/// Endpoints of AWS: <https://docs.aws.amazon.com/general/latest/gr/s3.html>; China is a partition of its own.
fn amazon(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://s3.{region}.{domain}")
}

impl BucketAddress {
    /// The bucket's own address, without `/` at its end.
    ///
    /// # Errors
    /// [`FileError::BadAddress`] if the bucket's name can't be a part of the host's.
    pub fn url(&self) -> Result<Url, FileError> {
        let text = match (self.in_host_name, self.endpoint.split_once("://")) {
            (true, Some((scheme, host))) => format!("{scheme}://{}.{host}/", self.bucket),
            _ => format!("{}/{}", self.endpoint, self.bucket),
        };
        Url::parse(&text).map_err(|error| FileError::BadAddress {
            problem: format!("the bucket can't be addressed: {error}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Address, FileError> {
        Address::parse(text, |name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn bucket(text: &str, environment: &[(&str, &str)]) -> BucketAddress {
        match parse(text, environment).expect(text) {
            Address::Bucket(bucket) => bucket,
            Address::Folder => panic!("{text} is a bucket"),
        }
    }

    #[test]
    fn addresses_are_read() {
        assert_eq!(parse("", &[]).expect("a folder"), Address::Folder);
        for (text, environment, prefix, region, url) in [
            ("s3://b?region=eu-west-1", &[][..], "", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/b"),
            (
                "s3://b/x/y/?region=cn-north-1&style=virtual",
                &[],
                "x/y/",
                "cn-north-1",
                "https://b.s3.cn-north-1.amazonaws.com.cn/",
            ),
            ("s3://b/x?endpoint=http://127.0.0.1:9000", &[], "x/", "us-east-1", "http://127.0.0.1:9000/b"),
            (
                "s3://b",
                &[("AWS_REGION", "r"), ("AWS_ENDPOINT_URL", "https://s3.example.org/")],
                "",
                "r",
                "https://s3.example.org/b",
            ),
            (
                "s3://b?region=q&endpoint=https://q.example.org",
                &[("AWS_REGION", "r"), ("AWS_ENDPOINT_URL_S3", "https://s3.example.org")],
                "",
                "q",
                "https://q.example.org/b",
            ),
            (
                "s3://b",
                &[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "d")],
                "",
                "d",
                "https://s3.d.amazonaws.com/b",
            ),
        ] {
            let found = bucket(text, environment);
            assert_eq!((found.prefix.as_str(), found.region.as_str()), (prefix, region), "{text}");
            assert_eq!(found.url().expect("an address").as_str(), url, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_secrets_are_not() {
        for (text, named) in [
            ("bucket", "s3://bucket/prefix"),
            ("http://example.org", "http://"),
            ("s3:///prefix?region=r", "no bucket"),
            ("s3://b", "AWS_REGION"),
            ("s3://b?regoin=r", "regoin"),
            ("s3://b?region=r&style=other", "style"),
            ("s3://b?endpoint=localhost:9000", "endpoint"),
            ("s3://b?endpoint=http://h/path", "endpoint"),
            ("s3://b/a%20b?region=r", "prefix"),
            ("s3://key:hunter2@b?region=r", "AWS_SECRET_ACCESS_KEY"),
            ("s3://b?region=r&secret_access_key=hunter2", "AWS_SECRET_ACCESS_KEY"),
        ] {
            let error = parse(text, &[]).expect_err(text);
            assert!(!error.is_retryable());
            let error = error.to_string();
            assert!(error.starts_with("files_url: ") && error.contains(named), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
