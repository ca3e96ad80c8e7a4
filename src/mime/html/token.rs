//! A small, linear HTML tokenizer: text, opening and closing tags. Comments, declarations and the content of
//! elements that hold no readable text never come out.

/// A piece of HTML.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Token<'a> {
    /// Text with its character references.
    Text(&'a str),
    /// The content of a `style` element.
    Style(&'a str),
    /// An opening tag: name in lower case, and the raw attributes.
    Open(String, &'a str),
    /// A closing tag.
    Close(String),
}

/// Elements whose content is not for reading; `style` comes out as [`Token::Style`].
const HIDDEN: [&str; 12] = [
    "script", "style", "title", "iframe", "noembed", "noframes", "template", "svg", "math",
    "object", "audio", "video",
];

/// Cuts HTML into tokens.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// Hidden elements known not to be closed any more, so that nobody searches the rest twice.
    unclosed: Vec<&'static str>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(html: &'a str) -> Self {
        Self {
            rest: html,
            unclosed: Vec::new(),
        }
    }

    /// Takes `length` bytes off the front.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes up to and with `end`, or all.
    fn take_through(&mut self, end: &str) -> &'a str {
        let length = self
            .rest
            .find(end)
            .map_or(self.rest.len(), |at| at + end.len());
        self.take(length)
    }

    /// Takes what starts with `<`; `None` when it yields nothing.
    fn take_markup(&mut self) -> Option<Token<'a>> {
        let after = self.rest.get(1..).unwrap_or_default();
        match after.bytes().next() {
            Some(b'!') if after.starts_with("!--") => {
                self.take(4);
                self.take_through("-->");
                None
            }
            Some(b'!' | b'?') => {
                self.take_through(">");
                None
            }
            Some(b'/') => {
                let tag = self.take_through(">");
                let name = tag_name(tag.get(2..).unwrap_or_default());
                (!name.is_empty()).then_some(Token::Close(name))
            }
            Some(byte) if byte.is_ascii_alphabetic() => self.take_open(),
            _ => Some(Token::Text(self.take(1))),
        }
    }

    fn take_open(&mut self) -> Option<Token<'a>> {
        let length = tag_length(self.rest);
        let tag = self.take(length);
        let inner = tag.get(1..).unwrap_or_default();
        let inner = inner.strip_suffix('>').unwrap_or(inner);
        let name = tag_name(inner);
        let attributes = inner.get(name.len()..).unwrap_or_default();
        let Some(hidden) = HIDDEN.into_iter().find(|hidden| *hidden == name) else {
            return Some(Token::Open(name, attributes));
        };
        if attributes.trim_end().ends_with('/') && matches!(hidden, "svg" | "math") {
            return None;
        }
        let content = self.take_hidden(hidden)?;
        (hidden == "style").then_some(Token::Style(content))
    }

    /// Takes the content of a hidden element and its closing tag.
    fn take_hidden(&mut self, name: &'static str) -> Option<&'a str> {
        if self.unclosed.contains(&name) {
            return None;
        }
        let Some(end) = find_close(self.rest, name) else {
            self.unclosed.push(name);
            return None;
        };
        let content = self.take(end);
        self.take_through(">");
        Some(content)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        while !self.rest.is_empty() {
            let text = self.rest.find('<').unwrap_or(self.rest.len());
            if text > 0 {
                return Some(Token::Text(self.take(text)));
            }
            if let Some(token) = self.take_markup() {
                return Some(token);
            }
        }
        None
    }
}

/// Returns the length of a tag; a `>` inside quotes does not end it.
fn tag_length(tag: &str) -> usize {
    let mut quote = None;
    let mut last = b' ';
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            // Quotes open only behind "=": an apostrophe in a sloppy tag must not swallow the message.
            (None, b'"' | b'\'') if last == b'=' => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
    }
    // Never closed: take the tag to the first ">" whatever the quotes say.
    tag.find('>').map_or(tag.len(), |at| at + 1)
}

fn tag_name(tag: &str) -> String {
    tag.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn find_close(html: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = html.get(from..)?;
        let at = from + rest.find("</")?;
        let tag = html.as_bytes().get(at + 2..at + 2 + name.len());
        if tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes())) {
            return Some(at);
        }
        from = at + 2;
    }
}

/// Reads raw attributes, at most `max`: names in lower case, values with their character references.
pub(super) fn attributes(raw: &str, max: usize) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut rest = raw;
    while found.len() < max {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        let length = rest
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/'))
            .unwrap_or(rest.len())
            .max(1);
        let (name, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let (value, after) = take_value(after);
        found.push((name.to_ascii_lowercase(), value));
        rest = after;
    }
    found
}

fn take_value(raw: &str) -> (&str, &str) {
    let Some(value) = raw.trim_start().strip_prefix('=') else {
        return ("", raw);
    };
    let value = value.trim_start();
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    let length = value
        .find(|c: char| c.is_ascii_whitespace())
        .unwrap_or(value.len());
    value.split_at_checked(length).unwrap_or((value, ""))
}
