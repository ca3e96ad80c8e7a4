//! Documents for an account's administrator: chosen, read, copied, written to a file, sent as a message. Makes none of
//! their words.

mod layout;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::admin::{
    Document, Function, Functions, Kit, az, consent_url, guide, manifest, powershell, request,
};
use crate::model::{Account, Draft};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::screens::{Face, Live, ScreenName};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::top_line;
use crate::tui::widgets::list::Selection;

use layout::{Kind, Row};

const WRITE: &str = "write-document";

/// A document, its short name, and how its file ends.
type Named = (&'static str, &'static str, Document);

/// What can be chosen: read, send, open mailboxes of others.
const CHOICES: [(Action, Function, &str); 3] = [
    (Action::ToggleReading, Function::Imap, "read"),
    (Action::ToggleSending, Function::Smtp, "send"),
    (Action::ToggleShared, Function::Shared, "shared"),
];

/// The screen of the administrator's documents.
#[derive(Debug)]
pub struct Admin {
    account: Option<Box<Account>>,
    functions: Functions,
    documents: Vec<Named>,
    shown: usize,
    cursor: Selection,
    /// As last drawn.
    rows: Vec<Row>,
}

impl Admin {
    /// Opens the screen.
    pub fn open(account: &str, cx: &Cx) -> Self {
        let mut accounts = cx.accounts().iter();
        let account = accounts.find(|known| known.name == account);
        let mut screen = Self {
            account: account.cloned().map(Box::new),
            functions: account.map(Functions::of).unwrap_or_default(),
            documents: Vec::new(),
            shown: 0,
            cursor: Selection::default(),
            rows: Vec::new(),
        };
        screen.make();
        screen
    }

    fn make(&mut self) {
        let Some(account) = &self.account else {
            return;
        };
        let kit = Kit::new(account, self.functions.clone());
        let all = [
            ("guide", "md", Some(guide(&kit))),
            ("manifest", "json", manifest(&kit)),
            ("consent", "txt", consent_url(&kit)),
            ("powershell", "ps1", powershell(&kit)),
            ("az", "sh", az(&kit)),
            ("request", "txt", Some(request(&kit))),
        ];
        let all = all.into_iter();
        self.documents = all
            .filter_map(|(name, end, document)| Some((name, end, document?)))
            .collect();
        self.shown = self.shown.min(self.documents.len().saturating_sub(1));
    }

