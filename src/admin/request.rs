//! One sheet for the administrator: what is asked for and why, how to do it, and blanks to fill in and send back.

use std::fmt::Write as _;

use crate::admin::answer::AnswerField;
use crate::admin::consent::consent_url;
use crate::admin::document::{Document, Language, Step};
use crate::admin::guide::guide;
use crate::admin::kit::Kit;
use crate::admin::manifest::manifest;
use crate::admin::powershell::powershell;
use crate::model::Access;

/// What stands where a value is missing.
pub const BLANK: &str = "________";

/// What stands behind the label of a blank that is about the sign-in that only sends.
pub const FOR_SENDING: &str = " for sending";

/// Writes the sheet.
pub fn request(kit: &Kit<'_>) -> Document {
    let mut steps = vec![asked(kit)];
    steps.extend(guide(kit).steps);
    let more = [consent_url(kit), powershell(kit), manifest(kit)];
    for document in more.into_iter().flatten() {
        let mut part = document.steps;
        // The first step of each part says what the part is.
        if let Some(first) = part.first_mut() {
            first.title = format!("{}: {}", document.title, first.title);
        }
        steps.extend(part);
    }
    if let Some(sending) = kit.sending() {
        steps.insert(1, asked(&sending));
    }
    steps.extend(answer(kit));
    Document::new(
        &format!("Request: mail access with Pillarbox for {}", kit.whose()),
        steps,
    )
}

fn asked(kit: &Kit<'_>) -> Step {
    if kit.is_smtp_password() {
        let text =
            "Mail is sent with a password (SMTP AUTH), which Exchange must allow for this mailbox:";
        return Step::new("What is asked for to send", text)
            .with(Language::Text, kit.account.identity());
    }
    let whose = match kit.access() {
        Access::Delegated => {
            "in the name of the person who signs in, and never more than that person may"
        }
        Access::Application => "in its own name, without a person signing in",
    };
    let (title, what) = if kit.is_for_sending() {
        (
            "What is asked for to send",
            "Mail is sent with another sign-in. That one can,",
        )
    } else {
        (
            "What is asked for",
            "Pillarbox is a mail program that runs on its user's own machine. It is to be registered so that it can,",
        )
    };
    let mut text = format!("{what} {whose}:");
    for (_, permission) in kit.permissions() {
        let _ = write!(text, "\n- {} ({})", permission.words, permission.name);
    }
    let mailboxes = kit.account.mailbox_addresses();
    let mailboxes: Vec<&str> = mailboxes.map(|mailbox| mailbox.email.as_str()).collect();
    let names = mailboxes.join("\n");
    text += "\nThe mailboxes:";
    Step::new(title, &text).with(Language::Text, &names)
}

/// The blanks, of both sign-ins where there are two. `None` where nothing is asked for.
fn answer(kit: &Kit<'_>) -> Option<Step> {
    let mut lines = if kit.is_entra() {
        blanks(kit, "")
    } else {
        Vec::new()
    };
    if let Some(sending) = kit.sending().filter(Kit::is_entra) {
        lines.extend(blanks(&sending, FOR_SENDING));
    }
    if lines.is_empty() {
        return None;
    }
    let step = Step::new(
        "Fill in and send back",
        "Please answer with these lines filled in; nothing in them is secret. Do not send the secret itself by mail: \
         hand it over in person, by telephone or through a password store. The answer is read with: pillarbox admin \
         import FILE",
    );
    Some(step.with(Language::Text, &lines.join("\n")))
}

/// What is known already is filled in.
fn blanks(kit: &Kit<'_>, behind: &str) -> Vec<String> {
    let profile = kit.profile();
    let known = |field: AnswerField| match field {
        AnswerField::Tenant => kit.tenant().map(str::to_owned),
        AnswerField::ClientId => Some(profile.client_id.clone()).filter(|id| !id.is_empty()),
        AnswerField::ObjectId => kit.object_id.map(str::to_owned),
        AnswerField::Expires => profile.secret_expires.map(|day| day.to_string()),
        AnswerField::Notes => None,
    };
    AnswerField::ALL
        .iter()
        .filter(|field| is_asked(kit, **field))
        .map(|field| {
            let value = known(*field).unwrap_or_else(|| BLANK.to_owned());
            format!("{}{behind}: {value}", field.label())
        })
        .collect()
}

/// Tells whether a value is needed for this account.
pub fn is_asked(kit: &Kit<'_>, field: AnswerField) -> bool {
    let profile = kit.profile();
    match field {
        AnswerField::Tenant => !kit.is_personal(),
        AnswerField::ClientId => true,
        // Whoever has something to say says it once.
        AnswerField::Notes => !kit.is_for_sending(),
        AnswerField::ObjectId => kit.is_app_only(),
        AnswerField::Expires => profile.needs_secret(),
    }
}
