-- Schema 1. Once released, this file is never edited: changes come as 0002.sql and so on.

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    address TEXT NOT NULL COLLATE NOCASE,
    position INTEGER, -- place in the configuration; NULL: not configured any more, kept for its unsent mail
    UNIQUE (name, address)
) STRICT;

CREATE TABLE mailboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    address TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL, -- display name
    position INTEGER, -- 0 is the account's main mailbox; NULL as in accounts
    UNIQUE (account_id, address)
) STRICT;

CREATE TABLE folders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox_id INTEGER NOT NULL REFERENCES mailboxes ON DELETE CASCADE,
    remote TEXT NOT NULL, -- the server's id
    path TEXT NOT NULL,
    role TEXT NOT NULL,
    selectable INTEGER NOT NULL,
    total INTEGER NOT NULL DEFAULT 0, -- as the server said, less what left and plus what came locally
    cached INTEGER NOT NULL DEFAULT 0, -- rows shown in this folder: triggers count but for new rows, see sync.rs
    unread INTEGER NOT NULL DEFAULT 0, -- of these, without \Seen; counted in the same way
    cursor BLOB,
    UNIQUE (mailbox_id, remote)
) STRICT;

-- What a message is on the server and what the user sees of it are two things while changes wait in `pending`:
-- `folder_id` and `flags` are always `server_folder_id` and `server_flags` with the queued changes applied.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER REFERENCES folders ON DELETE SET NULL, -- where it is shown; NULL: deleted, not yet on the server
    server_folder_id INTEGER NOT NULL REFERENCES folders ON DELETE CASCADE,
    remote TEXT, -- the server's id within server_folder_id; NULL: not known until that folder is listed
    date INTEGER NOT NULL, -- Unix milliseconds
    flags INTEGER NOT NULL, -- bits of model::Flags, as shown
    server_flags INTEGER NOT NULL, -- the same, as the server has them
    size INTEGER NOT NULL, -- bytes, as the server estimates
    has_attachments INTEGER NOT NULL,
    has_body INTEGER NOT NULL DEFAULT 0,
    is_stale INTEGER NOT NULL DEFAULT 0, -- not listed again since the folder's cursor was lost
    misses INTEGER NOT NULL DEFAULT 0, -- complete listings that did not show it while remote was NULL
    message_key INTEGER NOT NULL, -- hash of message_id, or of date and subject where there is none
    thread INTEGER NOT NULL, -- hash of the first reference or of message_id; 0: none
    message_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    preview TEXT NOT NULL,
    sender TEXT NOT NULL, -- JSON [[name, address], ...]
    more TEXT NOT NULL -- JSON: recipients, Reply-To, In-Reply-To, References; '' when all are empty
) STRICT;

-- Lists, and searches by flag, read nothing but this index until they know their rows.
CREATE INDEX messages_list ON messages (folder_id, date DESC, id DESC, flags, has_attachments);
CREATE UNIQUE INDEX messages_remote ON messages (server_folder_id, remote);
CREATE INDEX messages_key ON messages (message_key);
CREATE INDEX messages_thread ON messages (folder_id, thread);
CREATE INDEX messages_without_body ON messages (server_folder_id, date DESC, id DESC, size) WHERE has_body = 0;
CREATE INDEX messages_unlisted ON messages (server_folder_id) WHERE remote IS NULL OR is_stale = 1;

CREATE TABLE bodies (
    message_id INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
    bytes BLOB NOT NULL -- RFC 5322
) STRICT;

CREATE VIRTUAL TABLE header_words USING fts5 (
    subject, sender, recipients,
    content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2'
);

CREATE VIRTUAL TABLE body_words USING fts5 (
    body,
    content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2'
);

-- A first synchronisation writes so many segments that merging four at a time costs more than it saves.
INSERT INTO header_words (header_words, rank) VALUES ('automerge', 8);
INSERT INTO body_words (body_words, rank) VALUES ('automerge', 8);

CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    UPDATE folders SET cached = cached - 1, unread = unread - (old.flags & 1 = 0) WHERE id = old.folder_id;
    DELETE FROM header_words WHERE rowid = old.id;
END;

CREATE TRIGGER bodies_removed AFTER DELETE ON messages WHEN old.has_body = 1 BEGIN
    DELETE FROM body_words WHERE rowid = old.id;
END;

