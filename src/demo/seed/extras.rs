//! Messages that every tenant has once: reports of failed delivery, drafts, mail in rare charsets.

use jiff::{SignedDuration, Timestamp};

use super::place::Planned;
use crate::demo::compose::{Charset, Contact, Content, Mail, Transfer};
use crate::demo::mail_store::Flags;
use crate::demo::people::ADA;
use crate::demo::random::Random;

/// Whole messages in charsets that this crate cannot write; date and ids are filled in.
const RARE: &str = include_str!("texts/rare.txt");

/// Returns all of them.
pub fn all(now: Timestamp, random: &mut Random) -> Vec<Planned> {
    let mut planned = Vec::new();
    for (hours, recipient, why) in [
        (
            31,
            "harbourmaster@skerryvore.example",
            "550 5.1.1 No such keeper here; the light was automated in 1994",
        ),
        (
            700,
            "gull.lobby@cliffs.example",
            "552 5.2.2 Mailbox full (of chips)",
        ),
        (
            3100,
            "info@dogger-bank.example",
            "451 4.4.1 Host not reachable: sea state 9",
        ),
    ] {
        let time = before(now, hours * 3600 + random.between(0, 3000));
        let mail = report(time, recipient, why);
        planned.push(at("INBOX", time, mail.build()));
    }
    for (minutes, subject, text) in [
        (
            52,
            "Lens order for Cape Disquiet",
            "Dear Mr Halvorsen,\n\nthank you for your patience. The lens is ",
        ),
        (
            2900,
            "Resignation of the coffee machine",
            "To whom it may concern,\n\nafter eleven years of service and two of disservice",
        ),
        (9000, "", "note to self: ask Tomasz about the brass"),
    ] {
        let time = before(now, minutes * 60);
        let mut mail = mail(time, Contact::new(ADA.name, ADA.email), subject);
        mail.content = Content::Text(text.to_owned());
        let mut planned_mail = at("Drafts", time, mail.build());
        planned_mail.flags = Flags::DRAFT;
        planned.push(planned_mail);
    }
    for (number, text) in
        (1_i64..).zip(RARE.split("=====\n").filter(|text| !text.trim().is_empty()))
    {
        let time = before(now, number * 131_000 + random.between(0, 50_000));
        planned.push(at("INBOX", time, rare(text, number, time)));
    }
    planned
}

fn rare(text: &str, number: i64, time: Timestamp) -> Vec<u8> {
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
    let date = jiff::fmt::rfc2822::to_string(&zoned).unwrap_or_default();
    let text = text
        .replace("{{DATE}}", &date)
        .replace("{{NUMBER}}", &format!("{number}.{}", time.as_second()));
    text.replace('\n', "\r\n").into_bytes()
}

/// Returns a delivery status notification (RFC 3464).
pub fn report(time: Timestamp, recipient: &str, why: &str) -> Mail {
    let server = Contact::new("Mail Delivery System", "postmaster@harborvale.example");
    let mut mail = mail(
        time,
        server,
        "Undeliverable: your message could not be delivered",
    );
    mail.to = vec![Contact::new(ADA.name, ADA.email)];
    mail.headers = vec![("Auto-Submitted".to_owned(), "auto-replied".to_owned())];
    let status = why.split(' ').nth(1).unwrap_or("5.0.0");
    let edge = "=_report";
    mail.content = Content::Raw {
        content_type: format!(
            "multipart/report; report-type=delivery-status;\n boundary=\"{edge}\""
        )
        .replace('\n', "\r\n"),
        body: format!(
            "--{edge}\nContent-Type: text/plain; charset=us-ascii\n\n\
             Your message to <{recipient}> could not be delivered.\n\nThe other server said:\n  {why}\n\n\
             If this makes no sense to you, forward it to Sam in IT. It makes no sense to Sam either, but he is used to it.\n\n\
             --{edge}\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; HV.harborvale.example\n\n\
             Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {why}\n\n\
             --{edge}\nContent-Type: message/rfc822\n\n\
             From: {name} <{ada}>\nTo: {recipient}\nSubject: A short question\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\n\
             Hello,\n\nis the light still on?\n\nAda\n\n--{edge}--\n",
            name = ADA.name,
            ada = ADA.email
        ),
    };
    mail
}

fn mail(time: Timestamp, from: Contact, subject: &str) -> Mail {
    Mail {
        message_id: format!("{}.{}@harborvale.example", time.as_second(), subject.len()),
        from,
        to: Vec::new(),
        cc: Vec::new(),
        subject: subject.to_owned(),
        date: time,
        offset: 1,
        references: Vec::new(),
        headers: Vec::new(),
        content: Content::Text(String::new()),
        files: Vec::new(),
        writing: (Charset::Utf8, Transfer::Plain),
    }
}

fn at(folder: &'static str, received: Timestamp, bytes: Vec<u8>) -> Planned {
    Planned {
        received,
        mailbox: ADA.email,
        folder,
        later: None,
        is_answered: false,
        flags: Flags::default(),
        bytes,
    }
}

fn before(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_secs(seconds))
        .unwrap_or(now)
}
