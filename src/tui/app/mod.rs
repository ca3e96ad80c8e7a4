//! The root: the stack of screens, who gets which message, and the effects that are about screens themselves.

mod ahead;
mod input;
mod lapses;
mod outcomes;
#[cfg(test)]
mod tests;
mod view;

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::layout::Size;

use crate::engine;
use crate::explain::{Notice, Remedy, Severity, Who, explain};
use crate::model::{ActionId, OutboxId};
use crate::tui::app::ahead::{Ahead, Arrival};
use crate::tui::app::lapses::Lapses;
use crate::tui::context::{Cx, Mistakes};
use crate::tui::effect::Effect;
use crate::tui::keymap::Press;
use crate::tui::msg::{Msg, Reply};
use crate::tui::notices::Notices;
use crate::tui::screens::{Screen, ScreenName};
use crate::tui::steady::Rows;

/// What `undo` can take back, newest last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Undoable {
    Action(ActionId),
    Sending(OutboxId),
}

/// The whole interface: pure, driven by [`App::update`], drawn by [`App::view`].
#[derive(Debug)]
pub struct App {
    cx: Cx,
    stack: Vec<Screen>,
    pressed: Vec<Press>,
    notices: Notices,
    undo: Vec<Undoable>,
    is_setup_offered: bool,
    rows: Rows,
    ahead: Ahead,
    lapses: Lapses,
    has_quit: bool,
}

impl App {
    /// Makes the interface; mistakes in themes and keys become banners.
    pub fn new(cx: Cx, mistakes: &Mistakes) -> Self {
        let mut app = Self {
            cx,
            stack: Vec::new(),
            pressed: Vec::new(),
            notices: Notices::default(),
            undo: Vec::new(),
            is_setup_offered: false,
            rows: Rows::default(),
            ahead: Ahead::default(),
            lapses: Lapses::default(),
            has_quit: false,
        };
        app.tell_mistakes(mistakes);
        app
    }

    fn tell_mistakes(&mut self, mistakes: &Mistakes) {
        let themes = mistakes.themes.iter().map(ToString::to_string);
        let keys = mistakes.keys.iter().map(ToString::to_string);
        for title in themes.chain(keys) {
            self.notices.tell(None, mistake_notice(title), self.cx.now);
        }
    }

    /// Opens the first screen; returns what it wants to have read.
    pub fn start(&mut self) -> Vec<Effect> {
        self.wait_for_first();
        let mut effects = self.settle(vec![Effect::Push(ScreenName::Mail)]);
        effects.extend([Effect::LoadMailboxes, Effect::LoadOutbox]);
        effects
    }

    /// Returns the last effects, such as saving what is being written.
    pub fn stop(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for screen in &mut self.stack {
            effects.extend(screen.leave());
        }
        effects
    }

    /// Tells the time, and how long the loop runs; `update` and `view` know no other.
    pub fn tell_time(&mut self, now: Timestamp, elapsed: Duration) {
        self.cx.now = now;
        self.cx.elapsed = elapsed;
    }

    /// Tells the terminal's size.
    pub fn resize(&mut self, size: Size) {
        self.cx.size = size;
    }

    /// Tells whether the user is done.
    pub fn has_quit(&self) -> bool {
        self.has_quit
    }

    /// Returns the screens, the lowest first.
    pub fn screens(&self) -> &[Screen] {
        &self.stack
    }

    /// Returns the surroundings of the screens.
    pub fn context(&self) -> &Cx {
        &self.cx
    }

    /// Tells whether a message can change what is on screen by itself. Engine events only make screens read anew.
    pub fn may_change(&self, message: &Msg) -> bool {
        use ratatui::crossterm::event::{Event, MouseEventKind};
        match message {
            Msg::Input(Event::Mouse(event)) => event.kind != MouseEventKind::Moved,
            Msg::Engine(event) => matches!(event, engine::Event::Problem(_)),
            _ => true,
        }
    }

    /// Returns when the screen looks different without anything happening.
    pub fn next_tick(&self) -> Option<Duration> {
        let screens = self
            .stack
            .iter()
            .filter_map(|screen| screen.face(&self.cx).tick);
        screens.chain(self.notices.next_tick(self.cx.now)).min()
    }

    /// Routes a message and returns what is to be done outside.
    pub fn update(&mut self, message: Msg) -> Vec<Effect> {
        let arrival = Arrival::of(&message);
        let effects = match message {
            Msg::Input(event) => match self.keep_ahead(event) {
                Some(event) => self.input(event),
                None => Vec::new(),
            },
            Msg::Done(outcome) => {
                let mut effects = self.settle_outcome(&outcome);
                effects.extend(self.give_all(&Msg::Done(outcome)));
                effects
            }
            Msg::Engine(event) => {
                let mut effects = self.engine_event(&event);
                effects.extend(self.look_at_lapses());
                effects.extend(self.give_all(&Msg::Engine(event)));
                effects
            }
            Msg::Tick => {
                self.notices.expire(self.cx.now);
                self.give_all(&Msg::Tick)
            }
            Msg::Action(action) => self.act(action),
            other => self.give_top(&other),
        };
        let mut effects = self.settle(effects);
        self.wait_for_answer(&effects);
        if let Some(arrival) = arrival {
            effects.extend(self.give_ahead(arrival));
        }
        effects
    }

