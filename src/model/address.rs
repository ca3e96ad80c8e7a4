//! Mail addresses as people write them and lists of them as they type them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mailbox address with an optional display name (RFC 5322 §3.4), already decoded.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Address {
    /// The display name; empty when there is none.
    pub name: String,
    /// `local@domain`.
    pub email: String,
}

impl Address {
    /// Makes an address without a display name.
    pub fn bare(email: impl Into<String>) -> Self {
        Self {
            name: String::new(),
            email: email.into(),
        }
    }

    /// Makes an address with a display name.
    pub fn named(name: impl Into<String>, email: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            email: email.into(),
        }
    }

    /// Returns the name, or the address where there is no name.
    pub fn short(&self) -> &str {
        if self.name.is_empty() {
            &self.email
        } else {
            &self.name
        }
    }

    /// Returns the part behind the last `@`, or "" when there is none.
    pub fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Tells whether both are the same mailbox (addresses are compared without case).
    pub fn is_same_mailbox(&self, other: &Self) -> bool {
        self.email.eq_ignore_ascii_case(&other.email)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            return f.write_str(&self.email);
        }
        let plain = self
            .name
            .chars()
            .all(|c| c.is_alphanumeric() || " -_'".contains(c) || !c.is_ascii());
        if plain {
            write!(f, "{} <{}>", self.name, self.email)
        } else {
            let quoted = self.name.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, "\"{quoted}\" <{}>", self.email)
        }
    }
}

/// Why a piece of text is not an address; carries the piece, so that a screen can point at it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`, or nothing on one side of it.
    #[error("\"{0}\" is not an address")]
    Malformed(String),
    /// The same address stands there twice.
    #[error("\"{0}\" is listed twice")]
    Duplicate(String),
}

/// A typed list of addresses: those that are right, and what is wrong with the rest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AddressList {
    /// The good ones, in order, without duplicates.
    pub addresses: Vec<Address>,
    /// What is wrong with the others, in order.
    pub errors: Vec<AddressError>,
}

impl AddressList {
    /// Adds an error; the rest of an address that a typed comma cut in two is shown together with its beginning.
    fn push_error(&mut self, error: AddressError) {
        if let (Some(AddressError::Malformed(start)), AddressError::Malformed(end)) =
            (self.errors.last_mut(), &error)
            && start.contains('@')
            && !end.contains('@')
        {
            *start = format!("{start},{end}");
            return;
        }
        self.errors.push(error);
    }
}

/// Splits what people type or paste into addresses: `a@x.com; Bob <b@x.com>, c@x.com`.
///
/// Semicolons, commas and line ends separate; blanks separate bare addresses.
pub fn parse_address_list(text: &str) -> AddressList {
    let mut list = AddressList::default();
    for piece in split_pieces(text) {
        match parse_one(&piece) {
            Ok(address)
                if list
                    .addresses
                    .iter()
                    .any(|known| known.is_same_mailbox(&address)) =>
            {
                list.errors.push(AddressError::Duplicate(address.email));
            }
            Ok(address) => list.addresses.push(address),
            Err(error) => list.push_error(error),
        }
    }
    list
}

/// Cuts at separators outside quotes and angle brackets, then at blanks between bare addresses.
fn split_pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let (mut is_quoted, mut is_bracketed, mut is_escaped) = (false, false, false);
    for c in text.chars() {
        let is_separator = matches!(c, ';' | ',' | '\n' | '\r') && !is_quoted && !is_bracketed;
        match c {
            '"' if !is_escaped => is_quoted = !is_quoted,
            '<' if !is_quoted => is_bracketed = true,
            '>' if !is_quoted => is_bracketed = false,
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
        if is_separator {
            pieces.push(std::mem::take(&mut piece));
        } else {
            piece.push(c);
        }
    }
    pieces.push(piece);
    pieces
        .iter()
        .flat_map(|piece| split_at_blanks(piece))
        .collect()
}

/// `a@x b@x` is two addresses; `Bob <b@x>` and `Bob b@x` stay one piece.
fn split_at_blanks(piece: &str) -> Vec<String> {
    let words: Vec<&str> = piece.split_whitespace().collect();
    if words.len() > 1
        && words
            .iter()
            .all(|word| word.contains('@') && !word.contains(['<', '"']))
    {
        return words.into_iter().map(str::to_owned).collect();
    }
    if words.is_empty() {
        Vec::new()
    } else {
        vec![words.join(" ")]
    }
}

fn parse_one(piece: &str) -> Result<Address, AddressError> {
    let malformed = || AddressError::Malformed(piece.to_owned());
    let (name, email) = match piece.rsplit_once('<') {
        Some((name, rest)) => (
            name.trim(),
            rest.strip_suffix('>').ok_or_else(malformed)?.trim(),
        ),
        None => ("", piece.trim()),
    };
    if !is_email(email) {
        return Err(malformed());
    }
    Ok(Address::named(unquoted(name), email))
}

/// Takes the quotes and backslashes of a quoted string off (RFC 5322 §3.2.4).
fn unquoted(name: &str) -> String {
    let Some(inner) = name
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return name.trim().to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' {
            chars.next().unwrap_or(c)
        } else {
            c
        });
    }
    text.trim().to_owned()
}

/// Checks only what certainly breaks delivery; servers know the rest.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    // A domain without a dot is mostly a comma typed for the dot.
    let is_domain_fine = (domain.contains('.') || domain == "localhost")
        && domain
            .split('.')
            .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
        && domain
            .chars()
            .all(|c| c.is_alphanumeric() || c == '.' || c == '-' || c == '_');
    let is_local_fine = !local.is_empty()
        && text.len() <= 320
        && !local.contains('@')
        && local
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"".contains(c));
    is_domain_fine && is_local_fine
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str], errors: usize) {
        let list = parse_address_list(text);
        let emails: Vec<&str> = list.addresses.iter().map(|a| a.email.as_str()).collect();
        assert_eq!(emails, expected, "{text:?}");
        assert_eq!(list.errors.len(), errors, "{text:?}: {:?}", list.errors);
    }

    #[test]
    fn every_separator_people_use_is_understood() {
        check("a@x.com; b@x.com", &["a@x.com", "b@x.com"], 0);
        check(
            "a@x.com,b@x.com\nc@x.com",
            &["a@x.com", "b@x.com", "c@x.com"],
            0,
        );
        check("a@x.com b@x.com", &["a@x.com", "b@x.com"], 0);
        check(" ; ,\n", &[], 0);
    }

    #[test]
    fn names_may_hold_separators_when_quoted() {
        check(
            "\"Doe, Jane\" <j@x.com>; Bob B <b@x.com>",
            &["j@x.com", "b@x.com"],
            0,
        );
    }

    #[test]
    fn typos_and_duplicates_are_pointed_at() {
        check("sales@contoso,com", &[], 1);
        let error = AddressError::Malformed("sales@contoso,com".into());
        assert_eq!(parse_address_list("sales@contoso,com").errors, vec![error]);
        check("a@x.com; A@X.COM", &["a@x.com"], 1);
        check("a@@x.com; @x.com; a@; a@x..com", &[], 4);
    }

    #[test]
    fn a_written_address_reads_back_the_same() {
        for name in ["", "Jörg Müller", "Doe, Jane", "say \"hi\"", "王小明"] {
            let address = Address::named(name, "a@x.com");
            assert_eq!(
                parse_address_list(&address.to_string()).addresses,
                vec![address]
            );
        }
    }
}