    fn document(&self) -> Option<&Named> {
        self.documents.get(self.shown)
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg) -> Vec<Effect> {
        match message {
            Msg::Action(action) if self.cursor.act(*action, self.rows.len()) => Vec::new(),
            Msg::Action(action) => self.act(*action),
            Msg::Reply(Reply::Typed { tag: WRITE, text }) => self.write(text),
            _ => Vec::new(),
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        if let Some((_, function, _)) = CHOICES.iter().find(|(own, _, _)| *own == action) {
            self.toggle(*function);
            return Vec::new();
        }
        match action {
            Action::Back => return vec![Effect::Pop],
            Action::NextPane | Action::Right => self.turn(1),
            Action::PreviousPane | Action::Left => self.turn(self.documents.len().max(1) - 1),
            Action::CopyLine => return self.copy_block(),
            Action::CopyOneLine => {
                if let Some(row) = self.rows.get(self.cursor.row()) {
                    return copied(row.line.trim().to_owned(), "Line copied");
                }
            }
            Action::CopyDocument => {
                if let Some((.., document)) = self.document() {
                    return copied(document.plain(), "Document copied");
                }
            }
            Action::WriteDocument => return self.ask_path(),
            Action::MailDocument => return self.mail(),
            _ => {}
        }
        Vec::new()
    }

    fn turn(&mut self, by: usize) {
        let count = self.documents.len().max(1);
        self.shown = (self.shown + by) % count;
        self.cursor = Selection::default();
    }

    fn toggle(&mut self, function: Function) {
        let all = [
            Function::Imap,
            Function::Pop,
            Function::Smtp,
            Function::Shared,
            Function::GraphRead,
            Function::GraphSend,
            Function::Ews,
        ];
        let chosen = &self.functions;
        let kept = all
            .into_iter()
            .filter(|one| chosen.has(*one) != (*one == function));
        self.functions = Functions::new(kept);
        self.make();
    }

    /// Copies the block under the cursor, or that of the step under it.
    fn copy_block(&self) -> Vec<Effect> {
        let step = self.rows.get(self.cursor.row()).and_then(|row| row.step);
        let document = self.document().map(|(.., document)| document);
        let step = document
            .zip(step)
            .and_then(|(document, step)| document.steps.get(step));
        match step.and_then(|step| step.block.as_ref()) {
            Some(block) => copied(block.text.clone(), "Block copied"),
            None => vec![Effect::Say(
                "There is no block to copy in this step".to_owned(),
            )],
        }
    }

    fn ask_path(&self) -> Vec<Effect> {
        let (Some((name, end, _)), Some(account)) = (self.document(), &self.account) else {
            return Vec::new();
        };
        let plain = |c: char| {
            if c.is_alphanumeric() || c == '-' {
                c
            } else {
                '-'
            }
        };
        let whose: String = account.name.chars().map(plain).collect();
        vec![Effect::Push(ScreenName::Prompt {
            tag: WRITE,
            title: "Write to a new file; .md .txt, or .json .ps1 .sh for blocks alone".to_owned(),
            text: format!("~/pillarbox-{whose}-{name}.{end}"),
            is_path: true,
        })]
    }

    fn write(&self, path: &str) -> Vec<Effect> {
        let Some((.., document)) = self.document() else {
            return Vec::new();
        };
        let end = path.rsplit_once('.').map_or("", |(_, end)| end);
        let text = match end {
            "md" => document.markdown(),
            "ps1" | "sh" | "json" => document.blocks(),
            _ => document.plain(),
        };
        vec![Effect::WriteFile {
            path: path.to_owned(),
            text,
        }]
    }

    fn mail(&self) -> Vec<Effect> {
        let (Some((.., document)), Some(account)) = (self.document(), &self.account) else {
            return Vec::new();
        };
        let draft = Draft {
            from: account.address.clone(),
            subject: document.title.clone(),
            text: document.plain(),
            ..Draft::default()
        };
        vec![Effect::Push(ScreenName::Compose {
            draft: Box::new(draft),
            saved: None,
        })]
    }

    /// Answers the root's questions.
    pub fn face() -> Face {
        Face::new(
            Scope::Admin,
            &[
                Action::NextPane,
                Action::CopyLine,
                Action::CopyDocument,
                Action::WriteDocument,
                Action::MailDocument,
                Action::ToggleReading,
                Action::ToggleSending,
                Action::ToggleShared,
                Action::Back,
            ],
        )
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action) -> Live {
        let is_own = CHOICES.iter().any(|(own, _, _)| *own == action)
            || matches!(
                action,
                Action::NextPane
                    | Action::PreviousPane
                    | Action::Left
                    | Action::Right
                    | Action::Up
                    | Action::Down
                    | Action::PageUp
                    | Action::PageDown
                    | Action::First
                    | Action::Last
                    | Action::CopyLine
                    | Action::CopyOneLine
                    | Action::CopyDocument
                    | Action::WriteDocument
                    | Action::MailDocument
            );
        match action {
            Action::Back => Live::Yes,
            _ if is_own && self.documents.is_empty() => Live::No("This account is not saved yet"),
            _ if is_own => Live::Yes,
            _ => Live::Unknown,
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let name = self
            .account
            .as_ref()
            .map_or("", |account| account.name.as_str());
        let title = format!("Admin kit {} {name}", cx.symbols.step);
        let chosen = CHOICES
            .iter()
            .filter(|(_, function, _)| self.functions.has(*function));
        let chosen: Vec<&str> = chosen.map(|(.., word)| *word).collect();
        let facts = match chosen.as_slice() {
            [] => "for nothing".to_owned(),
            chosen => format!("to {}", chosen.join(", ")),
        };
        let body = top_line(frame, area, cx, (&title, &facts));
        let tabs = Rect {
            height: 1.min(body.height),
            ..body
        };
        frame.render_widget(Paragraph::new(self.tabs(cx, body.width)), tabs);
        let below = Rect {
            y: body.y + tabs.height,
            height: body.height - tabs.height,
            ..body
        };
        let columns = usize::from(below.width).saturating_sub(2).max(8);
        let document = self.documents.get(self.shown);
        self.rows = document.map_or_else(Vec::new, |(.., document)| {
            layout::rows(document, columns, cx.symbols.vertical)
        });
        let range = self.cursor.visible(below, self.rows.len());
        for (y, place) in (below.y..).zip(range) {
            if let Some(row) = self.rows.get(place) {
                let line = Rect {
                    y,
                    height: 1,
                    ..below
                };
                let is_selected = place == self.cursor.row();
                frame.render_widget(drawn(row, is_selected, cx), line);
            }
        }
    }

    /// Names the documents; where not all fit, the one that is shown and how many there are.
    fn tabs(&self, cx: &Cx, width: u16) -> Line<'static> {
        let names = self.documents.iter().map(|(name, ..)| *name);
        let needed: usize = names.clone().map(|name| text::width(name) + 2).sum();
        if needed > usize::from(width) {
            let name = self.document().map_or("", |(name, ..)| name);
            let place = format!(" {} of {}", self.shown + 1, self.documents.len());
            return Line::from(vec![
                Span::styled(format!(" {name} "), cx.style(Tone::Selection)),
                Span::styled(place, cx.style(Tone::Dim)),
            ]);
        }
        let spans = names.enumerate().map(|(place, name)| {
            let tone = if place == self.shown {
                Tone::Selection
            } else {
                Tone::Dim
            };
            Span::styled(format!(" {name} "), cx.style(tone))
        });
        Line::from(spans.collect::<Vec<_>>())
    }
}

fn drawn(row: &Row, is_selected: bool, cx: &Cx) -> Paragraph<'static> {
    let tone = match row.kind {
        Kind::Title => Tone::Title,
        Kind::Text => Tone::Text,
        Kind::Block => Tone::Accent,
    };
    let (bar, ground) = if is_selected {
        (cx.symbols.bar, cx.style(Tone::Selection))
    } else {
        (" ", Style::new())
    };
    let line = Line::from(vec![
        Span::styled(bar.to_owned(), cx.style(Tone::Bar)),
        Span::styled(row.text.clone(), cx.style(tone)),
    ]);
    Paragraph::new(line).style(ground)
}

fn copied(text: String, said: &str) -> Vec<Effect> {
    vec![Effect::Copy(text), Effect::Say(said.to_owned())]
}
