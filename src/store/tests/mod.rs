//! Stories about the whole store, each on a database of its own in a temporary folder.

mod actions;
mod damage;
mod lists;
mod outbox;
mod people;
mod property;
mod rehome;
mod schema;
mod search;
mod speed;
mod sync;
mod unindexed;

use std::path::Path;

use jiff::Timestamp;
use tempfile::TempDir;

use crate::model::{
    Account, ActionId, Address, Applied, ChangeSet, Cursor, Envelope, FlagUpdate, Flags, Folder,
    FolderId, IncomingProtocol, IncomingServer, Listed, Mailbox, MailboxId, MessageId, Method,
    Provider, RemoteFolder, RemoteId, RemoteMessage, Role, Scope, ServerProfile, SignInProfile,
    TlsMode, Window,
};
use crate::store::{Action, Committed, Opened, Pending, Store};

/// A store with one account, an additional user, and folders in both.
struct Home {
    folder: TempDir,
    store: Store,
    mailboxes: Vec<Mailbox>,
    inbox: FolderId,
    archive: FolderId,
    sent: FolderId,
    other_inbox: FolderId,
}

impl Home {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, opened) = Store::open(folder.path()).await.unwrap();
        assert_eq!(opened, Opened::New);
        let mailboxes = store.set_accounts(&[account("work")]).await.unwrap();
        let main = set_folders(&store, mailboxes[0].id).await;
        let other = set_folders(&store, mailboxes[1].id).await;
        Self {
            inbox: by_role(&main, Role::Inbox),
            archive: by_role(&main, Role::Archive),
            sent: by_role(&main, Role::Sent),
            other_inbox: by_role(&other, Role::Inbox),
            folder,
            store,
            mailboxes,
        }
    }

    fn mailbox(&self) -> MailboxId {
        self.mailboxes[0].id
    }

    /// Lists messages `uids` in a folder; their date is their uid.
    async fn list_in(&self, folder: FolderId, uids: &[u32]) -> Committed {
        let upserts = uids.iter().map(|uid| message(*uid)).collect();
        self.commit(folder, changes(upserts, uids.len())).await
    }

    async fn commit(&self, folder: FolderId, changes: ChangeSet) -> Committed {
        self.store.commit(folder, changes).await.unwrap()
    }

    async fn folder(&self, id: FolderId) -> Folder {
        self.store.folder(id).await.unwrap().unwrap()
    }

    async fn rows(&self, folder: FolderId) -> Vec<Listed> {
        let page = self.store.list(Scope::Folder(folder), Window::Newest, 1000);
        page.await.unwrap().rows
    }

    async fn ids(&self, folder: FolderId) -> Vec<MessageId> {
        self.rows(folder).await.iter().map(|row| row.id).collect()
    }

    async fn subjects(&self, folder: FolderId) -> Vec<String> {
        let rows = self.rows(folder).await;
        rows.into_iter().map(|row| row.envelope.subject).collect()
    }

    async fn act(&self, messages: &[MessageId], action: Action) -> ActionId {
        self.store.act(messages, action).await.unwrap()
    }

    async fn pending(&self) -> Option<Pending> {
        self.store.next_pending(self.mailbox()).await.unwrap()
    }

    async fn done(&self, pending: &Pending, renamed: &[(&str, &str)]) {
        let renamed = renamed.iter();
        let applied = Applied {
            renamed: renamed
                .map(|(old, new)| (RemoteId::new(*old), RemoteId::new(*new)))
                .collect(),
        };
        self.store.pending_done(pending.id, &applied).await.unwrap();
    }

    /// Runs SQL that answers with one number.
    async fn number(&self, sql: &'static str) -> i64 {
        let read = self.store.read("test", move |db| {
            Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        });
        read.await.unwrap()
    }

    /// The counters must say what counting says, whatever happened.
    async fn check_counters(&self) {
        let wrong = self
            .number(
                "SELECT count(*) FROM folders f WHERE
                     cached <> (SELECT count(*) FROM messages m WHERE m.folder_id = f.id)
                     OR unread <> (SELECT count(*) FROM messages m WHERE m.folder_id = f.id AND m.flags & 1 = 0)",
            )
            .await;
        assert_eq!(wrong, 0, "counters differ from counts");
        let lost = self
            .number(
                "SELECT (SELECT count(*) FROM messages) - (SELECT count(*) FROM header_words_docsize)
                     - (SELECT count(*) FROM messages WHERE id > (SELECT through FROM header_index))
                     + (SELECT count(*) FROM messages WHERE has_body = 1) - (SELECT count(*) FROM bodies)",
            )
            .await;
        assert_eq!(lost, 0, "words or bodies differ from rows");
    }
}

