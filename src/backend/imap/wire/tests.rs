//! What the framer lets through, mends and drops, whatever pieces the bytes arrive in.

use imap_proto::Response;
use proptest::prelude::*;

use super::frame::{Fault, Framer, LIMITS, Limits};

/// Feeds bytes in pieces of `size`; returns what comes out.
fn feed(framer: &mut Framer, bytes: &[u8], size: usize) -> Result<Vec<u8>, Fault> {
    let mut all = Vec::new();
    let mut out = Vec::new();
    for piece in bytes.chunks(size) {
        framer.push(piece);
        loop {
            framer.next(&mut out)?;
            if out.is_empty() {
                break;
            }
            all.append(&mut out);
        }
    }
    Ok(all)
}

fn check(sent: &str, expected: &str) {
    for size in [1, 3, 10_000] {
        let out = feed(&mut Framer::new(), sent.as_bytes(), size).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&out),
            expected,
            "in pieces of {size}"
        );
    }
}

fn check_fault(sent: &str, expected: Fault) {
    let result = feed(&mut Framer::new(), sent.as_bytes(), 1000);
    assert_eq!(result, Err(expected));
}

#[test]
fn what_the_parser_knows_passes_unchanged() {
    for line in [
        "* OK [UIDVALIDITY 7] fine\r\n",
        "P1 NO [OVERQUOTA] full\r\n",
        "+ \r\n",
        "* LIST (\\Sent) \"/\" {4}\r\nSent\r\n",
        "* 1 FETCH (UID 5 BODY[HEADER] {3}\r\n\r\n\n FLAGS ())\r\n",
        "* VANISHED (EARLIER) 1:5,9\r\n",
        "* SEARCH 1 2\r\n",
        "* OK this is no literal {5}\r\n",
    ] {
        check(line, line);
    }
}

#[test]
fn what_nobody_asked_for_is_dropped() {
    check(
        "* ESEARCH (TAG \"A1\") UID ALL 1:3\r\n* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n* NOOP\r\n\
         * STATUS x (SIZE 9)\r\n* 3 RECENT\r\n* 1 UIDFETCH (FLAGS ())\r\n* ID (\"a\" {3}\r\nb\r\n)\r\n* 3 EXISTS\r\n",
        "* 3 EXISTS\r\n",
    );
}

#[test]
fn bare_line_feeds_end_lines_too() {
    check(
        "* OK hi\n* LIST () \"/\" {2}\nab\n",
        "* OK hi\r\n* LIST () \"/\" {2}\r\nab\r\n",
    );
}

#[test]
fn what_is_no_imap_becomes_a_warning() {
    check(
        "Server Unavailable. 15\r\n\r\n",
        "* BAD Server Unavailable. 15\r\n",
    );
}

#[test]
fn known_deviations_are_mended() {
    check(
        "* CAPABILITY IMAP4rev2 IDLE\r\n",
        "* CAPABILITY IMAP4rev1 IMAP4rev2 IDLE\r\n",
    );
    check(
        "* LIST (\\HasChildren) \"/\" \"a\" (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n",
        "* LIST (\\HasChildren) \"/\" \"a\"\r\n",
    );
    check("* SEARCH 1 2 (MODSEQ 99)\r\n", "* SEARCH 1 2\r\n");
    check(
        "* 1 FETCH (UID 5 InternalDate nil)\r\n",
        "* 1 FETCH (UID 5 InternalDate \"\")\r\n",
    );
    check(
        "* 1 FETCH (INTERNALDATE NIL BODY[] {2}\r\nab)\r\n",
        "* 1 FETCH (INTERNALDATE \"\" BODY[] {2}\r\nab)\r\n",
    );
    check("* OK [ALERT]é\r\n", "* OK [ALERT] é\r\n");
    check("P1 OK a\0b\rc\r\n", "P1 OK a?b?c\r\n");
}

