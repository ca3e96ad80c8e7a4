//! One session's state and what each command does in it. No sockets here: a line in, an answer out.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::connection::MAX_MESSAGE;
use crate::demo::delivery::{self, SendRefusal, Sending, SentCopy};
use crate::demo::house::House;
use crate::demo::people::{is_known, is_local};
use crate::demo::rights::{may_open, may_send_as, may_send_on_behalf, may_submit};
use crate::demo::sasl::read_xoauth2;
use crate::demo::sign_in::{Grant, PASSWORD_USER, Speaker};

/// Recipients of one message at most; Exchange Online's default.
const MAX_RECIPIENTS: usize = 500;
const SMTP_DISABLED: &str = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information. [HV.harborvale.example]\r\n";
const NO_PASSWORDS: &str = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [HV.harborvale.example]\r\n";
const UNAUTHENTICATED: &str = "535 5.7.3 Authentication unsuccessful [HV.harborvale.example]\r\n";

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
    /// Read a message up to the lone dot.
    Data,
    /// End.
    Quit,
}

/// What the next line answers, in the middle of `AUTH`.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Asked {
    /// The XOAUTH2 message.
    Token,
    /// The user of `AUTH LOGIN`.
    User,
    /// The password of this user.
    Password(String),
}

/// A message on its way in.
#[derive(Debug, Default)]
pub struct Envelope {
    /// `MAIL FROM`.
    pub sender: String,
    /// `RCPT TO`.
    pub recipients: Vec<String>,
}

/// A session.
pub struct Session {
    house: Arc<House>,
    shield: Shield,
    is_greeted: bool,
    asked: Option<Asked>,
    login: Option<Login>,
    envelope: Option<Envelope>,
}

/// Who sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Login {
    /// Whose rights count: a person's address or an app's client id.
    pub identity: String,
    /// Whose Sent Items takes the copy: the person's mailbox, or the one the app signed in to.
    pub mailbox: String,
}

impl Login {
    fn may_send_as(&self, address: &str) -> bool {
        may_send_as(&self.identity, address) || may_send_on_behalf(&self.identity, address)
    }
}

type Reply = (String, Next);

fn reply(text: &str) -> Reply {
    (format!("{text}\r\n"), Next::Command)
}

impl Session {
    /// Returns a session at its greeting.
    pub fn new(house: Arc<House>, shield: Shield) -> Self {
        Self {
            house,
            shield,
            is_greeted: false,
            asked: None,
            login: None,
            envelope: None,
        }
    }

    /// Forgets everything, as after STARTTLS (RFC 3207 §4.2).
    pub fn start_over(&mut self, shield: Shield) {
        *self = Self::new(Arc::clone(&self.house), shield);
    }

    /// Handles a line.
    pub fn handle(&mut self, line: &[u8]) -> Reply {
        let Ok(line) = std::str::from_utf8(line) else {
            return reply("500 5.5.2 Error: bad UTF-8 syntax");
        };
        let line = line.trim_end_matches(['\r', '\n']);
        match self.asked.take() {
            Some(Asked::Token) => return self.finish_auth(line),
            Some(Asked::User) => return self.ask_password(line),
            Some(Asked::Password(user)) => return self.check_password(user, line),
            None => {}
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.ehlo(rest),
            "HELO" => {
                self.is_greeted = true;
                reply("250 HV.harborvale.example Hello")
            }
            "STARTTLS" if self.shield == Shield::None => {
                ("220 2.0.0 SMTP server ready\r\n".to_owned(), Next::StartTls)
            }
            "AUTH" => self.auth(rest),
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" => self.data(),
            "RSET" => {
                self.envelope = None;
                reply("250 2.0.0 Resetting")
            }
            "NOOP" => reply("250 2.0.0 OK"),
            "VRFY" => reply("252 2.1.5 Cannot VRFY user"),
            "QUIT" => (
                "221 2.0.0 Service closing transmission channel\r\n".to_owned(),
                Next::Quit,
            ),
            _ => reply("500 5.3.3 Unrecognized command"),
        }
    }