CREATE TRIGGER messages_shown AFTER UPDATE OF folder_id, flags ON messages
WHEN old.folder_id IS NOT new.folder_id OR old.flags & 1 <> new.flags & 1 BEGIN
    UPDATE folders SET cached = cached - 1, unread = unread - (old.flags & 1 = 0),
        total = max(total - (old.folder_id IS NOT new.folder_id), 0) WHERE id = old.folder_id;
    UPDATE folders SET cached = cached + 1, unread = unread + (new.flags & 1 = 0),
        total = total + (old.folder_id IS NOT new.folder_id) WHERE id = new.folder_id;
END;

CREATE TABLE actions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, -- flag, move, delete
    flags_set INTEGER NOT NULL,
    flags_clear INTEGER NOT NULL
) STRICT;

-- What an action found, for taking it back.
CREATE TABLE action_messages (
    action_id INTEGER NOT NULL REFERENCES actions ON DELETE CASCADE,
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    folder_id INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    PRIMARY KEY (action_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX action_messages_message ON action_messages (message_id);

-- Changes to make on the server, in order of place, then id.
CREATE TABLE pending (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    place INTEGER NOT NULL, -- equals id, except for an entry that was split off another
    mailbox_id INTEGER NOT NULL REFERENCES mailboxes ON DELETE CASCADE,
    action_id INTEGER, -- the user action it belongs to, if any
    kind TEXT NOT NULL, -- flag, move, delete: of pending_messages; remote: the operation in op and bytes
    flags_set INTEGER NOT NULL DEFAULT 0,
    flags_clear INTEGER NOT NULL DEFAULT 0,
    target_id INTEGER REFERENCES folders ON DELETE CASCADE,
    op TEXT, -- JSON model::RemoteOp without its bytes
    bytes BLOB,
    attempts INTEGER NOT NULL DEFAULT 0 -- more than 0: the server may have made the change already
) STRICT;

CREATE INDEX pending_order ON pending (mailbox_id, place, id);
CREATE INDEX pending_action ON pending (action_id);
CREATE INDEX pending_target ON pending (target_id);

CREATE TABLE pending_messages (
    pending_id INTEGER NOT NULL REFERENCES pending ON DELETE CASCADE,
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    PRIMARY KEY (pending_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX pending_messages_message ON pending_messages (message_id);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts,
    mailbox_id INTEGER NOT NULL REFERENCES mailboxes,
    account_name TEXT NOT NULL, -- these three say it again, for a rebuilt database
    account_address TEXT NOT NULL,
    mailbox_address TEXT NOT NULL,
    sender TEXT NOT NULL, -- JSON [name, address]
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    envelope_sender TEXT NOT NULL,
    recipients TEXT NOT NULL, -- JSON [address, ...]
    bytes BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL, -- Unix milliseconds
    failure TEXT, -- JSON model::Failure
    owner TEXT -- the lock file of the program that is sending it
) STRICT;

CREATE INDEX outbox_account ON outbox (account_id);
CREATE INDEX outbox_mailbox ON outbox (mailbox_id);

CREATE TABLE drafts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    outbox_id INTEGER REFERENCES outbox ON DELETE CASCADE, -- what it became; then it is no draft until cancelled
    changed INTEGER NOT NULL, -- Unix milliseconds
    draft TEXT NOT NULL -- JSON model::Draft without attachments
) STRICT;

CREATE INDEX drafts_outbox ON drafts (outbox_id);

CREATE TABLE draft_files (
    draft_id INTEGER NOT NULL REFERENCES drafts ON DELETE CASCADE,
    position INTEGER NOT NULL,
    path BLOB, -- a file to read when it is sent (its name's bytes), or NULL and:
    name TEXT,
    media_type TEXT,
    data BLOB,
    PRIMARY KEY (draft_id, position)
) STRICT;

-- Addresses seen, for completion.
CREATE TABLE addresses (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE, -- lower case
    shown TEXT NOT NULL, -- as written
    name TEXT NOT NULL,
    weight INTEGER NOT NULL
) STRICT;

CREATE TABLE address_words (
    word TEXT NOT NULL, -- folded: a word of the name, or the address
    address_id INTEGER NOT NULL REFERENCES addresses ON DELETE CASCADE,
    PRIMARY KEY (word, address_id)
) STRICT, WITHOUT ROWID;
