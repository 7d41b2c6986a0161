//! Multipart uploads that nobody completed: what a killed process leaves in a bucket. OpenDAL knows only the uploads that it
//! has begun itself, so the three requests that finding, looking at and ending others takes are made here.

use std::time::{Duration, SystemTime};

use http::{Method, Request, StatusCode};
use opendal::{Buffer, Error, ErrorKind, HttpTransporter};
use reqsign_aws_v4::{Credential, DefaultCredentialProvider, RequestSigner};
use reqsign_core::{Context, OsEnv, Signer};
use reqsign_file_read_tokio::TokioFileRead;
use serde::Deserialize;
use url::Url;

use crate::FileError;
use crate::address::BucketAddress;

/// The list comes in pages of at most a thousand, so these are more than anybody leaves in the time between two sweeps.
const PAGES_MAX: usize = 100;
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// An upload of which the server does not tell when its last part came is ended so long after its beginning: no file takes a
/// week, and what its parts cost until then is little.
const KEPT_WITHOUT_NEWS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The unfinished uploads of a store.
pub(crate) struct Uploads {
    bucket: Url,
    prefix: String,
    signer: Signer<Credential>,
    http: HttpTransporter,
}

/// Answer to <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_key_marker: String,
    #[serde(default)]
    next_upload_id_marker: String,
    #[serde(default)]
    upload: Vec<Upload>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    upload_id: String,
    /// When it was begun; when its last part came stands in the list of its parts.
    initiated: String,
}

/// Answer to <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parts {
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    next_part_number_marker: String,
    #[serde(default)]
    part: Vec<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    #[serde(default)]
    last_modified: String,
}

impl Uploads {
    /// # Errors
    /// [`FileError::BadAddress`].
    pub fn of(address: &BucketAddress) -> Result<Uploads, FileError> {
        let http = HttpTransporter::default();
        let context =
            Context::new().with_file_read(TokioFileRead).with_http_send(http.clone()).with_env(OsEnv);
        let signer = Signer::new(
            context,
            DefaultCredentialProvider::builder().build(),
            RequestSigner::new("s3", &address.region),
        );
        Ok(Uploads { bucket: address.url()?, prefix: address.prefix.clone(), signer, http })
    }

    /// Ends every upload below the prefix to which nobody has sent a part for `untouched_for`; gives how many. A file that comes
    /// slowly is left alone, however long it takes.
    ///
    /// # Errors
    /// [`FileError::Store`].
    pub async fn end(&self, untouched_for: Duration) -> Result<u64, FileError> {
        let mut count = 0;
        let (mut key_marker, mut id_marker) = (String::new(), String::new());
        for _ in 0..PAGES_MAX {
            let page = self.page(&key_marker, &id_marker).await;
            let page = page.map_err(FileError::store("list unfinished uploads"))?;
            for upload in page.upload.iter().filter(|upload| age(&upload.initiated) >= untouched_for) {
                if !self.is_left(upload, untouched_for).await {
                    continue;
                }
                self.abort(upload).await.map_err(FileError::store("end an unfinished upload"))?;
                count += 1;
            }
            if !page.is_truncated {
                break;
            }
            (key_marker, id_marker) = (page.next_key_marker, page.next_upload_id_marker);
        }
        Ok(count)
    }

    async fn page(&self, key_marker: &str, id_marker: &str) -> Result<Page, Error> {
        let mut url = self.bucket.clone();
        url.query_pairs_mut().append_pair("uploads", "").append_pair("prefix", &self.prefix);
        if !key_marker.is_empty() {
            url.query_pairs_mut()
                .append_pair("key-marker", key_marker)
                .append_pair("upload-id-marker", id_marker);
        }
        let (status, body) = self.send(Method::GET, &url).await?;
        // So rclone's server answers for a bucket that has never had an upload.
        if status == StatusCode::NOT_FOUND && String::from_utf8_lossy(&body).contains("NoSuchUpload") {
            return Ok(Page::default());
        }
        if status != StatusCode::OK {
            return Err(refused(status, &body));
        }
        quick_xml::de::from_reader(body.as_slice()).map_err(malformed)
    }

