//! Values inside scripts: whatever an address or a name holds, it stays one argument. Knows no command.

use crate::model::sanitize_line;

/// Quotes a value for PowerShell. Typographic quotation marks end a string there too
/// (PowerShell language specification §2.3.5.2).
pub fn powershell(value: &str) -> String {
    let mut quoted = String::from("'");
    for c in sanitize_line(value).chars() {
        if matches!(c, '\'' | '\u{2018}'..='\u{201B}') {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// Quotes a value for a POSIX shell.
pub fn shell(value: &str) -> String {
    format!("'{}'", sanitize_line(value).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_leaves_its_quotes_in_powershell() {
        for (value, expected) in [
            ("a@x.com", "'a@x.com'"),
            ("o'neil@x.com", "'o''neil@x.com'"),
            ("$(Remove-Mailbox)`n", "'$(Remove-Mailbox)`n'"),
            ("a\u{2019}; b", "'a\u{2019}\u{2019}; b'"),
            ("a'\r\nRemove-Mailbox b", "'a''  Remove-Mailbox b'"),
            ("a\u{2028}b\u{85}c", "'a bc'"),
        ] {
            assert_eq!(powershell(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_value_never_leaves_its_quotes_in_a_shell() {
        for (value, expected) in [
            ("o'neil", "'o'\\''neil'"),
            ("$HOME `id` \"x\" \\", "'$HOME `id` \"x\" \\'"),
            ("a\nrm -r b", "'a rm -r b'"),
        ] {
            assert_eq!(shell(value), expected, "{value:?}");
        }
    }
}
