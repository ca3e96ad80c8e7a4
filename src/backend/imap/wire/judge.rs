//! Decides what becomes of one response before imap-proto sees it: pass, mend or drop.
//!
//! imap-proto ends the connection on the first response it cannot parse, and panics on two. Responses we never ask
//! for are dropped unread; those we need are tried first and mended where servers are known to differ.

use imap_proto::Response;

use super::plain::is_plain_row;

/// What a response is, by its first words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// `* OK`, `NO`, `BAD`, `BYE`, `PREAUTH`.
    Status,
    /// `tag OK`, `NO`, `BAD`.
    Tagged,
    /// `+`.
    Continue,
    /// `* n FETCH`.
    Fetch,
    /// `* LIST`.
    List,
    /// `* SEARCH`, `* VANISHED`: long lists of numbers.
    Numbers,
    /// `* CAPABILITY`.
    Capability,
    /// Another response that is of use: `EXISTS`, `EXPUNGE`, `FLAGS`, `ENABLED`.
    Data,
    /// Untagged, and nothing we ask for.
    Unwanted,
    /// Not IMAP at all, such as `Server Unavailable. 15` (protocol facts §4.4).
    Garbage,
}

impl Kind {
    /// Tells whether literals can be in it; in a status text `{5}` is just text.
    pub(super) fn is_data(self) -> bool {
        !matches!(
            self,
            Self::Status | Self::Tagged | Self::Continue | Self::Garbage
        )
    }
}

/// How many responses were thrown away that a caller may have waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::backend::imap) struct Dropped {
    /// `FETCH` responses: absence of a message means nothing then.
    pub(in crate::backend::imap) fetches: u32,
    /// `LIST` responses.
    pub(in crate::backend::imap) lists: u32,
    /// `SEARCH` and `VANISHED` responses.
    pub(in crate::backend::imap) numbers: u32,
}

impl Dropped {
    /// Counts one response of `kind`.
    pub(super) fn note(&mut self, kind: Kind) {
        match kind {
            Kind::Fetch => self.fetches += 1,
            Kind::List => self.lists += 1,
            Kind::Numbers => self.numbers += 1,
            _ => {}
        }
        tracing::debug!(target: "pillarbox::imap", ?kind, "a response was dropped");
    }
}

/// Sorts a response by the words its first line begins with.
pub(super) fn kind(line: &[u8]) -> Kind {
    if line.first() == Some(&b'+') {
        return Kind::Continue;
    }
    let mut words = line
        .get(..64)
        .unwrap_or(line)
        .split(|byte| matches!(byte, b' ' | b'\r' | b'\n'))
        .filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    if first == b"*" {
        return untagged(second, words.next().unwrap_or_default());
    }
    let is_tag = first.iter().all(u8::is_ascii_alphanumeric);
    if is_tag && is_one_of(second, &["OK", "NO", "BAD"]) {
        return Kind::Tagged;
    }
    Kind::Garbage
}

fn untagged(word: &[u8], next: &[u8]) -> Kind {
    if !word.is_empty() && word.iter().all(u8::is_ascii_digit) {
        return match next {
            word if is_one_of(word, &["FETCH"]) => Kind::Fetch,
            word if is_one_of(word, &["EXISTS", "EXPUNGE"]) => Kind::Data,
            _ => Kind::Unwanted,
        };
    }
    match word {
        word if is_one_of(word, &["OK", "NO", "BAD", "BYE", "PREAUTH"]) => Kind::Status,
        word if is_one_of(word, &["SEARCH", "VANISHED"]) => Kind::Numbers,
        word if is_one_of(word, &["LIST"]) => Kind::List,
        word if is_one_of(word, &["CAPABILITY"]) => Kind::Capability,
        word if is_one_of(word, &["FLAGS", "ENABLED"]) => Kind::Data,
        _ => Kind::Unwanted,
    }
}

