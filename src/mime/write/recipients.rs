//! Typed recipient fields as addresses that can be written and sent to.

use lettre::message::Mailbox;

use crate::mime::error::MimeError;
use crate::model::{Address, AddressError, Draft, parse_address_list};

/// The recipients of a draft.
#[derive(Debug, Default)]
pub(super) struct Recipients {
    /// `To`.
    pub to: Vec<Mailbox>,
    /// `Cc`.
    pub cc: Vec<Mailbox>,
    /// All of them, `Bcc` included, each once, as servers take them.
    pub envelope: Vec<String>,
}

impl Recipients {
    /// Reads the fields; the first thing that is no address is the error. Listing somebody twice is harmless.
    pub(super) fn of(draft: &Draft) -> Result<Self, MimeError> {
        let mut recipients = Self::default();
        recipients.to = recipients.take("To", &draft.to)?;
        recipients.cc = recipients.take("Cc", &draft.cc)?;
        recipients.take("Bcc", &draft.bcc)?;
        if recipients.envelope.is_empty() {
            return Err(MimeError::NoRecipient);
        }
        Ok(recipients)
    }

    fn take(&mut self, field: &'static str, text: &str) -> Result<Vec<Mailbox>, MimeError> {
        let list = parse_address_list(text);
        let wrong = list
            .errors
            .into_iter()
            .find(|error| matches!(error, AddressError::Malformed(_)));
        if let Some(source) = wrong {
            return Err(MimeError::Recipient { field, source });
        }
        list.addresses
            .iter()
            .map(|address| {
                let mailbox = mailbox(field, address)?;
                push_once(&mut self.envelope, mailbox.email.as_ref());
                Ok(mailbox)
            })
            .collect()
    }
}

/// Adds an address unless it is there.
pub(super) fn push_once(envelope: &mut Vec<String>, email: &str) {
    if !envelope
        .iter()
        .any(|known| known.eq_ignore_ascii_case(email))
    {
        envelope.push(email.to_owned());
    }
}

/// Makes an address ready for writing: international domains in their ASCII form (RFC 5891), which every server takes.
pub(super) fn mailbox(field: &'static str, address: &Address) -> Result<Mailbox, MimeError> {
    let malformed = || MimeError::Recipient {
        field,
        source: AddressError::Malformed(address.email.clone()),
    };
    let email = ascii_domain(&address.email)
        .parse()
        .map_err(|_| malformed())?;
    let name = address.name.trim();
    let name = (!name.is_empty()).then(|| crate::model::sanitize_line(name));
    Ok(Mailbox::new(name, email))
}

/// Returns the address with its domain in ASCII; as it is where that cannot be done.
pub(super) fn ascii_domain(email: &str) -> String {
    let Some((local, domain)) = email.rsplit_once('@') else {
        return email.to_owned();
    };
    match url::Host::parse(domain) {
        Ok(url::Host::Domain(ascii)) if !domain.is_ascii() => format!("{local}@{ascii}"),
        _ => email.to_owned(),
    }
}
