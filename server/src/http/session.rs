//! Who calls: a signed cookie names the person.
//!
//! There is no login yet: whoever comes without a cookie becomes a new person. A cookie whose signature does not
//! fit is refused on calls and downloads, and replaced on pages.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::extract::{Request, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use cookie::time::Duration;
use cookie::{Cookie, CookieJar, Key, SameSite};
use longshore_jobs::Caller;
use longshore_protocol::{ErrorCode, OwnerId, TenantId};
use rand::RngCore;

use super::api_status::refuse;
use super::page::preferences;

/// The cookie's name.
const SESSION_COOKIE: &str = "longshore_session";
/// How long a browser keeps it.
const MAX_AGE: Duration = Duration::days(365);
/// The tenant of everyone, until people log in.
const ONLY_TENANT: &str = "main";
/// The file of the data folder that keeps a key made by us.
const KEY_FILE: &str = "session.key";

/// Makes and checks session cookies. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sessions {
    key: Arc<Key>,
}

/// What a request's cookie says.
pub(super) enum Session {
    /// Who calls.
    Known(Caller),
    /// There is none.
    None,
    /// Its signature does not fit.
    Tampered,
}

impl Sessions {
    /// With a configured secret, or with the one of the data folder, which is made at first.
    pub(super) fn open(secret: &str, data_dir: &Path) -> anyhow::Result<Sessions> {
        let secret = if secret.is_empty() {
            kept_secret(&data_dir.join(KEY_FILE))?
        } else {
            secret.as_bytes().to_vec()
        };
        Ok(Sessions { key: Arc::new(Key::derive_from(&secret)) })
    }

    /// Who calls, by the cookie.
    pub(super) fn read(&self, headers: &HeaderMap) -> Session {
        let mut jar = CookieJar::new();
        for header in headers.get_all(COOKIE) {
            // A header that is not text, such as one with raw bytes, can't be a cookie of ours.
            let Ok(text) = header.to_str() else { continue };
            for cookie in Cookie::split_parse(text.to_owned()).flatten() {
                if cookie.name() == SESSION_COOKIE {
                    jar.add_original(cookie);
                }
            }
        }
        if jar.get(SESSION_COOKIE).is_none() {
            return Session::None;
        }
        let signed = jar.signed(&self.key).get(SESSION_COOKIE);
        match signed.and_then(|cookie| OwnerId::parse(cookie.value()).ok()) {
            Some(owner) => Session::Known(caller(owner)),
            None => Session::Tampered,
        }
    }

    fn cookie_for(&self, caller: &Caller, secure: bool) -> Option<HeaderValue> {
        let mut jar = CookieJar::new();
        let cookie = Cookie::build((SESSION_COOKIE, caller.owner.to_string()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(secure)
            .max_age(MAX_AGE);
        jar.signed_mut(&self.key).add(cookie);
        jar.get(SESSION_COOKIE).and_then(|cookie| HeaderValue::from_str(&cookie.to_string()).ok())
    }
}

fn caller(owner: OwnerId) -> Caller {
    Caller { owner, tenant: TenantId::parse(ONLY_TENANT).expect("a constant of plain letters") }
}

fn new_caller() -> Caller {
    let mut bytes = [0u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    caller(OwnerId::parse(name).expect("32 hexadecimal digits"))
}

/// Reads a secret, or makes one that only this user can read.
fn kept_secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    let at = || path.display().to_string();
    match std::fs::read(path) {
        Ok(secret) if secret.len() >= 32 => return Ok(secret),
        Ok(_) => anyhow::bail!("{} is damaged: remove it, and everyone gets a new session", at()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("can't read {}", at())),
    }
    let mut secret = vec![0u8; 64];
    rand::rng().fill_bytes(&mut secret);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("can't make {}", at()))?;
    std::io::Write::write_all(&mut file, &secret).with_context(|| format!("can't write {}", at()))?;
    Ok(secret)
}

/// Middleware: finds out who calls, and gives newcomers a session.
pub(super) async fn identify(State(sessions): State<Sessions>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = !["/api/", "/files/", "/upload/", "/imports/"].iter().any(|other| path.starts_with(other));
    let secure = request.headers().get("x-forwarded-proto").is_some_and(|proto| proto == "https");
    let newcomer = match sessions.read(request.headers()) {
        Session::Known(caller) => {
            request.extensions_mut().insert(caller);
            None
        }
        Session::Tampered if !is_page => {
            return refuse(ErrorCode::SessionInvalid, preferences(request.headers()).lang);
        }
        Session::None | Session::Tampered => {
            let caller = new_caller();
            request.extensions_mut().insert(caller.clone());
            Some(caller)
        }
    };
    let mut response = next.run(request).await;
    if let Some(cookie) = newcomer.and_then(|caller| sessions.cookie_for(&caller, secure)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions {
        Sessions { key: Arc::new(Key::derive_from(&[7; 32])) }
    }

    fn headers(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookie).expect("plain text"));
        headers
    }

    #[test]
    fn a_cookie_counts_only_with_our_signature() {
        let sessions = sessions();
        let caller = new_caller();
        let cookie = sessions.cookie_for(&caller, false).expect("plain text");
        let cookie = cookie.to_str().expect("plain text").split(';').next().expect("a part").to_owned();
        assert!(matches!(sessions.read(&headers(&cookie)), Session::Known(known) if known == caller));
        assert!(matches!(sessions.read(&headers(&format!("a=b; {cookie}; c=d"))), Session::Known(_)));
        assert!(matches!(sessions.read(&headers("a=b")), Session::None));
        let other = Sessions { key: Arc::new(Key::derive_from(&[8; 32])) };
        assert!(matches!(other.read(&headers(&cookie)), Session::Tampered));
        for tampered in [format!("{cookie}x"), format!("{SESSION_COOKIE}=0123"), format!("{SESSION_COOKIE}=")]
        {
            assert!(matches!(sessions.read(&headers(&tampered)), Session::Tampered), "{tampered}");
        }
    }

    #[test]
    fn the_key_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join(KEY_FILE);
        let first = kept_secret(&path).expect("made");
        assert_eq!(kept_secret(&path).expect("kept"), first);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &std::fs::metadata(&path).expect("there").permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(&path, b"short").expect("writable");
        assert!(kept_secret(&path).is_err());
    }
}
