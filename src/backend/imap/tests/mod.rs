//! Scripted servers over a pipe: literal requests and answers for every operation.
//!
//! `C:` lines are what the client must send, without its tag; `S:` lines are sent, `$` being the tag of the last
//! command and `$1` that of the one before.

mod changing;
mod fake;
mod faults;
mod random;
mod reading;
mod signing_in;
mod syncing;
mod waiting;

use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::Imap;
use super::connect::greeted;
use super::wire::Session;
use crate::backend::{BackendError, Credential, Login};

type Client = Imap<DuplexStream>;

/// Plays the server's part of a script; ends with its last line, keeping the connection open until then.
async fn play(pipe: DuplexStream, script: String) {
    let mut pipe = BufReader::new(pipe);
    let mut tags: Vec<String> = Vec::new();
    for line in script.lines().map(str::trim_start) {
        if let Some(expected) = line.strip_prefix("C: ") {
            let mut got = String::new();
            pipe.read_line(&mut got).await.unwrap();
            let got = got.trim_end_matches("\r\n");
            let (tag, command) = match got.split_once(' ') {
                Some((tag, command)) if is_tag(tag) => (Some(tag), command),
                _ => (None, got),
            };
            tags.extend(tag.map(str::to_owned));
            assert_eq!(command, expected, "after {tags:?}");
        } else if let Some(line) = line.strip_prefix("S: ") {
            let newest = tags.len();
            let tag = |back: usize| {
                let at = newest.checked_sub(back + 1);
                at.map_or("none", |at| tags[at].as_str())
            };
            let line = line
                .replace("$1", tag(1))
                .replace("$2", tag(2))
                .replace("$ ", &format!("{} ", tag(0)))
                .replace("\\r\\n", "\r\n");
            pipe.write_all(line.as_bytes()).await.unwrap();
            pipe.write_all(b"\r\n").await.unwrap();
        } else if line == "close" {
            return;
        } else if line == "silence" {
            std::future::pending::<()>().await;
        } else {
            assert!(line.is_empty(), "what is {line}?");
        }
    }
    // Nothing may come that the script does not know; closing is fine.
    let mut rest = String::new();
    let _ = pipe.read_line(&mut rest).await;
    assert_eq!(rest, "", "the client went on");
}

fn is_tag(word: &str) -> bool {
    word.strip_prefix('P')
        .is_some_and(|n| n.parse::<u32>().is_ok())
}

/// Starts a script and gives the client's end of the pipe.
fn serve(script: &str) -> (DuplexStream, JoinHandle<()>) {
    let (client, server) = duplex(1 << 20);
    (client, tokio::spawn(play(server, script.to_owned())))
}

/// Starts a script with a signed-in client that knows `capabilities`.
async fn client(capabilities: &str, script: &str) -> (Client, JoinHandle<()>) {
    client_of("imap.example.org", capabilities, script).await
}

async fn client_of(host: &str, capabilities: &str, script: &str) -> (Client, JoinHandle<()>) {
    let script = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 {capabilities}] hi\n{script}");
    let (pipe, server) = serve(&script);
    let (session, _) = greeted(Session::new(pipe, host, 993)).await.unwrap();
    (Imap::new(session), server)
}

/// Ends a script: the client goes away, the server must have seen everything.
async fn end(client: Client, server: JoinHandle<()>) {
    drop(client);
    let limit = Duration::from_secs(5);
    tokio::time::timeout(limit, server)
        .await
        .expect("the script was not played to its end")
        .unwrap();
}

/// A script for opening a folder of `exists` messages, `UIDVALIDITY` 7.
fn select(folder: &str, exists: u32, uid_next: u32) -> String {
    format!(
        "C: SELECT \"{folder}\"
         S: * {exists} EXISTS
         S: * OK [UIDVALIDITY 7] ok
         S: * OK [UIDNEXT {uid_next}] ok
         S: * OK [PERMANENTFLAGS (\\Seen \\Deleted \\*)] ok
         S: $ OK [READ-WRITE] open
         "
    )
}

fn bearer(user: &str) -> Login {
    Login {
        user: user.to_owned(),
        credential: Credential::Bearer(SecretString::from("tok".to_owned())),
    }
}

fn password(user: &str, password: &str) -> Login {
    Login {
        user: user.to_owned(),
        credential: Credential::Password(SecretString::from(password.to_owned())),
    }
}

/// Says in a word how the engine must react.
fn reaction(error: &BackendError) -> &'static str {
    match error {
        BackendError::Token(_) => "token",
        BackendError::Offline { .. } => "offline",
        BackendError::SignIn { .. } => "sign-in",
        BackendError::Throttled { .. } => "throttled",
        BackendError::CursorLost => "cursor lost",
        BackendError::Gone { .. } => "gone",
        BackendError::Refused { .. } => "refused",
        BackendError::Unsupported { .. } => "unsupported",
        BackendError::Protocol { .. } => "protocol",
    }
}
