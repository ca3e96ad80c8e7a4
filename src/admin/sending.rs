//! The sign-in that only sends, where that is another one than for reading: its part of every document, and what Exchange
//! asks of one that is a password.

use crate::admin::document::{Document, Language, Step};
use crate::admin::kit::Kit;
use crate::admin::quote::powershell as quoted;

/// Puts the steps of the sign-in that only sends behind those of the one that reads. Where only one of the two has a
/// document of this kind, that is all of it.
pub fn joined(kit: &Kit<'_>, make: fn(&Kit<'_>) -> Option<Document>) -> Option<Document> {
    let own = make(kit);
    let apart = kit.sending().and_then(|sending| make(&sending));
    match (own, apart) {
        (Some(mut own), Some(apart)) => {
            // One who is signed in to a shell stays so.
            let is_again = |step: &Step| is_script(step) && own.steps.first() == Some(step);
            let once = usize::from(apart.steps.first().is_some_and(is_again));
            let steps = apart.steps.into_iter().skip(once);
            own.steps.extend(steps.map(for_sending));
            Some(own)
        }
        (None, Some(mut apart)) => {
            apart.steps = apart.steps.into_iter().map(for_sending).collect();
            Some(apart)
        }
        (own, None) => own,
    }
}

fn is_script(step: &Step) -> bool {
    step.block
        .as_ref()
        .is_some_and(|block| matches!(block.language, Language::PowerShell | Language::Shell))
}

fn for_sending(step: Step) -> Step {
    Step {
        title: format!("Sending: {}", step.title),
        ..step
    }
}

/// Says what a password for sending needs, in place of a registration (protocol facts §9).
pub fn password(kit: &Kit<'_>) -> Vec<Step> {
    let text = format!(
        "{} sends with a password, so no application is registered for it. Exchange must let the mailbox send that way: \
         SMTP AUTH is off in most organisations, and the PowerShell lines switch it on for this mailbox alone.",
        kit.account.identity()
    );
    let blocked = "Security defaults (Entra ID → Overview → Properties) and authentication policies that refuse basic \
                   authentication for SMTP are in the way: the server then answers 535 5.7.139, and no line here \
                   changes that. Microsoft takes passwords for sending as today until the end of December 2026; then \
                   they are off for every organisation until an administrator allows them again, and new \
                   organisations have none. An application with SMTP.Send or SMTP.SendAsApp has no such end.";
    vec![
        Step::new("Let the mailbox send with a password", &text),
        Step::new("What may still refuse it", blocked),
    ]
}

/// The lines that allow it, and those that show what is in force.
pub fn smtp_auth(kit: &Kit<'_>) -> Vec<Step> {
    let mailbox = quoted(kit.account.identity());
    let script = |title: &str, text: &str, lines: &str| {
        Step::new(title, text).with(Language::PowerShell, lines)
    };
    vec![
        script(
            "Allow SMTP AUTH",
            "It is often off for the whole organisation; this line switches it on for the mailbox that signs in, and for \
             no other. It may take up to an hour.",
            &format!("Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $false"),
        ),
        script(
            "Look at SMTP AUTH",
            "These lines change nothing. An empty answer for the mailbox means that the organisation's switch counts; \
             an authentication policy whose AllowBasicAuthSmtp is False refuses passwords whatever the switches say.",
            &format!(
                "Get-CASMailbox -Identity {mailbox} | Format-List SmtpClientAuthenticationDisabled\n\
                 Get-TransportConfig | Format-List SmtpClientAuthenticationDisabled\n\
                 Get-User -Identity {mailbox} | Format-List AuthenticationPolicy\n\
                 Get-AuthenticationPolicy | Format-List Name,AllowBasicAuthSmtp"
            ),
        ),
    ]
}
