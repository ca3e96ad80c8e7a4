//! How a connection is protected, in one line: version, name, days left, and who vouches for the server.

use jiff::Timestamp;

use crate::engine::check::Found;
use crate::model::TlsMode;
use crate::net::{ServerCertificate, Stream};

/// Days before the end of a certificate from which on a check warns.
const WARNING: i64 = 14;

/// Says how a connection is protected and when its certificates end.
pub(in crate::engine) fn secured(stream: &Stream, mode: TlsMode, now: Timestamp) -> Found {
    let version = stream.tls_version().unwrap_or("no TLS");
    let version = match mode {
        TlsMode::StartTls => format!("{version} by STARTTLS"),
        TlsMode::Implicit | TlsMode::None => version.to_owned(),
    };
    match stream.certificate() {
        Some(certificate) => said(&version, &certificate, now),
        None => version.into(),
    }
}

fn said(version: &str, certificate: &ServerCertificate, now: Timestamp) -> Found {
    let ServerCertificate {
        chain,
        matched,
        first_to_end,
        ..
    } = certificate;
    let mut words = vec![version.to_owned()];
    if !matched.is_empty() {
        words.push(format!("name {matched}"));
    }
    let left = match certificate.days_left(now) {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    words.push(format!("{left} left"));
    if !chain.is_empty() {
        words.push(format!("chain {}", chain.join(" < ")));
    }
    let is_own = chain.first() == Some(first_to_end);
    let whose = if is_own || first_to_end.is_empty() {
        "the server's certificate".to_owned()
    } else {
        format!("the certificate of {first_to_end}, which vouches for the server,")
    };
    let is_soon = certificate.days_left(now) < WARNING;
    Found {
        detail: words.join(", "),
        warning: is_soon
            .then(|| format!("{whose} ends in {left}; whoever runs the server has to renew it")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;

    fn check(hours: i64, first_to_end: &str, detail: &str, warning: Option<&str>) {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let certificate = ServerCertificate {
            chain: vec!["mail".into(), "Middle".into(), "Root".into()],
            matched: "*.x.test".into(),
            not_after: now + hours.hours(),
            first_to_end: first_to_end.into(),
        };
        let found = said("TLS 1.3", &certificate, now);
        assert_eq!(found.detail, detail);
        assert_eq!(found.warning.as_deref(), warning);
    }

    #[test]
    fn a_certificate_is_warned_about_in_its_last_fourteen_days() {
        let days =
            |days: &str| format!("TLS 1.3, name *.x.test, {days} left, chain mail < Middle < Root");
        check(14 * 24, "mail", &days("14 days"), None);
        let warning =
            "the server's certificate ends in 13 days; whoever runs the server has to renew it";
        check(14 * 24 - 1, "mail", &days("13 days"), Some(warning));
        let warning =
            "the server's certificate ends in 1 day; whoever runs the server has to renew it";
        check(47, "mail", &days("1 day"), Some(warning));
    }

    #[test]
    fn a_certificate_above_the_servers_is_named_when_it_ends_first() {
        let warning = "the certificate of Middle, which vouches for the server, ends in 2 days; \
                       whoever runs the server has to renew it";
        let detail = "TLS 1.3, name *.x.test, 2 days left, chain mail < Middle < Root";
        check(48, "Middle", detail, Some(warning));
    }
}
