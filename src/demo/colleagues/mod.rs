//! Somebody who answers what is sent, and now and then writes by himself.

mod reply;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Habits;
use super::compose::{Charset, Contact, Content, Mail, Transfer};
use super::house::House;
use super::mail_store::NewMessage;
use super::message::{addresses, decode_words, plain_text, split, value};
use super::people::{ADA, COLLEAGUES, ORGANISATION, Person, SHARED, colleague, shared};
use super::random::Random;
use super::seed;

/// Answers under way at most; further letters stay unanswered.
const MAX_PENDING: usize = 50;
/// Longest quotation in an answer, in lines.
const MAX_QUOTED_LINES: usize = 40;

/// What somebody sent and somebody else should answer.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Who shall answer.
    pub to: String,
    /// Who gets the answer.
    pub from: String,
    /// Who gets a report when it can't be delivered.
    pub sender: String,
    /// The message.
    pub message: Vec<u8>,
}

/// Answers letters until the tenant ends.
pub async fn answer(house: Arc<House>, mut post: mpsc::UnboundedReceiver<Letter>, habits: Habits) {
    let mut pending = JoinSet::new();
    while let Some(letter) = post.recv().await {
        while pending.try_join_next().is_some() {}
        if pending.len() >= MAX_PENDING || is_automatic(&letter.message) {
            continue;
        }
        let house = Arc::clone(&house);
        pending.spawn(async move {
            let mut random = fresh_random();
            tokio::time::sleep(between(habits.answer_after, &mut random)).await;
            let (to, mail) = if reply::is_unreachable(&letter.to) {
                (&letter.sender, report(&letter))
            } else {
                (&letter.from, write_answer(&letter, &mut random))
            };
            let mail = NewMessage::arriving(mail.build());
            house.store.deliver(to, "INBOX", mail);
        });
    }
}

/// Writes unasked, until the tenant ends.
pub async fn chatter(house: Arc<House>, habits: Habits) {
    let mut random = fresh_random();
    loop {
        tokio::time::sleep(between(habits.chatter_every, &mut random)).await;
        let Some((subject, text)) = seed::chatter(&mut random) else {
            return;
        };
        let Some(person) = random.pick(&COLLEAGUES) else {
            return;
        };
        let to = if random.chance(20) {
            SHARED.first().map_or(ADA.email, |support| support.email)
        } else {
            ADA.email
        };
        let mut mail = new_mail(Contact::new(person.name, person.email), &mut random);
        mail.to = vec![Contact::new(name_of(to), to)];
        mail.subject = subject;
        let name = person.first_name();
        mail.content = Content::Text(format!("{text}\n\n{name}{}", signature(person)));
        house
            .store
            .deliver(to, "INBOX", NewMessage::arriving(mail.build()));
    }
}

/// Machines are not answered (RFC 3834 §2).
fn is_automatic(message: &[u8]) -> bool {
    let (header, _) = split(message);
    let is_auto = value(header, "Auto-Submitted").is_some_and(|kind| kind != "no");
    is_auto || value(header, "List-Id").is_some() || value(header, "Precedence").is_some()
}

/// Returns the report on a letter that can't arrive.
fn report(letter: &Letter) -> Mail {
    let why = "550 5.4.310 DNS domain does not exist";
    let mut mail = seed::delivery_report(Timestamp::now(), &letter.to, why);
    mail.to = vec![Contact::new("", &letter.sender)];
    mail
}

/// Returns the answer to a letter: by whom it was sent to, in its thread, quoting it.
fn write_answer(letter: &Letter, random: &mut Random) -> Mail {
    let (header, _) = split(&letter.message);
    let field = |name: &str| value(header, name);
    let subject = decode_words(&field("Subject").unwrap_or_default());
    let text = plain_text(&letter.message);
    let person = colleague(&letter.to);
    let from = match person {
        Some(person) => Contact::new(person.name, person.email),
        None => stranger(&letter.to, &field("To").unwrap_or_default()),
    };
    let asker = asker(letter, &field("From").unwrap_or_default());
    let said = reply::text(
        &reply::Question {
            subject: &subject,
            text: &text,
            asker: name_in_greeting(&asker),
            manner: person.map(|person| person.manner),
        },
        random,
    );
    let name = from.first_name().to_owned();
    let signature = person.map(signature).unwrap_or_default();
    let mut mail = new_mail(from, random);
    mail.subject = reply::subject(&subject);
    let when = field("Date").unwrap_or_default();
    mail.content = Content::Text(format!(
        "{said}\n\n{name}\n\nOn {when}, {} wrote:\n{}{signature}",
        if asker.name.is_empty() {
            &asker.email
        } else {
            &asker.name
        },
        quote(&text)
    ));
    mail.to = vec![asker];
    mail.references = references(header);
    mail
}

