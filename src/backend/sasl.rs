//! SASL payloads that IMAP and SMTP share: XOAUTH2, OAUTHBEARER (RFC 7628), PLAIN (RFC 4616), all in base64.
//!
//! Only the payloads: how they are framed is the protocol's matter. Every result is a secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

/// Returns the XOAUTH2 payload (Google's and Microsoft's form; protocol facts §4.1).
pub(in crate::backend) fn xoauth2(user: &str, token: &SecretString) -> SecretString {
    encode(format!(
        "user={user}\u{1}auth=Bearer {}\u{1}\u{1}",
        token.expose_secret()
    ))
}

/// Returns the OAUTHBEARER payload (RFC 7628 §3.1). `host` and `port` are those of the real connection.
pub(in crate::backend) fn oauthbearer(
    user: &str,
    host: &str,
    port: u16,
    token: &SecretString,
) -> SecretString {
    // RFC 5801 §4: "=" first, or the "=" of the other replacement would be replaced again.
    let user = user.replace('=', "=3D").replace(',', "=2C");
    encode(format!(
        "n,a={user},\u{1}host={host}\u{1}port={port}\u{1}auth=Bearer {}\u{1}\u{1}",
        token.expose_secret()
    ))
}

/// Returns the PLAIN payload (RFC 4616 §2) without an authorization identity.
pub(in crate::backend) fn plain(user: &str, password: &SecretString) -> SecretString {
    encode(format!("\0{user}\0{}", password.expose_secret()))
}

fn encode(payload: String) -> SecretString {
    let payload = SecretString::from(payload);
    SecretString::from(STANDARD.encode(payload.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: &SecretString, expected: &str) {
        let bytes = STANDARD.decode(payload.expose_secret()).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn payloads_are_as_the_standards_spell_them() {
        let token = SecretString::from("vF9dft4qmT".to_owned());
        check(
            &xoauth2("someuser@example.com", &token),
            "user=someuser@example.com\u{1}auth=Bearer vF9dft4qmT\u{1}\u{1}",
        );
        check(
            &oauthbearer("user@example.com", "server.example.com", 143, &token),
            "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}auth=Bearer vF9dft4qmT\u{1}\u{1}",
        );
        check(
            &plain("tim", &SecretString::from("tanstaaftanstaaf".to_owned())),
            "\0tim\0tanstaaftanstaaf",
        );
    }

    #[test]
    fn xoauth2_matches_the_published_example() {
        let payload = xoauth2(
            "someuser@example.com",
            &SecretString::from("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg".to_owned()),
        );
        assert_eq!(
            payload.expose_secret(),
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
    }

    #[test]
    fn separators_in_a_user_name_are_escaped() {
        let token = SecretString::from("t".to_owned());
        check(
            &oauthbearer("a,b=c@x", "h", 1, &token),
            "n,a=a=2Cb=3Dc@x,\u{1}host=h\u{1}port=1\u{1}auth=Bearer t\u{1}\u{1}",
        );
    }
}
