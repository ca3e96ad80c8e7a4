//! Headers with raw characters of other charsets, which no standard allows and many programs write.

use super::envelope;
use crate::mime::{header_in_unicode, parse_body};

fn check(header: &[u8], subject: &str, sender: &str) {
    let mut message = header.to_vec();
    message.extend_from_slice(b"Message-ID: <1@x>\r\n\r\nText\r\n");
    let read = envelope(&message);
    assert_eq!(
        (read.subject.as_str(), read.from[0].name.as_str()),
        (subject, sender)
    );
    assert_eq!(read.message_id, "1@x");
    let shown = parse_body(&message, 80).headers;
    assert!(
        shown.contains(&("Subject".to_owned(), subject.to_owned())),
        "{shown:?}"
    );
    let unicode = header_in_unicode(header);
    assert!(std::str::from_utf8(&unicode).is_ok());
    assert_eq!(header_in_unicode(&unicode), unicode, "once is enough");
}

#[test]
fn raw_japanese_says_itself_what_it_is() {
    let header = b"Subject: Re: \x1b$B2q5D\x1b(B (2)\r\nFrom: \x1b$B;3ED\x1b(B <yamada@x.test>\r\n";
    check(header, "Re: 会議 (2)", "山田");
}

#[test]
fn raw_bytes_are_of_the_charset_of_the_text() {
    let header =
        b"From: \xf0\xd2\xc9\xd7\xc5\xd4 <a@x.test>\r\nSubject: \xf0\xd2\xc9\xd7\xc5\xd4\r\n\
        Content-Type: text/plain; charset=\"KOI8-R\"\r\n";
    check(header, "Привет", "Привет");
    let header = b"Content-Type: text/plain; charset=utf-16\r\nFrom: J\xfcrgen <a@x.test>\r\nSubject: Gr\xfc\xdfe\r\n";
    check(header, "Grüße", "Jürgen");
}

#[test]
fn raw_bytes_of_no_charset_are_windows_1252_line_by_line() {
    let header = "Subject: Grüße\r\nFrom: J".as_bytes();
    check(
        &[header, b"\xfcrgen \x96 <a@x.test>\r\n"].concat(),
        "Grüße",
        "Jürgen –",
    );
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_line_more(bytes: Vec<u8>, charset in "[a-zA-Z0-9-]{0,12}") {
        let line: Vec<u8> = bytes.into_iter().filter(|byte| !b"\r\n".contains(byte)).collect();
        let head = format!("Content-Type: text/plain; charset={charset}\r\nSubject: \x1b$B").into_bytes();
        let block = [head.as_slice(), &line, b"\r\n"].concat();
        let lines = |block: &[u8]| block.split(|byte| *byte == b'\n').count();
        proptest::prop_assert_eq!(lines(&header_in_unicode(&block)), 3);
    }
}
