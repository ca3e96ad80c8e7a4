//! What registered apps prove themselves with: secrets made anew at each start, and one certificate.
//!
//! The certificate's key is the same everywhere, because no library here makes RSA keys; it opens nothing but demos.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use super::assertion::{self, Certificate};
use super::{APPS, App, Proof};
use crate::demo::sign_in::{Fault, random_text};

const KEY: &str = include_str!("daemon.key.pem");
/// As Entra's: letters, digits, `~`, `.`, `_` and `-`.
const SECRET_ALPHABET: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789~._-";
const SECRET_LENGTH: usize = 40;
/// The one mailbox that may still send with a password, as a scanner or an old program would.
pub const PASSWORD_USER: &str = "support@harborvale.example";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What came with a request to prove who the client is (RFC 6749 §2.3, RFC 7523 §2.2).
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown<'a> {
    /// `client_secret`, or the password of the `Authorization` header.
    pub secret: &'a str,
    /// `client_assertion`.
    pub assertion: &'a str,
    /// `client_assertion_type`.
    pub assertion_type: &'a str,
}

/// The secrets and the certificate of one tenant.
pub struct Credentials {
    secrets: BTreeMap<&'static str, String>,
    certificate: Certificate,
    certificate_pem: String,
    mail_password: String,
}

/// A file of an app's credentials.
#[derive(Clone, Debug)]
pub struct CredentialFile {
    /// Name with the app's key in it.
    pub name: String,
    /// Content.
    pub text: String,
}

impl Credentials {
    /// Makes secrets and certificate.
    pub fn new() -> io::Result<Self> {
        let mut secrets = BTreeMap::new();
        for app in APPS {
            if matches!(app.proof, Proof::Secret | Proof::ExpiredSecret) {
                let secret = random_text(SECRET_ALPHABET, SECRET_LENGTH)
                    .map_err(|_| io::Error::other("no random numbers for a secret"))?;
                secrets.insert(app.client_id, secret);
            }
        }
        let mail_password = random_text(SECRET_ALPHABET, SECRET_LENGTH)
            .map_err(|_| io::Error::other("no random numbers for a password"))?;
        let (certificate, certificate_pem) = certify()?;
        Ok(Self {
            secrets,
            certificate,
            certificate_pem,
            mail_password,
        })
    }

    /// Tells whether this is the password of [`PASSWORD_USER`].
    pub fn is_mail_password(&self, user: &str, password: &str) -> bool {
        PASSWORD_USER.eq_ignore_ascii_case(user) && self.mail_password == password
    }

    /// Returns the file that hands out that password.
    pub fn mail_password_file(&self) -> CredentialFile {
        CredentialFile {
            name: "support.password".to_owned(),
            text: self.mail_password.clone(),
        }
    }

    /// Lists the files that hand an app its credentials; none for a public client.
    pub fn files(&self, app: &App) -> Vec<CredentialFile> {
        let file = |end: &str, text: &str| CredentialFile {
            name: format!("{}{end}", app.key),
            text: text.to_owned(),
        };
        match (app.proof, self.secrets.get(app.client_id)) {
            (Proof::Certificate, _) => vec![
                file(".certificate.pem", &self.certificate_pem),
                file(".key.pem", KEY),
            ],
            (_, Some(secret)) => vec![file(".secret", secret)],
            (_, None) => Vec::new(),
        }
    }

    /// Checks what a client shows; `audiences` are the addresses an assertion may be for.
    pub fn check(&self, app: &App, shown: &Shown<'_>, audiences: &[String]) -> Result<(), Fault> {
        let is_bare = shown.secret.is_empty() && shown.assertion.is_empty();
        match app.proof {
            Proof::None if is_bare => Ok(()),
            Proof::None => Err(Fault::Aadsts(700_025)),
            _ if is_bare => Err(Fault::Aadsts(7_000_218)),
            Proof::Secret | Proof::ExpiredSecret => self.check_secret(app, shown.secret),
            Proof::Certificate if shown.assertion.is_empty() => Err(Fault::Aadsts(7_000_215)),
            Proof::Certificate if shown.assertion_type != ASSERTION_TYPE => {
                Err(Fault::MissingParameter("client_assertion_type"))
            }
            Proof::Certificate => {
                assertion::check(shown.assertion, app.client_id, audiences, &self.certificate)
            }
        }
    }

    fn check_secret(&self, app: &App, secret: &str) -> Result<(), Fault> {
        if secret.is_empty() {
            return Err(Fault::Aadsts(700_027));
        }
        let is_right = self
            .secrets
            .get(app.client_id)
            .is_some_and(|known| known == secret);
        match (is_right, app.proof) {
            (false, _) => Err(Fault::Aadsts(7_000_215)),
            (true, Proof::ExpiredSecret) => Err(Fault::Aadsts(7_000_222)),
            (true, _) => Ok(()),
        }
    }
}

fn certify() -> io::Result<(Certificate, String)> {
    let pair = rcgen::KeyPair::from_pem(KEY).map_err(io::Error::other)?;
    let mut params = rcgen::CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
    params.distinguished_name.push(
        rcgen::DnType::CommonName,
        "Day Watch of the Harbor & Vale demo",
    );
    crate::demo::transport::ca::limit_life(&mut params);
    let certificate = params.self_signed(&pair).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).map_err(io::Error::other)?;
    let key = ring::rsa::KeyPair::from_pkcs8(key.secret_pkcs8_der())
        .map_err(|rejected| io::Error::other(rejected.to_string()))?;
    let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, certificate.der()));
    let known = Certificate {
        public_key: key.public().as_ref().to_vec(),
        sha256: thumbprint(&SHA256),
        sha1: thumbprint(&SHA1_FOR_LEGACY_USE_ONLY),
    };
    Ok((known, certificate.pem()))
}
