//! Who answers what, and how it looks.

use super::*;

fn answered(to: &str, message: &str) -> String {
    let letter = Letter {
        to: to.to_owned(),
        from: ADA.email.to_owned(),
        sender: ADA.email.to_owned(),
        message: message.replace('\n', "\r\n").into_bytes(),
    };
    let mail = write_answer(&letter, &mut Random::new(3)).build();
    String::from_utf8(mail).unwrap()
}

#[test]
fn answers_keep_the_thread_and_the_name_they_were_called_by() {
    let answer = answered(
        "jo.van-dam@dike.example",
        "From: Ada Lindqvist <ada@harborvale.example>\nTo: \"Dr. Jo van Dam\" <jo.van-dam@dike.example>\nSubject: Re: Price\nMessage-ID: <b@x>\nReferences: <a@x>\n\nHow much?\n> before\n",
    );
    for part in [
        "From: \"Dr. Jo van Dam\" <jo.van-dam@dike.example>\r\n",
        "To: Ada Lindqvist <ada@harborvale.example>\r\n",
        "Subject: Re: Price\r\n",
        "In-Reply-To: <b@x>\r\nReferences: <a@x>\r\n <b@x>\r\n",
        "\r\n> How much?\r\n>> before\r\n",
    ] {
        assert!(answer.contains(part), "{part}\n{answer}");
    }
}

#[test]
fn strangers_are_named_after_their_address() {
    let answer = answered(
        "jo.van-dam@dike.example",
        "From: ada@harborvale.example\n\nHi\n",
    );
    assert!(
        answer.starts_with("From: Jo Van Dam <jo.van-dam@dike.example>\r\n"),
        "{answer}"
    );
}

#[test]
fn threads_do_not_grow_without_end() {
    let ids: Vec<String> = (0..500).map(|n| format!("<{n}@x>")).collect();
    let header = format!(
        "References: {}\r\nMessage-ID: <last@x>\r\n\r\n",
        ids.join(" ")
    );
    let references = references(header.as_bytes());
    assert_eq!(references.len(), 30);
    assert_eq!(references.last().unwrap(), "last@x");
}
