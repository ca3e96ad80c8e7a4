//! Certificates of a chain of three that ends some day, and of nobody's, for servers that are looked at closely.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::scripted::{Door, Entry};

/// A certification authority with another one below it.
pub struct Authorities {
    /// The root, PEM.
    pub pem: String,
    middle: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

fn params(names: &[&str], common: &str, days: i64) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common);
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    // Midnight after the last whole day.
    let end = today.saturating_add((days + 1).days());
    params.not_after = date_time_ymd(
        i32::from(end.year()),
        end.month().unsigned_abs(),
        end.day().unsigned_abs(),
    );
    params
}

fn authority(common: &str) -> CertificateParams {
    let mut params = params(&[], common, 300);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

impl Authorities {
    pub fn new() -> Self {
        let root = authority("Harbour Root");
        let key = KeyPair::generate().unwrap();
        let pem = root.self_signed(&key).unwrap().pem();
        let root = Issuer::new(root, key);
        let middle = authority("Harbour Middle");
        let key = KeyPair::generate().unwrap();
        let signed = middle.signed_by(&key, &root).unwrap();
        Self {
            pem,
            middle: signed.der().clone(),
            issuer: Issuer::new(middle, key),
        }
    }

    /// Returns a door whose certificate is for these names and ends in so many days.
    pub fn door(&self, names: &[&str], days: i64, entry: Entry) -> Door {
        let key = KeyPair::generate().unwrap();
        let own = params(names, "mail.harbour", days);
        let own = own.signed_by(&key, &self.issuer).unwrap();
        let chain = vec![own.der().clone(), self.middle.clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Door {
            acceptor: TlsAcceptor::from(Arc::new(tls)),
            entry,
        }
    }
}
