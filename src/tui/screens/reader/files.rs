//! Links and attachments of the message that is read: picking one, saving, opening, copying.

use crate::model::{Attachment, MessageId};
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::msg::Reply;
use crate::tui::screens::{Live, ScreenName};
use crate::tui::text;

use super::Reader;

const OPEN: &str = "open a link";
const COPY: &str = "copy a link";
const PICK: &str = "attachment";
const SAVE: &str = "save to";
/// Where attachments go unless told otherwise.
const FOLDER: &str = "~/Downloads";

/// Attachments that wait for a folder to be typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Saving {
    message: Option<MessageId>,
    parts: Vec<usize>,
}

impl Reader {
    /// Runs an action on links and attachments; `None` when it is another one.
    pub fn act_on_files(&mut self, action: Action) -> Option<Vec<Effect>> {
        match action {
            Action::OpenLink => Some(self.pick_link(OPEN, "Open which link?")),
            Action::CopyLink => Some(self.pick_link(COPY, "Copy which link?")),
            Action::SaveAttachment => Some(self.pick_attachment()),
            _ => None,
        }
    }

    /// Tells whether such an action works now.
    pub fn live(&self, action: Action) -> Live {
        let Some(body) = self.body() else {
            return Live::No("The message is not here yet");
        };
        match action {
            Action::OpenLink | Action::CopyLink if body.links.is_empty() => {
                Live::No("This message has no link")
            }
            Action::SaveAttachment if body.attachments.is_empty() => {
                Live::No("This message has no attachment")
            }
            _ => Live::Yes,
        }
    }

    fn pick_link(&self, tag: &'static str, title: &str) -> Vec<Effect> {
        let Some(body) = self.body() else {
            return Vec::new();
        };
        vec![Effect::Push(ScreenName::Pick {
            tag,
            title: title.to_owned(),
            entries: body.links.clone(),
        })]
    }

    fn pick_attachment(&mut self) -> Vec<Effect> {
        let Some(body) = self.body() else {
            return Vec::new();
        };
        if let [only] = body.attachments.as_slice() {
            let part = only.part;
            return self.ask_folder(vec![part]);
        }
        let mut entries: Vec<String> = body.attachments.iter().map(describe).collect();
        entries.push(format!("All {} attachments", entries.len()));
        vec![Effect::Push(ScreenName::Pick {
            tag: PICK,
            title: "Save which attachment?".to_owned(),
            entries,
        })]
    }

    fn ask_folder(&mut self, parts: Vec<usize>) -> Vec<Effect> {
        let title = match parts.len() {
            1 => "Save the attachment to folder".to_owned(),
            count => format!("Save {count} attachments to folder"),
        };
        self.saving = Saving {
            message: self.id(),
            parts,
        };
        vec![Effect::Push(ScreenName::Prompt {
            tag: SAVE,
            title,
            text: FOLDER.to_owned(),
            is_path: true,
        })]
    }

    /// Goes on with an answer; `None` when it is not for the reader.
    pub fn reply(&mut self, reply: &Reply) -> Option<Vec<Effect>> {
        match reply {
            Reply::Picked { tag: OPEN, index } => Some(self.with_link(*index, Effect::OpenUrl)),
            Reply::Picked { tag: COPY, index } => Some(self.with_link(*index, Effect::Copy)),
            Reply::Picked { tag: PICK, index } => {
                let parts = self.parts(*index);
                Some(self.ask_folder(parts))
            }
            Reply::Typed { tag: SAVE, text } => Some(self.save(text)),
            _ => None,
        }
    }

    fn with_link(&self, index: usize, make: impl FnOnce(String) -> Effect) -> Vec<Effect> {
        let link = self.body().and_then(|body| body.links.get(index));
        link.map(|link| make(link.clone())).into_iter().collect()
    }

    /// Returns the picked part, or all of them for the entry behind the last.
    fn parts(&self, index: usize) -> Vec<usize> {
        let Some(body) = self.body() else {
            return Vec::new();
        };
        match body.attachments.get(index) {
            Some(one) => vec![one.part],
            None => body.attachments.iter().map(|one| one.part).collect(),
        }
    }

    fn save(&mut self, folder: &str) -> Vec<Effect> {
        let Saving { message, parts } = std::mem::take(&mut self.saving);
        let Some(message) = message else {
            return Vec::new();
        };
        parts
            .into_iter()
            .map(|part| Effect::SaveAttachment {
                message,
                part,
                folder: folder.to_owned(),
            })
            .collect()
    }
}

fn describe(attachment: &Attachment) -> String {
    let size = text::size(attachment.size);
    format!("{}  {size}  {}", attachment.name, attachment.media_type)
}
