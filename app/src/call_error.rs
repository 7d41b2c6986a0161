//! The error type of the server functions: an [`ApiError`] that also stands for what goes wrong on the way.

use std::fmt;

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use longshore_protocol::{ApiError, ErrorCode};
use serde::{Deserialize, Serialize};

/// What a call of the server failed with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallError(pub ApiError);

impl CallError {
    /// Why, for programs.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }
}

impl From<ApiError> for CallError {
    fn from(error: ApiError) -> CallError {
        CallError(error)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for CallError {}

impl FromServerFnError for CallError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> CallError {
        let code = match &error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => ErrorCode::BadRequest,
            // On the server this is a body that is not the call's JSON; in the browser, an answer that is not
            // ours, as from a proxy whose server is away.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => ErrorCode::BadRequest,
            ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::Request(_)
            | ServerFnErrorErr::Response(_) => ErrorCode::Unreachable,
            _ => ErrorCode::Internal,
        };
        let message = match code {
            ErrorCode::BadRequest => {
                format!("The body is not the JSON that this call takes; correct it. {error}")
            }
            _ => error.to_string(),
        };
        CallError(ApiError::new(code, message))
    }
}
