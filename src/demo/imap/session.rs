//! One session's state and what each command does in it. No sockets here: bytes of a command in, bytes of the answer out.

use std::sync::Arc;

use imap_codec::CommandCodec;
use imap_codec::decode::Decoder as _;
use imap_codec::imap_types::auth::AuthMechanism;
use imap_codec::imap_types::command::{Command, CommandBody};

use super::commands::is_change;
use super::view::{Expunges, View};
use super::write::Out;
use crate::demo::house::House;
use crate::demo::rights::may_open;
use crate::demo::sasl::read_xoauth2;
use crate::demo::sign_in::Grant;

/// Exchange Online's list of late 2026.
const CAPABILITIES: &str = "IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+";
/// What it adds after the log-in.
const CAPABILITIES_AFTER: &str =
    "CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE";

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict(String);

impl Verdict {
    /// It worked.
    pub fn ok(text: &str) -> Self {
        Self(format!("OK {text}"))
    }

    /// It failed.
    pub fn no(text: &str) -> Self {
        Self(format!("NO {text}"))
    }

    /// It made no sense.
    pub fn bad(text: &str) -> Self {
        Self(format!("BAD {text}"))
    }
}

/// What the connection does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Read the next command.
    Command,
    /// Read one line of SASL and finish the log-in with this tag.
    Challenge(String),
    /// Wait for DONE and finish IDLE with this tag.
    Idle(String),
    /// End.
    Logout,
}

enum Login {
    None,
    /// The token was good.
    Good {
        grant: Grant,
        mailbox: String,
    },
    /// The token was good but opens not this mailbox: "authenticated but not connected".
    NotConnected {
        grant: Grant,
    },
}

/// A session.
pub struct Session {
    house: Arc<House>,
    login: Login,
    /// The selected folder.
    pub(super) view: Option<View>,
    /// What is to be sent.
    pub(super) out: Out,
    errors: u32,
}

impl Session {
    /// Returns a session before its log-in.
    pub fn new(house: Arc<House>) -> Self {
        Self {
            house,
            login: Login::None,
            view: None,
            out: Out::default(),
            errors: 0,
        }
    }

