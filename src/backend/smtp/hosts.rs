//! What is known of servers by their names (protocol facts §5.2, §6.5).

/// Tells whether a host is one of Microsoft's, in any cloud.
pub(super) fn is_microsoft(host: &str) -> bool {
    const DOMAINS: [&str; 6] = [
        "office365.com",
        "outlook.com",
        "office365.us",
        "outlook.us",
        "outlook.cn",
        "office.com",
    ];
    DOMAINS.iter().any(|domain| is_below(host, domain))
}

/// Tells whether a server files what it takes in the sender's Sent folder by itself.
pub(in crate::backend) fn files_sent_copy(host: &str) -> bool {
    is_microsoft(host) || is_below(host, "gmail.com") || is_below(host, "googlemail.com")
}

fn is_below(host: &str, domain: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_subdomains_count() {
        for host in [
            "smtp.office365.com",
            "SMTP-mail.Outlook.com",
            "smtp.office365.us",
            "smtp.partner.outlook.cn",
            "smtp.gmail.com",
        ] {
            assert!(files_sent_copy(host), "{host}");
        }
        for host in [
            "smtp.contoso.example",
            "evil-office365.com",
            "office365.com.evil.example",
            "127.0.0.1",
        ] {
            assert!(!files_sent_copy(host), "{host}");
        }
    }
}