    /// Takes a message (`None`: it was too big) and answers DATA.
    pub fn take_message(&mut self, message: Option<&[u8]>) -> String {
        let (Some(envelope), Some(login)) = (self.envelope.take(), &self.login) else {
            return "503 5.5.1 Bad sequence of commands\r\n".to_owned();
        };
        let Some(message) = message else {
            return "552 5.3.4 Message size exceeds fixed maximum message size\r\n".to_owned();
        };
        let sending = Sending {
            identity: &login.identity,
            mailbox: &login.mailbox,
            filed_in: (&login.mailbox, "Sent Items"),
            sender: &envelope.sender,
            recipients: &envelope.recipients,
        };
        match delivery::send(&self.house, &sending, message, SentCopy::WithoutBcc) {
            Ok(message_id) => {
                format!("250 2.0.0 OK <{message_id}> [Hostname=HV.harborvale.example]\r\n")
            }
            Err(refusal) => refused(&login.mailbox, &refusal),
        }
    }

    fn ehlo(&mut self, name: &str) -> Reply {
        if name.is_empty() {
            return reply("501 5.5.4 Invalid domain name");
        }
        self.is_greeted = true;
        self.envelope = None;
        // As Exchange does it: the size told is the protocol's bound, the real one is lower.
        let mut lines = vec!["HV.harborvale.example Hello [127.0.0.1]", "SIZE 157286400"];
        lines.extend(["PIPELINING", "DSN", "ENHANCEDSTATUSCODES"]);
        lines.push(match self.shield {
            Shield::None => "STARTTLS",
            Shield::Tls => "AUTH LOGIN XOAUTH2",
        });
        lines.extend(["8BITMIME", "SMTPUTF8"]);
        let last = lines.len().saturating_sub(1);
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            let mark = if at == last { ' ' } else { '-' };
            let _ = write!(text, "250{mark}{line}\r\n");
        }
        (text, Next::Command)
    }

    fn auth(&mut self, rest: &str) -> Reply {
        if !self.is_greeted {
            return reply("503 5.5.2 Send hello first");
        }
        if self.shield == Shield::None {
            return reply("530 5.7.0 Must issue a STARTTLS command first");
        }
        if self.login.is_some() {
            return reply("503 5.5.2 Already authenticated");
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        match (mechanism.to_ascii_uppercase().as_str(), initial) {
            ("XOAUTH2", "") => {
                self.asked = Some(Asked::Token);
                ("334 \r\n".to_owned(), Next::Command)
            }
            ("XOAUTH2", initial) => self.finish_auth(initial),
            ("LOGIN", "") => {
                self.asked = Some(Asked::User);
                reply("334 VXNlcm5hbWU6")
            }
            ("LOGIN", user) => self.ask_password(user),
            _ => reply("504 5.7.4 Unrecognized authentication type"),
        }
    }

    fn ask_password(&mut self, line: &str) -> Reply {
        let Some(user) = text_of(line) else {
            return (UNAUTHENTICATED.to_owned(), Next::Command);
        };
        self.asked = Some(Asked::Password(user));
        reply("334 UGFzc3dvcmQ6")
    }

    fn check_password(&mut self, user: String, line: &str) -> Reply {
        if !PASSWORD_USER.eq_ignore_ascii_case(&user) {
            return (NO_PASSWORDS.to_owned(), Next::Command);
        }
        let credentials = &self.house.sign_in.credentials;
        if !text_of(line).is_some_and(|password| credentials.is_mail_password(&user, &password)) {
            return (UNAUTHENTICATED.to_owned(), Next::Command);
        }
        self.login = Some(Login {
            identity: user.clone(),
            mailbox: user,
        });
        self.house.sign_in.requests.count_smtp();
        reply("235 2.7.0 Authentication successful")
    }

    fn finish_auth(&mut self, line: &str) -> Reply {
        let found = STANDARD
            .decode(line.trim())
            .ok()
            .and_then(|message| read_xoauth2(&message))
            .and_then(|(user, token)| {
                let grant = self.house.sign_in.grant(&token).filter(Grant::may_smtp)?;
                is_identity(&grant, &user).then_some((grant, user))
            });
        let Some((grant, mailbox)) = found else {
            return (UNAUTHENTICATED.to_owned(), Next::Command);
        };
        if !may_submit(&mailbox) {
            return (SMTP_DISABLED.to_owned(), Next::Command);
        }
        self.login = Some(Login {
            identity: grant.user,
            mailbox,
        });
        self.house.sign_in.requests.count_smtp();
        reply("235 2.7.0 Authentication successful")
    }

    fn mail(&mut self, rest: &str) -> Reply {
        let Some(login) = &self.login else {
            return reply(
                "530 5.7.57 Client not authenticated to send mail. [HV.harborvale.example]",
            );
        };
        if self.envelope.is_some() {
            return reply("503 5.5.2 Sender already specified");
        }
        let Some((sender, parameters)) = path(rest, "FROM:") else {
            return reply("501 5.5.4 Invalid arguments");
        };
        let size = parameters
            .iter()
            .find_map(|p| p.to_ascii_uppercase().strip_prefix("SIZE=")?.parse().ok());
        if size.is_some_and(|size: usize| size > MAX_MESSAGE) {
            return reply("552 5.3.4 Message size exceeds fixed maximum message size");
        }
        if !login.may_send_as(&sender) {
            return reply(
                "550 5.7.60 SMTP; Client does not have permissions to send as this sender [HV.harborvale.example]",
            );
        }
        self.envelope = Some(Envelope {
            sender,
            recipients: Vec::new(),
        });
        reply("250 2.1.0 Sender OK")
    }

    fn rcpt(&mut self, rest: &str) -> Reply {
        let Some(envelope) = &mut self.envelope else {
            return reply("503 5.5.2 Need mail command");
        };
        let Some((recipient, _)) = path(rest, "TO:").filter(|(path, _)| path.contains('@')) else {
            return reply("501 5.1.3 Invalid address");
        };
        if envelope.recipients.len() >= MAX_RECIPIENTS {
            return reply("452 4.5.3 Too many recipients");
        }
        if is_local(&recipient) && !is_known(&recipient) {
            return reply(
                "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            );
        }
        envelope.recipients.push(recipient);
        reply("250 2.1.5 Recipient OK")
    }

    fn data(&mut self) -> Reply {
        match &self.envelope {
            Some(envelope) if !envelope.recipients.is_empty() => (
                "354 Start mail input; end with <CRLF>.<CRLF>\r\n".to_owned(),
                Next::Data,
            ),
            _ => reply("503 5.5.2 Need rcpt command"),
        }
    }
}

/// Tells whether a token may sign in as `user`: a person as that person only, for a shared mailbox is no identity; an
/// app as a mailbox it has rights on (protocol facts §5.2, §5.5).
fn is_identity(grant: &Grant, user: &str) -> bool {
    match grant.speaker {
        Speaker::Person => grant.user.eq_ignore_ascii_case(user),
        Speaker::App => may_open(&grant.user, user) || may_send_as(&grant.user, user),
    }
}

/// Words why a message is not sent.
fn refused(mailbox: &str, refusal: &SendRefusal) -> String {
    match refusal {
        SendRefusal::BareLineFeed => {
            "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message contains bare line feeds\r\n"
                .to_owned()
        }
        SendRefusal::NotOneFrom => {
            "550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant\r\n"
                .to_owned()
        }
        SendRefusal::SendAsDenied(from) => format!(
            "554 5.2.252 SendAsDenied; {mailbox} not allowed to send as {from}; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied\r\n"
        ),
    }
}

/// Reads an answer of `AUTH LOGIN`.
fn text_of(line: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(line.trim()).ok()?).ok()
}

/// Reads `FROM:<a@b> SIZE=3` into address and parameters.
fn path<'a>(text: &'a str, keyword: &str) -> Option<(String, Vec<&'a str>)> {
    let (head, rest) = text.split_at_checked(keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (address, parameters) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    let is_sound =
        address.len() <= 320 && !address.chars().any(|c| c.is_whitespace() || c.is_control());
    is_sound.then(|| (address.to_owned(), parameters.split_whitespace().collect()))
}
