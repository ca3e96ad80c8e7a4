//! What effects produce; comes back to the screens as `Msg::Done`.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::{Config, OldSetting};
use crate::engine::{
    BodyState, Candidate, CheckLine, ConfigChange, EngineError, Expiry, MissingSecret, ServerHits,
    SignInEvent, Status, TokenFacts, TokenReport,
};
use crate::model::{
    ActionId, Address, Draft, DraftId, Folder, Mailbox, MailboxId, MessageId, OutboxId, OutboxItem,
    Page, Progress, SentMail,
};
use crate::tui::effect::{DraftKey, FileFacts, Generation, Slot};

/// A result whose error can be shown by several screens.
pub type Shared<T> = Result<T, Arc<EngineError>>;

/// What was done to messages, for the toast.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Deed {
    /// Moved to the archive.
    Archived,
    /// Moved to the trash or deleted for good.
    Deleted,
    /// Moved.
    Moved,
    /// Flags changed.
    Marked,
}

/// What an effect produced.
#[derive(Debug)]
pub enum Outcome {
    /// All mailboxes, and the configuration they come from.
    Mailboxes(Shared<(Vec<Mailbox>, Arc<Config>)>),
    /// Folders of a mailbox.
    Folders(MailboxId, Shared<Vec<Folder>>),
    /// How a mailbox is doing.
    Status(MailboxId, Box<Status>),
    /// Rows.
    List {
        /// Where it ran.
        slot: Slot,
        /// Of the request.
        generation: Generation,
        /// The rows.
        result: Shared<Page>,
    },
    /// The servers search from now on.
    ServersAsked {
        /// Of the request.
        generation: Generation,
        /// How many folders are done, of all.
        progress: Progress,
    },
    /// What the servers found.
    ServersFound {
        /// Of the request.
        generation: Generation,
        /// What.
        result: Shared<Box<ServerHits>>,
    },
    /// A body.
    Body {
        /// Of the request.
        generation: Generation,
        /// Whose.
        message: MessageId,
        /// The body, or that it is being fetched.
        result: Shared<BodyState>,
    },
    /// An action on messages.
    Acted {
        /// What.
        deed: Deed,
        /// On how many.
        count: usize,
        /// What `undo` takes; `None` when it was silent.
        result: Shared<Option<ActionId>>,
    },
    /// An undo; `false` when it was too late.
    Undone(Shared<bool>),
    /// A saved attachment.
    Saved(Shared<PathBuf>),
    /// A prepared answer.
    Answered(Shared<Box<Draft>>),
    /// A saved draft.
    DraftSaved(DraftKey, Shared<DraftId>),
    /// The local drafts.
    Drafts(Shared<Vec<(DraftId, Draft, Timestamp)>>),
    /// A draft was thrown away.
    DraftDeleted(Shared<()>),
    /// A queued message, or its draft, which was kept.
    Queued {
        /// The composer's name for it.
        key: DraftKey,
        /// The draft, for opening it again.
        draft: Box<Draft>,
        /// Its row in the outbox.
        result: Shared<OutboxId>,
        /// When it goes out.
        due: Timestamp,
    },
    /// The outbox.
    Outbox(Shared<Vec<OutboxItem>>),
    /// What was sent lately.
    Sent(Shared<Vec<SentMail>>),
    /// A retried message; `false` when there was nothing to retry.
    Retried(Shared<bool>),
    /// A message that was taken back with its draft; `None` when it was too late.
    TakenBack(Shared<Option<(DraftId, Box<Draft>)>>),
    /// Addresses that complete what was typed.
    Addresses {
        /// Of the request.
        generation: Generation,
        /// Best first.
        addresses: Vec<Address>,
    },
    /// Addresses that the organisation's directory knows.
    DirectoryAddresses {
        /// Of the request.
        generation: Generation,
        /// In the directory's order.
        addresses: Vec<Address>,
    },
    /// Paths that complete what was typed; folders end in `/`.
    Paths {
        /// Of the request.
        generation: Generation,
        /// In order.
        paths: Vec<String>,
    },
    /// A file to attach, or why not.
    File(DraftKey, Result<FileFacts, String>),
    /// A text from the editor, or why not.
    Edited(DraftKey, Result<String, String>),
    /// What was found out about an address.
    Discovered {
        /// Of the request.
        generation: Generation,
        /// What.
        result: Shared<Box<Candidate>>,
    },
    /// Shared settings were changed.
    ConfigChanged(Box<ConfigChange>, Shared<()>),
    /// Which files are not there.
    FilesMissing {
        /// Of the request.
        generation: Generation,
        /// The fields, and why.
        missing: Vec<(&'static str, String)>,
    },
    /// Former settings that were found.
    OldSettings(Shared<Vec<OldSetting>>),
    /// An account was saved.
    AccountSaved(String, Shared<()>),
    /// An account was removed.
    AccountRemoved(String, Shared<()>),
    /// A sign-in went on.
    SignIn {
        /// Of the request.
        generation: Generation,
        /// The account's name.
        account: String,
        /// What happened.
        event: SignInEvent,
    },
    /// Whether the application's secret of a sign-in profile is kept.
    SecretFound(String, Shared<bool>),
    /// A password was kept.
    PasswordSet(String, Shared<()>),
    /// What must be entered before an account can sign in.
    Missing(String, Shared<Vec<MissingSecret>>),
    /// The application's secret of a sign-in profile was kept.
    SecretSet(String, Shared<()>),
    /// Tokens were forgotten.
    SignedOut(String, Shared<()>),
    /// What may be shown of a token.
    Token(String, Shared<Option<Box<TokenFacts>>>),
    /// All that may be shown of an account's sign-ins.
    TokenReport(String, Shared<Box<TokenReport>>),
    /// An account's tokens were renewed.
    Renewed(String, Shared<()>),
    /// Which secrets and certificates end when.
    Expiries(Vec<Expiry>),
    /// Where secrets are kept.
    Vault(String),
    /// A line of a check.
    Check {
        /// Of the request.
        generation: Generation,
        /// The line; `None` at the end.
        line: Option<Box<CheckLine>>,
    },
    /// The interface settings were saved.
    InterfaceSaved(Shared<()>),
    /// The program was stopped and goes on; the terminal may look and behave otherwise now.
    Continued,
    /// Something of this machine worked or did not, as a sentence.
    Said(String),
}
