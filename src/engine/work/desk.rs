//! What the engine's handle and the worker of one mailbox share: orders in, status and waiting callers out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use crate::engine::signer::Signer;
use crate::engine::work::bell::{Bell, Busy, locked};
use crate::engine::{Health, Status};
use crate::model::{FolderId, Mailbox, MessageId, Progress};

/// Bodies that may be waited for at once; who asks for more pushes the oldest out.
const WANTED: usize = 64;
/// Messages remembered as unreadable or gone.
const REMEMBERED: usize = 1000;

/// The desk of one mailbox.
#[derive(Debug)]
pub struct Desk {
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Signs in for it.
    pub signer: Arc<Signer>,
    /// Wakes its worker.
    pub bell: Arc<Bell>,
    /// Bodies somebody waits for.
    pub bodies: Mutex<BodyQueue>,
    /// Messages that wait for an archive folder to be made.
    pub to_archive: Mutex<BTreeSet<MessageId>>,
    /// How often a folder was renumbered since it was last found as it was.
    pub renumbered: Mutex<BTreeMap<FolderId, u32>>,
    orders: Mutex<Orders>,
    status: Mutex<Status>,
}

/// What the worker was told to look at.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// The folder on screen.
    pub looked: Option<FolderId>,
    /// Whether everything is to be synchronised now.
    pub is_resync: bool,
    /// Whether the synchronisation under way is to end.
    pub is_stop: bool,
    /// Folders to be synchronised now.
    pub dirty: BTreeSet<FolderId>,
}

impl Desk {
    /// Makes the desk of a mailbox.
    pub fn new(mailbox: Mailbox, signer: Arc<Signer>, busy: Busy) -> Self {
        Self {
            mailbox,
            signer,
            bell: Arc::new(Bell::new(busy)),
            bodies: Mutex::default(),
            to_archive: Mutex::default(),
            renumbered: Mutex::default(),
            orders: Mutex::default(),
            status: Mutex::default(),
        }
    }

    /// Returns the mailbox's address.
    pub fn address(&self) -> &str {
        &self.mailbox.address.email
    }

    /// Asks for everything to be synchronised now.
    pub fn resync(&self) {
        {
            let mut orders = locked(&self.orders);
            orders.is_resync = true;
            orders.is_stop = false;
        }
        locked(&self.bodies).forgive();
        self.bell.ring();
    }

    /// Asks for the long synchronisation under way to end; tells whether there is one. What was fetched is kept.
    pub fn stop_syncing(&self) -> bool {
        let is_long = self.status().is_long_task();
        if is_long {
            {
                let mut orders = locked(&self.orders);
                orders.is_stop = true;
                orders.is_resync = false;
            }
            self.update(|status| status.task = "stopping".into());
            self.bell.ring();
        }
        is_long
    }

    /// Says which folder is on screen, if any of this mailbox is. Tells whether that is news.
    pub fn look(&self, folder: Option<FolderId>) -> bool {
        let is_news = {
            let mut orders = locked(&self.orders);
            let is_news = orders.looked != folder;
            orders.looked = folder;
            is_news
        };
        if is_news && folder.is_some() {
            self.bell.ring();
        }
        is_news
    }

    /// Returns the folder on screen.
    pub fn looked(&self) -> Option<FolderId> {
        locked(&self.orders).looked
    }

    /// Takes the orders; the folder on screen stays.
    pub fn take_orders(&self) -> Orders {
        let mut orders = locked(&self.orders);
        let looked = orders.looked;
        std::mem::replace(
            &mut *orders,
            Orders {
                looked,
                ..Orders::default()
            },
        )
    }

    /// Asks for folders to be synchronised at the next opportunity.
    pub fn mark_dirty(&self, folders: impl IntoIterator<Item = FolderId>) {
        locked(&self.orders).dirty.extend(folders);
    }

    /// Returns the status.
    pub fn status(&self) -> Status {
        locked(&self.status).clone()
    }

    /// Changes the status; tells whether what is shown of it changed.
    pub fn update(&self, change: impl FnOnce(&mut Status)) -> bool {
        let mut status = locked(&self.status);
        let before = shown(&status);
        change(&mut status);
        before != shown(&status)
    }
}

type Shown = (
    Health,
    Option<jiff::Timestamp>,
    String,
    u32,
    bool,
    Option<usize>,
);

/// What a screen shows of a status; errors are told apart by their place in memory, which is theirs while they live.
fn shown(status: &Status) -> Shown {
    let error = status.error.as_ref();
    (
        status.health,
        status.synced_at,
        status.task.clone(),
        status.pending,
        status.is_stopped,
        error.map(|error| Arc::as_ptr(error) as usize),
    )
}

