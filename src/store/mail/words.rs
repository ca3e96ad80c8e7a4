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

/// Words that must follow each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phrase {
    tokens: Vec<String>,
    /// Whether the last word may be the beginning of a longer one.
    is_open: bool,
}

impl Phrase {
    /// Makes the MATCH expression of the index.
    pub fn pattern(&self) -> String {
        let star = if self.is_open { "*" } else { "" };
        // Tokens hold letters and digits only: nothing can end the quotes.
        format!("\"{}\"{star}", self.tokens.join(" "))
    }

    /// Tells whether a text holds it, as the index would if it had the text.
    pub fn is_in(&self, text: &str) -> bool {
        let mut wanted = comparable(&self.tokens.join(" "));
        if self.is_open {
            wanted.pop();
        }
        comparable(&fold(text)).contains(&wanted)
    }
}

/// Writes words as the index compares them, each between blanks.
fn comparable(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 2);
    words.push(' ');
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            words.push(c.to_ascii_lowercase());
        } else if !c.is_ascii() && c.is_alphanumeric() {
            words.extend(c.to_lowercase().map(|c| base_letter(c).unwrap_or(c)));
        } else if !is_mark(c) && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
    words
}

/// Makes a phrase of typed text; `None` when it has nothing to look for.
pub fn phrase(text: &str, place: Place, typing: Typing) -> Option<Phrase> {
    let tokens = tokens(text);
    let last = tokens.last()?;
    let is_dense_end = last.chars().any(is_dense);
    let is_long = place == Place::Headers || last.chars().count() >= MIN_BODY_PREFIX;
    let is_open = is_dense_end || typing == Typing::Unfinished && is_long;
    Some(Phrase { tokens, is_open })
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

/// The letters that `unicode61 remove_diacritics 2` replaces, besides upper case.
fn base_letter(c: char) -> Option<char> {
    const BASES: &[(&str, char)] = &[
        ("àáâãäåāăąǎǟǻȁȃȧḁạảấầẩẫậắằẳẵặ", 'a'),
        ("çćĉċčḉ", 'c'),
        ("èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ", 'e'),
        ("ìíîïĩīĭįǐȉȋḭḯỉị", 'i'),
        ("ñńņňǹṅṇṉṋ", 'n'),
        ("òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ", 'o'),
        ("ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự", 'u'),
        ("ýÿŷȳẏẙỳỵỷỹ", 'y'),
        ("ďḋḍḏḑḓ", 'd'),
        ("ĝğġģǧǵḡ", 'g'),
        ("ĥȟḣḥḧḩḫẖ", 'h'),
        ("ĵǰ", 'j'),
        ("ķǩḱḳḵ", 'k'),
        ("ĺļľḷḹḻḽ", 'l'),
        ("ŕŗřȑȓṙṛṝṟ", 'r'),
        ("śŝşšſșṡṣṥṧṩẛ", 's'),
        ("ţťțṫṭṯṱẗ", 't'),
        ("ŵẁẃẅẇẉẘ", 'w'),
        ("źżžẑẓẕ", 'z'),
        ("\u{B5}", 'μ'),
        ("ς", 'σ'),
        ("ϐ", 'β'),
        ("ϑ", 'θ'),
        ("ϕ", 'φ'),
        ("ϖ", 'π'),
        ("ϰ", 'κ'),
        ("ϱ", 'ρ'),
        ("ϵ", 'ε'),
        ("ḃḅḇ", 'b'),
        ("\u{1FBE}", 'ι'),
        ("ḟ", 'f'),
        ("ḿṁṃ", 'm'),
        ("ṕṗ", 'p'),
        ("ṽṿ", 'v'),
        ("ẋẍ", 'x'),
    ];
    if !matches!(c, '\u{B5}'..='\u{3FF}' | '\u{1E00}'..='\u{1FFF}') {
        return None;
    }
    let found = BASES.iter().find(|(accented, _)| accented.contains(c));
    found.map(|(_, base)| *base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let phrase = phrase(text, Place::Headers, Typing::Done);
        let pattern = phrase.map(|phrase| phrase.pattern());
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
        let body = |text| {
            let phrase = phrase(text, Place::Body, Typing::Unfinished);
            phrase.unwrap().pattern()
        };
        assert_eq!(
            (body("tom"), body("tomo")),
            ("\"tom\"".into(), "\"tomo\"*".into())
        );
    }

    #[test]
    fn letters_are_compared_as_the_index_compares_them() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE VIRTUAL TABLE t USING fts5 (x, tokenize='unicode61 remove_diacritics 2');
             CREATE VIRTUAL TABLE v USING fts5vocab (t, instance);",
        )
        .unwrap();
        for c in '!'..='\u{2FFF}' {
            let values = rusqlite::params![u32::from(c), String::from(c)];
            db.execute("INSERT INTO t (rowid, x) VALUES (?1, ?2)", values)
                .unwrap();
        }
        let mut statement = db.prepare("SELECT doc, term FROM v").unwrap();
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        for row in statement.query_map([], read).unwrap() {
            let (doc, term): (u32, String) = row.unwrap();
            let c = char::from_u32(doc).unwrap();
            let ours = [String::from(c), term.clone()].map(|text| comparable(&fold(&text)));
            assert!(
                ours[0] == ours[1],
                "{c} is {term:?} in the index, here {:?}",
                ours[0]
            );
        }
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
