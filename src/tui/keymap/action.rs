// table: every action with its name, group, scopes, label, help and default keys
//! The actions: name = key binding name = help entry = palette entry.

use Action as A;
use Group as G;
use Scope as S;

use crate::tui::keymap::scope::{
    ABOUT, ACCOUNTS, ADMIN, ANY, BROWSE, CHECK, COMPOSE, CONFIRM, COPY, DRAFTS, Group, KIT, MAIL,
    OUTBOX, READER, REMEDY, SEARCH, SETUP, SIGN_IN, SIGN_IN_OR_SETUP, SIGNING, Scope, TOKEN,
};

/// What a key can mean.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// Open or confirm.
    Open,
    /// Go back one step.
    Back,
    /// Up one row.
    Up,
    /// Down one row.
    Down,
    /// Fold, or the choice before.
    Left,
    /// Unfold, or the next choice.
    Right,
    /// Up one page.
    PageUp,
    /// Down one page.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Next pane or field.
    NextPane,
    /// Previous pane or field.
    PreviousPane,
    /// Keys of this screen.
    Help,
    /// Every action by name.
    Palette,
    /// Take the last action back.
    Undo,
    /// Synchronise this mailbox now.
    Sync,
    /// Stop the long synchronisation under way.
    StopSync,
    /// Do what the notice offers.
    Remedy,
    /// Everything about the last notice.
    Explain,
    /// Draw the screen anew.
    Redraw,
    /// Back to the shell until it continues the program.
    Suspend,
    /// Show the next theme.
    NextTheme,
    /// Leave Pillarbox.
    Quit,
    /// All inboxes.
    GoAllInboxes,
    /// Inbox of this mailbox.
    GoInbox,
    /// Sent mail.
    GoSent,
    /// Drafts kept here.
    GoDrafts,
    /// Archive.
    GoArchive,
    /// Trash.
    GoTrash,
    /// Junk.
    GoJunk,
    /// Any folder by name.
    GoFolder,
    /// Outbox.
    GoOutbox,
    /// Accounts.
    GoAccounts,
    /// Settings.
    GoSettings,
    /// Check this account step by step.
    GoCheck,
    /// Mailbox 1 of the sidebar.
    Mailbox1,
    /// Mailbox 2 of the sidebar.
    Mailbox2,
    /// Mailbox 3 of the sidebar.
    Mailbox3,
    /// Mailbox 4 of the sidebar.
    Mailbox4,
    /// Mailbox 5 of the sidebar.
    Mailbox5,
    /// Mailbox 6 of the sidebar.
    Mailbox6,
    /// Mailbox 7 of the sidebar.
    Mailbox7,
    /// Mailbox 8 of the sidebar.
    Mailbox8,
    /// Mailbox 9 of the sidebar.
    Mailbox9,
    /// Write a message.
    Write,
    /// Reply to the sender.
    Reply,
    /// Reply to everybody.
    ReplyAll,
    /// Forward with attachments.
    Forward,
    /// Move to the archive.
    Archive,
    /// Move to the trash.
    Delete,
    /// Move to a folder.
    Move,
    /// Read or unread.
    ToggleUnread,
    /// Star or take the star off.
    ToggleStar,
    /// Select this message too.
    Select,
    /// Take all selections off.
    SelectNone,
    /// Search the cache.
    Search,
    /// Search this mailbox, or everything.
    Widen,
    /// Let the server search, too.
    AskServer,
    /// Next message.
    NextMessage,
    /// Previous message.
    PreviousMessage,
    /// All headers, or the usual ones.
    Headers,
    /// Links of this message.
    OpenLink,
    /// Copy a link of this message.
    CopyLink,
    /// Save an attachment.
    SaveAttachment,
    /// Send the message.
    Send,
    /// Attach a file.
    Attach,
    /// Edit the text with $EDITOR.
    EditExternally,
    /// Throw the draft away.
    Discard,
    /// Take the attachment off.
    RemoveAttachment,
    /// Yes.
    Yes,
    /// No.
    No,
    /// Copy the code.
    CopyCode,
    /// Copy the address.
    CopyAddress,
    /// Open a browser on this machine.
    OpenBrowser,
    /// Ask for a new code.
    NewCode,
    /// Copy the address the browser is sent back to.
    CopyRedirect,
    /// Complete the path in a field.
    CompletePath,
    /// Type or paste the final address of the browser.
    PasteAddress,
    /// Sign in by code instead of the browser, or the other way round.
    SwitchMethod,
    /// Approve the code as a person elsewhere would.
    Approve,
    /// Add an account.
    AddAccount,
    /// Sign in.
    SignInAgain,
    /// Forget this account's tokens.
    SignOut,
    /// Remove the account and its cache.
    RemoveAccount,
    /// Check the account step by step.
    CheckAccount,
    /// Add an account like this one.
    Duplicate,
    /// Give a profile another name.
    Rename,
    /// Replace former settings.
    Migrate,
    /// Send again.
    Retry,
    /// Take back and edit.
    TakeBack,
    /// Copy the line that mends it.
    CopyLine,
    /// Check again.
    CheckAgain,
    /// Check with a message that is sent and found again.
    TestSending,
    /// What this account's token is.
    GoToken,
    /// Documents for the administrator of this account.
    GoAdmin,
    /// Renew the token now.
    RenewToken,
    /// Copy what is known of the token.
    CopyFacts,
    /// Copy the one line under the cursor.
    CopyOneLine,
    /// Copy the whole document.
    CopyDocument,
    /// Write the document to a file.
    WriteDocument,
    /// Write a message with the document.
    MailDocument,
    /// With or without reading.
    ToggleReading,
    /// With or without sending.
    ToggleSending,
    /// With or without mailboxes of others.
    ToggleShared,
}

