//! One session's state and what each command does in it. No sockets here: a line in, bytes out.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::maildrop::Maildrop;
use crate::demo::house::House;
use crate::demo::rights::may_open;
use crate::demo::sasl::read_xoauth2;
use crate::demo::sign_in::Grant;

/// What Exchange Online lists under TLS; XOAUTH2 is not among it (protocol facts §4.2).
const CAPABILITIES: &str = "TOP\r\nUIDL\r\nSASL PLAIN\r\nUSER\r\nRESP-CODES\r\n";
const CAPABILITIES_IN_THE_CLEAR: &str = "TOP\r\nUIDL\r\nSTLS\r\nRESP-CODES\r\n";
const REFUSED: &str = "-ERR Authentication failure: unknown user name or bad password.";
const NO_PASSWORDS: &str = "-ERR Logon failure: unknown user name or bad password.";
const WRONG_STATE: &str = "-ERR Command is not valid in this state.";
const NO_SUCH_MESSAGE: &str = "-ERR The specified message is out of range.";
const EXPIRED: &str = "-ERR Session invalidated - AccessTokenExpired";
const FAREWELL: &str = "+OK Microsoft Exchange Server POP3 server signing off.";

/// Whether the connection is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shield {
    /// In the clear.
    None,
    /// Under TLS.
    Tls,
}

/// What the connection does after the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Read the next line.
    Command,
    /// Do the TLS handshake.
    StartTls,
    /// End.
    Quit,
}

/// How far the sign-in is.
#[derive(Debug)]
enum State {
    Stranger,
    /// The next line is the XOAUTH2 message.
    Asked,
    /// The token is good until it ends.
    Known {
        token: String,
        maildrop: Maildrop,
    },
}

/// A session.
pub struct Session {
    house: Arc<House>,
    shield: Shield,
    state: State,
    mistakes: u32,
}

type Reply = (Vec<u8>, Next);

fn reply(text: &str) -> Reply {
    (format!("{text}\r\n").into_bytes(), Next::Command)
}

impl Session {
    /// Returns a session at its greeting.
    pub fn new(house: Arc<House>, shield: Shield) -> Self {
        Self {
            house,
            shield,
            state: State::Stranger,
            mistakes: 0,
        }
    }

    /// Forgets everything, as after STLS (RFC 2595 §4).
    pub fn start_over(&mut self, shield: Shield) {
        *self = Self::new(Arc::clone(&self.house), shield);
    }

    /// Tells whether somebody is logged in.
    pub fn is_known(&self) -> bool {
        matches!(self.state, State::Known { .. })
    }

    /// Returns the command of a line in upper case; empty where no mischief should be done to it.
    pub fn verb(&self, line: &[u8]) -> String {
        if matches!(self.state, State::Asked) {
            return "AUTH".to_owned();
        }
        let text = String::from_utf8_lossy(line);
        let mut words = text.split_ascii_whitespace();
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let has_deletions = |maildrop: &Maildrop| maildrop.has_deletions();
        match verb.as_str() {
            // The answer to the first of two steps is no answer yet.
            "AUTH" if words.nth(1).is_none() => String::new(),
            "QUIT" if !self.maildrop().is_some_and(has_deletions) => String::new(),
            _ => verb,
        }
    }

    /// Gives every message another UIDL.
    pub fn rename(&mut self) {
        if let State::Known { maildrop, .. } = &mut self.state {
            maildrop.rename(&self.house);
        }
    }

    /// Forgets a question that was not answered.
    pub fn interrupt(&mut self) {
        if matches!(self.state, State::Asked) {
            self.state = State::Stranger;
        }
    }

    /// Handles a line.
    pub fn handle(&mut self, line: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        if matches!(self.state, State::Asked) {
            self.state = State::Stranger;
            return self.finish_auth(text);
        }
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (verb, rest) = (verb.to_ascii_uppercase(), rest.trim());
        if verb == "CAPA" {
            return self.capabilities();
        }
        if let State::Known { token, .. } = &self.state {
            if verb != "QUIT" && self.house.sign_in.grant(token).is_none() {
                return (format!("{EXPIRED}\r\n").into_bytes(), Next::Quit);
            }
            return self.transact(&verb, rest);
        }
        match verb.as_str() {
            "STLS" if self.shield == Shield::None => {
                let answer = b"+OK Begin TLS negotiation now.\r\n".to_vec();
                (answer, Next::StartTls)
            }
            "AUTH" if self.shield == Shield::Tls => self.auth(rest),
            "USER" if self.shield == Shield::Tls && !rest.is_empty() => reply("+OK"),
            "PASS" if self.shield == Shield::Tls => reply(NO_PASSWORDS),
            "QUIT" => (format!("{FAREWELL}\r\n").into_bytes(), Next::Quit),
            "STLS" | "AUTH" | "USER" | "PASS" | "STAT" | "LIST" | "UIDL" | "TOP" | "RETR"
            | "DELE" | "RSET" | "NOOP" => reply(WRONG_STATE),
            _ => self.misunderstood(),
        }
    }

    fn maildrop(&self) -> Option<&Maildrop> {
        match &self.state {
            State::Known { maildrop, .. } => Some(maildrop),
            _ => None,
        }
    }

    fn capabilities(&self) -> Reply {
        let list = match self.shield {
            Shield::None => CAPABILITIES_IN_THE_CLEAR,
            Shield::Tls => CAPABILITIES,
        };
        (format!("+OK\r\n{list}.\r\n").into_bytes(), Next::Command)
    }

