//! Turns scripts into dated messages of threads.

use jiff::{SignedDuration, Timestamp};

use super::place::{Planned, Topic};
use super::script::{self, Script, Turn};
use super::slots::Slots;
use super::{extras, html};
use crate::demo::compose::{Attached, Charset, Contact, Content, Mail, Transfer};
use crate::demo::compose::{calendar, csv, pdf, png};
use crate::demo::people::{ADA, COLLEAGUES};
use crate::demo::random::Random;

/// How far back the mail goes.
const OLDEST_DAYS: i64 = 425;

/// What a file of scripts is about, and how often it is used, in a hundred.
const TOPICS: [(Topic, usize, &str); 9] = [
    (Topic::House, 36, include_str!("texts/house.txt")),
    (Topic::World, 17, include_str!("texts/world.txt")),
    (Topic::Alerts, 12, include_str!("texts/alerts.txt")),
    (Topic::Newsletters, 8, include_str!("texts/newsletters.txt")),
    (Topic::Support, 13, include_str!("texts/support.txt")),
    (Topic::Billing, 6, include_str!("texts/billing.txt")),
    (Topic::List, 4, include_str!("texts/list.txt")),
    (Topic::Junk, 3, include_str!("texts/junk.txt")),
    (Topic::Board, 1, include_str!("texts/board.txt")),
];

/// Makes the plan.
pub struct Seeder {
    random: Random,
    now: Timestamp,
    planned: Vec<Planned>,
    threads: u32,
}

/// A conversation while it is being written.
struct Talk<'a> {
    topic: Topic,
    script: &'a Script,
    slots: Slots,
    subject: String,
    cast: Vec<(&'static str, Contact)>,
    ids: Vec<String>,
    last: Option<(String, String)>,
}

