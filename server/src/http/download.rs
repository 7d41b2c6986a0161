//! `/files/<task>`: a finished file, to its owner: by a link that the file store itself gives out for a minute, or streamed, with
//! ranges.

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use longshore_app::i18n::Texts;
use longshore_app::serve::refusal;
use longshore_jobs::{Caller, Centre, CentreError, Download};
use longshore_protocol::{ErrorCode, Lang, media_type};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::api_status::{refuse_as, respond};
use super::page::preferences;

/// What RFC 5987 §3.2.1 lets stand for itself (`attr-char`).
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// What a browser may keep: for itself, and asking each time whether the file is still there for this person.
const CACHED: &str = "private, no-cache";
/// How long a link of the file store holds: enough for a browser to follow it. A download that has begun goes on.
const LINK_HOLDS: Duration = Duration::from_secs(60);

/// Answers with the file or a part of it; a refusal is JSON, or a short page for a browser that asks for one.
pub(super) async fn download(
    State(centre): State<Centre>,
    Extension(caller): Extension<Caller>,
    Path(task): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let answered = match centre.download(&caller, &task).await {
        Ok(download) => send(&centre, &download, &method, &headers).await,
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(|error| refuse(error, &headers))
}

async fn send(
    centre: &Centre,
    file: &Download,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, CentreError> {
    // The key holds the run's fencing token, so it names these very bytes for ever.
    let etag = format!("\"{}\"", file.key.rsplit('/').next().unwrap_or_default());
    if is_known(headers, &etag) {
        let cached = [(ETAG, etag), (CACHE_CONTROL, CACHED.to_owned())];
        return Ok((StatusCode::NOT_MODIFIED, cached).into_response());
    }
    let (name, media_type) = (disposition(&file.name), media_type(&file.name));
    // A link is signed for GET alone, so HEAD is answered here.
    if method == Method::GET
        && let Some(link) = centre.files().link(&file.key, LINK_HOLDS, &name, media_type).await?
    {
        return Ok(([(CACHE_CONTROL, "no-store")], Redirect::temporary(&link)).into_response());
    }
    let range = match wanted_range(headers, &etag, file.size_bytes) {
        Ok(range) => range,
        Err(()) => {
            let lang = preferences(headers).lang;
            let mut refused = refuse_as(StatusCode::RANGE_NOT_SATISFIABLE, ErrorCode::BadRequest, lang);
            if let Ok(all) = HeaderValue::from_str(&format!("bytes */{}", file.size_bytes)) {
                refused.headers_mut().insert(CONTENT_RANGE, all);
            }
            return Ok(refused);
        }
    };
    let (status, part) = match &range {
        Some(range) => (StatusCode::PARTIAL_CONTENT, range.clone()),
        None => (StatusCode::OK, 0..file.size_bytes),
    };
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from_stream(centre.files().read(&file.key, part.clone()).await?),
    };
    let mut response = (
        status,
        [
            (CONTENT_TYPE, media_type.to_owned()),
            (CONTENT_LENGTH, (part.end - part.start).to_string()),
            (CONTENT_DISPOSITION, name),
            (CACHE_CONTROL, CACHED.to_owned()),
            (ACCEPT_RANGES, "bytes".to_owned()),
            (ETAG, etag),
        ],
        body,
    )
        .into_response();
    if range.is_some() {
        let content_range = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size_bytes);
        if let Ok(value) = HeaderValue::from_str(&content_range) {
            response.headers_mut().insert(CONTENT_RANGE, value);
        }
    }
    Ok(response)
}

/// Whether the browser has the file already: `If-None-Match` names it (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let named = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = named.flat_map(|list| list.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == "*" || tag == etag)
}

/// The one range asked for; `None` for the whole file, also where the request is malformed or wants several, as
/// RFC 9110 §14.2 allows. `Err` where the range lies outside of the file.
fn wanted_range(
    headers: &HeaderMap,
    etag: &str,
    size_bytes: u64,
) -> Result<Option<std::ops::Range<u64>>, ()> {
    let Some(text) = headers.get(RANGE).and_then(|value| value.to_str().ok()) else { return Ok(None) };
    if headers.get(IF_RANGE).is_some_and(|condition| condition != etag) {
        return Ok(None);
    }
    let Ok(parsed) = http_range_header::parse_range_header(text) else { return Ok(None) };
    let ranges = parsed.validate(size_bytes).map_err(|_| ())?;
    match ranges.as_slice() {
        [range] => Ok(Some(*range.start()..*range.end() + 1)),
        _ => Ok(None),
    }
}

/// `attachment` with the name for old browsers in ASCII and for all others as RFC 5987 says.
pub(super) fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, ATTR_CHAR))
}

pub(super) fn refuse(error: CentreError, headers: &HeaderMap) -> Response {
    let lang = preferences(headers).lang;
    let refusal = refusal(error, lang);
    let wants_page =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    let mut response = respond(&refusal);
    if wants_page {
        let status = response.status();
        response = (status, Html(page(&refusal.message, lang))).into_response();
    }
    response
}

/// A page that needs no script, for a link that was opened in a tab of its own. `message` is one of our own texts.
fn page(message: &str, lang: Lang) -> String {
    let (tag, back) = (lang.tag(), Texts::new(lang).open_tasks());
    format!(
        "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Longshore</title><body style=\"font:16px/1.5 sans-serif;margin:2rem\">\
         <p>{message}</p><p><a href=\"/tasks\">{back}</a></p>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_reach_every_browser() {
        assert_eq!(
            disposition("订单_20261123-1030.xlsx"),
            "attachment; filename=\"___20261123-1030.xlsx\"; filename*=UTF-8''%E8%AE%A2%E5%8D%95_20261123-1030.xlsx"
        );
        assert_eq!(
            disposition("a \"b\".csv"),
            "attachment; filename=\"a__b_.csv\"; filename*=UTF-8''a%20%22b%22.csv"
        );
    }

    #[test]
    fn a_file_that_the_browser_has_is_recognised() {
        for (condition, known) in [
            ("\"e\"", true),
            ("W/\"e\"", true),
            ("\"a\", \"e\"", true),
            ("*", true),
            ("\"a\"", false),
            ("e", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(condition).expect("plain text"));
            assert_eq!(is_known(&headers, "\"e\""), known, "{condition}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"e\""));
    }

    #[test]
    fn one_range_is_served_and_others_are_not_an_error() {
        let check = |range: &str, if_range: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, HeaderValue::from_str(range).expect("plain text"));
            if let Some(etag) = if_range {
                headers.insert(IF_RANGE, HeaderValue::from_str(etag).expect("plain text"));
            }
            wanted_range(&headers, "\"e\"", 100)
        };
        assert_eq!(check("bytes=0-9", None), Ok(Some(0..10)));
        assert_eq!(check("bytes=90-", None), Ok(Some(90..100)));
        assert_eq!(check("bytes=-10", None), Ok(Some(90..100)));
        assert_eq!(check("bytes=0-9", Some("\"e\"")), Ok(Some(0..10)));
        assert_eq!(check("bytes=0-9", Some("\"old\"")), Ok(None));
        assert_eq!(check("bytes=0-9,20-29", None), Ok(None));
        assert_eq!(check("lines=1", None), Ok(None));
        assert_eq!(check("bytes=200-", None), Err(()));
        assert_eq!(wanted_range(&HeaderMap::new(), "", 100), Ok(None));
    }
}