/// One line of the table.
pub struct Entry {
    /// The action.
    pub action: Action,
    name: &'static str,
    group: Group,
    scopes: &'static [Scope],
    label: &'static str,
    help: &'static str,
    /// Default keys.
    pub keys: &'static [&'static str],
}

/// Returns the whole table.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    TABLE.iter()
}

/// Name, group, scopes, label, help, keys.
type Row = (
    &'static str,
    Group,
    &'static [Scope],
    &'static str,
    &'static str,
    &'static [&'static str],
);

const fn row(action: Action, row: Row) -> Entry {
    let (name, group, scopes, label, help, keys) = row;
    Entry {
        action,
        name,
        group,
        scopes,
        label,
        help,
        keys,
    }
}

impl Action {
    /// Returns all actions, in help's order.
    pub fn all() -> impl Iterator<Item = Self> {
        entries().map(|entry| entry.action)
    }

    fn entry(self) -> Option<&'static Entry> {
        entries().find(|entry| entry.action == self)
    }

    /// Finds an action by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        entries()
            .find(|entry| entry.name == name)
            .map(|entry| entry.action)
    }

    /// Returns the name used in `[interface.keys]`.
    pub fn name(self) -> &'static str {
        self.entry().map_or("", |entry| entry.name)
    }

    /// Returns the group.
    pub fn group(self) -> Group {
        self.entry().map_or(Group::Program, |entry| entry.group)
    }

    /// Returns the word or two for the footer.
    pub fn label(self) -> &'static str {
        self.entry().map_or("", |entry| entry.label)
    }

    /// Returns the word or two for the footer of a scope, where the general one would mislead.
    pub fn label_in(self, scope: Scope) -> &'static str {
        match (self, scope) {
            (A::NextPane, S::Compose | S::Setup | S::Settings | S::SignIn) => "next field",
            (A::NextPane, S::Picker) => "complete",
            (A::NextPane, S::Admin) => "next",
            (A::CopyLine, S::Admin) => "copy block",
            (A::Open, S::Check) => "more",
            (A::NextPane, S::Accounts) => "profiles",
            (A::Right, S::Setup | S::Settings) => "choose",
            (A::Open, S::Setup | S::SignIn) => "go on",
            (A::Open, S::Picker) => "take it",
            (A::Open, S::Confirm) => "do it",
            (A::Open, S::Reader) => "unfold quotes",
            _ => self.label(),
        }
    }

    /// Returns the line for help and palette.
    pub fn help(self) -> &'static str {
        self.entry().map_or("", |entry| entry.help)
    }

    /// Tells whether the action exists in a scope.
    pub fn is_in(self, scope: Scope) -> bool {
        self.entry()
            .is_some_and(|entry| entry.scopes.contains(&scope))
    }

    /// Tells whether both actions exist in some common scope.
    pub fn shares_scope_with(self, other: Self) -> bool {
        self.entry()
            .is_some_and(|entry| entry.scopes.iter().any(|scope| other.is_in(*scope)))
    }

    /// Returns which mailbox a digit stands for, 1 to 9.
    pub fn mailbox_number(self) -> Option<usize> {
        let first = Self::Mailbox1 as usize;
        let place = (self as usize).checked_sub(first)?;
        (place < 9).then_some(place + 1)
    }
}

