//! Writing a message: sender, recipients, subject, attachments, text. Saves itself; nothing typed is lost.

mod completion;
mod saving;
mod sending;
#[cfg(test)]
mod tests;
mod view;

use jiff::Timestamp;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui_textarea::{CursorMove, TextArea, WrapMode};

use crate::model::{Address, Draft, DraftAttachment, DraftId, sanitize_block};
use crate::tui::context::Cx;
use crate::tui::effect::{DraftKey, Effect, Generation};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Focus, Live, ScreenName};
use crate::tui::widgets::field::{Edit, Field};

use completion::{Completion, Source};

const ATTACH: &str = "attach a file";

/// A part of the message, in the order of Tab.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    From,
    To,
    Cc,
    Bcc,
    Subject,
    Attachments,
    Text,
}

const PARTS: [Part; 7] = [
    Part::From,
    Part::To,
    Part::Cc,
    Part::Bcc,
    Part::Subject,
    Part::Attachments,
    Part::Text,
];

/// What is wrong with a part.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Mistake {
    part: Part,
    text: String,
}

/// The composer.
#[derive(Debug)]
pub struct Compose {
    key: DraftKey,
    senders: Vec<Address>,
    sender: usize,
    to: Field,
    cc: Field,
    bcc: Field,
    subject: Field,
    attachments: Vec<DraftAttachment>,
    /// Sizes of attachments, in the same order.
    sizes: Vec<u64>,
    attachment: usize,
    text: TextArea<'static>,
    /// What is not edited here.
    rest: Draft,
    part: Part,
    mistake: Option<Mistake>,
    completion: Completion,
    /// The draft as it was when it was opened.
    opened: Draft,
    /// The draft as it was last saved.
    saved: Draft,
    is_kept: bool,
    save_at: Option<Timestamp>,
    is_done: bool,
    text_area: Rect,
}

impl Compose {
    /// Opens a draft; `saved` is its row where it is a saved one.
    pub fn open(draft: Draft, saved: Option<DraftId>, cx: &Cx) -> (Self, Vec<Effect>) {
        let key = DraftKey(cx.opened);
        let mut senders = cx.own_addresses();
        let known = senders
            .iter()
            .position(|own| own.is_same_mailbox(&draft.from));
        let sender = known.unwrap_or_else(|| {
            senders.insert(0, draft.from.clone());
            0
        });
        let part = match (draft.to.trim(), draft.subject.trim()) {
            ("", _) => Part::To,
            (_, "") => Part::Subject,
            _ => Part::Text,
        };
        let mut compose = Self {
            key,
            senders,
            sender,
            to: Field::new(&draft.to),
            cc: Field::new(&draft.cc),
            bcc: Field::new(&draft.bcc),
            subject: Field::new(&draft.subject),
            sizes: draft.attachments.iter().map(known_size).collect(),
            attachments: draft.attachments.clone(),
            attachment: 0,
            text: text_area(&draft.text),
            rest: draft,
            part,
            mistake: None,
            completion: Completion::default(),
            opened: Draft::default(),
            saved: Draft::default(),
            is_kept: saved.is_some(),
            save_at: None,
            is_done: false,
            text_area: Rect::default(),
        };
        compose.opened = compose.draft();
        compose.saved = compose.opened.clone();
        let adopt = saved.map(|id| Effect::AdoptDraft { key, id });
        (compose, adopt.into_iter().collect())
    }

    /// Returns the draft as it stands.
    pub fn draft(&self) -> Draft {
        let mut text = self.text.lines().join("\n");
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Draft {
            from: self.senders.get(self.sender).cloned().unwrap_or_default(),
            to: self.to.text(),
            cc: self.cc.text(),
            bcc: self.bcc.text(),
            subject: self.subject.text(),
            text,
            attachments: self.attachments.clone(),
            origin: self.rest.origin.clone(),
        }
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        let mut effects = match message {
            Msg::Key(key) => self.key(key, cx),
            Msg::Paste(text) => self.paste(text, cx),
            Msg::Action(action) => self.act(*action, cx),
            Msg::Reply(reply) => self.reply(reply, cx),
            Msg::Done(outcome) => self.take(outcome),
            Msg::Mouse(event) => {
                self.mouse(*event);
                Vec::new()
            }
            _ => Vec::new(),
        };
        effects.extend(self.save_if_due(cx.now));
        effects
    }

    fn field(&mut self, part: Part) -> Option<&mut Field> {
        match part {
            Part::To => Some(&mut self.to),
            Part::Cc => Some(&mut self.cc),
            Part::Bcc => Some(&mut self.bcc),
            Part::Subject => Some(&mut self.subject),
            Part::From | Part::Attachments | Part::Text => None,
        }
    }

