//! Encryption as PostgreSQL's `sslmode` asks for it.
//!
//! As in libpq (<https://www.postgresql.org/docs/current/libpq-ssl.html>), `prefer`, which holds where nothing is said, and
//! `require` encrypt without asking who answers; `verify-full` and `verify-ca` both check the server's certificate and name.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// Whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trust {
    /// Whether the server's certificate is checked.
    pub(super) is_verified: bool,
    /// A PEM file of certificates to trust in the place of the system's.
    pub(super) roots: Option<String>,
}

/// Takes from an address what the client library does not know: `sslmode=verify-…` and `sslrootcert`.
pub(super) fn split(url: &str) -> (String, Trust) {
    let Some((before, query)) = url.split_once('?') else { return (url.to_owned(), Trust::default()) };
    let mut trust = Trust::default();
    let mut kept = Vec::new();
    for setting in query.split('&') {
        match setting.split_once('=') {
            Some(("sslmode", "verify-full" | "verify-ca")) => {
                trust.is_verified = true;
                kept.push("sslmode=require");
            }
            Some(("sslrootcert", path)) => trust.roots = Some(path.replace("%2F", "/").replace("%2f", "/")),
            _ => kept.push(setting),
        }
    }
    (format!("{before}?{}", kept.join("&")), trust)
}

/// What encrypts connections.
pub(super) fn connector(trust: &Trust) -> Result<MakeRustlsConnect, Refusal> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let config = if trust.is_verified {
        builder.with_root_certificates(roots(trust.roots.as_deref())?).with_no_client_auth()
    } else {
        let anybody = Arc::new(Anybody(provider));
        builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
    };
    Ok(MakeRustlsConnect::new(config))
}

fn roots(file: Option<&str>) -> Result<RootCertStore, Refusal> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let told = |error| format!("sslrootcert {file}: {error}");
            for certificate in CertificateDer::pem_file_iter(file).map_err(told)? {
                roots.add(certificate.map_err(told)?)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err("sslmode asks to verify the server, but there are no certificates to verify it with: \
                    name a file of them with sslrootcert"
            .into());
    }
    Ok(roots)
}

/// Encrypts whoever answers.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_does_not_know_is_taken_out_of_an_address() {
        let verified = |roots: Option<&str>| Trust { is_verified: true, roots: roots.map(str::to_owned) };
        for (url, kept, trust) in [
            ("postgres://h/d", "postgres://h/d", Trust::default()),
            ("postgres://h/d?sslmode=require", "postgres://h/d?sslmode=require", Trust::default()),
            ("postgres://h/d?sslmode=verify-full&a=b", "postgres://h/d?sslmode=require&a=b", verified(None)),
            (
                "postgres://h/d?sslrootcert=%2Fca.pem&sslmode=verify-ca",
                "postgres://h/d?sslmode=require",
                verified(Some("/ca.pem")),
            ),
        ] {
            assert_eq!(split(url), (kept.to_owned(), trust), "{url}");
        }
    }
}
