//! Mail made by rule: the same number gives the same message everywhere, and a maildir full of it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::Failure;

/// Debian's user `mail`, who owns the lab's mailboxes.
const MAIL_USER: u32 = 8;

const WORDS: &[&str] = &[
    "account", "answer", "budget", "bridge", "calendar", "contract", "delivery", "draft", "engine",
    "forecast", "garden", "invoice", "journey", "kitchen", "ledger", "market", "meeting",
    "network", "offer", "order", "paper", "project", "quarter", "report", "review", "schedule",
    "series", "signal", "summary", "ticket", "update", "vessel", "window", "yard",
];
const PEOPLE: &[&str] = &[
    "Ana Souza",
    "Bo Lind",
    "Chloé Martin",
    "Dmitri Orlov",
    "Emeka Obi",
    "Fatma Kaya",
    "Greta Holm",
    "Hana Sato",
];

/// The subject of message `number`; every one is different.
pub fn subject(number: usize) -> String {
    let mut random = Random::new(number);
    let words: Vec<&str> = (0..4).map(|_| random.pick(WORDS)).collect();
    format!("{} #{number}", words.join(" "))
}

/// Message `number`: 60 % are answers, sizes vary around 3 KB, line ends are LF as a maildir has them.
pub fn message(number: usize) -> String {
    let mut random = Random::new(number);
    let subject = subject(number);
    let from = random.pick(PEOPLE);
    let mail = from
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_lowercase()
        .replace('é', "e");
    let date = jiff::Timestamp::from_second(at(number)).unwrap_or_default();
    let date =
        jiff::fmt::rfc2822::to_string(&date.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
    let mut text = format!(
        "Received: from relay.elsewhere.test by mx.contoso.test; {date}\nFrom: {from} <{mail}@elsewhere.test>\n\
         To: You <you@contoso.test>\nSubject: {subject}\nDate: {date}\nMessage-ID: <{number}@corpus.test>\n"
    );
    if number > 10 && random.below(10) < 6 {
        let parent = number - 1 - random.below(10);
        let _ = writeln!(
            text,
            "In-Reply-To: <{parent}@corpus.test>\nReferences: <{parent}@corpus.test>"
        );
    }
    text.push_str("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n");
    for _ in 0..10 + random.below(60) {
        for _ in 0..8 {
            text.push_str(random.pick(WORDS));
            text.push(' ');
        }
        text.push('\n');
    }
    text
}

/// When message `number` was sent, in seconds; one every five minutes.
fn at(number: usize) -> i64 {
    1_700_000_000 + i64::try_from(number).unwrap_or(0) * 300
}

/// Fills a maildir with messages 0 to `count` and returns their bytes. Sizes go into the names, as Dovecot wants them:
/// `S` is the size on disk, `W` the size with CRLF line ends.
pub fn write_maildir(maildir: &Path, count: usize) -> Result<u64, Failure> {
    let cur = maildir.join("cur");
    for folder in [&cur, &maildir.join("new"), &maildir.join("tmp")] {
        fs::create_dir_all(folder)?;
    }
    let mut written = 0;
    for number in 0..count {
        let text = message(number);
        let (size, wire) = (text.len(), text.len() + text.matches('\n').count());
        let seconds = at(number);
        let path = cur.join(format!("{seconds}.M{number}.lab,S={size},W={wire}:2,S"));
        fs::write(&path, &text)?;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds)?);
        fs::File::options()
            .write(true)
            .open(&path)?
            .set_modified(time)?;
        chown(&path, Some(MAIL_USER), Some(MAIL_USER))?;
        written += u64::try_from(size)?;
    }
    let mut folder = Some(maildir);
    while let Some(path) = folder.filter(|path| !path.ends_with("mail")) {
        chown(path, Some(MAIL_USER), Some(MAIL_USER))?;
        folder = path.parent();
    }
    for inner in ["cur", "new", "tmp"] {
        chown(maildir.join(inner), Some(MAIL_USER), Some(MAIL_USER))?;
    }
    Ok(written)
}

/// A small generator of numbers (splitmix64), so that no seed or crate version changes the corpus.
struct Random(u64);

impl Random {
    fn new(seed: usize) -> Self {
        Self(seed as u64)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from.get(self.below(from.len()))
            .copied()
            .unwrap_or_default()
    }
}