    fn key(&mut self, key: &KeyEvent, cx: &Cx) -> Vec<Effect> {
        if self.part == Part::Text {
            self.text.input(*key);
            return Vec::new();
        }
        let part = self.part;
        match self.field(part).map(|field| field.key(key)) {
            Some(Edit::Changed) => self.changed(cx),
            Some(Edit::Moved) => {
                self.completion.close();
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn paste(&mut self, text: &str, cx: &Cx) -> Vec<Effect> {
        if self.part == Part::Text {
            self.text.insert_str(sanitize_block(text));
            return Vec::new();
        }
        let part = self.part;
        match self.field(part).map(|field| field.insert(text)) {
            Some(Edit::Changed) => self.changed(cx),
            _ => Vec::new(),
        }
    }

    /// A field has another text: its mistake is out of date, and addresses are completed.
    fn changed(&mut self, cx: &Cx) -> Vec<Effect> {
        if self
            .mistake
            .as_ref()
            .is_some_and(|mistake| mistake.part == self.part)
        {
            self.mistake = None;
        }
        self.complete(cx)
    }

    fn act(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        if let Some(effects) = self.act_on_completion(action) {
            return effects;
        }
        match action {
            Action::Send => return self.send(cx),
            Action::Back => return self.back(),
            Action::Attach => return ask_path(),
            Action::EditExternally => {
                return vec![Effect::EditExternally {
                    key: self.key,
                    text: self.draft().text,
                }];
            }
            Action::NextPane => self.step(1),
            Action::PreviousPane => self.step(PARTS.len() - 1),
            Action::RemoveAttachment => self.remove_attachment(),
            _ => self.act_on_part(action),
        }
        Vec::new()
    }

    fn act_on_part(&mut self, action: Action) {
        match (self.part, action) {
            (Part::From, Action::Left) => self.turn_sender(self.senders.len() - 1),
            (Part::From, Action::Right) => self.turn_sender(1),
            (Part::Attachments, Action::Up) if self.attachment > 0 => self.attachment -= 1,
            (Part::Attachments, Action::Down) if self.attachment + 1 < self.attachments.len() => {
                self.attachment += 1;
            }
            (_, Action::Up) => self.step(PARTS.len() - 1),
            (_, Action::Down | Action::Open) => self.step(1),
            _ => {}
        }
    }

    fn turn_sender(&mut self, steps: usize) {
        self.sender = (self.sender + steps) % self.senders.len().max(1);
    }

    fn step(&mut self, steps: usize) {
        self.completion.close();
        let mut place = self.part as usize;
        for _ in PARTS {
            place = (place + steps) % PARTS.len();
            let is_empty_list = place == Part::Attachments as usize && self.attachments.is_empty();
            if !is_empty_list {
                break;
            }
        }
        self.part = PARTS.get(place).copied().unwrap_or(Part::Text);
    }

    fn reply(&mut self, reply: &Reply, cx: &Cx) -> Vec<Effect> {
        match reply {
            Reply::Typed { tag: ATTACH, text } => vec![Effect::Attach {
                key: self.key,
                path: text.clone(),
            }],
            Reply::Picked { tag, index } => self.answered(tag, *index, cx),
            _ => Vec::new(),
        }
    }

    fn take(&mut self, outcome: &Outcome) -> Vec<Effect> {
        match outcome {
            Outcome::Addresses {
                generation,
                addresses,
            } => self.offer(*generation, (addresses.as_slice(), Source::Cache)),
            Outcome::DirectoryAddresses {
                generation,
                addresses,
            } => self.offer(*generation, (addresses.as_slice(), Source::Directory)),
            Outcome::File(key, result) if *key == self.key => match result {
                Ok(file) => {
                    let path = file.path.clone();
                    self.attachments.push(DraftAttachment::File { path });
                    self.sizes.push(file.size);
                }
                Err(reason) => return vec![Effect::Say(format!("Not attached: {reason}"))],
            },
            Outcome::Edited(key, result) if *key == self.key => match result {
                Ok(text) => {
                    self.text = text_area(text);
                    self.part = Part::Text;
                }
                Err(reason) => return vec![Effect::Say(reason.clone())],
            },
            Outcome::DraftSaved(key, Ok(_)) if *key == self.key => self.is_kept = true,
            _ => {}
        }
        Vec::new()
    }

    fn offer(&mut self, generation: Generation, answer: (&[Address], Source)) {
        let typed = [&self.to, &self.cc, &self.bcc].map(Field::text).join(",");
        self.completion.take(generation, answer, &typed);
    }

    fn remove_attachment(&mut self) {
        if self.attachment < self.attachments.len() {
            self.attachments.remove(self.attachment);
            self.sizes.remove(self.attachment);
        }
        self.attachment = self
            .attachment
            .min(self.attachments.len().saturating_sub(1));
        if self.attachments.is_empty() {
            self.part = Part::Text;
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, cx: &Cx) -> Face {
        let focus = match self.part {
            Part::Text => Focus::Block,
            Part::From | Part::Attachments => Focus::None,
            _ => Focus::Line,
        };
        let hints = &[
            Action::Send,
            Action::Attach,
            Action::EditExternally,
            Action::NextPane,
            Action::Back,
            Action::RemoveAttachment,
            Action::Palette,
        ];
        Face {
            focus,
            tick: self.next_save(cx.now),
            ..Face::new(Scope::Compose, hints)
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action) -> Live {
        match action {
            Action::RemoveAttachment if self.part != Part::Attachments => {
                Live::No("Go to an attachment first")
            }
            _ => Live::Yes,
        }
    }
}

fn ask_path() -> Vec<Effect> {
    vec![Effect::Push(ScreenName::Prompt {
        tag: ATTACH,
        title: "Attach which file?".to_owned(),
        text: "~/".to_owned(),
        is_path: true,
    })]
}

fn text_area(text: &str) -> TextArea<'static> {
    let lines = sanitize_block(text)
        .trim_end_matches('\n')
        .split('\n')
        .map(str::to_owned)
        .collect();
    let mut area = TextArea::new(lines);
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(ratatui::style::Style::new());
    area.move_cursor(CursorMove::Top);
    area
}

/// Returns the size of an attachment that is kept with the draft; a file's is told when it is attached.
fn known_size(attachment: &DraftAttachment) -> u64 {
    match attachment {
        DraftAttachment::File { .. } => 0,
        DraftAttachment::Bytes { data, .. } => data.len() as u64,
    }
}