    /// Whether nobody has sent a part of an upload for `untouched_for`, as it was begun before that.
    async fn is_left(&self, upload: &Upload, untouched_for: Duration) -> bool {
        if untouched_for.is_zero() {
            return true;
        }
        match self.last_part(upload).await {
            Ok(Some(last)) => last >= untouched_for,
            // Its process was lost before the first part had come, which takes no longer than any other.
            Ok(None) => true,
            Err(error) => {
                let is_left = age(&upload.initiated) >= untouched_for.max(KEPT_WITHOUT_NEWS);
                tracing::debug!(error = %error, is_left, "the server does not tell when the last part of an upload came");
                is_left
            }
        }
    }

    /// How long ago the last part of an upload came; `None` if there is none yet.
    async fn last_part(&self, upload: &Upload) -> Result<Option<Duration>, Error> {
        let (mut last, mut marker): (Option<Duration>, String) = (None, String::new());
        for _ in 0..PAGES_MAX {
            let mut url = self.address_of(upload);
            if !marker.is_empty() {
                url.query_pairs_mut().append_pair("part-number-marker", &marker);
            }
            let (status, body) = self.send(Method::GET, &url).await?;
            if status != StatusCode::OK {
                return Err(refused(status, &body));
            }
            let page: Parts = quick_xml::de::from_reader(body.as_slice()).map_err(malformed)?;
            last = page.part.iter().map(|part| age(&part.last_modified)).chain(last).min();
            if !page.is_truncated {
                break;
            }
            marker = page.next_part_number_marker;
        }
        Ok(last)
    }

    /// The address of requests about an upload.
    fn address_of(&self, upload: &Upload) -> Url {
        let mut url = self.bucket.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(upload.key.split('/'));
        }
        url.query_pairs_mut().append_pair("uploadId", &upload.upload_id);
        url
    }

    async fn abort(&self, upload: &Upload) -> Result<(), Error> {
        let url = self.address_of(upload);
        let (status, body) = self.send(Method::DELETE, &url).await?;
        // Completed or given up since the listing.
        if status.is_success() || status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Err(refused(status, &body))
    }

    async fn send(&self, method: Method, url: &Url) -> Result<(StatusCode, Vec<u8>), Error> {
        let request = Request::builder().method(method).uri(url.as_str()).body(());
        let (mut parts, ()) = request.map_err(unsent)?.into_parts();
        let exchange = async {
            self.signer.sign(&mut parts, None).await.map_err(unsent)?;
            self.http.send(Request::from_parts(parts, Buffer::new())).await
        };
        let answer = tokio::time::timeout(ANSWER_WITHIN, exchange).await.map_err(|_| {
            Error::new(ErrorKind::Unexpected, "there was no answer in time").set_temporary()
        })??;
        Ok((answer.status(), answer.into_body().to_vec()))
    }
}

fn malformed(error: quick_xml::DeError) -> Error {
    Error::new(ErrorKind::Unexpected, "the list is malformed").set_source(error)
}

fn unsent(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Unexpected, "the request can't be signed").set_source(error)
}

fn refused(status: StatusCode, body: &[u8]) -> Error {
    let kind = match status {
        StatusCode::FORBIDDEN => ErrorKind::PermissionDenied,
        StatusCode::NOT_IMPLEMENTED => ErrorKind::Unsupported,
        _ => ErrorKind::Unexpected,
    };
    Error::new(kind, String::from_utf8_lossy(body)).with_context("status", status.as_u16())
}

/// How long ago that was. Zero where the server's clock is ahead of ours or its time can't be read: better too young than gone.
fn age(moment: &str) -> Duration {
    let moment = moment.parse::<jiff::Timestamp>().map(SystemTime::from);
    moment.ok().and_then(|moment| SystemTime::now().duration_since(moment).ok()).unwrap_or_default()
}
