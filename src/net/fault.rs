//! Sorts what rustls and the system say into [`NetError`].

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::net::{NetError, TlsFault};

/// Sorts a failed handshake. What is no TLS error is a broken connection, since nothing can be told from it.
pub(super) fn handshake_error(host: &str, port: u16, error: io::Error) -> NetError {
    match find_rustls(&error).map(tls_fault) {
        Some(fault) => NetError::Tls {
            host: host.to_owned(),
            port,
            fault,
            source: error,
        },
        None => NetError::Broken {
            host: host.to_owned(),
            source: error,
        },
    }
}

/// Finds rustls' error in a chain of causes. `io::Error` hides what it wraps from `source`, so it is opened.
pub(super) fn find_rustls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    find(error, &|cause| cause.downcast_ref::<rustls::Error>())
}

/// Finds the innermost system error in a chain of causes.
pub(super) fn find_io<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    find(error, &|cause| {
        let found = cause.downcast_ref::<io::Error>()?;
        found
            .get_ref()
            .is_none_or(|inner| !inner.is::<io::Error>())
            .then_some(found)
    })
}

/// Walks the causes, those wrapped in `io::Error` included; a chain longer than 16 is not followed.
fn find<'a, T>(
    error: &'a (dyn Error + 'static),
    pick: &dyn Fn(&'a (dyn Error + 'static)) -> Option<&'a T>,
) -> Option<&'a T> {
    let mut cause = Some(error);
    for _ in 0..16 {
        let current = cause?;
        if let Some(found) = pick(current) {
            return Some(found);
        }
        cause = match current.downcast_ref::<io::Error>() {
            Some(wrapper) => wrapper
                .get_ref()
                .map(|inner| inner as &(dyn Error + 'static)),
            None => current.source(),
        };
    }
    None
}

/// Sorts rustls' errors by what a person can do about them.
pub(super) fn tls_fault(error: &rustls::Error) -> TlsFault {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(certificate) => certificate_fault(certificate),
        Tls::InvalidMessage(_) => TlsFault::NotTls,
        _ => TlsFault::Other,
    }
}

/// Sorts what is wrong with a certificate.
fn certificate_fault(error: &CertificateError) -> TlsFault {
    use CertificateError as Cert;
    match error {
        Cert::Expired | Cert::ExpiredContext { .. } => TlsFault::Expired,
        Cert::NotValidYet | Cert::NotValidYetContext { .. } => TlsFault::NotYetValid,
        Cert::NotValidForName | Cert::NotValidForNameContext { .. } => TlsFault::WrongName,
        // A bad signature means: a CA of the same name as ours, but not ours.
        Cert::UnknownIssuer | Cert::BadSignature => TlsFault::UnknownIssuer,
        _ => TlsFault::Other,
    }
}
