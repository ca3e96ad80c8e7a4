//! What `update` can ask for. Plain data, compared in tests; only the runner (and the root, for screens) acts on it.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::Interface;
use crate::engine::ConfigChange;
use crate::engine::SendTest;
use crate::mime::Answer;
use crate::model::{
    Account, ActionId, Address, Draft, DraftId, FlagChange, FolderId, MailboxId, MessageId, Method,
    OutboxId, Query, Scope, Window,
};
use crate::tui::keymap::Action;
use crate::tui::msg::Reply;
use crate::tui::screens::ScreenName;

/// Counts the requests of a place; an outcome with an older number is stale and dropped.
pub type Generation = u64;

/// A "newest wins" place: starting an effect in it ends the one that ran there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Slot {
    /// The mail list's first rows.
    List,
    /// The mail list's rows further down.
    Older,
    /// The mail list's rows further up.
    Newer,
    /// The search results' first rows.
    Search,
    /// The search results' rows further down.
    SearchOlder,
    /// The search results' rows further up.
    SearchNewer,
    /// The servers' search.
    SearchServers,
    /// The reader's body.
    Preview,
    /// Completion of an address.
    Complete,
    /// Completion of an address by the organisation's directory.
    Directory,
    /// Completion of a path.
    Files,
    /// What setup finds out.
    Discover,
    /// A running sign-in.
    SignIn,
    /// A running check.
    Check,
}

/// Where the rows of a list come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A folder, or all inboxes.
    Scope(Scope),
    /// A search.
    Search(Query, Scope),
}

/// The composer's own name for a draft; the runner knows which row it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DraftKey(pub u64);

/// Whether an action is announced.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Voice {
    /// With a toast that offers to take it back.
    Said,
    /// Not at all, such as "read because it was opened".
    Silent,
}

/// A password on its way to the vault; compares, never prints.
#[derive(Clone, Debug)]
pub struct Password(pub SecretString);

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

/// Something to do.
#[derive(PartialEq, Debug)]
pub enum Effect {
    // --- reading ---
    /// Read all mailboxes and the configuration.
    LoadMailboxes,
    /// Read a mailbox's folders.
    LoadFolders(MailboxId),
    /// Read how a mailbox is doing.
    LoadStatus(MailboxId),
    /// Read rows.
    LoadList {
        /// Where it runs.
        slot: Slot,
        /// Comes back with the outcome.
        generation: Generation,
        /// Of what.
        source: Source,
        /// Which rows.
        window: Window,
        /// How many at most.
        limit: usize,
    },
    /// Let the servers search.
    SearchServers {
        /// Comes back with the outcomes.
        generation: Generation,
        /// For what.
        query: Query,
        /// Where.
        scope: Scope,
    },
    /// Read a body for the reader, or have it fetched.
    LoadBody {
        /// Comes back with the outcome.
        generation: Generation,
        /// Whose.
        message: MessageId,
        /// Columns to lay out HTML for.
        width: u16,
    },
    /// Tell the engine which folder is on screen.
    LookAt(FolderId),

    // --- acting on messages ---
    /// Change flags.
    Mark {
        /// Which messages.
        messages: Vec<MessageId>,
        /// How.
        change: FlagChange,
        /// Whether to announce it.
        voice: Voice,
    },
    /// Move to a folder.
    MoveTo {
        /// Which messages.
        messages: Vec<MessageId>,
        /// Where to.
        folder: FolderId,
    },
    /// Move to the archive.
    Archive(Vec<MessageId>),
    /// Make an archive folder where there is none, and move there.
    MakeArchive(Vec<MessageId>),
    /// Move to the trash, or delete for good what is there.
    Delete(Vec<MessageId>),
    /// Take an action back.
    Undo(ActionId),
    /// Wake the worker of a mailbox, or all.
    Sync(Option<MailboxId>),
    /// Stop the long synchronisation of a mailbox, or of all.
    StopSync(Option<MailboxId>),
    /// Save an attachment.
    SaveAttachment {
        /// The message.
        message: MessageId,
        /// The part.
        part: usize,
        /// The folder to save into; `~` is expanded.
        folder: String,
    },

    // --- writing and sending ---
    /// Prepare an answer.
    Answer {
        /// How.
        how: Answer,
        /// To what.
        message: MessageId,
    },
    /// Save a draft.
    SaveDraft {
        /// The composer's name for it.
        key: DraftKey,
        /// The draft.
        draft: Box<Draft>,
    },
    /// Throw a draft away.
    DiscardDraft(DraftKey),
    /// Say that the composer with this key edits this saved draft.
    AdoptDraft {
        /// The composer's name for it.
        key: DraftKey,
        /// The row.
        id: DraftId,
    },
    /// Read the local drafts.
    LoadDrafts,
    /// Throw away a draft from the list of drafts.
    DeleteDraft(DraftId),
    /// Queue a draft for sending; its row goes.
    Send {
        /// The composer's name for it.
        key: DraftKey,
        /// The draft.
        draft: Box<Draft>,
        /// The undo window.
        delay: Duration,
    },
    /// Read the outbox.
    LoadOutbox,
    /// Read what was sent lately.
    LoadSent,
    /// Send again.
    OutboxRetry(OutboxId),
    /// Take back; the draft comes with the outcome.
    OutboxCancel(OutboxId),
    /// Complete an address.
    CompleteAddress {
        /// Comes back with the outcome.
        generation: Generation,
        /// What was typed.
        prefix: String,
    },
    /// Ask the organisation's directory for an address, once nothing was typed for a moment.
    AskDirectory {
        /// Comes back with the outcome.
        generation: Generation,
        /// Who writes; it is the directory of that account.
        from: Address,
        /// What was typed.
        prefix: String,
    },
    /// Complete a path of a file.
    CompletePath {
        /// Comes back with the outcome.
        generation: Generation,
        /// What was typed; `~` is expanded.
        prefix: String,
    },
    /// Read a file's facts before it is attached.
    Attach {
        /// Which composer asks.
        key: DraftKey,
        /// The path as typed; `~` is expanded.
        path: String,
    },
    /// Edit a text with `$VISUAL` or `$EDITOR`.
    EditExternally {
        /// Which composer asks.
        key: DraftKey,
        /// The text.
        text: String,
    },

