//! The registered apps as other programs are told of them, their secrets and certificates in files nobody else may read.

use std::io;
use std::path::{Path, PathBuf};

use super::sign_in::{APPS, Proof, SignIn};
use super::transport::ca::write_private;

/// Writes the password that sends without a token, and returns its file.
pub fn write_password(sign_in: &SignIn, folder: &Path) -> io::Result<PathBuf> {
    let file = sign_in.credentials.mail_password_file();
    let path = folder.join(&file.name);
    write_private(&path, &file.text)?;
    Ok(path)
}

/// A registered app, and where its credentials are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisteredApp {
    /// Short name.
    pub key: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Application (client) id.
    pub client_id: &'static str,
    /// What it is good for, in plain words.
    pub shows: &'static str,
    /// Where browsers may be sent back to; on this machine with any port.
    pub redirect_uris: &'static [&'static str],
    /// File with the secret and nothing else, if the app has one.
    pub secret_file: Option<PathBuf>,
    /// PEM file of the certificate, if the app has one.
    pub certificate_file: Option<PathBuf>,
    /// PEM file of the certificate's key.
    pub key_file: Option<PathBuf>,
}

/// Writes all credentials below `folder` and lists the apps.
pub fn write(sign_in: &SignIn, folder: &Path) -> io::Result<Vec<RegisteredApp>> {
    let mut apps = Vec::new();
    for app in APPS {
        let mut paths = Vec::new();
        for file in sign_in.credentials.files(app) {
            let path = folder.join(&file.name);
            write_private(&path, &file.text)?;
            paths.push(path);
        }
        let mut paths = paths.into_iter();
        let has_certificate = app.proof == Proof::Certificate;
        apps.push(RegisteredApp {
            key: app.key,
            name: app.name,
            client_id: app.client_id,
            shows: app.shows,
            redirect_uris: app.redirect_uris,
            secret_file: if has_certificate { None } else { paths.next() },
            certificate_file: paths.next(),
            key_file: paths.next(),
        });
    }
    Ok(apps)
}