    /// Takes what is to be sent.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.out.take()
    }

    /// Returns what the token allows, and until when.
    pub fn grant(&self) -> Option<&Grant> {
        match &self.login {
            Login::None => None,
            Login::Good { grant, .. } | Login::NotConnected { grant } => Some(grant),
        }
    }

    /// Tells whether commands go to a mailbox.
    pub fn is_connected(&self) -> bool {
        matches!(self.login, Login::Good { .. })
    }

    /// Handles the bytes of a command.
    pub fn handle(&mut self, bytes: &[u8]) -> Next {
        let Ok((_, command)) = CommandCodec::default().decode_static(bytes) else {
            return self.refuse_garbage(bytes);
        };
        let tag = command.tag.as_ref().to_owned();
        if matches!(self.login, Login::NotConnected { .. })
            && !matches!(command.body, CommandBody::Logout)
        {
            self.end(
                &tag,
                &Verdict::bad("User is authenticated but not connected."),
            );
            return Next::Command;
        }
        self.dispatch(&tag, command)
    }

    /// Writes what others changed in the selected folder.
    pub fn update(&mut self, expunges: Expunges) {
        let (Login::Good { mailbox, .. }, Some(view)) = (&self.login, &mut self.view) else {
            return;
        };
        let out = &mut self.out;
        self.house.store.read(mailbox, |mailbox| {
            view.update(mailbox.folder_by_id(view.folder), expunges, out);
        });
    }

    /// Finishes a log-in with the client's SASL message in base64, or `*`.
    pub fn finish_login(&mut self, tag: &str, line: &[u8]) {
        use base64::Engine as _;
        let message = base64::engine::general_purpose::STANDARD.decode(line.trim_ascii());
        let verdict = match message {
            Ok(message) => self.log_in(&message),
            Err(_) => Verdict::bad("AUTHENTICATE cancelled."),
        };
        self.end(tag, &verdict);
    }

    /// Ends IDLE.
    pub fn finish_idle(&mut self, tag: &str) {
        self.update(Expunges::Tell);
        self.end(tag, &Verdict::ok("IDLE completed."));
    }

    fn dispatch(&mut self, tag: &str, command: Command<'static>) -> Next {
        let verdict = match command.body {
            CommandBody::Capability => {
                let after = self.grant().map_or("", |_| CAPABILITIES_AFTER);
                let line = format!("* CAPABILITY {CAPABILITIES} {after}");
                self.out.line(line.trim_end());
                Verdict::ok("CAPABILITY completed.")
            }
            CommandBody::Logout => {
                self.out
                    .line("* BYE Harbor & Vale IMAP4 server signing off.");
                self.end(tag, &Verdict::ok("LOGOUT completed."));
                return Next::Logout;
            }
            CommandBody::Id { .. } => {
                self.out
                    .line("* ID (\"name\" \"Harbor & Vale demo\" \"version\" \"15.21\")");
                Verdict::ok("ID completed.")
            }
            CommandBody::Login { .. } => Verdict::no("LOGIN failed."),
            CommandBody::Authenticate {
                mechanism,
                initial_response,
            } => match (is_xoauth2(&mechanism), initial_response) {
                (false, _) => Verdict::no("AUTHENTICATE failed."),
                (true, Some(message)) => self.log_in(message.declassify()),
                (true, None) => {
                    self.out.line("+ ");
                    return Next::Challenge(tag.to_owned());
                }
            },
            CommandBody::Idle if self.is_connected() => {
                self.out.line("+ IDLE accepted, awaiting DONE command.");
                return Next::Idle(tag.to_owned());
            }
            body => return self.run(tag, body),
        };
        self.end(tag, &verdict);
        Next::Command
    }

    /// Runs a command that needs a log-in and ends it.
    fn run(&mut self, tag: &str, body: CommandBody<'static>) -> Next {
        let expunges = match &body {
            CommandBody::Fetch { uid: false, .. }
            | CommandBody::Store { uid: false, .. }
            | CommandBody::Search { uid: false, .. } => Expunges::Hold,
            _ => Expunges::Tell,
        };
        let Login::Good { mailbox, .. } = &self.login else {
            self.end(tag, &Verdict::bad("Command received in Invalid state."));
            return Next::Command;
        };
        let house = Arc::clone(&self.house);
        let address = mailbox.clone();
        let verdict = if is_change(&body) {
            house
                .store
                .change(&address, |mailbox| self.change(mailbox, body))
        } else {
            house
                .store
                .read(&address, |mailbox| self.look(mailbox, body))
        };
        self.update(expunges);
        let verdict = verdict.unwrap_or_else(|| Verdict::bad("Server Unavailable. 15"));
        self.end(tag, &verdict);
        Next::Command
    }

    fn log_in(&mut self, message: &[u8]) -> Verdict {
        let failed = Verdict::no("AUTHENTICATE failed.");
        if self.grant().is_some() {
            return Verdict::bad("Command received in Invalid state.");
        }
        let Some((user, token)) = read_xoauth2(message) else {
            return failed;
        };
        let Some(grant) = self.house.sign_in.grant(&token).filter(Grant::may_imap) else {
            return failed;
        };
        self.house.sign_in.requests.count_imap();
        let is_there = self.house.store.read(&user, |_| ()).is_some();
        self.login = if is_there && may_open(&grant.user, &user) {
            let mailbox = user.to_ascii_lowercase();
            Login::Good { grant, mailbox }
        } else {
            Login::NotConnected { grant }
        };
        Verdict::ok("AUTHENTICATE completed.")
    }

    /// Answers bytes that are no command; who goes on like that is sent away.
    fn refuse_garbage(&mut self, bytes: &[u8]) -> Next {
        self.errors += 1;
        if self.errors > 20 {
            self.out.line("* BYE Connection closed. 14");
            return Next::Logout;
        }
        let is_tag = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let tag: Vec<u8> = bytes.iter().copied().take_while(is_tag).take(40).collect();
        let tag = String::from_utf8(tag).unwrap_or_default();
        let tag = if tag.is_empty() { "*" } else { &tag };
        self.end(tag, &Verdict::bad("Command Error. 12"));
        Next::Command
    }

    fn end(&mut self, tag: &str, verdict: &Verdict) {
        self.out.line(&format!("{tag} {}", verdict.0));
    }
}

fn is_xoauth2(mechanism: &AuthMechanism<'_>) -> bool {
    mechanism.as_ref().eq_ignore_ascii_case("XOAUTH2")
}
