-- Schema 3: what was sent, by whom and which way; kept for two weeks, for whoever asks where a message went.

CREATE TABLE sent (
    id INTEGER PRIMARY KEY, -- that of the outbox
    account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
    mailbox_id INTEGER NOT NULL REFERENCES mailboxes ON DELETE CASCADE,
    sender TEXT NOT NULL, -- packed like messages.sender
    recipients TEXT NOT NULL, -- JSON [address, ...]
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    new_message_id TEXT, -- what the server gave it instead
    sent_at INTEGER NOT NULL, -- Unix milliseconds
    sent_by TEXT NOT NULL -- JSON model::SentBy
) STRICT;

CREATE INDEX sent_account ON sent (account_id);
CREATE INDEX sent_mailbox ON sent (mailbox_id);

-- Ids of folders and messages are those of one protocol. Until now there was no other.
ALTER TABLE mailboxes ADD COLUMN protocol TEXT NOT NULL DEFAULT 'imap';
