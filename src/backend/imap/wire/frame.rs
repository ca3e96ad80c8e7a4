//! Cuts the byte stream of a server into responses, with every size bounded.
//!
//! Knows lines and literals (RFC 9051 §4.3), not what they mean; that is [`super::judge`]. Does no I/O.

use super::judge::{self, Dropped, Kind};

/// Bounds on what a server may send, in bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::imap) struct Limits {
    /// Of a longer literal only this much is kept; the rest is skipped.
    pub(in crate::backend::imap) keep: u64,
    /// A literal announced longer than this is a fault.
    pub(in crate::backend::imap) literal: u64,
}

/// For everything but bodies: no header block needs more.
pub(in crate::backend::imap) const LIMITS: Limits = Limits {
    keep: 256 << 10,
    literal: 64 << 20,
};

/// Bytes of one response outside its literals.
const LINE: usize = 64 << 10;
/// The same for lists of numbers, which grow with the folder.
const NUMBERS: usize = 4 << 20;
/// Larger responses are passed on while they arrive.
const COLLECT: u64 = 128 << 10;
/// Parentheses inside each other; the parser behind us recurses.
const DEPTH: usize = 32;

/// Why a server cannot be listened to any longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::backend::imap) enum Fault {
    /// A line without end.
    #[error("a line of more than {LINE} bytes")]
    Line,
    /// A literal without measure.
    #[error("a literal of {0} bytes")]
    Literal(u64),
    /// Lists within lists.
    #[error("lists nested too deeply")]
    Depth,
}

/// Where the framer is within a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// Collects it in `pending`, to be judged as a whole.
    Collect,
    /// Passes it on as it arrives: it is too big to collect.
    Pass,
    /// Throws it away as it arrives.
    Skip,
}

/// Takes raw bytes, gives judged ones.
#[derive(Debug)]
pub(super) struct Framer {
    /// Received and not yet looked at, from `start`.
    raw: Vec<u8>,
    start: usize,
    /// How far behind `start` there is known to be no line end.
    scanned: usize,
    /// The response being collected.
    pending: Vec<u8>,
    kind: Option<Kind>,
    mode: Mode,
    line_bytes: usize,
    depth: usize,
    /// Bytes of the current literal still to come, and how many of them to keep.
    literal: u64,
    keep: u64,
    limits: Limits,
    dropped: Dropped,
}

impl Framer {
    pub(super) fn new() -> Self {
        Self {
            raw: Vec::new(),
            start: 0,
            scanned: 0,
            pending: Vec::new(),
            kind: None,
            mode: Mode::Collect,
            line_bytes: 0,
            depth: 0,
            literal: 0,
            keep: 0,
            limits: LIMITS,
            dropped: Dropped::default(),
        }
    }

    /// Sets the bounds for literals announced from now on.
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Returns what was thrown away since the last call.
    pub(super) fn take_dropped(&mut self) -> Dropped {
        std::mem::take(&mut self.dropped)
    }

