//! What is typed ahead: before the first mailboxes and messages are there, and between asking for an answer and the
//! composer that comes with it. It is meant for what comes, and must not act on what is there meanwhile.

use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

use crate::tui::effect::Effect;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;

use super::App;

/// Keys kept at most; nobody types more ahead.
const KEPT: usize = 4096;

/// What keys wait for, and what was typed since.
#[derive(Debug, Default)]
pub(super) enum Ahead {
    /// Nothing: keys act at once.
    #[default]
    Nothing,
    /// The first mailboxes and the first messages.
    Starting(Vec<Event>, Missing),
    /// The composer for an answer; `Esc` gives it up.
    Answering(Vec<Event>),
    /// An answer that nobody wants any more.
    GivenUp,
}

/// What is missing at the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Missing {
    Both,
    Mailboxes,
    Messages,
}

/// What a message brings that keys may wait for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    Mailboxes,
    Messages,
    Answer,
}

impl Arrival {
    /// Tells what a message brings; that it failed counts as well.
    pub(super) fn of(message: &Msg) -> Option<Self> {
        match message {
            Msg::Done(Outcome::Mailboxes(_)) => Some(Self::Mailboxes),
            Msg::Done(Outcome::List { .. }) => Some(Self::Messages),
            Msg::Done(Outcome::Answered(_)) => Some(Self::Answer),
            _ => None,
        }
    }
}

impl App {
    /// Keeps an event for what comes; gives back what is for now.
    pub(super) fn keep_ahead(&mut self, event: Event) -> Option<Event> {
        let is_answer = matches!(self.ahead, Ahead::Answering(_));
        let (Ahead::Starting(kept, _) | Ahead::Answering(kept)) = &mut self.ahead else {
            return Some(event);
        };
        match &event {
            Event::Key(key) if key.kind == KeyEventKind::Release => {}
            Event::Key(key) if is_answer && key.code == KeyCode::Esc => {
                self.ahead = Ahead::GivenUp;
                self.notices.status = Some("No answer".to_owned());
            }
            // The way out stays open.
            Event::Key(key) if is_quit(key.code, key.modifiers) => return Some(event),
            Event::Key(_) | Event::Paste(_) if kept.len() < KEPT => kept.push(event),
            Event::Key(_) | Event::Paste(_) => {}
            _ => return Some(event),
        }
        None
    }

    /// Notes that nothing is there yet.
    pub(super) fn wait_for_first(&mut self) {
        if self.cx.config.is_none() && self.cx.mailboxes.is_empty() {
            self.ahead = Ahead::Starting(Vec::new(), Missing::Both);
        }
    }

    /// Notes that an answer was asked for.
    pub(super) fn wait_for_answer(&mut self, effects: &[Effect]) {
        let is_asked = |effect: &Effect| matches!(effect, Effect::Answer { .. });
        if effects.iter().any(is_asked) {
            self.ahead = Ahead::Answering(Vec::new());
            let said = "Getting the message; what you type goes into the answer, Esc gives up";
            self.notices.status = Some(said.to_owned());
        }
    }

    /// Tells whether an answer that came is still wanted; one that failed takes with it what was typed for it.
    pub(super) fn is_answer_wanted(&mut self, has_come: bool) -> bool {
        let is_wanted = !matches!(self.ahead, Ahead::GivenUp);
        if !has_come || !is_wanted {
            self.ahead = Ahead::Nothing;
        }
        if has_come {
            self.notices.status = None;
        }
        is_wanted
    }

    /// Gives what was typed to what has come, once all of it is there.
    pub(super) fn give_ahead(&mut self, arrival: Arrival) -> Vec<Effect> {
        let kept = match (std::mem::take(&mut self.ahead), arrival) {
            (Ahead::Answering(kept), Arrival::Answer)
            | (Ahead::Starting(kept, Missing::Mailboxes), Arrival::Mailboxes)
            | (Ahead::Starting(kept, Missing::Messages), Arrival::Messages) => kept,
            (Ahead::Starting(kept, Missing::Both), Arrival::Mailboxes) => {
                self.ahead = Ahead::Starting(kept, Missing::Messages);
                return Vec::new();
            }
            (Ahead::Starting(kept, Missing::Both), Arrival::Messages) => {
                self.ahead = Ahead::Starting(kept, Missing::Mailboxes);
                return Vec::new();
            }
            (other, _) => {
                self.ahead = other;
                return Vec::new();
            }
        };
        let mut effects = Vec::new();
        for event in kept {
            effects.extend(self.update(Msg::Input(event)));
        }
        effects
    }
}

