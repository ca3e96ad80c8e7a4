//! The schema: how it is described, and that databases of released programs still open.

use std::fmt::Write as _;

use super::*;
use crate::model::Query;
use crate::store::migrations;

const HEAD: &str = "# The cache's schema\n\nMade from the real database by a test; `UPDATE_SCHEMA=1 cargo test --lib store::tests::schema` \
writes it anew.\nWhy it is like this is told in `src/store/mod.rs` and in the comments below.\n";

fn described(db: &rusqlite::Connection) -> String {
    let mut statement = db
        .prepare(
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
                 AND name NOT GLOB '*_words_*' ORDER BY type = 'trigger', type = 'index', name",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    let mut text = format!("{HEAD}\nSchema {}.\n", migrations::ours());
    let mut last = String::new();
    for row in rows {
        let (kind, name, sql): (String, String, String) = row.unwrap();
        if kind == "table" {
            let _ = write!(text, "\n## {name}\n\n```sql\n{sql};\n```\n");
        } else {
            let title = if kind == "index" {
                "Indexes"
            } else {
                "Triggers"
            };
            if last != kind {
                let _ = write!(text, "\n## {title}\n\n");
            }
            let _ = write!(text, "```sql\n{sql};\n```\n");
        }
        last = kind;
    }
    text
}

#[test]
fn the_schema_is_described_as_it_is() {
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    migrations::migrate(&mut db).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.md");
    let real = described(&db);
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &real).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, real, "docs/schema.md is out of date");
}

/// Rows that every schema has had.
const ROWS: &str = "INSERT INTO accounts (id, name, address, position) VALUES (1, 'work', 'alice@contoso.com', 0);
     INSERT INTO mailboxes (id, account_id, address, name, position) VALUES (1, 1, 'alice@contoso.com', 'Alice', 0);
     INSERT INTO folders (id, mailbox_id, remote, path, role, selectable, cached) VALUES (1, 1, 'INBOX', 'INBOX', 'inbox', 1, 1);
     INSERT INTO messages (folder_id, server_folder_id, remote, date, flags, server_flags, size, has_attachments,
         message_key, thread, message_id, subject, preview, sender, more)
     VALUES (1, 1, '7', 1700000000000, 1, 1, 99, 0, 5, 0, 'm@x', 'Old', '', '[[\"Bob\",\"b@x\"]]', '');
     INSERT INTO drafts (changed, draft) VALUES (1, '{\"from\":{\"name\":\"\",\"email\":\"a@x\"},\"to\":\"\",\"cc\":\"\",
         \"bcc\":\"\",\"subject\":\"Old draft\",\"text\":\"\",\"attachments\":[],\"origin\":null}');";

/// Rows written by the program that released each schema; a new schema adds a step here.
const OLD_ROWS: &[&[&str]] = &[
    &[
        ROWS,
        "INSERT INTO header_words (rowid, subject, sender, recipients) VALUES (1, 'Old', 'Bob b@x', '')",
    ],
    &[ROWS],
    &[
        ROWS,
        "INSERT INTO sent (id, account_id, mailbox_id, sender, recipients, subject, message_id, sent_at, sent_by)
         VALUES (1, 1, 1, '[]', '[]', 'Sent', 's@x', 1, '{}')",
    ],
];

#[tokio::test]
async fn databases_of_every_earlier_schema_open_with_their_rows() {
    assert_eq!(
        OLD_ROWS.len(),
        migrations::STEPS.len(),
        "every schema has rows to migrate"
    );
    for (step, rows) in OLD_ROWS.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let db = rusqlite::Connection::open(folder.path().join("mail.db")).unwrap();
        for sql in &migrations::STEPS[..=step] {
            db.execute_batch(sql).unwrap();
        }
        db.pragma_update(None, "user_version", step as u32 + 1)
            .unwrap();
        db.execute_batch(&rows.join(";\n")).unwrap();
        drop(db);
        let (store, opened) = Store::open(folder.path()).await.unwrap();
        assert_eq!(opened, Opened::Fine);
        let page = store
            .list(Scope::AllInboxes, Window::Newest, 9)
            .await
            .unwrap();
        assert_eq!(
            (page.rows[0].envelope.subject.as_str(), page.total),
            ("Old", Some(1))
        );
        assert_eq!(page.rows[0].envelope.from, [Address::named("Bob", "b@x")]);
        // Indexed by then or not: it is found, once.
        let query = Query::parse("subject:old from:bob");
        let found = store
            .search(&query, Scope::Everything, Window::Newest, 9)
            .await
            .unwrap();
        assert_eq!(found.rows.len(), 1, "schema {}", step + 1);
        store.index_words().await.unwrap();
        assert_eq!(store.drafts().await.unwrap()[0].1.subject, "Old draft");
    }
}
