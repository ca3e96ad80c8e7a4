//! The throw-away certification authority and the one certificate all demo servers show.
//!
//! Made anew at every start; its private keys never leave this process.

use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// File the CA's certificate is written to, below the tenant's folder.
const CA_FILE: &str = "demo-ca.pem";

/// What a certification leaves behind: a TLS configuration and the file that makes clients trust it.
pub struct Certificates {
    /// For every listener.
    pub tls: Arc<ServerConfig>,
    /// PEM file of the CA.
    pub ca_file: PathBuf,
}

/// Makes CA and certificate and writes the CA's certificate into `folder`.
pub fn certify(folder: &Path) -> io::Result<Certificates> {
    let (ca_pem, chain, key) = make().map_err(io::Error::other)?;
    let ca_file = folder.join(CA_FILE);
    write_private(&ca_file, &ca_pem)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    Ok(Certificates {
        tls: Arc::new(tls),
        ca_file,
    })
}

type Made = (String, Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn make() -> Result<Made, rcgen::Error> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.distinguished_name
        .push(DnType::CommonName, "Harbor & Vale throw-away demo CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    limit_life(&mut ca);
    let ca_certificate = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, ca_key);

    let key = KeyPair::generate()?;
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name
        .push(DnType::CommonName, "localhost");
    // Some verifiers refuse a server certificate that does not say it is none of a CA.
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    limit_life(&mut leaf);
    let certificate = leaf.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chain = vec![certificate.der().clone(), ca_certificate.der().clone()];
    Ok((ca_certificate.pem(), chain, key))
}

/// Sets a life of under 398 days around today: platform verifiers refuse server certificates that live longer.
pub fn limit_life(params: &mut CertificateParams) {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let moment = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        // Every month has a 28th, whatever the year.
        date_time_ymd(i32::from(date.year()), month, day.min(28))
    };
    params.not_before = moment(today.saturating_sub(7.days()));
    params.not_after = moment(today.saturating_add(330.days()));
}

/// Writes a file that nobody else may read.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