    fn auth(&mut self, rest: &str) -> Reply {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        match mechanism.to_ascii_uppercase().as_str() {
            "" => (b"+OK\r\nPLAIN\r\n.\r\n".to_vec(), Next::Command),
            "XOAUTH2" if initial.is_empty() => {
                self.state = State::Asked;
                reply("+ ")
            }
            "XOAUTH2" => self.finish_auth(initial),
            "PLAIN" => reply(NO_PASSWORDS),
            _ => reply("-ERR Unrecognized authentication type."),
        }
    }

    fn finish_auth(&mut self, line: &str) -> Reply {
        let found = STANDARD
            .decode(line.trim())
            .ok()
            .and_then(|message| read_xoauth2(&message))
            .and_then(|(user, token)| {
                let grant = self.house.sign_in.grant(&token).filter(Grant::may_pop)?;
                let is_there = self.house.store.read(&user, |_| ()).is_some();
                (is_there && may_open(&grant.user, &user)).then_some((user, token))
            });
        let Some((user, token)) = found else {
            return reply(REFUSED);
        };
        let Some(maildrop) = Maildrop::open(&self.house, &user.to_ascii_lowercase()) else {
            return reply("-ERR [IN-USE] Do you have another POP session running?");
        };
        self.house.sign_in.requests.count_pop();
        self.state = State::Known { token, maildrop };
        reply("+OK User successfully authenticated.")
    }

    fn transact(&mut self, verb: &str, rest: &str) -> Reply {
        if verb == "QUIT" {
            return self.quit();
        }
        let State::Known { maildrop, .. } = &mut self.state else {
            return reply(WRONG_STATE);
        };
        match verb {
            "STAT" => reply(&status(maildrop)),
            "LIST" => list(maildrop, rest, &status(maildrop), |slot| {
                slot.size.to_string()
            }),
            "UIDL" => list(maildrop, rest, "+OK", |slot| slot.uidl.clone()),
            "TOP" => match numbers(rest).as_slice() {
                [number, lines] => self.show(*number, Some(*lines)),
                _ => reply("-ERR Protocol error. 14"),
            },
            "RETR" => match numbers(rest).as_slice() {
                [number] => self.show(*number, None),
                _ => reply("-ERR Protocol error. 14"),
            },
            "DELE" => match numbers(rest).as_slice() {
                [number] if maildrop.delete(*number) => reply("+OK"),
                _ => reply(NO_SUCH_MESSAGE),
            },
            "RSET" => {
                maildrop.reset();
                reply("+OK")
            }
            "NOOP" => reply("+OK"),
            "AUTH" | "USER" | "PASS" | "STLS" => reply(WRONG_STATE),
            _ => self.misunderstood(),
        }
    }

    fn show(&self, number: usize, lines: Option<usize>) -> Reply {
        let store = &self.house.store;
        let message = self.maildrop().and_then(|drop| drop.read(store, number));
        let Some(message) = message else {
            return reply(NO_SUCH_MESSAGE);
        };
        let shown = match lines {
            Some(lines) => top(&message, lines),
            None => &message,
        };
        (stuffed(shown), Next::Command)
    }

    /// Deletes what was marked; a session that ends otherwise deletes nothing (RFC 1939 §6).
    fn quit(&mut self) -> Reply {
        if let State::Known { maildrop, .. } = std::mem::replace(&mut self.state, State::Stranger) {
            maildrop.finish(&self.house.store);
        }
        (format!("{FAREWELL}\r\n").into_bytes(), Next::Quit)
    }

    /// Answers what is no command; who goes on like that is sent away.
    fn misunderstood(&mut self) -> Reply {
        self.mistakes += 1;
        let next = if self.mistakes > 20 {
            Next::Quit
        } else {
            Next::Command
        };
        (b"-ERR Protocol error. 14\r\n".to_vec(), next)
    }
}

fn status(maildrop: &Maildrop) -> String {
    let sizes: Vec<usize> = maildrop.listed().map(|(_, slot)| slot.size).collect();
    format!("+OK {} {}", sizes.len(), sizes.iter().sum::<usize>())
}

/// Lists one message, or all.
fn list(
    maildrop: &Maildrop,
    rest: &str,
    status: &str,
    word: impl Fn(&super::maildrop::Slot) -> String,
) -> Reply {
    if !rest.is_empty() {
        let number = rest.parse().unwrap_or(0);
        return match maildrop.slot(number) {
            Some(slot) => reply(&format!("+OK {number} {}", word(slot))),
            None => reply(NO_SUCH_MESSAGE),
        };
    }
    let mut answer = format!("{status}\r\n").into_bytes();
    for (number, slot) in maildrop.listed() {
        answer.extend_from_slice(format!("{number} {}\r\n", word(slot)).as_bytes());
    }
    answer.extend_from_slice(b".\r\n");
    (answer, Next::Command)
}

fn numbers(rest: &str) -> Vec<usize> {
    let words = rest.split_ascii_whitespace().take(3);
    words.map_while(|word| word.parse().ok()).collect()
}

/// Returns the header, the empty line, and so many lines of the body.
fn top(message: &[u8], lines: usize) -> &[u8] {
    let header = message.windows(4).position(|end| end == b"\r\n\r\n");
    let Some(mut end) = header.map(|at| at + 4) else {
        return message;
    };
    for line in message
        .get(end..)
        .unwrap_or_default()
        .split_inclusive(|byte| *byte == b'\n')
        .take(lines)
    {
        end += line.len();
    }
    message.get(..end).unwrap_or(message)
}

/// Puts a dot before lines that begin with one, and the lone dot behind (RFC 1939 §3).
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut answer = b"+OK\r\n".to_vec();
    answer.reserve(message.len() + 64);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            answer.push(b'.');
        }
        answer.extend_from_slice(line);
    }
    if !answer.ends_with(b"\r\n") {
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b".\r\n");
    answer
}
