//! A small IMAP server with messages that come, change and go, in three strengths: without extensions, with
//! CONDSTORE, with QRESYNC. Keeps each session's own numbering, as RFC 9051 §5.2 wants it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};

use super::Client;
use crate::backend::imap::Imap;
use crate::backend::imap::connect::greeted;
use crate::backend::imap::wire::{Command, Session};

/// What the server can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Strength {
    Plain,
    Condstore,
    Qresync,
}

#[derive(Clone, Debug)]
struct Message {
    flags: &'static str,
    mod_sequence: u64,
}

/// The one folder.
#[derive(Debug)]
pub(super) struct Folder {
    strength: Strength,
    pub(super) uid_validity: u32,
    pub(super) uid_next: u32,
    mod_sequence: u64,
    messages: BTreeMap<u32, Message>,
    vanished: Vec<(u32, u64)>,
    /// Messages that are counted but never sent, as Exchange has them.
    pub(super) unsendable: BTreeSet<u32>,
    /// Commands received.
    pub(super) commands: Vec<String>,
}

pub(super) type Shared = Arc<Mutex<Folder>>;

impl Folder {
    pub(super) fn shared(strength: Strength) -> Shared {
        Arc::new(Mutex::new(Self {
            strength,
            uid_validity: 7,
            uid_next: 1,
            mod_sequence: 1,
            messages: BTreeMap::new(),
            vanished: Vec::new(),
            unsendable: BTreeSet::new(),
            commands: Vec::new(),
        }))
    }

    pub(super) fn deliver(&mut self, count: u32) {
        for _ in 0..count {
            self.mod_sequence += 1;
            let message = Message {
                flags: "",
                mod_sequence: self.mod_sequence,
            };
            self.messages.insert(self.uid_next, message);
            self.uid_next += 1;
        }
    }

    /// Removes `count` messages from the `nth` on.
    pub(super) fn expunge(&mut self, nth: usize, count: usize) {
        let uids: Vec<u32> = self
            .messages
            .keys()
            .copied()
            .skip(nth)
            .take(count)
            .collect();
        for uid in uids {
            self.mod_sequence += 1;
            self.messages.remove(&uid);
            self.vanished.push((uid, self.mod_sequence));
        }
    }

    pub(super) fn flag(&mut self, nth: usize, flags: &'static str) {
        self.mod_sequence += 1;
        if let Some(message) = self.messages.values_mut().nth(nth) {
            message.flags = flags;
            message.mod_sequence = self.mod_sequence;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Returns what a client should know in the end: remote ids and flags.
    pub(super) fn truth(&self) -> BTreeMap<String, &'static str> {
        self.messages
            .iter()
            .filter(|(uid, _)| !self.unsendable.contains(uid))
            .map(|(uid, message)| (format!("{}.{uid}", self.uid_validity), message.flags))
            .collect()
    }

    fn items(&self, number: usize, uid: u32, items: &str) -> String {
        let Some(message) = self.messages.get(&uid) else {
            return String::new();
        };
        let mut line = format!("* {number} FETCH (UID {uid}");
        if items.contains("FLAGS") {
            let _ = write!(line, " FLAGS ({})", message.flags);
        }
        if self.strength != Strength::Plain && items.contains("FLAGS") {
            let _ = write!(line, " MODSEQ ({})", message.mod_sequence);
        }
        if items.contains("HEADER.FIELDS") {
            let headers = format!("Subject: message {uid}\r\nMessage-ID: <{uid}@x>\r\n\r\n");
            let length = headers.len();
            let _ = write!(
                line,
                " INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER.FIELDS (DATE)] {{{length}}}\r\n{headers}"
            );
        } else if items.contains("BODY.PEEK[]") {
            let _ = write!(line, " RFC822.SIZE 6 BODY[]<0> {{6}}\r\nbody\r\n");
        }
        line + ")\r\n"
    }
}

/// One session's view: which message has which number, and what it was told.
struct View {
    uids: Vec<u32>,
    told: u64,
    is_qresync: bool,
}

impl View {
    /// Says what happened since the last time.
    fn sync(&mut self, folder: &Folder) -> String {
        let mut said = String::new();
        let mut gone = Vec::new();
        for at in (0..self.uids.len()).rev() {
            if !folder.messages.contains_key(&self.uids[at]) {
                gone.push(self.uids.remove(at));
                if !self.is_qresync {
                    let _ = write!(said, "* {} EXPUNGE\r\n", at + 1);
                }
            }
        }
        if self.is_qresync && !gone.is_empty() {
            let gone: Vec<String> = gone.iter().map(u32::to_string).collect();
            let _ = write!(said, "* VANISHED {}\r\n", gone.join(","));
        }
        let before = self.uids.len();
        let last = self.uids.last().copied().unwrap_or(0);
        let new: Vec<u32> = folder
            .messages
            .range(last + 1..)
            .map(|(uid, _)| *uid)
            .collect();
        let changed: Vec<usize> = (0..before)
            .filter(|at| folder.messages[&self.uids[*at]].mod_sequence > self.told)
            .collect();
        for at in changed {
            let flags = folder.messages[&self.uids[at]].flags;
            let _ = write!(said, "* {} FETCH (FLAGS ({flags}))\r\n", at + 1);
        }
        self.uids.extend(new);
        if self.uids.len() != before || !gone.is_empty() {
            let _ = write!(said, "* {} EXISTS\r\n", self.uids.len());
        }
        self.told = folder.mod_sequence;
        said
    }

