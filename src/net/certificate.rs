//! What may be shown of a server's certificates. They were verified already; nothing here decides anything.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::model::sanitize_line;

/// The most characters of a name.
const NAME_CHARS: usize = 100;

/// The most certificates of a chain that are looked at.
const CHAIN_LENGTH: usize = 8;

/// What may be shown of the certificates that a server proved itself with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerCertificate {
    /// Names from the server's own certificate up to the root, as far as the server's certificates tell: each its
    /// common name, else its organisation, else its first host name. The root is named by what it signed.
    pub chain: Vec<String>,
    /// The name in the certificate that the server was reached by, such as `*.office365.com`; empty if it is not found.
    pub matched: String,
    /// When the first of the chain's certificates ends.
    pub not_after: Timestamp,
    /// Which one that is, as in [`Self::chain`].
    pub first_to_end: String,
}

impl ServerCertificate {
    /// Reads certificates (RFC 5280) as a server sent them, its own first; `None` if that one cannot be read.
    pub(super) fn read(sent: &[CertificateDer<'_>], host: &str) -> Option<Self> {
        let mut parsed = sent.iter().take(CHAIN_LENGTH).map(|one| parse(one));
        let own = parsed.next()??;
        let others: Vec<_> = parsed.flatten().collect();
        let matched = matched(&own, host);
        let links = links(own, others);
        let first = links.iter().min_by_key(|link| end(link))?;
        let (first_to_end, not_after) = (name_of(first), end(first));
        let mut chain: Vec<String> = links.iter().map(name_of).collect();
        let last = links.last()?;
        if last.issuer() != last.subject() {
            chain.push(clean(&words(last.issuer()).unwrap_or_default()));
        }
        chain.retain(|name| !name.is_empty());
        Some(Self {
            chain,
            matched: clean(&matched),
            not_after: Timestamp::from_second(not_after).unwrap_or(Timestamp::MAX),
            first_to_end,
        })
    }

    /// Returns whole days until the first certificate ends, negative after that.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.duration_since(now).as_hours().div_euclid(24)
    }
}

fn parse<'d>(der: &'d CertificateDer<'_>) -> Option<X509Certificate<'d>> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    Some(parsed)
}

/// Follows issuers from the server's own certificate on. Servers send others too, in any order.
fn links<'d>(
    own: X509Certificate<'d>,
    mut others: Vec<X509Certificate<'d>>,
) -> Vec<X509Certificate<'d>> {
    let mut links = vec![own];
    while let Some(last) = links.last().filter(|last| last.issuer() != last.subject()) {
        let next = others
            .iter()
            .position(|other| other.subject() == last.issuer());
        let Some(next) = next else { break };
        links.push(others.swap_remove(next));
    }
    links
}

fn end(certificate: &X509Certificate<'_>) -> i64 {
    certificate.validity().not_after.timestamp()
}

fn name_of(certificate: &X509Certificate<'_>) -> String {
    let own = words(certificate.subject());
    let host = || dns_names(certificate).into_iter().next();
    clean(&own.or_else(host).unwrap_or_default())
}

fn words(name: &X509Name<'_>) -> Option<String> {
    let all = name.iter_common_name().chain(name.iter_organization());
    let mut all = all.filter_map(|part| part.as_str().ok());
    all.find(|part| !part.trim().is_empty()).map(str::to_owned)
}

fn general_names<'c>(certificate: &'c X509Certificate<'_>) -> &'c [GeneralName<'c>] {
    let names = certificate.subject_alternative_name().ok().flatten();
    names.map_or(&[], |names| names.value.general_names.as_slice())
}

fn dns_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let names = general_names(certificate).iter();
    let hosts = names.filter_map(|name| match name {
        GeneralName::DNSName(host) => Some((*host).to_owned()),
        _ => None,
    });
    hosts.collect()
}

/// Finds the name that is the host's, exactly or by `*` for its first label (RFC 6125 §6.4.3).
fn matched(certificate: &X509Certificate<'_>, host: &str) -> String {
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let mut names = general_names(certificate).iter();
        let is_own =
            |name: &GeneralName<'_>| matches!(name, GeneralName::IPAddress(one) if *one == octets);
        return if names.any(is_own) {
            address.to_string()
        } else {
            String::new()
        };
    }
    let host = host.trim_end_matches('.');
    let is_own = |name: &&String| {
        let parent = |whole: &str| whole.split_once('.').map(|(_, rest)| rest.to_lowercase());
        name.eq_ignore_ascii_case(host) || (name.starts_with("*.") && parent(name) == parent(host))
    };
    let names = dns_names(certificate);
    names.iter().find(is_own).cloned().unwrap_or_default()
}

