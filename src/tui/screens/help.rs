//! Texts that lie on top: the keys of the screen below, everything about a notice.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::explain::{Notice, Remedy};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Group, Scope};
use crate::tui::msg::Msg;
use crate::tui::screens::{Dead, Face, Layer, Live};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::overlay;
use crate::tui::widgets::notice::notice_lines;

/// Columns of the keys, and on a narrow terminal.
const KEYS: (usize, usize) = (18, 12);

#[derive(Debug)]
enum Content {
    Keys(Scope, Vec<Dead>),
    Notice(Box<Notice>),
}

/// A text to scroll.
#[derive(Debug)]
pub struct Help {
    content: Content,
    scroll: u16,
    page: u16,
}

impl Help {
    /// Shows the keys of a scope.
    pub fn keys(scope: Scope, dead: Vec<Dead>) -> Self {
        Self::new(Content::Keys(scope, dead))
    }

    /// Shows a notice.
    pub fn notice(notice: Box<Notice>) -> Self {
        Self::new(Content::Notice(notice))
    }

    fn new(content: Content) -> Self {
        Self {
            content,
            scroll: 0,
            page: 1,
        }
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg) -> Vec<Effect> {
        let Msg::Action(action) = message else {
            return Vec::new();
        };
        let page = self.page.saturating_sub(1).max(1);
        self.scroll = match action {
            Action::Up => self.scroll.saturating_sub(1),
            Action::Down => self.scroll.saturating_add(1),
            Action::PageUp => self.scroll.saturating_sub(page),
            Action::PageDown => self.scroll.saturating_add(page),
            Action::First => 0,
            Action::Last => u16::MAX,
            Action::CopyLine => return self.copy(),
            Action::Open => return self.remedy(),
            Action::Back | Action::Help => return vec![Effect::Pop],
            _ => self.scroll,
        };
        Vec::new()
    }

    fn copy(&self) -> Vec<Effect> {
        match &self.content {
            Content::Notice(notice) => vec![Effect::Copy(notice.copy.clone())],
            Content::Keys(..) => Vec::new(),
        }
    }

    /// Does what the notice offers; the root knows what it is about.
    fn remedy(&self) -> Vec<Effect> {
        match &self.content {
            Content::Notice(notice) if has_remedy(notice) => {
                vec![Effect::Pop, Effect::Run(Action::Remedy)]
            }
            _ => vec![Effect::Pop],
        }
    }

    /// Draws the box.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let (title, lines) = match &self.content {
            Content::Keys(scope, dead) => ("Keys of this screen", key_lines(*scope, dead, cx)),
            Content::Notice(notice) => ("What happened", notice_lines(notice, cx)),
        };
        let columns = 74.min(area.width.saturating_sub(2));
        let count = wrapped_rows(&lines, columns);
        let rows = count.saturating_add(2);
        let inside = overlay(frame, area, cx, (title, 76, rows));
        self.page = inside.height;
        let text = Paragraph::new(lines).wrap(Wrap { trim: false });
        self.scroll = self.scroll.min(count.saturating_sub(inside.height));
        frame.render_widget(text.scroll((self.scroll, 0)), inside);
    }

    /// Answers the root's questions.
    pub fn face() -> Face {
        Face {
            layer: Layer::Above,
            ..Face::new(
                Scope::Help,
                &[Action::Open, Action::CopyLine, Action::Down, Action::Back],
            )
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action) -> Live {
        match (&self.content, action) {
            (Content::Notice(notice), Action::CopyLine) if notice.copy.is_empty() => {
                Live::No("There is no line to copy")
            }
            (Content::Notice(notice), Action::Open) if !has_remedy(notice) => {
                Live::No("There is nothing to press for this")
            }
            (Content::Keys(..), Action::CopyLine | Action::Open) => {
                Live::No("This is only a list of keys")
            }
            _ => Live::Yes,
        }
    }
}

fn has_remedy(notice: &Notice) -> bool {
    !matches!(notice.remedy, Remedy::None | Remedy::ShowLog)
}

/// Counts the rows after wrapping, generously: words that do not fit leave blanks behind.
fn wrapped_rows(lines: &[Line<'_>], columns: u16) -> u16 {
    let columns = usize::from(columns.max(1));
    let rows = |line: &Line<'_>| match line.width() {
        width if width <= columns => 1,
        width => 1 + width / (columns * 4 / 5).max(1),
    };
    let count: usize = lines.iter().map(rows).sum();
    count.min(usize::from(u16::MAX)) as u16
}

fn key_lines(scope: Scope, dead: &[Dead], cx: &Cx) -> Vec<Line<'static>> {
    let mut groups: Vec<Group> = Action::all().map(Action::group).collect();
    // What this screen is about comes first, moving about last.
    groups.sort_unstable_by(|a, b| b.cmp(a));
    groups.dedup();
    let mut lines = Vec::new();
    for group in groups {
        let actions: Vec<Action> = Action::all()
            .filter(|action| action.group() == group && action.is_in(scope))
            .collect();
        if actions.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(group.title(), cx.style(Tone::Title)));
        lines.extend(actions.into_iter().map(|action| key_line(action, dead, cx)));
    }
    lines
}

fn key_line(action: Action, dead: &[Dead], cx: &Cx) -> Line<'static> {
    let columns = if cx.size.width < 60 { KEYS.1 } else { KEYS.0 };
    let room = columns - 1;
    let keys = text::left(&cx.keymap.keys(action).join(" "), room, &cx.symbols) + " ";
    let reason = dead.iter().find(|dead| dead.action == action);
    let (tone, note) = match reason {
        Some(dead) => (Tone::Dim, format!(" ({})", dead.reason)),
        None => (Tone::Text, String::new()),
    };
    Line::from(vec![
        Span::styled(keys, cx.style(Tone::Key)),
        Span::styled(format!("{}{note}", action.help()), cx.style(tone)),
    ])
}
