//! Plain data that every layer shares: ids, accounts, folders, envelopes, flags, drafts, queries.
//!
//! Nothing in here does I/O, knows a protocol or names an async runtime; only rules on data live here.

mod account;
mod address;
mod changes;
mod draft;
mod envelope;
mod flags;
mod folder;
mod ids;
mod outbox;
mod permission;
mod progress;
mod query;
mod sanitize;
mod sign_in;

pub use account::{
    Account, EWS_PATH, EwsServer, IncomingProtocol, IncomingServer, Mailbox, MailboxKind,
    OutgoingProtocol, OutgoingServer, ServerProfile, TlsMode, WebAddress, WebAddressError,
    service_path,
};
pub use address::{Address, AddressError, AddressList, parse_address_list};
pub use changes::{
    Applied, Caps, ChangeSet, Cursor, FlagUpdate, RemoteFolder, RemoteMessage, RemoteOp, Wake,
    Watched,
};
pub use draft::{Draft, DraftAttachment, DraftOrigin};
pub use envelope::{Attachment, Body, Envelope, Listed, Page, SortKey, Window};
pub use flags::{FlagChange, Flags};
pub use folder::{Folder, Role};
pub use ids::{
    AccountId, ActionId, DraftId, FolderId, Id, MailboxId, MessageId, OutboxId, PendingId, RemoteId,
};
pub use outbox::{
    Failure, FailureKind, Outbound, OutboxItem, OutboxState, Receipt, RefusedRecipient, SentBy,
    SentMail,
};
pub use permission::{Access, Permission, PermissionApi, permission};
pub use progress::Progress;
pub use query::{Query, Scope, Term};
pub use sanitize::{sanitize_block, sanitize_line};
pub use sign_in::{Assertion, ClientKind, Cloud, Method, Provider, SignInProfile};
