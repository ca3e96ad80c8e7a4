//! What the search box understands.

use crate::model::FolderId;
use crate::model::MailboxId;
use crate::model::MessageId;

/// Which messages a list is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// One folder.
    Folder(FolderId),
    /// The inboxes of all mailboxes.
    AllInboxes,
    /// One mailbox, all folders (for searches).
    Mailbox(MailboxId),
    /// Everything (for searches).
    Everything,
}

/// One condition of a search.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Term {
    /// Word or phrase in subject, addresses or body.
    Any(String),
    /// `subject:`.
    Subject(String),
    /// `from:`.
    From(String),
    /// `to:` (also `Cc`).
    To(String),
    /// `body:`.
    Body(String),
    /// `is:unread`.
    Unread,
    /// `is:starred`.
    Starred,
    /// `has:attachment`.
    HasAttachment,
}

/// A parsed search: all terms must hold.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Query {
    /// The conditions.
    pub terms: Vec<Term>,
    /// Messages that a server found by its own search: their words count as matching, whatever the cache knows of them.
    pub found: Vec<MessageId>,
}

impl Query {
    /// Parses what a person types: words, `"phrases"`, and `from:`, `to:`, `subject:`, `body:`, `is:`, `has:`.
    ///
    /// Nothing is an error: what is not understood is searched for as a word.
    pub fn parse(text: &str) -> Self {
        Self {
            terms: words(text)
                .into_iter()
                .filter_map(|word| term(&word))
                .collect(),
            found: Vec::new(),
        }
    }

    /// Tells whether there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

/// Cuts at blanks outside double quotes; the quotes go.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => words.push(String::new()),
            c => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    words.retain(|word| !word.trim().is_empty());
    words
}

fn term(word: &str) -> Option<Term> {
    let Some((key, value)) = word.split_once(':') else {
        return Some(Term::Any(word.to_owned()));
    };
    let text = value.to_owned();
    match (key.to_ascii_lowercase().as_str(), value) {
        ("is", "unread") => Some(Term::Unread),
        ("is", "starred" | "flagged") => Some(Term::Starred),
        ("has", "attachment" | "attachments") => Some(Term::HasAttachment),
        // A half-typed "from:" should not empty the list while the value is still to come.
        ("subject" | "from" | "to" | "cc" | "body", "") => None,
        ("subject", _) => Some(Term::Subject(text)),
        ("from", _) => Some(Term::From(text)),
        ("to" | "cc", _) => Some(Term::To(text)),
        ("body", _) => Some(Term::Body(text)),
        _ => Some(Term::Any(word.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_fields_are_understood() {
        let query =
            Query::parse("from:ana \"due date\" subject:\"Offer 7\" is:unread has:attachment");
        let expected = vec![
            Term::From("ana".into()),
            Term::Any("due date".into()),
            Term::Subject("Offer 7".into()),
            Term::Unread,
            Term::HasAttachment,
        ];
        assert_eq!(query.terms, expected);
    }

    #[test]
    fn nothing_typed_is_an_error() {
        assert_eq!(
            Query::parse("re: is:odd").terms,
            vec![Term::Any("re:".into()), Term::Any("is:odd".into())]
        );
        assert!(Query::parse(" \"\" from: ").is_empty());
    }
}
