//! Cuts text to a number of bytes without cutting a character.

/// Returns the longest start of `text` of at most `bytes` bytes.
pub(in crate::mime) fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Shortens `text` to at most `bytes` bytes.
pub(in crate::mime) fn truncate(text: &mut String, bytes: usize) {
    let end = head(text, bytes).len();
    text.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_cut() {
        assert_eq!(head("aäb", 2), "a");
        assert_eq!(head("aäb", 3), "aä");
        assert_eq!(head("aäb", 9), "aäb");
        assert_eq!(head("ä", 1), "");
    }
}
