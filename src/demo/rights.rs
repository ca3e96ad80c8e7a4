//! Who may open which mailbox, and send as or on behalf of whom. Data and questions to it; no protocol.
//!
//! An identity is a person's address or an app's client id.

use super::people::{ADA, person_by_email};
use super::sign_in::{DAEMON_CERTIFICATE_ID, DAEMON_SECRET_ID, DAEMON_WEB_ID};

/// A right on a mailbox (protocol facts §5.1, §5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Right {
    /// `Add-MailboxPermission … FullAccess`: opens it, sends nothing.
    FullAccess,
    /// `Add-RecipientPermission … SendAs`.
    SendAs,
    /// `Set-Mailbox … -GrantSendOnBehalfTo`.
    SendOnBehalf,
}

use Right::{FullAccess, SendAs, SendOnBehalf};

const SUPPORT: &str = "support@harborvale.example";
const BILLING: &str = "billing@harborvale.example";
const BOARD: &str = "board@harborvale.example";

/// Rights beyond one's own mailbox.
const RIGHTS: &[(&str, &str, &[Right])] = &[
    (ADA.email, SUPPORT, &[FullAccess, SendAs]),
    (ADA.email, BILLING, &[FullAccess, SendAs]),
    (ADA.email, "dorothea@harborvale.example", &[SendOnBehalf]),
    ("priya@harborvale.example", SUPPORT, &[FullAccess]),
    (
        "oskar@harborvale.example",
        BILLING,
        &[FullAccess, SendOnBehalf],
    ),
    // Signed in with its password.
    (SUPPORT, SUPPORT, &[SendAs]),
    (DAEMON_SECRET_ID, SUPPORT, &[FullAccess, SendAs]),
    (DAEMON_SECRET_ID, BILLING, &[FullAccess]),
    (DAEMON_WEB_ID, SUPPORT, &[FullAccess, SendAs]),
    (DAEMON_WEB_ID, BILLING, &[FullAccess, SendAs]),
    (DAEMON_CERTIFICATE_ID, SUPPORT, &[FullAccess, SendAs]),
    (DAEMON_CERTIFICATE_ID, BILLING, &[FullAccess, SendAs]),
    (DAEMON_CERTIFICATE_ID, BOARD, &[FullAccess, SendAs]),
];

/// Mailboxes with `SmtpClientAuthenticationDisabled`.
const WITHOUT_SMTP: &[&str] = &["yuki@harborvale.example", BOARD];

fn has(identity: &str, mailbox: &str, right: Right) -> bool {
    RIGHTS.iter().any(|(who, which, rights)| {
        who.eq_ignore_ascii_case(identity)
            && which.eq_ignore_ascii_case(mailbox)
            && rights.contains(&right)
    })
}

fn is_own(identity: &str, mailbox: &str) -> bool {
    identity.eq_ignore_ascii_case(mailbox) && person_by_email(mailbox).is_some()
}

/// Tells whether the identity has Full Access to the mailbox.
pub fn may_open(identity: &str, mailbox: &str) -> bool {
    is_own(identity, mailbox) || has(identity, mailbox, FullAccess)
}

/// Tells whether the identity may send as the address.
pub fn may_send_as(identity: &str, address: &str) -> bool {
    is_own(identity, address) || has(identity, address, SendAs)
}

/// Tells whether the identity may send on behalf of the address; then `Sender` names the identity.
pub fn may_send_on_behalf(identity: &str, address: &str) -> bool {
    has(identity, address, SendOnBehalf)
}

/// Tells whether the mailbox may sign in to send mail.
pub fn may_submit(mailbox: &str) -> bool {
    !WITHOUT_SMTP
        .iter()
        .any(|without| without.eq_ignore_ascii_case(mailbox))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_access_is_given_by_name_only() {
        let check = |identity, mailbox, expected| {
            assert_eq!(
                may_open(identity, mailbox),
                expected,
                "{identity} {mailbox}"
            );
        };
        check("ada@harborvale.example", "Ada@HarborVale.example", true);
        check("ada@harborvale.example", SUPPORT, true);
        check("ada@harborvale.example", BOARD, false);
        check("ada@harborvale.example", "priya@harborvale.example", false);
        check(
            "ada@harborvale.example",
            "dorothea@harborvale.example",
            false,
        );
        check("sam@harborvale.example", SUPPORT, false);
        check(SUPPORT, SUPPORT, false);
        check(
            "nobody@harborvale.example",
            "nobody@harborvale.example",
            false,
        );
        check(DAEMON_SECRET_ID, BILLING, true);
        check(DAEMON_SECRET_ID, BOARD, false);
        check(DAEMON_SECRET_ID, DAEMON_SECRET_ID, false);
    }

    #[test]
    fn reading_is_not_sending() {
        let check = |identity, address, as_it: bool, on_behalf: bool| {
            let found = (
                may_send_as(identity, address),
                may_send_on_behalf(identity, address),
            );
            assert_eq!(found, (as_it, on_behalf), "{identity} {address}");
        };
        check("ada@harborvale.example", SUPPORT, true, false);
        check("priya@harborvale.example", SUPPORT, false, false);
        check("oskar@harborvale.example", BILLING, false, true);
        check(
            "oskar@harborvale.example",
            "oskar@harborvale.example",
            true,
            false,
        );
        check(DAEMON_SECRET_ID, BILLING, false, false);
    }
}