/// Bodies somebody waits for, the latest wish first.
#[derive(Debug, Default)]
pub struct BodyQueue {
    wanted: VecDeque<Wanted>,
    gone: VecDeque<MessageId>,
    unreadable: VecDeque<MessageId>,
}

/// A body somebody waits for.
#[derive(Debug)]
pub struct Wanted {
    /// The message.
    pub message: MessageId,
    /// How far its transfer is.
    pub progress: Progress,
    /// How often it was tried.
    pub tries: u32,
    waiters: Vec<oneshot::Sender<()>>,
}

impl BodyQueue {
    /// Asks for a body, before all others.
    pub fn ask(&mut self, message: MessageId, waiter: Option<oneshot::Sender<()>>) -> Progress {
        let found = self.wanted.iter().position(|one| one.message == message);
        let known = found.and_then(|place| self.wanted.remove(place));
        let mut wanted = known.unwrap_or(Wanted {
            message,
            progress: Progress::default(),
            tries: 0,
            waiters: Vec::new(),
        });
        wanted.waiters.extend(waiter);
        let progress = wanted.progress.clone();
        self.wanted.push_front(wanted);
        self.wanted.truncate(WANTED);
        progress
    }

    /// Returns the most urgent wish, its try counted.
    pub fn try_first(&mut self) -> Option<(MessageId, Progress, u32)> {
        let first = self.wanted.front_mut()?;
        first.tries += 1;
        Some((first.message, first.progress.clone(), first.tries))
    }

    /// Tells whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Puts a wish behind the others.
    pub fn put_off(&mut self, message: MessageId) {
        let found = self.wanted.iter().position(|one| one.message == message);
        if let Some(wanted) = found.and_then(|place| self.wanted.remove(place)) {
            self.wanted.push_back(wanted);
        }
    }

    /// Ends a wish: those who wait look into the cache.
    pub fn finish(&mut self, message: MessageId) {
        let found = self.wanted.iter().position(|one| one.message == message);
        if let Some(wanted) = found.and_then(|place| self.wanted.remove(place)) {
            for waiter in wanted.waiters {
                // A waiter that went away needs no answer.
                let _ = waiter.send(());
            }
        }
    }

    /// Ends a wish because the server does not have the message any more.
    pub fn finish_gone(&mut self, message: MessageId) {
        remember(&mut self.gone, message);
        self.finish(message);
    }

    /// Ends a wish because the message cannot be read.
    pub fn finish_unreadable(&mut self, message: MessageId) {
        remember(&mut self.unreadable, message);
        self.finish(message);
    }

    /// Forgets what was gone or unreadable, because a person wants it tried again.
    pub fn forgive(&mut self) {
        self.gone.clear();
        self.unreadable.clear();
    }

    /// Tells whether the server does not have the message any more.
    pub fn is_gone(&self, message: MessageId) -> bool {
        self.gone.contains(&message)
    }

    /// Tells whether reading the message failed again and again.
    pub fn is_unreadable(&self, message: MessageId) -> bool {
        self.unreadable.contains(&message)
    }
}

fn remember(list: &mut VecDeque<MessageId>, message: MessageId) {
    list.push_back(message);
    if list.len() > REMEMBERED {
        list.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(queue: &mut BodyQueue, expected: &[i64]) {
        let mut order = Vec::new();
        while let Some((message, ..)) = queue.try_first() {
            order.push(message.row());
            queue.finish(message);
        }
        assert_eq!(order, expected);
    }

    #[test]
    fn the_latest_wish_comes_first() {
        let mut queue = BodyQueue::default();
        for row in [1, 2, 3, 1] {
            queue.ask(MessageId::new(row), None);
        }
        check(&mut queue, &[1, 3, 2]);
    }

    #[test]
    fn a_wish_put_off_comes_last() {
        let mut queue = BodyQueue::default();
        for row in [1, 2] {
            queue.ask(MessageId::new(row), None);
        }
        queue.put_off(MessageId::new(2));
        check(&mut queue, &[1, 2]);
    }

    #[test]
    fn too_many_wishes_push_the_oldest_out() {
        let mut queue = BodyQueue::default();
        let (waiter, mut answer) = oneshot::channel();
        queue.ask(MessageId::new(0), Some(waiter));
        for row in 1..=64 {
            queue.ask(MessageId::new(row), None);
        }
        assert!(answer.try_recv().is_err());
        assert_eq!(queue.wanted.len(), WANTED);
    }
}