impl Seeder {
    /// Returns a seeder for mail that ends at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            random: Random::new(1911),
            now,
            planned: Vec::new(),
            threads: 0,
        }
    }

    /// Plans at least `count` messages, and not many more.
    pub fn plan(mut self, count: usize) -> Vec<Planned> {
        let topics: Vec<(Topic, usize, Vec<Script>)> = TOPICS
            .into_iter()
            .map(|(topic, weight, text)| (topic, weight, script::parse(text)))
            .collect();
        if count > 0 {
            self.planned = extras::all(self.now, &mut self.random);
        }
        while self.planned.len() < count {
            let mut throw = self.random.below(100);
            let topic = topics.iter().find(|(_, weight, _)| {
                let is_hit = throw < *weight;
                throw = throw.saturating_sub(*weight);
                is_hit
            });
            let Some((topic, _, scripts)) = topic else {
                break;
            };
            let Some(script) = self.random.pick(scripts).cloned() else {
                break;
            };
            self.talk(*topic, &script);
        }
        self.planned
    }

    /// Plays one script.
    fn talk(&mut self, topic: Topic, script: &Script) {
        self.threads += 1;
        let mut slots = Slots::new();
        let cast = self.cast(topic, script, &mut slots);
        let mut talk = Talk {
            topic,
            subject: slots.expand(script.subject, &mut self.random),
            script,
            slots,
            cast,
            ids: Vec::new(),
            last: None,
        };
        let mut time = self.start();
        for turn in &script.turns {
            // What would be written in the future is not written yet.
            if time >= self.now {
                break;
            }
            self.turn(&mut talk, turn, time);
            let gap = if self.random.chance(60) {
                self.random.between(4, 140)
            } else {
                self.random.between(150, 2000)
            };
            time = later(time, gap * 60 + self.random.between(0, 59));
        }
    }

    /// Chooses when a conversation starts: the first ones today, the others the more recent the likelier.
    fn start(&mut self) -> Timestamp {
        let seconds = if self.threads <= 14 {
            i64::from(self.threads) * 780 + self.random.between(60, 700)
        } else {
            let (one, two) = (self.random.between(0, 999), self.random.between(300, 999));
            OLDEST_DAYS * 86_400 / 1000 * one / 1000 * two + self.random.between(3600, 90_000)
        };
        let time = later(self.now, -seconds);
        // Few people write at night.
        let hour = time.as_second().rem_euclid(86_400) / 3600;
        if self.threads > 14 && !(6..20).contains(&hour) {
            return later(time, -8 * 3600);
        }
        time
    }

    fn cast(
        &mut self,
        topic: Topic,
        script: &Script,
        slots: &mut Slots,
    ) -> Vec<(&'static str, Contact)> {
        let mut colleagues: Vec<Contact> = Vec::new();
        while colleagues.len() < 2 {
            let Some(person) = self.random.pick(&COLLEAGUES) else {
                break;
            };
            let contact = Contact::new(person.name, person.email);
            if !colleagues.contains(&contact) {
                colleagues.push(contact);
            }
        }
        let mut cast: Vec<(&'static str, Contact)> =
            ["c", "d"].into_iter().zip(colleagues).collect();
        cast.push(("a", Contact::new(ADA.name, ADA.email)));
        for who in ["x", "y"] {
            let text = script.option(who).unwrap_or("{customer}");
            // Each of the two is somebody else.
            let text = text.replace("{customer}", &format!("{{customer#{who}}}"));
            let contact = read_contact(&slots.expand(&text, &mut self.random));
            cast.push((who, contact));
        }
        if let Some(shared) = topic.shared_mailbox() {
            cast.push(("s", Contact::new(shared.name, shared.email)));
        }
        for (who, contact) in &cast {
            slots.set(who, contact.first_name());
            slots.set(&who.to_uppercase(), &contact.name);
        }
        cast
    }

    fn turn(&mut self, talk: &mut Talk<'_>, turn: &Turn, time: Timestamp) {
        let Some(from) = talk.contact(turn.who) else {
            return;
        };
        let text = talk.slots.expand(turn.text, &mut self.random);
        let said = talk.with_quote(&text, &mut self.random);
        let message_id = self.message_id(&from);
        let subject = if talk.ids.is_empty() {
            talk.subject.clone()
        } else {
            let mark = talk.script.option("re").unwrap_or("Re:");
            format!("{mark} {}", talk.subject)
        };
        let (to, cc) = talk.recipients(turn.who, &mut self.random);
        let mail = Mail {
            to,
            cc,
            subject,
            date: time,
            offset: offset(turn.who, talk.script),
            message_id: message_id.clone(),
            references: talk.ids.clone(),
            headers: talk.headers(),
            content: self.content(talk, said, time),
            files: self.files(talk, time),
            writing: self.writing(talk.script),
            from: from.clone(),
        };
        let is_answered_by_us = matches!(turn.who, "c" | "d" | "x" | "y");
        self.planned.push(Planned::new(
            talk.topic,
            turn.who,
            talk.script,
            (time, mail.build()),
        ));
        if !is_answered_by_us {
            self.mark_answered(talk);
        }
        talk.ids.push(message_id);
        let when = time.strftime("%a, %-d %b %Y at %H:%M");
        talk.last = Some((format!("On {when}, {} wrote:", from.name), text));
    }

    fn mark_answered(&mut self, talk: &Talk<'_>) {
        if talk.ids.is_empty() {
            return;
        }
        let before = self.planned.len().checked_sub(2);
        if let Some(mail) = before.and_then(|at| self.planned.get_mut(at)) {
            mail.is_answered = true;
        }
    }

    fn content(&mut self, talk: &Talk<'_>, text: String, time: Timestamp) -> Content {
        let is_first = talk.ids.is_empty();
        if is_first && talk.script.is("kind", "invitation") {
            let organizer = talk.contact("c").map(|contact| contact.email);
            let uid = format!("{}-{}", self.threads, time.as_second());
            let start = later(time, self.random.between(20, 90) * 3600);
            let calendar = calendar(&uid, &talk.subject, &organizer.unwrap_or_default(), start);
            return Content::Invitation { text, calendar };
        }
        match talk.script.option("style") {
            Some("html") => Content::Html(html::page(&talk.subject, &text)),
            Some("both") => Content::Both {
                html: html::page(&talk.subject, &text),
                text: html::plain(&text),
            },
            Some("flowed") => Content::Flowed(text),
            Some("long") => Content::Text(text),
            _ if self.random.chance(14) => Content::Flowed(text),
            _ if self.random.chance(22) => Content::Both {
                html: html::letter(&text),
                text,
            },
            _ if self.random.chance(30) => Content::Text(text),
            _ => Content::Text(wrap(&text)),
        }
    }

    fn files(&mut self, talk: &mut Talk<'_>, time: Timestamp) -> Vec<Attached> {
        if !talk.ids.is_empty() {
            return Vec::new();
        }
        let names = talk.script.option("files").unwrap_or_default();
        let names: Vec<String> = names
            .split(", ")
            .filter(|name| !name.is_empty())
            .map(|name| talk.slots.expand(name, &mut self.random))
            .collect();
        names
            .into_iter()
            .map(|name| self.file(name, &talk.subject, time))
            .collect()
    }

    fn file(&mut self, name: String, subject: &str, time: Timestamp) -> Attached {
        let (content_type, bytes) = match name.rsplit('.').next() {
            Some("pdf") => {
                let lines = vec![
                    subject.to_owned(),
                    String::new(),
                    format!("{} - {}", name, time.strftime("%Y-%m-%d")),
                    "Harbor & Vale, instruments for coasts since 1911".to_owned(),
                ];
                ("application/pdf", pdf(&lines))
            }
            Some("png") => ("image/png", png(&mut self.random)),
            Some("csv") => ("text/csv", csv(&mut self.random, time)),
            _ => ("application/octet-stream", subject.as_bytes().to_vec()),
        };
        Attached {
            name,
            content_type,
            bytes,
        }
    }

    fn writing(&mut self, script: &Script) -> (Charset, Transfer) {
        let charset = match script.option("charset") {
            Some("latin1") => Charset::Latin1,
            Some("windows") => Charset::Windows1252,
            Some(_) => Charset::Utf8,
            None => match self.random.below(8) {
                0 => Charset::Latin1,
                1 => Charset::Windows1252,
                _ => Charset::Utf8,
            },
        };
        let transfer = match self.random.below(10) {
            0..4 => Transfer::QuotedPrintable,
            4..6 => Transfer::Base64,
            _ => Transfer::Plain,
        };
        (charset, transfer)
    }

    fn message_id(&mut self, from: &Contact) -> String {
        let domain = from.email.rsplit('@').next().unwrap_or("localhost");
        format!(
            "{:016x}.{}@{domain}",
            self.random.next(),
            self.planned.len()
        )
    }
}