fn clean(text: &str) -> String {
    sanitize_line(text).chars().take(NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use rcgen::{
        BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
        date_time_ymd,
    };

    use super::*;

    type Signed = (CertificateDer<'static>, Issuer<'static, KeyPair>);

    fn params(names: &[&str], common: &str, year: i32) -> CertificateParams {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = DistinguishedName::new();
        if !common.is_empty() {
            params.distinguished_name.push(DnType::CommonName, common);
        }
        params.not_after = date_time_ymd(year, 1, 1);
        params
    }

    fn authority(common: &str, year: i32, by: Option<&Issuer<'_, KeyPair>>) -> Signed {
        let mut params = params(&[], common, year);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let signed = match by {
            Some(issuer) => params.signed_by(&key, issuer),
            None => params.self_signed(&key),
        };
        (signed.unwrap().der().clone(), Issuer::new(params, key))
    }

    fn own(names: &[&str], common: &str, issuer: &Issuer<'_, KeyPair>) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let signed = params(names, common, 2030).signed_by(&key, issuer);
        signed.unwrap().der().clone()
    }

    #[test]
    fn the_chain_is_followed_by_issuers_in_whatever_order_it_comes() {
        let (root, root_key) = authority("Root", 2040, None);
        let (middle, middle_key) = authority("Middle", 2035, Some(&root_key));
        let (stranger, _) = authority("Stranger", 2020, None);
        let leaf = own(&["mail.x.test"], "mail", &middle_key);
        let check = |sent: &[&CertificateDer<'static>], expected: &[&str]| {
            let sent: Vec<_> = sent.iter().map(|one| (*one).clone()).collect();
            let found = ServerCertificate::read(&sent, "mail.x.test").unwrap();
            assert_eq!(found.chain, expected);
            assert_eq!(found.first_to_end, "mail");
        };
        check(&[&leaf, &middle], &["mail", "Middle", "Root"]);
        check(&[&leaf, &middle, &root], &["mail", "Middle", "Root"]);
        check(
            &[&leaf, &stranger, &root, &middle],
            &["mail", "Middle", "Root"],
        );
        check(&[&leaf], &["mail", "Middle"]);
    }

    #[test]
    fn the_first_certificate_to_end_counts_and_is_named() {
        let (_, root_key) = authority("Root", 2040, None);
        let (middle, middle_key) = authority("Middle", 2028, Some(&root_key));
        let leaf = own(&["mail.x.test"], "", &middle_key);
        let found = ServerCertificate::read(&[leaf, middle], "mail.x.test").unwrap();
        assert_eq!(found.first_to_end, "Middle");
        let end: Timestamp = "2028-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(found.not_after, end);
        assert_eq!(found.chain, ["mail.x.test", "Middle", "Root"]);
    }

    #[test]
    fn the_name_that_matches_is_found_among_all() {
        let (_, root_key) = authority("Root", 2040, None);
        let names = ["outlook.test", "*.Office.test", "192.0.2.7", "::1"];
        let leaf = [own(&names, "outlook.test", &root_key)];
        let check = |host: &str, expected: &str| {
            let found = ServerCertificate::read(&leaf, host).unwrap();
            assert_eq!(found.matched, expected, "{host}");
        };
        check("outlook.test", "outlook.test");
        check("OUTLOOK.test.", "outlook.test");
        check("smtp.office.test", "*.Office.test");
        check("a.smtp.office.test", "");
        check("office.test", "");
        check("192.0.2.7", "192.0.2.7");
        check("[::1]", "::1");
        check("192.0.2.8", "");
    }

    #[test]
    fn names_are_made_harmless() {
        let (_, root_key) = authority("Trust\u{1b}[2J Inc", 2040, None);
        let leaf = own(&["x.test"], "\u{202e}evil", &root_key);
        let found = ServerCertificate::read(&[leaf], "x.test").unwrap();
        let shown = format!("{found:?}");
        assert!(found.chain[1].starts_with("Trust"), "{shown}");
        assert!(
            !found.chain.concat().contains(['\u{1b}', '\u{202e}']),
            "{shown}"
        );
    }

    #[test]
    fn days_are_counted_down_to_the_end_and_beyond() {
        let (_, root_key) = authority("Root", 2040, None);
        let leaf = [own(&["x.test"], "", &root_key)];
        let found = ServerCertificate::read(&leaf, "x.test").unwrap();
        let end: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(found.days_left(end - 240.hours()), 10);
        assert_eq!(found.days_left(end - 239.hours()), 9);
        assert_eq!(found.days_left(end + 1.hour()), -1);
        let none = CertificateDer::from(b"no certificate".to_vec());
        assert_eq!(ServerCertificate::read(&[none], "x.test"), None);
        assert_eq!(ServerCertificate::read(&[], "x.test"), None);
    }
}
