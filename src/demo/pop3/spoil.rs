//! Which mischief can happen to which command, and what it makes of the answer.

use std::time::Duration;

use crate::demo::mischief::{Edit, Mischief};

/// How late an answer is that is late.
const LATE: Duration = Duration::from_secs(3);
/// How large an answer is that is much too large.
const HUGE: usize = 100 << 20;

/// What becomes of a command and its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is not done, and this is said instead.
    Instead(Vec<u8>),
    /// It is not done, and the connection ends.
    Cut,
    /// It is done, and the connection ends.
    CutAfter,
    /// It is done, and the connection ends in the middle of the answer.
    CutInside,
    /// It is done, and the answer is changed.
    Edited(Edit),
    /// It is done somewhat later.
    Late(Duration),
    /// It is done, but every message has another name first.
    Renamed,
    /// It is done, and every line comes twice.
    Repeated,
    /// It is done, and the first number is wrong by ten.
    WrongTotals,
    /// It is done, and lines have words that nobody knows.
    Unknown,
}

/// Tells whether a mischief can happen to a command. Those that no client depends on are spared, so that a test can
/// say what it means: `CAPA`, `STLS`, `NOOP`, and `QUIT` where nothing is to be deleted.
pub fn can_happen(mischief: &Mischief, verb: &str) -> bool {
    match mischief {
        Mischief::CursorLost | Mischief::Repeated => verb == "UIDL",
        Mischief::WrongTotals => matches!(verb, "LIST" | "STAT"),
        Mischief::Unknown => matches!(verb, "CAPA" | "LIST"),
        Mischief::CutInside => matches!(verb, "UIDL" | "LIST" | "TOP" | "RETR"),
        Mischief::NoMime => false,
        _ => !matches!(verb, "CAPA" | "STLS" | "NOOP" | ""),
    }
}

/// Returns what a mischief does.
pub fn fate(mischief: Mischief) -> Fate {
    match mischief {
        Mischief::Status { code, retry_after } => Fate::Instead(status(code, retry_after)),
        Mischief::Body { bytes, .. } => Fate::Instead(bytes),
        Mischief::Error { code, .. } => Fate::Instead(format!("{code}\r\n").into_bytes()),
        Mischief::Huge => Fate::Instead(vec![b' '; HUGE]),
        Mischief::Cut => Fate::Cut,
        Mischief::CutAfter => Fate::CutAfter,
        Mischief::CutInside => Fate::CutInside,
        Mischief::Edited(edit) => Fate::Edited(edit),
        Mischief::Slow => Fate::Late(LATE),
        Mischief::CursorLost => Fate::Renamed,
        Mischief::Repeated => Fate::Repeated,
        Mischief::WrongTotals => Fate::WrongTotals,
        // POP3 has every message as it came.
        Mischief::Unknown | Mischief::NoMime => Fate::Unknown,
    }
}

/// Says in POP3 what a status of HTTP says.
fn status(code: u16, retry_after: Option<u64>) -> Vec<u8> {
    let text = match (code, retry_after) {
        (401, _) => "-ERR Session invalidated - AccessTokenExpired\r\n".to_owned(),
        (403, _) => "-ERR User is authenticated but not connected.\r\n".to_owned(),
        (_, None) => "-ERR Server Unavailable. 21\r\n".to_owned(),
        (_, Some(seconds)) => format!(
            "-ERR Request is throttled. Suggested Backoff Time: {} milliseconds\r\n",
            seconds.saturating_mul(1000)
        ),
    };
    text.into_bytes()
}

/// Says every line but the status and the end twice.
pub fn twice(answer: &[u8]) -> Vec<u8> {
    let mut lines = answer.split_inclusive(|byte| *byte == b'\n');
    let mut doubled = lines.next().unwrap_or_default().to_vec();
    for line in lines {
        doubled.extend_from_slice(line);
        if line != b".\r\n" {
            doubled.extend_from_slice(line);
        }
    }
    doubled
}

/// Raises the first number of the status line by ten.
pub fn miscounted(answer: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let (status, rest) = text.split_once("\r\n").unwrap_or((&text, ""));
    let words: Vec<String> = status
        .split(' ')
        .enumerate()
        .map(|(place, word)| match (place, word.parse::<u64>()) {
            (1, Ok(count)) => (count + 10).to_string(),
            _ => word.to_owned(),
        })
        .collect();
    format!("{}\r\n{rest}", words.join(" ")).into_bytes()
}

/// Puts words behind lines that nobody knows.
pub fn embroidered(answer: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let text = text.replace("\r\n", " X-UNKNOWN 7\r\n");
    text.replace("\r\n. X-UNKNOWN 7\r\n", "\r\n.\r\n")
        .into_bytes()
}
