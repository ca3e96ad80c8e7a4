//! Pages asked for before anybody wants them: a task follows the chain, one page before its reader.
//!
//! The task looks for nothing but the next link, so that the server is at work while a page is being read and stored.
//! One page waits at most, one is on its way at most, and one is being read: memory is bounded by the page. What goes
//! wrong is told where the page would have been, and nothing is asked behind it: a server that wants us to wait is not
//! asked again.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::task::AbortOnDropHandle;

use super::page::{Page, next_link};
use super::{DOING, PAGE};
use crate::backend::BackendError;
use crate::backend::graph::wire::{About, Call, Wire, protocol};

/// The body of an answer, or what went wrong.
type Answer = Result<Vec<u8>, BackendError>;

/// Pages ahead of the engine.
#[derive(Debug)]
pub(super) struct Ahead {
    /// The link of the page that comes next.
    link: String,
    has_verbs: bool,
    answers: Receiver<Answer>,
    /// The answer for `link`, not read yet.
    landed: Option<Answer>,
    /// The same, read.
    read: Option<Result<Page, BackendError>>,
    _task: AbortOnDropHandle<()>,
}

impl Ahead {
    /// Begins to follow a chain at a link.
    pub(super) fn start(wire: Arc<Wire>, folder: String, link: String, has_verbs: bool) -> Self {
        let (give, answers) = channel(1);
        let first = link.clone();
        let task = tokio::spawn(async move { follow(&wire, &folder, first, &give).await });
        Self {
            link,
            has_verbs,
            answers,
            landed: None,
            read: None,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Tells whether the page behind a link is what comes next.
    pub(super) fn is_at(&self, link: &str) -> bool {
        self.link == link
    }

    /// Takes in the page on its way. May be dropped and called again.
    pub(super) async fn land(&mut self) {
        if self.read.is_some() {
            return;
        }
        if self.landed.is_none() {
            let lost = || Err(protocol(DOING, "a page was lost"));
            let answer = self.answers.recv().await;
            self.landed = Some(answer.unwrap_or_else(lost));
            // There is room again: the task shall ask on before this one reads.
            tokio::task::yield_now().await;
        }
        let answer = self.landed.take();
        self.read = answer.map(|answer| Page::read(&answer?, self.has_verbs));
    }

    /// Takes the page that has landed, and goes on to the next; `None` when there is none.
    pub(super) fn take(&mut self) -> Option<Result<Page, BackendError>> {
        let page = self.read.take()?;
        self.link = match &page {
            Ok(page) if !page.is_last => page.link.clone(),
            _ => String::new(),
        };
        Some(page)
    }
}

/// Asks for page after page while there is room for another.
async fn follow(wire: &Wire, folder: &str, first: String, give: &Sender<Answer>) {
    let mut next = Some(first);
    while let Some(link) = next.take() {
        // Room first: whoever is not waited for asks for nothing.
        let Ok(room) = give.reserve().await else {
            return;
        };
        let answer = ask(wire, folder, &link).await;
        next = answer.as_ref().ok().and_then(|body| next_link(body));
        room.send(answer);
    }
}

/// Asks for one page.
pub(super) async fn ask(wire: &Wire, folder: &str, link: &str) -> Answer {
    let path = wire.base().follow(link).ok_or(BackendError::CursorLost)?;
    let call = Call::get(path).paged(PAGE);
    let body = wire.body(DOING, &call).await?;
    body.map_err(|reply| reply.fault(DOING, About::Item(folder)))
}
