//! The XOAUTH2 message, for IMAP and SMTP alike.

/// Reads `user=…^Aauth=Bearer …^A^A` and returns user and token.
pub fn read_xoauth2(message: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(message).ok()?;
    let text = text.strip_suffix("\u{1}\u{1}")?;
    let (user, auth) = text.split_once('\u{1}')?;
    let user = user.strip_prefix("user=")?;
    let (scheme, token) = auth.strip_prefix("auth=")?.split_once(' ')?;
    let is_sound = scheme.eq_ignore_ascii_case("Bearer") && !user.is_empty() && !token.is_empty();
    is_sound.then(|| (user.to_owned(), token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_is_read() {
        let check = |message: &str, expected: Option<(&str, &str)>| {
            let found = read_xoauth2(message.as_bytes());
            let found = found.as_ref().map(|(u, t)| (u.as_str(), t.as_str()));
            assert_eq!(found, expected, "{message:?}");
        };
        check("user=a@b\u{1}auth=Bearer T\u{1}\u{1}", Some(("a@b", "T")));
        check("user=a@b\u{1}auth=bearer T\u{1}\u{1}", Some(("a@b", "T")));
        check("user=a@b^Aauth=Bearer T^A^A", None);
        check("user=a@b\u{1}auth=Bearer T\u{1}", None);
        check("user=\u{1}auth=Bearer T\u{1}\u{1}", None);
        check("", None);
    }
}
