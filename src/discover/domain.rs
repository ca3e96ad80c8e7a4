//! Whose host is it: names compared by the domain that was registered (public suffix list).

use url::Host;

use crate::discover::HostTrust;
use crate::discover::known;

/// Returns a name as programs compare it (ASCII, lower case, no last dot); `None` for what is no name with a dot in
/// it, such as an IP address or `localhost`.
pub fn plain(name: &str) -> Option<String> {
    let name = name.trim().trim_end_matches('.');
    // A URL's host is percent-decoded and loses tabs and line ends; a mail server's name has none of these.
    if name.is_empty() || name.contains(|c: char| c == '%' || c.is_whitespace() || c.is_control()) {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(name) else {
        return None;
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let is_name = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label);
    is_name.then_some(domain)
}

/// Returns the domain that was registered, such as `contoso.co.uk` of `mail.contoso.co.uk`; the name itself where it is
/// a public suffix, since nobody can be told apart below it.
pub fn registrable(host: &str) -> &str {
    psl::domain_str(host).unwrap_or(host)
}

/// Tells whether a host is `domain` or below it.
pub fn is_within(host: &str, domain: &str) -> bool {
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// Who vouches for the hosts that a source names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Voucher {
    /// The source itself: a table kept by many eyes.
    Source,
    /// Nobody.
    Nobody,
}

/// Judges a host that a source named for a mail domain.
pub fn trust(host: &str, mail_domain: &str, voucher: Voucher) -> HostTrust {
    if registrable(host) == registrable(mail_domain) {
        HostTrust::Own
    } else if voucher == Voucher::Source || known::by_host(host).is_some() {
        HostTrust::Vouched
    } else {
        HostTrust::Foreign {
            domain: registrable(host).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_dot_are_names_of_servers() {
        assert_eq!(
            plain(" IMAP.Contoso.COM. ").as_deref(),
            Some("imap.contoso.com")
        );
        assert_eq!(
            plain("bücher.example").as_deref(),
            Some("xn--bcher-kva.example")
        );
        for odd in [
            "",
            ".",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "0x7f.1",
            "a b.c",
            "a/b.c",
            "a%2eb.c",
            "a..b",
            "-a.b",
            "a\tb.c",
            "imap.contoso.com:993",
            "x@y.z",
            "a.b\u{202e}c",
        ] {
            assert_eq!(plain(odd), None, "{odd}");
        }
        assert_eq!(plain(&format!("{}.example", "x".repeat(64))), None);
    }

    #[track_caller]
    fn check(host: &str, mail_domain: &str, voucher: Voucher, expected: &str) {
        let found = match trust(host, mail_domain, voucher) {
            HostTrust::Own => "own".to_owned(),
            HostTrust::Vouched => "vouched".to_owned(),
            HostTrust::Foreign { domain } => domain,
        };
        assert_eq!(found, expected, "{host} for {mail_domain}");
    }

    #[test]
    fn a_host_of_another_registered_domain_is_foreign() {
        check("imap.contoso.com", "contoso.com", Voucher::Nobody, "own");
        check(
            "imap.contoso.com",
            "mail.contoso.com",
            Voucher::Nobody,
            "own",
        );
        check(
            "imap.evil.co.uk",
            "contoso.co.uk",
            Voucher::Nobody,
            "evil.co.uk",
        );
        check(
            "imap.notcontoso.com",
            "contoso.com",
            Voucher::Nobody,
            "notcontoso.com",
        );
        check(
            "contoso.com.evil.example",
            "contoso.com",
            Voucher::Nobody,
            "evil.example",
        );
        check(
            "mallory.github.io",
            "alice.github.io",
            Voucher::Nobody,
            "mallory.github.io",
        );
    }

    #[test]
    fn tables_vouch_for_foreign_hosts() {
        check(
            "imap.hoster.example",
            "contoso.com",
            Voucher::Source,
            "vouched",
        );
        check("imap.gmail.com", "contoso.com", Voucher::Nobody, "vouched");
        check(
            "outlook.office365.com",
            "contoso.com",
            Voucher::Nobody,
            "vouched",
        );
        check(
            "imap.gmail.com.evil.example",
            "contoso.com",
            Voucher::Nobody,
            "evil.example",
        );
    }

    #[test]
    fn below_means_at_a_dot() {
        assert!(
            is_within("a.contoso.com", "contoso.com") && is_within("contoso.com", "contoso.com")
        );
        assert!(!is_within("acontoso.com", "contoso.com"));
    }
}
