//! A call of the server that never waits for ever: a connection which swallows packets leaves no button grey.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use longshore_protocol::{ApiError, ErrorCode};

use crate::browser;
use crate::call_error::CallError;

/// A call that has no answer after this time counts as unanswered.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// The answer of a call, or [`ErrorCode::Unreachable`] where there is none in time. Dropping it drops the call.
///
/// # Errors
/// Those of the call.
pub async fn in_time<T>(call: impl Future<Output = Result<T, CallError>>) -> Result<T, ApiError> {
    match first(call, browser::sleep(ANSWER_WITHIN)).await {
        Some(answer) => answer.map_err(|error| error.0),
        None => Err(ApiError::new(ErrorCode::Unreachable, "")),
    }
}

/// What a future gives, unless the limit comes first.
async fn first<T>(call: impl Future<Output = T>, limit: impl Future<Output = ()>) -> Option<T> {
    let (mut call, mut limit) = (pin!(call), pin!(limit));
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => limit.as_mut().poll(context).map(|()| None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn what_comes_first_counts() {
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(pin!(first(ready(7), ready(()))).poll(&mut context), Poll::Ready(Some(7)));
        assert_eq!(pin!(first(ready(7), pending())).poll(&mut context), Poll::Ready(Some(7)));
        assert_eq!(pin!(first(pending::<u8>(), ready(()))).poll(&mut context), Poll::Ready(None));
        assert_eq!(pin!(first(pending::<u8>(), pending())).poll(&mut context), Poll::Pending);
    }
}