async fn set_folders(store: &Store, mailbox: MailboxId) -> Vec<Folder> {
    let folders = [
        remote_folder("Projects", Role::None),
        remote_folder("Sent Items", Role::Sent),
        remote_folder("Archive", Role::Archive),
        remote_folder("INBOX", Role::Inbox),
    ];
    store.set_folders(mailbox, &folders).await.unwrap()
}

fn remote_folder(path: &str, role: Role) -> RemoteFolder {
    RemoteFolder {
        id: RemoteId::new(path),
        path: path.to_owned(),
        role,
        selectable: true,
    }
}

fn by_role(folders: &[Folder], role: Role) -> FolderId {
    folders
        .iter()
        .find(|folder| folder.role == role)
        .unwrap()
        .id
}

fn account(name: &str) -> Account {
    let sign_in = SignInProfile {
        tenant: "contoso.com".into(),
        client_id: "app".into(),
        ..SignInProfile::new("contoso", Provider::Microsoft365, Method::DeviceCode)
    };
    Account {
        name: name.into(),
        address: Address::named("Alice", "alice@contoso.com"),
        send_sign_in: sign_in.clone(),
        sign_in,
        login: None,
        servers: ServerProfile {
            name: "contoso".into(),
            incoming: IncomingServer {
                protocol: IncomingProtocol::Imap,
                host: "mail.contoso.com".into(),
                port: 993,
                tls: TlsMode::Implicit,
                path: None,
            },
            outgoing: None,
            ca_file: None,
            files_sent_copy: None,
            fallback: None,
        },
        additional_users: vec![Address::bare("sales@contoso.com")],
        on_behalf: Vec::new(),
    }
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn envelope(uid: u32) -> Envelope {
    Envelope {
        date: time(1_700_000_000 + i64::from(uid)),
        from: vec![Address::named("Bob Brown", "bob@example.org")],
        to: vec![Address::named("Alice", "alice@contoso.com")],
        subject: format!("Subject {uid}"),
        message_id: format!("{uid}@example.org"),
        size: 1000 + u64::from(uid),
        ..Envelope::default()
    }
}

fn message(uid: u32) -> RemoteMessage {
    RemoteMessage {
        id: RemoteId::new(uid.to_string()),
        envelope: envelope(uid),
    }
}

/// The same message under another id.
fn renamed(uid: u32, id: &str) -> RemoteMessage {
    RemoteMessage {
        id: RemoteId::new(id),
        envelope: envelope(uid),
    }
}

fn changes(upserts: Vec<RemoteMessage>, total: usize) -> ChangeSet {
    ChangeSet {
        upserts,
        removals: Vec::new(),
        flags: Vec::new(),
        total: u32::try_from(total).unwrap(),
        next: Cursor(b"cursor".to_vec()),
        more: false,
    }
}

fn removal(ids: &[&str], total: usize) -> ChangeSet {
    ChangeSet {
        removals: ids.iter().map(|id| RemoteId::new(*id)).collect(),
        ..changes(Vec::new(), total)
    }
}

fn flags(updates: &[(&str, Flags)], total: usize) -> ChangeSet {
    let update = |(id, flags): &(&str, Flags)| FlagUpdate {
        id: RemoteId::new(*id),
        flags: *flags,
    };
    ChangeSet {
        flags: updates.iter().map(update).collect(),
        ..changes(Vec::new(), total)
    }
}

fn copy_database(from: &Path, to: &Path) {
    for name in ["mail.db", "mail.db-wal"] {
        let bytes = std::fs::read(from.join(name)).unwrap_or_default();
        std::fs::write(to.join(name), bytes).unwrap();
    }
}