#[test]
fn long_lists_of_numbers_come_in_short_lines() {
    let numbers: Vec<String> = (100_000..110_000).map(|n| n.to_string()).collect();
    for (head, separator) in [
        ("* SEARCH ", " "),
        ("* VANISHED (EARLIER) ", ","),
        ("* VANISHED ", ","),
    ] {
        let line = format!("{head}{}\r\n", numbers.join(separator));
        let out = feed(&mut Framer::new(), line.as_bytes(), 4096).unwrap();
        let out = String::from_utf8(out).unwrap();
        let mut seen = Vec::new();
        for line in out.split_inclusive("\r\n") {
            assert!(line.len() < 4096);
            let list = line.trim_end().strip_prefix(head).unwrap();
            seen.extend(list.split(separator).map(str::to_owned));
        }
        assert_eq!(seen, numbers);
    }
}

#[test]
fn literals_are_cut_to_what_is_kept() {
    let mut framer = Framer::new();
    framer.set_limits(Limits {
        keep: 4,
        literal: 100,
    });
    let sent = b"* 1 FETCH (BODY[] {10}\r\n0123456789 UID 5)\r\n* OK x\r\n";
    let out = feed(&mut framer, sent, 7).unwrap();
    assert_eq!(out, b"* 1 FETCH (BODY[] {4}\r\n0123 UID 5)\r\n* OK x\r\n");
}

#[test]
fn big_bodies_pass_through_and_big_surprises_do_not() {
    let big = "x".repeat(200_000);
    let mut framer = Framer::new();
    framer.set_limits(Limits {
        keep: 1 << 20,
        literal: 1 << 20,
    });
    let body = format!("* 1 FETCH (BODY[] {{200000}}\r\n{big})\r\n");
    assert_eq!(
        feed(&mut framer, body.as_bytes(), 5000).unwrap(),
        body.as_bytes()
    );
    let surprise = format!("* LIST () \"/\" {{200000}}\r\n{big}\r\n");
    assert!(
        feed(&mut framer, surprise.as_bytes(), 5000)
            .unwrap()
            .is_empty()
    );
    assert_eq!(framer.take_dropped().lists, 1);
    assert!(framer.is_empty());
}

#[test]
fn what_has_no_measure_is_a_fault() {
    check_fault(&format!("* LIST {}", "x".repeat(70_000)), Fault::Line);
    check_fault(&"x".repeat(70_000), Fault::Line);
    check_fault(&format!("* SEARCH {}", "1 ".repeat(3 << 20)), Fault::Line);
    check_fault(
        "* 1 FETCH (BODY[] {67108865}\r\n",
        Fault::Literal(67_108_865),
    );
    check_fault(&format!("* 1 FETCH {}\r\n", "(".repeat(50)), Fault::Depth);
    assert_eq!(LIMITS.literal, 67_108_864);
}

#[test]
fn dropped_responses_that_mattered_are_counted() {
    let mut framer = Framer::new();
    let sent = b"* LIST nonsense\r\n* 1 FETCH (UID x)\r\n* SEARCH x\r\n* NAMESPACE x\r\n";
    assert!(feed(&mut framer, sent, 100).unwrap().len() < 40);
    let dropped = framer.take_dropped();
    assert_eq!((dropped.lists, dropped.numbers), (1, 1));
    assert_eq!(framer.take_dropped().lists, 0);
}

proptest! {
    #[test]
    fn whatever_comes_out_can_be_parsed_to_its_end(bytes in prop::collection::vec(
        prop::sample::select(b"* + (){}[]\"\\\r\n\r\n123 P1 OK NO FETCH LIST SEARCH VANISHED \xc3\xa9\0,:".to_vec()), 0..400,
    ), size in 1usize..50) {
        let Ok(out) = feed(&mut Framer::new(), &bytes, size) else {
            return Ok(());
        };
        let mut rest = out.as_slice();
        while !rest.is_empty() {
            let parsed = Response::parse(rest);
            prop_assert!(parsed.is_ok(), "{:?}", String::from_utf8_lossy(rest));
            rest = parsed.unwrap().0;
        }
    }

    #[test]
    fn the_size_of_pieces_does_not_matter(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1usize..50) {
        let whole = feed(&mut Framer::new(), &bytes, 1000);
        prop_assert_eq!(feed(&mut Framer::new(), &bytes, size), whole);
    }
}
