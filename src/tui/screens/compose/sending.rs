//! Sending: recipients are checked, what is probably forgotten is asked about, then the composer closes at once.

use std::time::Duration;

use crate::model::{AddressList, parse_address_list};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::screens::ScreenName;

use super::saving::LEAVE;
use super::{Compose, Mistake, Part, ask_path};

/// The tag of the question about a forgotten attachment.
const ATTACHMENT: &str = "forgotten attachment";
/// The tag of the question about a missing subject.
const SUBJECT: &str = "no subject";
/// Words that promise an attachment, in some languages of our users.
const PROMISES: [&str; 12] = [
    "attached",
    "attachment",
    "enclosed",
    "anhang",
    "angehängt",
    "beigefügt",
    "ci-joint",
    "pièce jointe",
    "adjunto",
    "allegato",
    "bijlage",
    "附件",
];

/// Reminders that were answered with "send all the same".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Passed {
    Nothing,
    Attachment,
    Subject,
}

impl Compose {
    pub(super) fn send(&mut self, cx: &Cx) -> Vec<Effect> {
        self.send_after(Passed::Nothing, cx)
    }

    fn send_after(&mut self, passed: Passed, cx: &Cx) -> Vec<Effect> {
        self.completion.close();
        if let Some(mistake) = self.find_mistake() {
            self.part = mistake.part;
            let said = mistake.text.clone();
            self.mistake = Some(mistake);
            return vec![Effect::Say(said)];
        }
        if passed < Passed::Attachment && self.promises_attachment() {
            return ask(
                ATTACHMENT,
                "The text speaks of an attachment, but there is none",
                &["Attach a file", "Send without", "Go on writing"],
            );
        }
        if passed < Passed::Subject && self.subject.is_empty() {
            return ask(
                SUBJECT,
                "There is no subject",
                &["Write a subject", "Send without"],
            );
        }
        self.is_done = true;
        let delay = Duration::from_secs(u64::from(cx.interface.undo_seconds));
        vec![
            Effect::Send {
                key: self.key,
                draft: Box::new(self.draft()),
                delay,
            },
            Effect::Pop,
        ]
    }

    /// Finds the first recipient that is none; points at the piece.
    fn find_mistake(&self) -> Option<Mistake> {
        let fields = [
            (Part::To, self.to.text()),
            (Part::Cc, self.cc.text()),
            (Part::Bcc, self.bcc.text()),
        ];
        let mut count = 0;
        for (part, text) in fields {
            let AddressList { addresses, errors } = parse_address_list(&text);
            count += addresses.len();
            if let Some(error) = errors.first() {
                let text = error.to_string();
                return Some(Mistake { part, text });
            }
        }
        (count == 0).then(|| Mistake {
            part: Part::To,
            text: "Say who shall get it".to_owned(),
        })
    }

    /// Tells whether the user's own words, not quoted ones, speak of an attachment that is not there.
    fn promises_attachment(&self) -> bool {
        if !self.attachments.is_empty() {
            return false;
        }
        self.text
            .lines()
            .iter()
            .take_while(|line| *line != "-- ")
            .filter(|line| !line.starts_with('>'))
            .map(|line| line.to_lowercase())
            .any(|line| PROMISES.iter().any(|word| line.contains(word)))
    }

    /// Goes on after a question of this screen.
    pub(super) fn answered(&mut self, tag: &str, index: usize, cx: &Cx) -> Vec<Effect> {
        match (tag, index) {
            (LEAVE, index) => self.leave_by(index),
            (ATTACHMENT, 0) => ask_path(),
            (ATTACHMENT, 1) => self.send_after(Passed::Attachment, cx),
            (SUBJECT, 0) => {
                self.part = Part::Subject;
                Vec::new()
            }
            (SUBJECT, 1) => self.send_after(Passed::Subject, cx),
            _ => Vec::new(),
        }
    }
}

fn ask(tag: &'static str, title: &str, entries: &[&str]) -> Vec<Effect> {
    vec![Effect::Push(ScreenName::Pick {
        tag,
        title: title.to_owned(),
        entries: entries.iter().map(|entry| (*entry).to_owned()).collect(),
    })]
}