    fn answer(&mut self, folder: &mut Folder, command: &str) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        match words.as_slice() {
            ["ENABLE", ..] => {
                self.is_qresync = true;
                "* ENABLED QRESYNC\r\n".to_owned()
            }
            ["SELECT", ..] => {
                self.uids = folder.messages.keys().copied().collect();
                self.told = folder.mod_sequence;
                let highest = match folder.strength {
                    Strength::Plain => String::new(),
                    _ => format!("* OK [HIGHESTMODSEQ {}] ok\r\n", folder.mod_sequence),
                };
                format!(
                    "* {} EXISTS\r\n* OK [UIDVALIDITY {}] ok\r\n* OK [UIDNEXT {}] ok\r\n{highest}",
                    self.uids.len(),
                    folder.uid_validity,
                    folder.uid_next
                )
            }
            ["NOOP"] => self.sync(folder),
            ["FETCH", set, ..] => self.fetch(folder, set, command, ByNumber::Yes),
            ["UID", "FETCH", set, ..] => {
                self.fetch(folder, set, command, ByNumber::No) + &self.sync(folder)
            }
            _ => panic!("the server knows no {command}"),
        }
    }

    fn fetch(&self, folder: &Folder, set: &str, command: &str, by: ByNumber) -> String {
        let since = command.split_once("CHANGEDSINCE ").map(|(_, rest)| {
            rest.split([' ', ')'])
                .next()
                .unwrap()
                .parse::<u64>()
                .unwrap()
        });
        let mut said = String::new();
        if let Some(since) = since.filter(|_| command.contains("VANISHED")) {
            let gone: Vec<String> = folder
                .vanished
                .iter()
                .filter(|(_, sequence)| *sequence > since)
                .map(|(uid, _)| uid.to_string())
                .collect();
            if !gone.is_empty() {
                let _ = write!(said, "* VANISHED (EARLIER) {}\r\n", gone.join(","));
            }
        }
        let last = match by {
            ByNumber::Yes => self.uids.len() as u32,
            ByNumber::No => self.uids.last().copied().unwrap_or(0),
        };
        let ranges = ranges(set, last);
        for (at, uid) in self.uids.iter().enumerate() {
            let key = match by {
                ByNumber::Yes => at as u32 + 1,
                ByNumber::No => *uid,
            };
            let is_meant = ranges.iter().any(|(a, b)| (*a..=*b).contains(&key));
            let is_new = folder
                .messages
                .get(uid)
                .is_some_and(|message| since.is_none_or(|since| message.mod_sequence > since));
            if is_meant && is_new && !folder.unsendable.contains(uid) {
                said += &folder.items(at + 1, *uid, command);
            }
        }
        said
    }
}

#[derive(Clone, Copy)]
enum ByNumber {
    Yes,
    No,
}

fn ranges(set: &str, last: u32) -> Vec<(u32, u32)> {
    let number = |text: &str| {
        if text == "*" {
            last
        } else {
            text.parse().unwrap()
        }
    };
    set.split(',')
        .map(|part| match part.split_once(':') {
            Some((a, b)) => (number(a).min(number(b)), number(a).max(number(b))),
            None => (number(part), number(part)),
        })
        .collect()
}

async fn run(folder: Shared, pipe: DuplexStream) {
    let mut pipe = BufReader::new(pipe);
    let mut view = View {
        uids: Vec::new(),
        told: 0,
        is_qresync: false,
    };
    let extensions = match folder.lock().unwrap().strength {
        Strength::Plain => "",
        Strength::Condstore => " CONDSTORE",
        Strength::Qresync => " ENABLE CONDSTORE QRESYNC",
    };
    let greeting = format!("* PREAUTH [CAPABILITY IMAP4rev1{extensions}] hi\r\n");
    pipe.write_all(greeting.as_bytes()).await.unwrap();
    loop {
        let mut line = String::new();
        if pipe.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let (tag, command) = line.trim_end().split_once(' ').unwrap();
        let answer = {
            let mut folder = folder.lock().unwrap();
            folder.commands.push(command.to_owned());
            view.answer(&mut folder, command)
        };
        let answer = format!("{answer}{tag} OK done\r\n");
        if pipe.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Opens a session with the server.
pub(super) async fn connect(folder: &Shared) -> Client {
    let (client, server) = duplex(1 << 16);
    tokio::spawn(run(folder.clone(), server));
    let (mut session, _) = greeted(Session::new(client, "h", 1)).await.unwrap();
    if session.can("QRESYNC") {
        let enable = Command::new("enable", "ENABLE QRESYNC");
        session.run_plain(&enable).await.unwrap();
    }
    Imap::new(session)
}
