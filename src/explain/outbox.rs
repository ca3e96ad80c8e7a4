//! Notices for messages that were not sent.

use crate::explain::notice::{Notice, Remedy, Who};
use crate::explain::texts;
use crate::model::{Failure, FailureKind};

/// Explains why a message in the outbox was not sent.
pub fn explain_failure(failure: &Failure) -> Notice {
    let said = format!("{} {}", failure.code, failure.text);
    let notice = match failure.kind {
        FailureKind::Offline => Notice::new("Not sent yet: no connection")
            .cause("The outgoing server cannot be reached")
            .how("Pillarbox tries again by itself; the message is safe")
            .who(Who::Nobody)
            .remedy(Remedy::Retry)
            .quiet(),
        FailureKind::Throttled => texts::recognise(&said)
            .unwrap_or_else(|| {
                Notice::new("Not sent yet: the server asks to wait")
                    .cause("Too many messages or connections in a short time, or the server is busy")
                    .who(Who::Nobody)
            })
            .how("Pillarbox tries again by itself; the message is safe")
            .quiet(),
        FailureKind::SignIn => texts::recognise(&said)
            .unwrap_or_else(|| {
                Notice::new("Not sent yet: a sign-in is needed")
                    .cause("The outgoing server does not accept the present one")
                    .how("Sign in again; the message goes out by itself afterwards")
            })
            .remedy(Remedy::SignIn)
            .loud(),
        FailureKind::Sender => texts::recognise(&said).unwrap_or_else(|| {
            Notice::new("Not sent: you may not send as this address")
                .cause("Send As for the From address was not granted")
                .how("Choose another From, or have the Exchange administrator grant it; the message is kept")
                .who(Who::ExchangeAdministrator)
        }),
        FailureKind::Recipients => recipients(&said),
        FailureKind::TooBig => Notice::new("Not sent: the message is too big for the server")
            .cause("Attachments grow by a third on their way")
            .how("Send fewer or smaller attachments; the message is kept"),
        FailureKind::Refused => texts::recognise(&said).unwrap_or_else(|| {
            Notice::new("Not sent: the server refuses the message")
                .cause("The server says why below")
                .how("Change the message accordingly and send it again; it is kept")
        }),
        FailureKind::Unsure => Notice::new("It is not known whether this message was sent")
            .cause("The connection broke after the last byte, or the program stopped while sending")
            .how("Look into the Sent folder, or ask the recipient")
            .how("Send it again if it did not arrive, or cancel it if it did")
            .loud(),
    };
    notice
        .code(failure.code.clone())
        .detail(failure.text.clone())
}

/// Others may have got the message, which the title has to say whatever the server's reason is.
fn recipients(said: &str) -> Notice {
    let notice = Notice::new("Not sent to everybody: recipients were refused");
    let Some(known) = texts::recognise(said) else {
        return notice
            .cause("The addresses do not exist, or do not accept mail from you")
            .how("Correct the recipients and send again; the message is kept");
    };
    let reasons = std::iter::once(known.title).chain(known.cause);
    let notice = reasons.fold(notice, Notice::cause);
    let notice = known.how.into_iter().fold(notice, Notice::how);
    notice.who(known.who).remedy(known.remedy).copy(known.copy)
}