    // --- accounts ---
    /// Find out about an address.
    Discover {
        /// Comes back with the outcome.
        generation: Generation,
        /// The address.
        address: Address,
    },
    /// Read a server address in the form of older programs; comes back as something found.
    ReadOldServer {
        /// Comes back with the outcome.
        generation: Generation,
        /// Whose account is set up.
        address: Address,
        /// What was typed.
        text: String,
    },
    /// Change profiles, copy an account, replace former settings.
    ChangeConfig(Box<ConfigChange>),
    /// Look whether files are there.
    FindFiles {
        /// Comes back with the outcome.
        generation: Generation,
        /// Fields and the paths typed there; `~` is expanded.
        paths: Vec<(&'static str, String)>,
    },
    /// Look for former settings.
    LoadOldSettings,
    /// Save an account.
    SaveAccount(Box<Account>),
    /// Remove an account.
    RemoveAccount(String),
    /// Start a sign-in; events come in the slot [`Slot::SignIn`] until it is done or cancelled.
    SignIn {
        /// Comes back with each event.
        generation: Generation,
        /// The account's name.
        account: String,
        /// Another method than the profile's, where a person signs in.
        method: Option<Method>,
    },
    /// Give the running sign-in the address that was pasted.
    PasteAddress(Password),
    /// Read what must be entered before an account can sign in.
    LoadMissing(String),
    /// Find out whether the application's secret of a sign-in profile is kept.
    LookForSecret(String),
    /// Keep the application's secret of a sign-in profile.
    SetClientSecret {
        /// The profile's name.
        profile: String,
        /// The secret.
        secret: Password,
    },
    /// Approve a code in the demo, as a person elsewhere would.
    SignInApprove(String),
    /// Keep a password.
    SetPassword {
        /// The account's name.
        account: String,
        /// The password.
        password: Password,
    },
    /// Forget tokens.
    SignOut(String),
    /// Read what may be shown of the token.
    LoadToken(String),
    /// Read all that may be shown of an account's sign-ins.
    LoadTokenReport(String),
    /// Renew an account's tokens now.
    RenewToken(String),
    /// Read which secrets and certificates end when.
    LoadExpiries,
    /// Read where secrets are kept.
    LoadVault,
    /// Check an account; lines come in the slot [`Slot::Check`].
    Check {
        /// Comes back with each line.
        generation: Generation,
        /// The account's name.
        account: String,
        /// Whether mail is sent.
        send_test: SendTest,
    },
    /// Save `[interface]`.
    SaveInterface(Box<Interface>),
    /// End what runs in a slot.
    Cancel(Slot),

    // --- the machine ---
    /// Copy to the terminal's clipboard (OSC 52).
    Copy(String),
    /// Write a text into a new file; one that is there already stays as it is.
    WriteFile {
        /// Where; `~` is expanded.
        path: String,
        /// What.
        text: String,
    },
    /// Open an address in a local browser.
    OpenUrl(String),

    // --- the root ---
    /// Put a screen on top.
    Push(ScreenName),
    /// Put a screen in the place of this one.
    Replace(ScreenName),
    /// Close the top screen.
    Pop,
    /// Close the top screen and give the one below an answer.
    Close(Reply),
    /// Run an action as if its key had been pressed.
    Run(Action),
    /// Show a toast.
    Toast(String),
    /// Say something in the status line.
    Say(String),
    /// Show a notice where its severity belongs.
    Tell(Box<crate::explain::Notice>),
    /// Show a theme from now on; a name that does not exist says so.
    ShowTheme(String),
    /// Show these interface settings from now on (keys, ASCII, theme) without saving them.
    ShowInterface(Box<Interface>),
    /// Draw every cell anew.
    Redraw,
    /// Give the terminal back to the shell until it continues the program.
    Suspend,
    /// Leave the program.
    Quit,
}

impl Effect {
    /// Returns the place the effect runs in, if it is one of which only the newest counts.
    pub fn slot(&self) -> Option<Slot> {
        match self {
            Self::LoadList { slot, .. } => Some(*slot),
            Self::SearchServers { .. } => Some(Slot::SearchServers),
            Self::LoadBody { .. } => Some(Slot::Preview),
            Self::CompleteAddress { .. } => Some(Slot::Complete),
            Self::AskDirectory { .. } => Some(Slot::Directory),
            Self::CompletePath { .. } => Some(Slot::Files),
            Self::Discover { .. } | Self::ReadOldServer { .. } => Some(Slot::Discover),
            Self::SignIn { .. } => Some(Slot::SignIn),
            Self::Check { .. } => Some(Slot::Check),
            _ => None,
        }
    }
}

/// What is known of a file to attach.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileFacts {
    /// The full path.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
}