fn is_quit(code: KeyCode, modifiers: KeyModifiers) -> bool {
    modifiers.contains(KeyModifiers::CONTROL) && matches!(code, KeyCode::Char('c' | 'q' | 'z'))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::EngineError;
    use crate::model::{Address, Draft};
    use crate::tui::context::{Cx, Mistakes};
    use crate::tui::effect::Slot;
    use crate::tui::screens::Screen;
    use crate::tui::testing::{context, interface, key, page, typed};
    use crate::tui::theme::Palette;

    fn messages() -> Msg {
        Msg::Done(Outcome::List {
            slot: Slot::List,
            generation: 1,
            result: Ok(page(0, 30, 30)),
        })
    }

    fn asked() -> App {
        let mut app = App::new(context(), &Mistakes::default());
        app.is_setup_offered = true;
        app.start();
        app.update(messages());
        let effects = types(&mut app, "r");
        assert!(
            matches!(effects[..], [Effect::Answer { .. }]),
            "{effects:?}"
        );
        app
    }

    fn types(app: &mut App, text: &str) -> Vec<Effect> {
        let give = |event| app.update(Msg::Input(event));
        let tab = Event::Key(key(KeyCode::Tab));
        let events = text.split_inclusive('\t').flat_map(|part| {
            let tabs = part.ends_with('\t').then(|| tab.clone());
            typed(part.trim_end_matches('\t')).into_iter().chain(tabs)
        });
        events.flat_map(give).collect()
    }

    fn draft() -> Box<Draft> {
        Box::new(Draft {
            from: Address::bare("alice@contoso.com"),
            to: "joerg@fabrikam.de".into(),
            subject: "Re: Invoice".into(),
            text: "\n> quoted\n".into(),
            ..Draft::default()
        })
    }

    fn text(app: &App) -> Option<String> {
        match app.screens().last() {
            Some(Screen::Compose(compose)) => Some(compose.draft().text),
            _ => None,
        }
    }

    #[test]
    fn keys_pressed_before_anything_is_there_act_when_it_is() {
        let mailboxes = || {
            let config = Arc::new(crate::config::Config::default());
            Msg::Done(Outcome::Mailboxes(Ok((context().mailboxes, config))))
        };
        for [first, second] in [[mailboxes(), messages()], [messages(), mailboxes()]] {
            let (cx, _) = Cx::new(interface(), Palette::Full, None);
            let mut app = App::new(cx, &Mistakes::default());
            app.is_setup_offered = true;
            app.start();
            assert_eq!(types(&mut app, "c\t\t\thello"), vec![]);
            app.update(first);
            assert_eq!(types(&mut app, ", dear"), vec![]);
            app.update(second);
            let Some(Screen::Compose(compose)) = app.screens().last() else {
                panic!("{:?}", app.screens())
            };
            assert_eq!(compose.draft().subject, "hello, dear");
        }
    }

    #[test]
    fn words_typed_before_the_composer_comes_are_in_it() {
        let mut app = asked();
        assert_eq!(types(&mut app, "dead words, dear"), vec![]);
        app.update(Msg::Done(Outcome::Answered(Ok(draft()))));
        types(&mut app, ".");
        let expected = "dead words, dear.\n> quoted\n";
        assert_eq!(text(&app).as_deref(), Some(expected));
    }

    #[test]
    fn an_answer_given_up_does_not_come_and_the_keys_are_the_lists_again() {
        let mut app = asked();
        types(&mut app, "ee");
        app.update(Msg::Input(Event::Key(key(KeyCode::Esc))));
        assert!(!types(&mut app, "e").is_empty(), "nothing was archived");
        app.update(Msg::Done(Outcome::Answered(Ok(draft()))));
        assert_eq!(text(&app), None);
    }

    #[test]
    fn an_answer_that_fails_takes_its_words_with_it() {
        let mut app = asked();
        types(&mut app, "ee");
        let (what, name) = ("message", "7".to_owned());
        let error = Arc::new(EngineError::NotFound { what, name });
        let effects = app.update(Msg::Done(Outcome::Answered(Err(error))));
        assert_eq!(effects, vec![]);
        assert!(!types(&mut app, "e").is_empty(), "the keys are not back");
    }

    #[test]
    fn quitting_is_not_kept_for_later() {
        let mut app = asked();
        let key =
            ratatui::crossterm::event::KeyEvent::new(KeyCode::Char('q'), KeyModifiers::CONTROL);
        app.update(Msg::Input(Event::Key(key)));
        assert!(app.has_quit());
    }
}