fn is_one_of(word: &[u8], names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// Moves a whole response to `out` if imap-proto can read it, perhaps mended; else throws it away and counts it.
pub(super) fn judge(kind: Kind, response: &mut Vec<u8>, out: &mut Vec<u8>, dropped: &mut Dropped) {
    match kind {
        Kind::Unwanted => return,
        Kind::Garbage => garbage(response),
        Kind::Status | Kind::Tagged | Kind::Continue => mend_text(response),
        Kind::Numbers => return numbers(response, out, dropped),
        _ => {}
    }
    if response.is_empty() {
        return;
    }
    let is_plain = kind == Kind::Fetch && is_plain_row(response);
    if !is_plain && !is_readable(response) {
        mend(kind, response);
        if !is_readable(response) {
            return dropped.note(kind);
        }
    }
    out.append(response);
}

fn is_readable(response: &[u8]) -> bool {
    matches!(Response::parse(response), Ok((rest, _)) if rest.is_empty())
}

/// Turns a line that is no IMAP into an untagged one, so that its words still reach the table of quirks.
fn garbage(line: &mut Vec<u8>) {
    if line.iter().all(u8::is_ascii_whitespace) {
        line.clear();
        return;
    }
    mend_text(line);
    line.splice(..0, b"* BAD ".iter().copied());
}

/// Takes out of a status text what imap-proto cannot read: NUL, a lone CR, and a `]` with a letter beyond ASCII
/// right behind it, where it cuts inside the character and panics.
fn mend_text(line: &mut Vec<u8>) {
    let end = line.len().saturating_sub(2);
    let text = line.get_mut(..end).unwrap_or_default();
    let mut needs_gap = false;
    let mut last = 0;
    for byte in text {
        if matches!(byte, 0 | b'\r') {
            *byte = b'?';
        }
        needs_gap |= last == b']' && *byte >= 0x80;
        last = *byte;
    }
    if needs_gap {
        let mut mended = Vec::with_capacity(line.len() + 8);
        for byte in line.iter().copied() {
            if mended.last() == Some(&b']') && byte >= 0x80 {
                mended.push(b' ');
            }
            mended.push(byte);
        }
        *line = mended;
    }
}

/// Replaces `INTERNALDATE NIL`, on which imap-proto panics, by an empty date.
pub(super) fn mend_fetch(line: &mut Vec<u8>) {
    const BAD: &[u8] = b"INTERNALDATE NIL";
    while let Some(at) = find(line, BAD) {
        let nil = at + BAD.len() - 3;
        line.splice(nil..nil + 3, *b"\"\"");
    }
}

fn find(line: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(offset) = line
        .get(from..)?
        .iter()
        .position(|byte| byte.eq_ignore_ascii_case(&first))
    {
        let at = from + offset;
        if line
            .get(at..at + needle.len())?
            .eq_ignore_ascii_case(needle)
        {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// Mends what servers of today send and imap-proto 0.17 does not know.
fn mend(kind: Kind, response: &mut Vec<u8>) {
    match kind {
        // A server of IMAP4rev2 alone; what we use is the same in both.
        Kind::Capability => {
            let at = "* CAPABILITY".len().min(response.len());
            response.splice(at..at, b" IMAP4rev1".iter().copied());
        }
        // Extended data behind the name (RFC 5258 §6), such as ("CHILDINFO" ("SUBSCRIBED")).
        Kind::List => {
            if let Some(at) = find(response, b" (\"") {
                response.truncate(at);
                response.extend_from_slice(b"\r\n");
            }
        }
        _ => {}
    }
}

/// Passes a list of numbers on in short lines: the reader behind us parses a growing line again and again.
fn numbers(response: &[u8], out: &mut Vec<u8>, dropped: &mut Dropped) {
    const SHORT: usize = 3000;
    let line = response.strip_suffix(b"\r\n").unwrap_or(response);
    // RFC 7162 §3.1.5: a search may end in "(MODSEQ n)".
    let line = match find(line, b" (MODSEQ") {
        Some(at) => line.get(..at).unwrap_or(line),
        None => line,
    };
    let is_search = find(line.get(..16).unwrap_or(line), b"SEARCH").is_some();
    let (head, separator): (&[u8], u8) = if is_search {
        (b"* SEARCH", b' ')
    } else if find(line, b"(EARLIER)").is_some() {
        (b"* VANISHED (EARLIER) ", b',')
    } else {
        (b"* VANISHED ", b',')
    };
    let body = line.get(head.len().min(line.len())..).unwrap_or_default();
    let before = out.len();
    let mut rest = body;
    loop {
        let cut = rest
            .get(SHORT..)
            .and_then(|tail| tail.iter().position(|byte| *byte == separator))
            .map_or(rest.len(), |at| at + SHORT);
        let (part, next) = rest.split_at_checked(cut).unwrap_or((rest, &[]));
        let from = out.len();
        out.extend_from_slice(head);
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
        if !is_readable(out.get(from..).unwrap_or_default()) {
            out.truncate(before);
            return dropped.note(Kind::Numbers);
        }
        // The blank of a search begins the next part; the comma of a set must go.
        rest = if is_search {
            next
        } else {
            next.get(1..).unwrap_or_default()
        };
        if rest.is_empty() {
            return;
        }
    }
}