#[rustfmt::skip]
const TABLE: &[Entry] = &[
    row(A::Open, ("open", G::Moving, ANY, "open", "Open or confirm", &["enter"])),
    row(A::Back, ("back", G::Moving, ANY, "back", "Go back one step", &["esc", "q"])),
    row(A::Up, ("up", G::Moving, ANY, "up", "Up one row", &["up", "k"])),
    row(A::Down, ("down", G::Moving, ANY, "down", "Down one row", &["down", "j"])),
    row(A::Left, ("left", G::Moving, ANY, "left", "Fold, or the choice before", &["left", "h"])),
    row(A::Right, ("right", G::Moving, ANY, "right", "Unfold, or the next choice", &["right", "l"])),
    row(A::PageUp, ("page-up", G::Moving, ANY, "page up", "Up one page", &["pageup", "ctrl-b"])),
    row(A::PageDown, ("page-down", G::Moving, ANY, "page down", "Down one page", &["pagedown", "space", "ctrl-f"])),
    row(A::First, ("first", G::Moving, ANY, "first", "To the first row", &["home", "g g"])),
    row(A::Last, ("last", G::Moving, ANY, "last", "To the last row", &["end", "G"])),
    row(A::NextPane, ("next-pane", G::Moving, ANY, "next pane", "Next pane or field", &["tab"])),
    row(A::PreviousPane, ("previous-pane", G::Moving, ANY, "previous pane", "Previous pane or field", &["backtab"])),
    row(A::Help, ("help", G::Program, ANY, "keys", "Keys of this screen", &["?", "f1"])),
    row(A::Palette, ("palette", G::Program, ANY, "palette", "Every action by name", &[":", "ctrl-p"])),
    row(A::Undo, ("undo", G::Program, BROWSE, "undo", "Take the last action back", &["z"])),
    row(A::Sync, ("sync", G::Program, BROWSE, "sync", "Synchronise this mailbox now", &["ctrl-r"])),
    row(A::StopSync, ("stop-sync", G::Program, BROWSE, "stop sync", "Stop the synchronisation; what was fetched stays", &["ctrl-x"])),
    row(A::Remedy, ("remedy", G::Program, REMEDY, "mend", "Do what the notice offers", &["!"])),
    row(A::Explain, ("explain", G::Program, BROWSE, "explain", "Everything about the last notice", &["g !", "g e"])),
    row(A::Redraw, ("redraw", G::Program, ANY, "redraw", "Draw the screen anew", &["ctrl-l"])),
    row(A::Suspend, ("suspend", G::Program, ANY, "suspend", "To the shell, until fg; in a text Ctrl-U undoes", &["ctrl-z"])),
    row(A::NextTheme, ("next-theme", G::Program, BROWSE, "next theme", "Show the next theme", &["g T"])),
    row(A::Quit, ("quit", G::Program, ANY, "quit", "Leave Pillarbox", &["ctrl-q", "ctrl-c"])),
    row(A::GoAllInboxes, ("go-all-inboxes", G::Places, BROWSE, "all inboxes", "All inboxes", &["g 0", "0"])),
    row(A::GoInbox, ("go-inbox", G::Places, BROWSE, "inbox", "Inbox of this mailbox", &["g i"])),
    row(A::GoSent, ("go-sent", G::Places, BROWSE, "sent", "Sent mail", &["g s"])),
    row(A::GoDrafts, ("go-drafts", G::Places, BROWSE, "drafts", "Drafts kept here", &["g d"])),
    row(A::GoArchive, ("go-archive", G::Places, BROWSE, "archive", "Archive", &["g a"])),
    row(A::GoTrash, ("go-trash", G::Places, BROWSE, "trash", "Trash", &["g t"])),
    row(A::GoJunk, ("go-junk", G::Places, BROWSE, "junk", "Junk", &["g j"])),
    row(A::GoFolder, ("go-folder", G::Places, BROWSE, "folder", "Any folder by name", &["g f"])),
    row(A::GoOutbox, ("go-outbox", G::Places, BROWSE, "outbox", "Outbox", &["g o"])),
    row(A::GoAccounts, ("go-accounts", G::Places, BROWSE, "accounts", "Accounts", &["g c"])),
    row(A::GoSettings, ("go-settings", G::Places, BROWSE, "settings", "Settings", &["g ,", "g p"])),
    row(A::GoCheck, ("go-check", G::Places, BROWSE, "check", "Check this account step by step", &["g k"])),
    row(A::Mailbox1, ("mailbox-1", G::Places, BROWSE, "mailbox 1", "Mailbox 1 of the sidebar", &["1"])),
    row(A::Mailbox2, ("mailbox-2", G::Places, BROWSE, "mailbox 2", "Mailbox 2 of the sidebar", &["2"])),
    row(A::Mailbox3, ("mailbox-3", G::Places, BROWSE, "mailbox 3", "Mailbox 3 of the sidebar", &["3"])),
    row(A::Mailbox4, ("mailbox-4", G::Places, BROWSE, "mailbox 4", "Mailbox 4 of the sidebar", &["4"])),
    row(A::Mailbox5, ("mailbox-5", G::Places, BROWSE, "mailbox 5", "Mailbox 5 of the sidebar", &["5"])),
    row(A::Mailbox6, ("mailbox-6", G::Places, BROWSE, "mailbox 6", "Mailbox 6 of the sidebar", &["6"])),
    row(A::Mailbox7, ("mailbox-7", G::Places, BROWSE, "mailbox 7", "Mailbox 7 of the sidebar", &["7"])),
    row(A::Mailbox8, ("mailbox-8", G::Places, BROWSE, "mailbox 8", "Mailbox 8 of the sidebar", &["8"])),
    row(A::Mailbox9, ("mailbox-9", G::Places, BROWSE, "mailbox 9", "Mailbox 9 of the sidebar", &["9"])),
    row(A::Write, ("write", G::Mail, BROWSE, "write", "Write a message", &["c"])),
    row(A::Reply, ("reply", G::Mail, MAIL, "reply", "Reply to the sender", &["r"])),
    row(A::ReplyAll, ("reply-all", G::Mail, MAIL, "reply all", "Reply to everybody", &["R"])),
    row(A::Forward, ("forward", G::Mail, MAIL, "forward", "Forward with attachments", &["f"])),
    row(A::Archive, ("archive", G::Mail, MAIL, "archive", "Move to the archive", &["e"])),
    row(A::Delete, ("delete", G::Mail, MAIL, "delete", "Move to the trash", &["d", "delete"])),
    row(A::Move, ("move", G::Mail, MAIL, "move", "Move to a folder", &["m"])),
    row(A::ToggleUnread, ("unread", G::Mail, MAIL, "unread", "Read or unread", &["u"])),
    row(A::ToggleStar, ("star", G::Mail, MAIL, "star", "Star or take the star off", &["s"])),
    row(A::Select, ("select", G::Mail, MAIL, "select", "Select this message too", &["x"])),
    row(A::SelectNone, ("select-none", G::Mail, MAIL, "select none", "Take all selections off", &["X"])),
    row(A::Search, ("search", G::Mail, BROWSE, "search", "Search the cache", &["/"])),
    row(A::Widen, ("search-everywhere", G::Mail, SEARCH, "everywhere", "Search this mailbox, or everything", &["ctrl-g"])),
    row(A::AskServer, ("ask-server", G::Mail, SEARCH, "ask server", "Let the server search, too", &["ctrl-r"])),
    row(A::NextMessage, ("next-message", G::Mail, READER, "next", "Next message", &["J", "n"])),
    row(A::PreviousMessage, ("previous-message", G::Mail, READER, "previous", "Previous message", &["K", "p"])),
    row(A::Headers, ("headers", G::Mail, READER, "headers", "All headers, or the usual ones", &["H"])),
    row(A::OpenLink, ("open-link", G::Mail, READER, "links", "Links of this message", &["o"])),
    row(A::CopyLink, ("copy-link", G::Mail, READER, "copy link", "Copy a link of this message", &["y"])),
    row(A::SaveAttachment, ("save-attachment", G::Mail, READER, "save", "Save an attachment", &["S"])),
    row(A::Send, ("send", G::Writing, COMPOSE, "send", "Send the message", &["ctrl-s", "f2"])),
    row(A::Attach, ("attach", G::Writing, COMPOSE, "attach", "Attach a file", &["ctrl-t", "f3"])),
    row(A::EditExternally, ("edit-externally", G::Writing, COMPOSE, "editor", "Edit the text with $EDITOR", &["ctrl-e"])),
    row(A::Discard, ("discard", G::Writing, DRAFTS, "discard", "Throw the draft away", &["d", "delete"])),
    row(A::RemoveAttachment, ("remove-attachment", G::Writing, COMPOSE, "remove", "Take the attachment off", &["delete"])),
    row(A::Yes, ("yes", G::Answers, CONFIRM, "yes", "Yes", &["y"])),
    row(A::No, ("no", G::Answers, CONFIRM, "no", "No", &["n"])),
    row(A::CopyCode, ("copy-code", G::SignIn, SIGN_IN, "copy code", "Copy the code", &["c"])),
    row(A::CopyAddress, ("copy-address", G::SignIn, SIGN_IN, "copy address", "Copy the address", &["u"])),
    row(A::OpenBrowser, ("open-browser", G::SignIn, SIGN_IN, "open here", "Open a browser on this machine", &["o"])),
    row(A::NewCode, ("new-code", G::SignIn, SIGN_IN, "new code", "Start again: a new code or address", &["n"])),
    row(A::CopyRedirect, ("copy-redirect", G::SignIn, SIGN_IN_OR_SETUP, "copy redirect", "Copy the redirect address, as it must be registered", &["t", "ctrl-y"])),
    row(A::CompletePath, ("complete-path", G::Accounts, SETUP, "complete", "Complete the path of a file", &["ctrl-n", "ctrl-space"])),
    row(A::PasteAddress, ("paste-address", G::SignIn, SIGN_IN, "paste", "Paste the final address of the browser", &["p"])),
    row(A::SwitchMethod, ("switch-method", G::SignIn, SIGN_IN, "other method", "Sign in with the browser instead of a code, or back", &["b"])),
    row(A::Approve, ("approve", G::SignIn, SIGN_IN, "approve (demo)", "Approve the code as a person elsewhere would", &["a"])),
    row(A::AddAccount, ("add-account", G::Accounts, ACCOUNTS, "add", "Add an account", &["a"])),
    row(A::SignInAgain, ("sign-in", G::Accounts, SIGNING, "sign in", "Sign in", &["s"])),
    row(A::SignOut, ("sign-out", G::Accounts, SIGNING, "sign out", "Forget this account's tokens", &["o"])),
    row(A::RemoveAccount, ("remove-account", G::Accounts, ACCOUNTS, "remove", "Remove the account and its cache", &["d", "delete"])),
    row(A::CheckAccount, ("check", G::Accounts, ACCOUNTS, "check", "Check the account step by step", &["t"])),
    row(A::Duplicate, ("duplicate", G::Accounts, ACCOUNTS, "copy", "Add an account like this one, with its profiles", &["c"])),
    row(A::Rename, ("rename", G::Accounts, ACCOUNTS, "rename", "Give a profile that nobody uses another name", &["r"])),
    row(A::Migrate, ("migrate", G::Accounts, ACCOUNTS, "migrate", "Replace former settings by what works today", &["m"])),
    row(A::Retry, ("retry", G::Outbox, OUTBOX, "send again", "Send again", &["r"])),
    row(A::TakeBack, ("take-back", G::Outbox, OUTBOX, "take back", "Take back and edit", &["d", "delete"])),
    row(A::CopyLine, ("copy-line", G::Check, COPY, "copy line", "Copy the line that mends it", &["y", "c"])),
    row(A::CheckAgain, ("check-again", G::Check, CHECK, "again", "Check again", &["r"])),
    row(A::TestSending, ("send-test", G::Check, CHECK, "send test", "Check again, with a message that is sent, found and removed", &["t"])),
    row(A::GoToken, ("token", G::Places, ABOUT, "token", "What this account's token is and allows", &["T", "g b"])),
    row(A::GoAdmin, ("admin", G::Places, KIT, "admin kit", "Documents for this account's administrator", &["A", "g m"])),
    row(A::RenewToken, ("renew-token", G::Token, TOKEN, "renew", "Renew the token now", &["r"])),
    row(A::CopyFacts, ("copy-facts", G::Token, TOKEN, "copy", "Copy what is known of the token, never the token", &["y", "c"])),
    row(A::CopyOneLine, ("copy-one-line", G::Admin, ADMIN, "copy line", "Copy the line under the cursor alone", &["Y"])),
    row(A::CopyDocument, ("copy-document", G::Admin, ADMIN, "copy all", "Copy the whole document", &["a"])),
    row(A::WriteDocument, ("write-document", G::Admin, ADMIN, "write", "Write the document to a new file", &["w"])),
    row(A::MailDocument, ("mail-document", G::Admin, ADMIN, "mail", "Write a message with the document", &["m"])),
    row(A::ToggleReading, ("toggle-reading", G::Admin, ADMIN, "reading", "With or without reading", &["r"])),
    row(A::ToggleSending, ("toggle-sending", G::Admin, ADMIN, "sending", "With or without sending", &["s"])),
    row(A::ToggleShared, ("toggle-shared", G::Admin, ADMIN, "shared", "With or without mailboxes of others", &["u"])),
];
