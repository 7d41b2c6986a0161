//! The store in a bucket of an S3-compatible server.

use std::time::Duration;

use futures::TryStreamExt;
use opendal::layers::{RetryLayer, TimeoutLayer};
use opendal::services::S3;
use opendal::{ErrorKind, Operator};

use crate::FileError;
use crate::address::BucketAddress;
use crate::uploads::Uploads;

/// A question without much of an answer may take this long.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// A part, or the next piece of a file that is read, may take this long.
const TRANSFER_WITHIN: Duration = Duration::from_secs(60);
/// What may pass is tried again so often, after 0.5, 1 and 2 seconds with some chance in them.
const RETRIES: usize = 3;
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Opens the bucket and asks it for one name, so that what is wrong with it shows at once.
///
/// # Errors
/// [`FileError::BadAddress`] or [`FileError::Unusable`].
pub(crate) async fn open(address: &BucketAddress) -> Result<(Operator, Uploads), FileError> {
    // Fails where another part of the process has chosen its cryptography already, which does as well.
    rustls::crypto::ring::default_provider().install_default().ok();
    opendal_http_transport_reqwest::install_default();
    let unusable = |error: opendal::Error| FileError::Unusable {
        bucket: address.bucket.clone(),
        advice: advice(&error),
        source: Box::new(error),
    };
    let mut service = S3::default()
        .bucket(&address.bucket)
        .root(&format!("/{}", address.prefix))
        .region(&address.region)
        .endpoint(&address.endpoint);
    if address.in_host_name {
        service = service.enable_virtual_host_style();
    }
    let operator = Operator::new(service)
        .map_err(unusable)?
        .layer(TimeoutLayer::new().with_timeout(ANSWER_WITHIN).with_io_timeout(TRANSFER_WITHIN));
    probe(&operator).await.map_err(unusable)?;
    // Each try has its own time, so the retries are the outer layer.
    let retries = RetryLayer::new().with_max_times(RETRIES).with_min_delay(RETRY_PAUSE).with_jitter();
    Ok((operator.layer(retries), Uploads::of(address)?))
}

async fn probe(operator: &Operator) -> Result<(), opendal::Error> {
    operator.lister_with("").limit(1).await?.try_next().await?;
    Ok(())
}

fn advice(error: &opendal::Error) -> &'static str {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that the key may list, read, write and delete in it"
        }
        ErrorKind::ConfigInvalid | ErrorKind::NotFound => "check that it exists, in that region",
        _ if error.is_temporary() => "check the endpoint, and that it can be reached from here",
        _ => "check the endpoint and the keys",
    }
}
