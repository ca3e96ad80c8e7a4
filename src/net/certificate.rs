//! What may be shown of a server's certificate. It was verified already; nothing here decides anything.

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::model::sanitize_line;

/// The most characters of a name.
const NAME_CHARS: usize = 100;

/// What may be shown of a server's certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerCertificate {
    /// Whose it is: its common name, else its first host name; empty if it has neither.
    pub subject: String,
    /// Who issued it: the organisation, else the common name; empty if it has neither.
    pub issuer: String,
    /// When it ends.
    pub not_after: Timestamp,
}

impl ServerCertificate {
    /// Reads a certificate (RFC 5280); `None` for what cannot be read.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let end = parsed.validity().not_after.timestamp();
        Some(Self {
            subject: clean(&subject(&parsed)),
            issuer: clean(&issuer(parsed.issuer())),
            not_after: Timestamp::from_second(end).unwrap_or(Timestamp::MAX),
        })
    }

    /// Returns whole days until it ends, negative after that.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.duration_since(now).as_hours().div_euclid(24)
    }
}

fn subject(certificate: &X509Certificate<'_>) -> String {
    let mut names = certificate.subject().iter_common_name();
    if let Some(name) = names.find_map(|name| name.as_str().ok()) {
        return name.to_owned();
    }
    let others = certificate.subject_alternative_name().ok().flatten();
    let mut others = others.iter().flat_map(|names| &names.value.general_names);
    let host = others.find_map(|name| match name {
        GeneralName::DNSName(host) => Some((*host).to_owned()),
        _ => None,
    });
    host.unwrap_or_default()
}

fn issuer(name: &X509Name<'_>) -> String {
    let organisation = name.iter_organization();
    let mut all = organisation.chain(name.iter_common_name());
    let found = all.find_map(|part| part.as_str().ok());
    found.unwrap_or_default().to_owned()
}

fn clean(text: &str) -> String {
    sanitize_line(text).chars().take(NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> ServerCertificate {
        let mut params = CertificateParams::new(vec!["mail.x.test".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        ServerCertificate::read(params.self_signed(&key).unwrap().der()).unwrap()
    }

    #[test]
    fn the_common_name_counts_before_the_host_name() {
        let plain = certificate(|_| {});
        assert_eq!(
            (plain.subject.as_str(), plain.issuer.as_str()),
            ("mail.x.test", "")
        );
        let named = certificate(|params| {
            let name = &mut params.distinguished_name;
            name.push(DnType::CommonName, "outlook.x.test\u{1b}[2J");
            name.push(DnType::OrganizationName, "Trust Inc");
        });
        assert_eq!(named.issuer, "Trust Inc");
        assert!(named.subject.starts_with("outlook.x.test"), "{named:?}");
        assert!(!named.subject.contains('\u{1b}'), "{named:?}");
    }

    #[test]
    fn days_are_counted_down_to_the_end_and_beyond() {
        let found = certificate(|_| {});
        let end: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(found.days_left(end - 240.hours()), 10);
        assert_eq!(found.days_left(end - 239.hours()), 9);
        assert_eq!(found.days_left(end + 1.hour()), -1);
        assert_eq!(ServerCertificate::read(b"no certificate"), None);
    }
}
