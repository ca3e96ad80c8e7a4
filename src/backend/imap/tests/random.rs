//! Noise from a server may end a connection; it must not end the program.

use proptest::prelude::*;
use tokio::io::{AsyncWriteExt as _, duplex};

use crate::backend::Backend as _;
use crate::backend::imap::Imap;
use crate::backend::imap::connect::greeted;
use crate::backend::imap::wire::Session;
use crate::model::RemoteId;

/// Pieces of which servers make their lines, and some they should not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "* ",
        "P1 ",
        "P2 OK",
        "+ ",
        "OK ",
        "NO ",
        "BAD ",
        "BYE",
        "[",
        "]",
        "(",
        ")",
        "\"",
        "\\",
        "{3}\r\n",
        "{3}\n",
        "~{1}\r\n",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "é",
        "1 FETCH ",
        "UID 5 ",
        "FLAGS ()",
        "INTERNALDATE NIL",
        "internaldate \"x\"",
        "BODY[] ",
        "LIST ",
        "\"/\" ",
        "INBOX",
        "SEARCH",
        " 1 2 3",
        "VANISHED ",
        "(EARLIER) ",
        "1:4294967295",
        "CAPABILITY",
        "IMAP4rev2",
        "3 EXISTS",
        "4294967296 EXISTS",
        "0 EXPUNGE",
        "UIDVALIDITY 7",
        "COPYUID 1 1:9 2",
        "ENVELOPE (",
        "NIL ",
        "BODYSTRUCTURE (",
        "RFC822.SIZE 99999999999",
        "MODSEQ (1)",
        "ALERT",
        "PERMANENTFLAGS (a]b)",
        "$Forwarded",
    ];
    prop_oneof![
        9 => prop::sample::select(known.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

async fn listen(noise: Vec<u8>) {
    let (pipe, mut server) = duplex(1 << 16);
    server
        .write_all(b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hi\r\n")
        .await
        .unwrap();
    server.write_all(&noise).await.unwrap();
    server.shutdown().await.unwrap();
    let (session, _) = greeted(Session::new(pipe, "h", 1)).await.unwrap();
    let mut client = Imap::new(session);
    let _ = client.folders().await;
    let _ = client.changes(&RemoteId::new("F"), None).await;
}

proptest! {
    #[test]
    fn noise_is_survived(pieces in prop::collection::vec(piece(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(listen(pieces.concat()));
    }
}
