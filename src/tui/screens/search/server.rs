//! The servers' part of a search: the offer to ask them, how far they are, what they found beyond the cache. They are
//! asked only when a person wants it: every letter typed would be a question to each folder.

use std::time::Duration;

use crate::engine::ServerHits;
use crate::explain::explain;
use crate::model::{IncomingProtocol, MailboxId, Progress, Query, Scope as MailScope};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation, Slot, Source};
use crate::tui::keymap::Action;
use crate::tui::outcome::{Outcome, Shared};
use crate::tui::screens::Live;
use crate::tui::text;

use super::Search;

/// How often the figure is drawn anew.
const TICK: Duration = Duration::from_millis(250);
const CANNOT: &str = "A POP3 server cannot search";

/// How far the servers are.
#[derive(Debug, Default)]
pub enum Server {
    /// Nobody asked them.
    #[default]
    Unasked,
    /// They are searching; folders are counted.
    Asking(Progress),
    /// They have answered.
    Answered(Answer),
}

/// What is said of their answer.
#[derive(Debug, Default)]
pub struct Answer {
    /// How many the cache had found, where that was known.
    before: Option<usize>,
    unlisted: u32,
    trouble: Vec<String>,
}

/// The question to the servers.
#[derive(Debug, Default)]
pub struct Asked {
    generation: Generation,
    state: Server,
}

impl Asked {
    /// Returns how often the screen is to be drawn anew while the servers search.
    pub fn tick(&self) -> Option<Duration> {
        matches!(self.state, Server::Asking(_)).then_some(TICK)
    }

    /// Forgets what was asked; what is under way ends.
    pub fn forget(&mut self) -> Option<Effect> {
        let is_asking = matches!(self.state, Server::Asking(_));
        self.generation += 1;
        self.state = Server::Unasked;
        is_asking.then_some(Effect::Cancel(Slot::SearchServers))
    }
}

impl Search {
    /// Asks the servers, unless they are at it already.
    pub(super) fn ask_servers(&mut self) -> Vec<Effect> {
        let query = Query::parse(&self.field.text());
        if query.is_empty() || self.asked.tick().is_some() {
            return Vec::new();
        }
        self.asked.generation += 1;
        self.asked.state = Server::Asking(Progress::default());
        vec![Effect::SearchServers {
            generation: self.asked.generation,
            query,
            scope: self.scope(),
        }]
    }

    /// Takes what the servers say.
    pub(super) fn take_servers(&mut self, outcome: &Outcome) -> Option<Vec<Effect>> {
        match outcome {
            Outcome::ServersAsked {
                generation,
                progress,
            } if *generation == self.asked.generation => {
                self.asked.state = Server::Asking(progress.clone());
                Some(Vec::new())
            }
            Outcome::ServersFound { generation, result }
                if *generation == self.asked.generation =>
            {
                Some(self.join(result))
            }
            _ => None,
        }
    }

    /// Joins what the servers found to the rows; what is selected stays so.
    fn join(&mut self, result: &Shared<Box<ServerHits>>) -> Vec<Effect> {
        let hits = match result {
            Ok(hits) => hits,
            Err(error) => {
                let trouble = vec![explain(error).title];
                self.asked.state = Server::Answered(Answer {
                    trouble,
                    ..Answer::default()
                });
                return Vec::new();
            }
        };
        let failed = hits.failed.iter().map(|(address, error)| {
            let notice = explain(error);
            match notice.cause.first() {
                Some(cause) => format!("{address}: {} ({cause})", notice.title),
                None => format!("{address}: {}", notice.title),
            }
        });
        let unable = hits.unable.iter();
        let unable = unable.map(|address| format!("{address}: a POP3 server cannot search"));
        self.asked.state = Server::Answered(Answer {
            before: (!self.rows.has_more()).then(|| self.rows.known().len()),
            unlisted: hits.unlisted,
            trouble: failed.chain(unable).collect(),
        });
        if hits.messages.is_empty() {
            return Vec::new();
        }
        let mut query = Query::parse(&self.field.text());
        query.found.clone_from(&hits.messages);
        self.rows.widen(Source::Search(query, self.scope()))
    }

    /// Tells whether the servers can be asked now.
    pub(super) fn live_servers(&self, cx: &Cx) -> Live {
        if Query::parse(&self.field.text()).is_empty() {
            Live::No("Type what to look for first")
        } else if !self.can_ask(cx) {
            Live::No(CANNOT)
        } else {
            Live::Yes
        }
    }

    fn can_ask(&self, cx: &Cx) -> bool {
        let can = |id: MailboxId| {
            let protocol = cx.reads_over(id);
            protocol.is_none_or(IncomingProtocol::can_search)
        };
        match self.scope() {
            MailScope::Mailbox(mailbox) => can(mailbox),
            MailScope::Folder(folder) => cx.folder(folder).is_none_or(|one| can(one.mailbox)),
            MailScope::AllInboxes | MailScope::Everything => {
                cx.mailboxes.iter().any(|mailbox| can(mailbox.id))
            }
        }
    }

    /// Says what was found where, and what else can be asked; nothing while nothing is looked for.
    pub(super) fn told(&self, cx: &Cx) -> String {
        if Query::parse(&self.field.text()).is_empty() || !self.rows.is_loaded() {
            return String::new();
        }
        let dot = cx.symbols.dot;
        let count = self.rows.known().len();
        let found = match count {
            0 => "Nothing found".to_owned(),
            _ if self.rows.has_more() => format!("{count} and more found"),
            _ => format!("{count} found"),
        };
        match &self.asked.state {
            Server::Unasked if self.can_ask(cx) => {
                let key = cx.key(Action::AskServer);
                format!("{found} in the cache {dot} {key} asks the server")
            }
            Server::Unasked => format!("{found} in the cache {dot} {CANNOT}"),
            Server::Asking(progress) => {
                let (done, all) = progress.get();
                let key = cx.key(Action::Back);
                let far = match all {
                    0 => String::new(),
                    _ => format!(" {done} of {}", text::plural(all as usize, "folder")),
                };
                format!("The server searches{far} {dot} {key} stops it {dot} {found} in the cache")
            }
            Server::Answered(answer) => {
                let more = answer
                    .before
                    .filter(|_| !self.rows.has_more())
                    .map(|before| count.saturating_sub(before));
                let mut parts = vec![found];
                parts.push(match more {
                    Some(0) => "nothing more on the server".to_owned(),
                    Some(more) => format!("{more} by the server alone"),
                    None => "with those of the server".to_owned(),
                });
                if answer.unlisted > 0 {
                    parts.push(format!("{} more not listed here yet", answer.unlisted));
                }
                parts.extend(answer.trouble.iter().cloned());
                parts.join(&format!(" {dot} "))
            }
        }
    }
}
