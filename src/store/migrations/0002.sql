-- Schema 2: the words of headers are indexed behind the rows, when nothing more urgent is to be written.

CREATE TABLE header_index (
    through INTEGER NOT NULL -- one row: messages up to this id are in header_words, later ones are searched row by row
) STRICT;

-- Until now both were written together. Ids never come again, so whatever is new is behind this one.
INSERT INTO header_index (through) SELECT coalesce(max(id), 0) FROM messages;

-- Hashes land anywhere in an index; this one is only needed for rows that wait to be listed under a new id.
DROP INDEX messages_key;
CREATE INDEX messages_key ON messages (message_key) WHERE remote IS NULL;
