//! Text as the full-text index sees it, on both sides: letters SQLite's tokenizer does not fold, and scripts
//! without blanks between words. What a person typed is always quoted before it becomes a query.

use std::borrow::Cow;

/// Shorter beginnings match too much of all texts to be worth looking for.
const MIN_BODY_PREFIX: usize = 4;

/// Folds what `unicode61 remove_diacritics 2` leaves, and cuts scripts without blanks into overlapping pairs.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len() + 16);
    let mut last = None;
    for c in text.chars() {
        if is_dense(c) {
            // 王小明 becomes 王小 小明 明: any part of it begins one of these.
            if let Some(last) = last {
                folded.push(last);
                folded.push(c);
            }
            folded.push(' ');
            last = Some(c);
            continue;
        }
        if let Some(last) = last.take() {
            folded.push(last);
            folded.push(' ');
        }
        push_letter(&mut folded, c);
    }
    folded.extend(last);
    Cow::Owned(folded)
}

fn push_letter(folded: &mut String, c: char) {
    let letters = match c {
        'ł' | 'Ł' => "l",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'þ' | 'Þ' => "th",
        'ı' | 'İ' => "i",
        'ħ' | 'Ħ' => "h",
        c => return folded.push(c),
    };
    folded.push_str(letters);
}

/// Scripts written without blanks: Han, kana, Thai, Lao, Khmer, Burmese.
fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Where the words are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Subject and addresses.
    Headers,
    /// The body's text.
    Body,
}

/// Whether a word is still being typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Typing {
    /// It may be the beginning of a longer one.
    Unfinished,
    /// It is whole.
    Done,
}

/// Makes a MATCH expression of typed text; `None` when it has nothing to look for.
pub fn pattern(text: &str, place: Place, typing: Typing) -> Option<String> {
    let tokens = tokens(text);
    let last = tokens.last()?;
    let is_dense_end = last.chars().any(is_dense);
    let is_long = place == Place::Headers || last.chars().count() >= MIN_BODY_PREFIX;
    let star = if is_dense_end || typing == Typing::Unfinished && is_long {
        "*"
    } else {
        ""
    };
    // Tokens hold letters and digits only: nothing can end the quotes.
    Some(format!("\"{}\"{star}", tokens.join(" ")))
}

/// Cuts as the index does, except that a dense word loses its last single letter, which pairs would not begin with.
fn tokens(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !is_mark(c));
    let words = words.filter(|word| word.chars().any(char::is_alphanumeric));
    words.flat_map(word_tokens).collect()
}

fn word_tokens(word: &str) -> Vec<String> {
    let folded = fold(word);
    let mut tokens: Vec<String> = folded.split_whitespace().map(str::to_owned).collect();
    let is_pair_tail = word.chars().filter(|c| is_dense(*c)).count() > 1
        && tokens
            .last()
            .is_some_and(|last| last.chars().count() == 1 && last.chars().all(is_dense));
    if is_pair_tail {
        tokens.pop();
    }
    tokens
}

/// Combining marks belong to the letter before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0E31}' | '\u{0E34}'..='\u{0E4E}' | '\u{1AB0}'..='\u{1AFF}')
}

/// Makes one comparable key of a word: folded, lower case, without accents where they have a base letter.
pub fn plain(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for c in fold(word).chars().flat_map(char::to_lowercase) {
        match base_letter(c) {
            Some(base) => plain.push(base),
            None if is_mark(c) => {}
            None => plain.push(c),
        }
    }
    plain
}

/// The accented letters of European languages, for address completion; the index has SQLite's own table.
fn base_letter(c: char) -> Option<char> {
    const BASES: &[(&str, char)] = &[
        ("àáâãäåāăą", 'a'),
        ("çćĉċč", 'c'),
        ("ďḍ", 'd'),
        ("èéêëēĕėęě", 'e'),
        ("ĝğġģ", 'g'),
        ("ìíîïĩīĭį", 'i'),
        ("ĺļľ", 'l'),
        ("ñńņň", 'n'),
        ("òóôõöōŏő", 'o'),
        ("ŕŗř", 'r'),
        ("śŝşšș", 's'),
        ("ţťț", 't'),
        ("ùúûüũūŭůűų", 'u'),
        ("ýÿŷ", 'y'),
        ("źżž", 'z'),
    ];
    if c.is_ascii() {
        return None;
    }
    let found = BASES.iter().find(|(accented, _)| accented.contains(c));
    found.map(|(_, base)| *base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let pattern = pattern(text, Place::Headers, Typing::Done);
        assert_eq!(pattern.as_deref(), expected, "{text:?}");
    }

    #[test]
    fn text_becomes_a_quoted_phrase_whatever_it_holds() {
        check("due date", Some("\"due date\""));
        check("a\" OR subject:x*", Some("\"a OR subject x\""));
        check("ana@contoso.com", Some("\"ana contoso com\""));
        check("re:", Some("\"re\""));
        check("!?\"*", None);
        check("\0", None);
    }

    #[test]
    fn scripts_without_blanks_are_cut_into_pairs() {
        assert_eq!(fold("王小明 a"), " 王小 小明 明  a");
        check("小明", Some("\"小明\"*"));
        check("王小明", Some("\"王小 小明\"*"));
        check("王", Some("\"王\"*"));
    }

    #[test]
    fn short_beginnings_are_not_looked_for_in_bodies() {
        let body = |text| pattern(text, Place::Body, Typing::Unfinished).unwrap();
        assert_eq!(
            (body("tom"), body("tomo")),
            ("\"tom\"".into(), "\"tomo\"*".into())
        );
    }

    #[test]
    fn names_are_compared_without_accents() {
        for (name, key) in [
            ("Łódź", "lodz"),
            ("Straße", "strasse"),
            ("Jørgen", "jorgen"),
            ("ÉCLAIR", "eclair"),
        ] {
            assert_eq!(plain(name), key);
        }
    }
}
