//! Servers that say anything: no panic, no endless memory, no message that ends itself.

use proptest::prelude::*;

use super::faults::{Op, tried};
use crate::backend::pop3::capa::Capa;
use crate::backend::pop3::changes::received;
use crate::backend::pop3::maildrop::Maildrop;
use crate::backend::pop3::reply::Reply;
use crate::backend::pop3::wire::Unstuff;

/// Puts dots before lines as RFC 1939 §3 has it, and the end.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    let mut is_start = true;
    let mut before = 0;
    for &byte in message {
        if is_start && byte == b'.' {
            block.push(b'.');
        }
        block.push(byte);
        is_start = byte == b'\n' && before == b'\r';
        before = byte;
    }
    if !is_start {
        block.extend_from_slice(b"\r\n");
    }
    block.extend_from_slice(b".\r\n");
    block
}

/// Takes a block in, in pieces of this size; returns the message and how many bytes it was.
fn unstuffed(block: &[u8], piece: usize) -> Option<(Vec<u8>, usize)> {
    let mut unstuff = Unstuff::default();
    let mut message = Vec::new();
    let mut seen = 0;
    for piece in block.chunks(piece) {
        let (eaten, is_end) =
            unstuff.feed(piece, &mut |bytes: &[u8]| message.extend_from_slice(bytes));
        seen += eaten;
        if is_end {
            return Some((message, seen));
        }
    }
    None
}

/// Bytes that make trouble are likelier than others.
fn troublesome() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(b'.'),
        Just(b'\r'),
        Just(b'\n'),
        Just(b' '),
        Just(b'+'),
        Just(b'1'),
        any::<u8>()
    ];
    proptest::collection::vec(byte, 0..200)
}

/// A real dialogue with some bytes changed, taken out or put in.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    const REAL: &[u8] = b"+OK hi\r\n+OK\r\nTOP\r\nSASL XOAUTH2\r\n.\r\n+ \r\n+OK in\r\n+OK\r\n1 a\r\n2 b\r\n.\r\n+OK\r\n1 20\r\n2 30\r\n.\r\n+OK\r\nSubject: b\r\n\r\n.\r\n-ERR\r\n+OK\r\nx\r\n.\r\n";
    let change = (0..REAL.len(), any::<u8>(), 0..3);
    proptest::collection::vec(change, 1..6).prop_map(|changes| {
        let mut bytes = REAL.to_vec();
        for (at, byte, kind) in changes {
            let at = at.min(bytes.len() - 1);
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn what_was_stuffed_comes_out_as_it_was(message in troublesome(), piece in 1_usize..9) {
        let mut block = stuffed(&message);
        let length = block.len();
        block.extend_from_slice(b"+OK next\r\n.\r\n");
        let (found, seen) = unstuffed(&block, piece).expect("an end");
        prop_assert_eq!(seen, length);
        let mut expected = message.clone();
        if !expected.ends_with(b"\r\n") && !expected.is_empty() {
            expected.extend_from_slice(b"\r\n");
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_an_answer_or_none(bytes in troublesome()) {
        let _ = Reply::read(&bytes);
        let _ = Capa::read(&bytes);
        let _ = received(&bytes);
        let _ = unstuffed(&bytes, 3);
    }

    #[test]
    fn any_lists_make_a_maildrop_with_different_ids(ids in troublesome(), sizes in troublesome()) {
        if let Ok(maildrop) = Maildrop::from_lists(&ids, &sizes) {
            let mut names: Vec<&str> = maildrop.by_id().map(|entry| &*entry.id).collect();
            prop_assert!(names.is_sorted());
            let all = names.len();
            names.dedup();
            prop_assert_eq!(names.len(), all);
            prop_assert_eq!(maildrop.len(), all);
            for name in names {
                prop_assert!(name.len() <= 300 && !name.contains(char::is_control));
                prop_assert!(maildrop.find(name).is_some());
            }
        }
    }

    #[test]
    fn no_server_makes_the_client_panic_or_hang(said in prop_oneof![troublesome(), mutated()]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            for op in [Op::Look, Op::Read, Op::Delete] {
                let _ = tried(&said, op).await;
            }
        });
    }
}