fn asker(letter: &Letter, from: &str) -> Contact {
    addresses(from).first().map_or_else(
        || Contact::new("", &letter.from),
        |mailbox| Contact::new(&decode_words(&mailbox.name), &mailbox.email),
    )
}

/// Returns how the asker is called; everybody knows who reads the shared mailboxes.
fn name_in_greeting(asker: &Contact) -> &str {
    if shared(&asker.email).is_some() {
        ADA.first_name()
    } else {
        asker.first_name()
    }
}

fn references(header: &[u8]) -> Vec<String> {
    let ids = |name: &str| -> Vec<String> {
        let value = value(header, name).unwrap_or_default();
        let ids = value.split_whitespace();
        ids.map(|id| id.trim_matches(['<', '>']).to_owned())
            .collect()
    };
    let mut all = ids("References");
    all.extend(ids("Message-ID"));
    // A thread without end must not make headers without end.
    let surplus = all.len().saturating_sub(30);
    all.into_iter().skip(surplus).collect()
}

fn quote(text: &str) -> String {
    let lines: Vec<String> = text
        .trim()
        .lines()
        .take(MAX_QUOTED_LINES)
        .map(|line| {
            if line.starts_with('>') {
                format!(">{line}")
            } else {
                format!("> {line}")
            }
        })
        .collect();
    lines.join("\n")
}

/// Returns a name for somebody from elsewhere: the one he was addressed by, else his address's.
fn stranger(email: &str, to: &str) -> Contact {
    let known = addresses(to)
        .into_iter()
        .find(|mailbox| mailbox.email.eq_ignore_ascii_case(email) && !mailbox.name.is_empty());
    if let Some(known) = known {
        return Contact::new(&decode_words(&known.name), email);
    }
    let local = email.split('@').next().unwrap_or(email);
    let words: Vec<String> = local
        .split(['.', '_', '-', '+'])
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        })
        .collect();
    Contact::new(&words.join(" "), email)
}

fn signature(person: &Person) -> String {
    format!("\n\n-- \n{}\n{} · {ORGANISATION}", person.name, person.job)
}

fn name_of(email: &str) -> &'static str {
    SHARED
        .iter()
        .find(|mailbox| mailbox.email == email)
        .map_or(ADA.name, |mailbox| mailbox.name)
}

fn new_mail(from: Contact, random: &mut Random) -> Mail {
    let domain = from.email.rsplit('@').next().unwrap_or("localhost");
    Mail {
        message_id: format!("{:016x}{:08x}@{domain}", random.next(), random.next() >> 32),
        from,
        to: Vec::new(),
        cc: Vec::new(),
        subject: String::new(),
        date: Timestamp::now(),
        offset: 1,
        references: Vec::new(),
        headers: Vec::new(),
        content: Content::Text(String::new()),
        files: Vec::new(),
        writing: (Charset::Utf8, Transfer::QuotedPrintable),
    }
}

fn between((low, high): (Duration, Duration), random: &mut Random) -> Duration {
    let width = high.saturating_sub(low).as_millis();
    let extra = random.below(usize::try_from(width).unwrap_or_default() + 1);
    low + Duration::from_millis(u64::try_from(extra).unwrap_or_default())
}

/// Returns numbers that differ from one answer to the next.
fn fresh_random() -> Random {
    let nanoseconds = Timestamp::now().as_nanosecond();
    Random::new(u64::try_from(nanoseconds & i128::from(u64::MAX)).unwrap_or(1))
}

#[cfg(test)]
mod tests;
