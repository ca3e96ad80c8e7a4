//! The flags this server keeps: the ones Exchange Online keeps, no custom keywords.

/// A set of flags.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Flags(u8);

impl Flags {
    /// `\Seen`.
    pub const SEEN: Self = Self(1);
    /// `\Answered`.
    pub const ANSWERED: Self = Self(2);
    /// `\Flagged`.
    pub const FLAGGED: Self = Self(4);
    /// `\Deleted`.
    pub const DELETED: Self = Self(8);
    /// `\Draft`.
    pub const DRAFT: Self = Self(16);
    /// `$MDNSent`.
    pub const MDN_SENT: Self = Self(32);

    const NAMES: [(Self, &'static str); 6] = [
        (Self::SEEN, "\\Seen"),
        (Self::ANSWERED, "\\Answered"),
        (Self::FLAGGED, "\\Flagged"),
        (Self::DELETED, "\\Deleted"),
        (Self::DRAFT, "\\Draft"),
        (Self::MDN_SENT, "$MDNSent"),
    ];

    /// Tells whether all of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns both sets together.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns this set without `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Reads a flag's name; unknown ones are the empty set, as Exchange drops them silently.
    pub fn from_name(name: &str) -> Self {
        Self::NAMES
            .into_iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(flag, _)| flag)
            .unwrap_or_default()
    }

    /// Returns the set in IMAP's writing, without parentheses.
    pub fn names(self) -> String {
        let names: Vec<&str> = Self::NAMES
            .into_iter()
            .filter(|(flag, _)| self.has(*flag))
            .map(|(_, name)| name)
            .collect();
        names.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_keywords_are_dropped() {
        assert_eq!(Flags::from_name("\\seen"), Flags::SEEN);
        assert_eq!(Flags::from_name("$Forwarded"), Flags::default());
        assert_eq!(Flags::SEEN.with(Flags::DRAFT).names(), "\\Seen \\Draft");
        assert_eq!(Flags::SEEN.without(Flags::SEEN).names(), "");
    }
}