impl Talk<'_> {
    fn contact(&self, who: &str) -> Option<Contact> {
        let found = self.cast.iter().find(|(name, _)| *name == who);
        found.map(|(_, contact)| contact.clone())
    }

    /// Returns the text with what it answers below it, as most people do.
    fn with_quote(&self, text: &str, random: &mut Random) -> String {
        let Some((line, quoted)) = &self.last else {
            return text.to_owned();
        };
        if random.chance(25) {
            return text.to_owned();
        }
        let quoted: Vec<String> = quoted.lines().map(|line| format!("> {line}")).collect();
        format!("{text}\n\n{line}\n{}", quoted.join("\n"))
    }

    fn recipients(&self, who: &str, random: &mut Random) -> (Vec<Contact>, Vec<Contact>) {
        let contacts = |names: &[&str]| -> Vec<Contact> {
            names.iter().filter_map(|name| self.contact(name)).collect()
        };
        let has = |who: &str| self.script.turns.iter().any(|turn| turn.who == who);
        let from_outside = if has("c") { "c" } else { "x" };
        let (to, cc): (&[&str], &[&str]) = match (self.topic, who) {
            (Topic::List, _) => {
                let list = Contact::new("tide-clocks", "tide-clocks@lists.horology.example");
                return (vec![list], Vec::new());
            }
            (Topic::Support | Topic::Billing | Topic::Board, "s") => (&["x"], &[]),
            (Topic::Support | Topic::Billing | Topic::Board, _) => (&["s"], &[]),
            (_, "a") if has("d") => (&[from_outside], &["d"]),
            (_, "a") => (&[from_outside], &[]),
            (_, "c") if has("d") || random.chance(12) => (&["a"], &["d"]),
            (_, "d") => (&["a"], &["c"]),
            _ => (&["a"], &[]),
        };
        (contacts(to), contacts(cc))
    }

    fn headers(&self) -> Vec<(String, String)> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        match self.topic {
            Topic::List => vec![
                field(
                    "List-Id",
                    "Clocks that know the tide <tide-clocks.lists.horology.example>",
                ),
                field(
                    "List-Unsubscribe",
                    "<mailto:tide-clocks-leave@lists.horology.example>",
                ),
                field("Precedence", "list"),
            ],
            Topic::Newsletters => vec![
                field("List-Unsubscribe", "<https://news.example/leave?id=4711>"),
                field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
                field("Precedence", "bulk"),
            ],
            Topic::Alerts => vec![field("Auto-Submitted", "auto-generated")],
            Topic::Junk => vec![field("X-Spam-Status", "Yes, score=17.3 required=5.0")],
            _ if self.script.is("importance", "high") => vec![field("Importance", "high")],
            _ => Vec::new(),
        }
    }
}

fn offset(who: &str, script: &Script) -> i8 {
    match (who, script.option("offset")) {
        ("x" | "y", Some(hours)) => hours.parse().unwrap_or(0),
        _ => 1,
    }
}

fn later(time: Timestamp, seconds: i64) -> Timestamp {
    time.saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(time)
}

/// Reads `Name <address>`.
fn read_contact(text: &str) -> Contact {
    match text.rsplit_once(" <") {
        Some((name, email)) => Contact::new(name, email.trim_end_matches('>')),
        None => Contact::new("", text),
    }
}

/// Breaks lines at 76 columns, the way older programs do.
fn wrap(text: &str) -> String {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut piece = String::new();
        for word in line.split(' ') {
            let is_full = !piece.is_empty() && piece.len() + word.len() >= 76;
            if is_full && !line.starts_with('>') {
                out.push(std::mem::take(&mut piece));
            }
            if !piece.is_empty() {
                piece.push(' ');
            }
            piece.push_str(word);
        }
        out.push(piece);
    }
    out.join("\n")
}