    /// Tells whether nothing is left over: no half response, no byte behind the last one.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.raw.len() && self.pending.is_empty() && self.literal == 0
    }

    /// Takes what the socket gave.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.raw.drain(..self.start);
            self.start = 0;
        }
        self.raw.extend_from_slice(bytes);
    }

    /// Moves judged bytes into `out`, which is empty; leaves it empty when more must be pushed first.
    /// Never gives parts of two responses at once, so that the reader behind us has nothing to keep.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        while out.is_empty() {
            let advanced = if self.literal > 0 {
                self.take_literal(out)
            } else {
                self.take_line(out)?
            };
            if !advanced {
                break;
            }
        }
        Ok(())
    }

    fn waiting(&self) -> &[u8] {
        self.raw.get(self.start..).unwrap_or_default()
    }

    /// Consumes literal bytes; `false` when none are there.
    fn take_literal(&mut self, out: &mut Vec<u8>) -> bool {
        let waiting = self.raw.get(self.start..).unwrap_or_default();
        let length = waiting.len().min(to_usize(self.literal));
        let Some(bytes) = waiting.get(..length).filter(|bytes| !bytes.is_empty()) else {
            return false;
        };
        let kept = bytes.get(..to_usize(self.keep)).unwrap_or(bytes);
        match self.mode {
            Mode::Collect => self.pending.extend_from_slice(kept),
            Mode::Pass => out.extend_from_slice(kept),
            Mode::Skip => {}
        }
        self.keep -= kept.len() as u64;
        self.literal -= length as u64;
        self.start += length;
        true
    }

    /// Consumes one line; `false` when its end is not there.
    fn take_line(&mut self, out: &mut Vec<u8>) -> Result<bool, Fault> {
        let unseen = self.waiting().get(self.scanned..).unwrap_or_default();
        let Some(end) = unseen.iter().position(|byte| *byte == b'\n') else {
            self.scanned = self.waiting().len();
            self.check_length(self.scanned)?;
            return Ok(false);
        };
        let length = self.scanned + end + 1;
        self.scanned = 0;
        self.check_length(length)?;
        let line = self
            .raw
            .get(self.start..self.start + length)
            .unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        self.start += length;
        self.line_bytes += length;
        self.line(line, out)?;
        Ok(true)
    }

    /// Handles one line without its end.
    fn line(&mut self, mut line: Vec<u8>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let kind = *self.kind.get_or_insert_with(|| judge::kind(&line));
        if kind.is_data() {
            self.depth = depth(&line, self.depth).ok_or(Fault::Depth)?;
            judge::mend_fetch(&mut line);
        }
        let announced = if kind.is_data() {
            literal_at_end(&line)
        } else {
            None
        };
        if let Some((size, at)) = announced {
            self.announce(&mut line, size, at)?;
        }
        line.extend_from_slice(b"\r\n");
        match self.mode {
            Mode::Collect => self.pending.append(&mut line),
            Mode::Pass => out.append(&mut line),
            Mode::Skip => {}
        }
        if announced.is_some() {
            self.leave_collecting(kind, out);
        } else {
            self.finish(kind, out);
        }
        Ok(())
    }

    /// Reads the announcement of a literal and shortens it to what will be kept.
    fn announce(&mut self, line: &mut Vec<u8>, size: u64, at: usize) -> Result<(), Fault> {
        if size > self.limits.literal {
            return Err(Fault::Literal(size));
        }
        self.literal = size;
        self.keep = size.min(self.limits.keep);
        line.truncate(at);
        line.extend_from_slice(format!("{{{}}}", self.keep).as_bytes());
        Ok(())
    }

    /// Stops collecting when the literal just announced makes the response too big for it.
    fn leave_collecting(&mut self, kind: Kind, out: &mut Vec<u8>) {
        if self.mode != Mode::Collect || self.pending.len() as u64 + self.keep <= COLLECT {
            return;
        }
        if kind == Kind::Fetch {
            self.mode = Mode::Pass;
            out.append(&mut self.pending);
        } else {
            self.mode = Mode::Skip;
            self.pending.clear();
        }
    }

    /// Ends a response.
    fn finish(&mut self, kind: Kind, out: &mut Vec<u8>) {
        match self.mode {
            Mode::Collect => judge::judge(kind, &mut self.pending, out, &mut self.dropped),
            Mode::Pass => {}
            Mode::Skip => self.dropped.note(kind),
        }
        self.pending.clear();
        self.kind = None;
        self.mode = Mode::Collect;
        self.line_bytes = 0;
        self.depth = 0;
    }

    fn check_length(&self, length: usize) -> Result<(), Fault> {
        let kind = self.kind.unwrap_or_else(|| judge::kind(self.waiting()));
        let limit = if kind == Kind::Numbers { NUMBERS } else { LINE };
        if self.line_bytes + length > limit {
            return Err(Fault::Line);
        }
        Ok(())
    }
}

fn to_usize(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// Finds `{n}`, `{n+}` or `~{n}` at the end of a line: the size and where the brace begins.
fn literal_at_end(line: &[u8]) -> Option<(u64, usize)> {
    let inner = line.strip_suffix(b"}")?;
    let inner = inner.strip_suffix(b"+").unwrap_or(inner);
    let at = inner.iter().rposition(|byte| *byte == b'{')?;
    let digits = inner.get(at + 1..)?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // More digits than a u64 holds is still a size: one that no bound allows.
    let size = std::str::from_utf8(digits).ok()?.parse();
    Some((size.unwrap_or(u64::MAX), at))
}

/// Counts parentheses outside quoted strings; `None` when they go too deep.
fn depth(line: &[u8], mut depth: usize) -> Option<usize> {
    let mut bytes = line.iter();
    let mut is_quoted = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if is_quoted => {
                bytes.next();
            }
            b'"' => is_quoted = !is_quoted,
            b'(' if !is_quoted => depth += 1,
            b')' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return None;
        }
    }
    Some(depth)
}