    fn engine_event(&mut self, event: &engine::Event) -> Vec<Effect> {
        match event {
            engine::Event::Problem(problem) => {
                let notice = explain(&problem.error);
                self.notices.tell(problem.mailbox, notice, self.cx.now);
                Vec::new()
            }
            engine::Event::Accounts => vec![Effect::LoadMailboxes],
            engine::Event::Lagged => vec![Effect::LoadMailboxes, Effect::LoadOutbox],
            engine::Event::Folders(mailbox) => vec![Effect::LoadFolders(*mailbox)],
            engine::Event::Status(mailbox) => vec![Effect::LoadStatus(*mailbox)],
            engine::Event::Outbox => vec![Effect::LoadOutbox],
            _ => Vec::new(),
        }
    }

    fn give_top(&mut self, message: &Msg) -> Vec<Effect> {
        match self.stack.last_mut() {
            Some(screen) => screen.update(message, &self.cx),
            None => Vec::new(),
        }
    }

    fn give_all(&mut self, message: &Msg) -> Vec<Effect> {
        let cx = &self.cx;
        self.stack
            .iter_mut()
            .rev()
            .flat_map(|screen| screen.update(message, cx))
            .collect()
    }

    /// Carries out the effects that are about screens; returns the others in order.
    fn settle(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut queue = VecDeque::from(effects);
        let mut outside = Vec::new();
        while let Some(effect) = queue.pop_front() {
            let more = match effect {
                Effect::Push(name) => self.push(name),
                Effect::Replace(name) => {
                    let mut effects = self.pop();
                    effects.extend(self.push(name));
                    effects
                }
                Effect::Pop => self.close(None),
                Effect::Close(reply) => self.close(Some(reply)),
                Effect::Run(action) => self.act(action),
                other => match self.settle_look(other) {
                    Some(effect) => {
                        outside.push(effect);
                        continue;
                    }
                    None => continue,
                },
            };
            for effect in more.into_iter().rev() {
                queue.push_front(effect);
            }
        }
        outside
    }

    /// Carries out effects on the looks; gives back what is for the runner.
    fn settle_look(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Toast(text) => self.notices.toast(text, self.cx.now),
            Effect::Tell(notice) => self.notices.tell(None, *notice, self.cx.now),
            Effect::Say(text) => self.notices.status = Some(text),
            Effect::ShowTheme(name) => {
                if let Some(theme) = self.cx.themes.find(&name) {
                    self.cx.theme = theme.clone();
                } else {
                    self.notices.status = Some(format!("There is no theme named \"{name}\""));
                }
            }
            Effect::ShowInterface(interface) => {
                let keys = self.cx.show(*interface);
                let themes = Vec::new();
                self.tell_mistakes(&Mistakes { themes, keys });
            }
            Effect::Quit => self.has_quit = true,
            other => return Some(other),
        }
        None
    }

    fn push(&mut self, name: ScreenName) -> Vec<Effect> {
        self.cx.opened += 1;
        let (screen, effects) = Screen::open(name, &self.cx);
        self.stack.push(screen);
        effects
    }

    /// Takes the top screen off; the lowest stays.
    fn pop(&mut self) -> Vec<Effect> {
        if self.stack.len() < 2 {
            return Vec::new();
        }
        match self.stack.pop() {
            Some(mut screen) => screen.leave(),
            None => Vec::new(),
        }
    }

    fn close(&mut self, reply: Option<Reply>) -> Vec<Effect> {
        let mut effects = self.pop();
        effects.extend(self.give_top(&Msg::Shown));
        match reply {
            Some(Reply::Run(action)) => effects.push(Effect::Run(action)),
            Some(reply) => effects.extend(self.give_top(&Msg::Reply(reply))),
            None => {}
        }
        effects
    }

    /// Does what the newest notice offers.
    fn remedy(&mut self) -> Vec<Effect> {
        let Some(banner) = self.notices.banners.last().or(self.notices.latest.as_ref()) else {
            self.notices.status = Some("Nothing needs you".to_owned());
            return Vec::new();
        };
        let mailbox = banner.mailbox.and_then(|id| self.cx.mailbox(id));
        let account = mailbox.map(|mailbox| mailbox.account_name.clone());
        let effect = match (banner.notice.remedy, account) {
            (Remedy::SignIn, Some(account)) => Effect::Push(ScreenName::SignIn { account }),
            (Remedy::LeaveEws, Some(account)) => Effect::Push(ScreenName::LeaveEws { account }),
            (Remedy::SignIn | Remedy::LeaveEws, None) => Effect::Push(ScreenName::Accounts),
            (Remedy::EditAccount, account) => Effect::Push(ScreenName::Setup { account }),
            (Remedy::Retry, _) => Effect::Sync(banner.mailbox),
            (Remedy::ShowLog | Remedy::None, _) => {
                Effect::Push(ScreenName::Notice(Box::new(banner.notice.clone())))
            }
        };
        vec![effect]
    }
}

fn mistake_notice(title: String) -> Notice {
    Notice {
        title,
        cause: Vec::new(),
        who: Who::You,
        how: vec!["Mend the line in the file and start again".to_owned()],
        copy: String::new(),
        code: String::new(),
        detail: String::new(),
        source: String::new(),
        remedy: Remedy::None,
        severity: Severity::Loud,
    }
}
