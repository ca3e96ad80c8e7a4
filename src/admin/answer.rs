//! The filled-in sheet, as it comes back: quoted, reformatted, with other text around it. Reads and judges; asks nobody.

use jiff::civil::Date;

use crate::admin::kit::Kit;
use crate::admin::labels::{LABELS, Label};
use crate::admin::request::{FOR_SENDING, is_asked};
use crate::model::{SignInProfile, sanitize_line};

/// A longer answer is no sheet.
const MAX_LINES: usize = 20_000;
/// Longer lines hold no value of ours.
const MAX_LINE: usize = 2_000;
/// What is kept of notes.
const MAX_NOTES: usize = 2_000;

/// A blank of the sheet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AnswerField {
    /// The tenant's id or domain.
    Tenant,
    /// The application's id.
    ClientId,
    /// The object id of the enterprise application.
    ObjectId,
    /// The day on which the secret ends.
    Expires,
    /// Anything else.
    Notes,
}

impl AnswerField {
    /// All of them, in the sheet's order.
    pub const ALL: &'static [Self] = &[
        Self::Tenant,
        Self::ClientId,
        Self::ObjectId,
        Self::Expires,
        Self::Notes,
    ];

    /// Returns what stands before the blank.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant id",
            Self::ClientId => "Client id",
            Self::ObjectId => "Object id of the enterprise application",
            Self::Expires => "Secret expires (YYYY-MM-DD)",
            Self::Notes => "Notes",
        }
    }
}

/// What is wrong with an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AnswerMistake {
    /// A value that this account needs is not there.
    Missing(AnswerField),
    /// A value is there, but of another form; carries it, safe to show.
    Malformed(AnswerField, String),
    /// Two different values for one blank.
    Twice(AnswerField),
    /// Client id and object id are the same: the object id is another one.
    SameIds,
    /// A secret stands in the answer. It was not read, and should be replaced, since mail is no place for it.
    SecretInAnswer,
    /// A secret's id stands in the answer in the place of its value; it is of no use.
    SecretIdInAnswer,
    /// One of these, in the values for the sign-in that only sends.
    ForSending(Box<Self>),
}

impl AnswerMistake {
    /// Says what is wrong and what was expected, as one sentence without a full stop.
    pub fn words(&self) -> String {
        match self {
            Self::Missing(field) => format!("{} is missing", field.label()),
            Self::Malformed(field, found) => format!("{}: expected {}, found \"{found}\"", field.label(), expected(*field)),
            Self::Twice(field) => format!("{} is there with two different values", field.label()),
            Self::SameIds => {
                "Client id and object id are the same; expected the Object ID under Enterprise applications".to_owned()
            }
            Self::SecretInAnswer => {
                "A secret stands in the answer; it was not read. Have it replaced, and take the new one by another way \
                 than mail"
                    .to_owned()
            }
            Self::SecretIdInAnswer => {
                "What stands in the answer as a secret is the secret's id; its value is needed, and by another way than \
                 mail"
                    .to_owned()
            }
            Self::ForSending(mistake) => format!("For sending: {}", mistake.words()),
        }
    }

    /// Tells whether the values can be used in spite of it.
    pub fn is_harmless(&self) -> bool {
        match self {
            Self::ForSending(mistake) => mistake.is_harmless(),
            mistake => matches!(mistake, Self::SecretInAnswer | Self::SecretIdInAnswer),
        }
    }

    /// Tells whether a value is only not there yet.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::ForSending(mistake) => mistake.is_missing(),
            mistake => matches!(mistake, Self::Missing(_)),
        }
    }
}

const fn expected(field: AnswerField) -> &'static str {
    match field {
        AnswerField::Tenant => "a GUID or a domain",
        AnswerField::ClientId | AnswerField::ObjectId => {
            "a GUID such as 00000000-0000-0000-0000-000000000000"
        }
        AnswerField::Expires => "a day such as 2027-05-31",
        AnswerField::Notes => "text",
    }
}

/// A key of the profile that an answer changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The key, as the settings name it.
    pub key: &'static str,
    /// What it says now; may be empty.
    pub before: String,
    /// What it will say.
    pub after: String,
}

/// The values of a filled-in sheet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// The tenant's GUID or domain.
    pub tenant: Option<String>,
    /// The application's GUID.
    pub client_id: Option<String>,
    /// The enterprise application's GUID.
    pub object_id: Option<String>,
    /// The day on which the secret ends.
    pub expires: Option<Date>,
    /// What else was written; may be empty.
    pub notes: String,
    /// What is malformed or does not belong there.
    pub mistakes: Vec<AnswerMistake>,
    /// The values for the sign-in that only sends, where there were some.
    pub sending: Option<Box<Self>>,
}

/// Which sign-in a line is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Reading,
    Sending,
}

impl Answer {
    /// Reads an answer. Text around the values, quotation marks of mail and Markdown, JSON, and values on the line below
    /// their label are understood.
    pub fn read(text: &str) -> Self {
        let mut answer = Self::default();
        let mut open: Option<(Label, Part)> = None;
        for line in text.lines().take(MAX_LINES) {
            let line = bare(line);
            match labelled(&line) {
                Some((label, part, value)) if is_blank(&value) => open = Some((label, part)),
                Some((label, part, value)) => {
                    answer.part(part).take(label, &value);
                    let is_notes = label == Label::Field(AnswerField::Notes);
                    open = is_notes.then_some((label, part));
                }
                None if is_blank(&line) => {
                    // Below the notes come a signature and the quoted sheet.
                    if !answer.notes.is_empty() {
                        open = None;
                    }
                }
                None => {
                    if let Some((label, part)) = open {
                        answer.part(part).take_below(label, &line);
                        let is_notes = label == Label::Field(AnswerField::Notes);
                        open = is_notes.then_some((label, part));
                    }
                }
            }
        }
        answer.compare_ids();
        if let Some(sending) = &mut answer.sending {
            sending.compare_ids();
        }
        answer
    }

    fn compare_ids(&mut self) {
        if self.object_id.is_some() && self.object_id == self.client_id {
            self.mistakes.push(AnswerMistake::SameIds);
        }
    }

    fn part(&mut self, part: Part) -> &mut Self {
        match part {
            Part::Reading => self,
            Part::Sending => self.sending.get_or_insert_default(),
        }
    }

    /// Lists everything that is wrong for this account: what was found while reading, and what is missing.
    pub fn judged(&self, kit: &Kit<'_>) -> Vec<AnswerMistake> {
        let mut mistakes = self.judged_alone(kit);
        let nothing = Self::default();
        let sending = self.sending.as_deref();
        let apart = match kit.sending().filter(Kit::is_entra) {
            Some(kit) => sending.unwrap_or(&nothing).judged_alone(&kit),
            None => sending.map_or_else(Vec::new, |sending| sending.mistakes.clone()),
        };
        let marked = |mistake| AnswerMistake::ForSending(Box::new(mistake));
        mistakes.extend(apart.into_iter().map(marked));
        mistakes
    }

    fn judged_alone(&self, kit: &Kit<'_>) -> Vec<AnswerMistake> {
        let mut mistakes = self.mistakes.clone();
        let has = |field| match field {
            AnswerField::Tenant => self.tenant.is_some(),
            AnswerField::ClientId => self.client_id.is_some(),
            AnswerField::ObjectId => self.object_id.is_some(),
            AnswerField::Expires => self.expires.is_some(),
            AnswerField::Notes => true,
        };
        for field in AnswerField::ALL {
            let is_named = mistakes.iter().any(
                |known| matches!(known, AnswerMistake::Malformed(of, _) | AnswerMistake::Twice(of) if of == field),
            );
            if is_asked(kit, *field) && !has(*field) && !is_named {
                mistakes.push(AnswerMistake::Missing(*field));
            }
        }
        mistakes
    }

    /// Returns the profile with the answer's values, and what changes by that.
    pub fn apply(&self, profile: &SignInProfile) -> (SignInProfile, Vec<Change>) {
        let mut new = profile.clone();
        if let Some(tenant) = &self.tenant {
            new.tenant.clone_from(tenant);
        }
        if let Some(id) = &self.client_id {
            new.client_id.clone_from(id);
        }
        new.secret_expires = self.expires.or(profile.secret_expires);
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let changes = [
            ("tenant", profile.tenant.clone(), new.tenant.clone()),
            (
                "client_id",
                profile.client_id.clone(),
                new.client_id.clone(),
            ),
            (
                "secret_expires",
                day(profile.secret_expires),
                day(new.secret_expires),
            ),
        ];
        let changes = changes
            .into_iter()
            .filter(|(_, before, after)| before != after);
        let changes = changes.map(|(key, before, after)| Change { key, before, after });
        let changes = changes.collect();
        (new, changes)
    }

    /// A line below an empty label counts only if it looks like a value; prose does not.
    fn take_below(&mut self, label: Label, line: &str) {
        let is_value = match label {
            Label::Field(AnswerField::Notes) => true,
            Label::Field(AnswerField::Expires) => date(line).is_some(),
            Label::Field(AnswerField::Tenant) => {
                guid(line).is_some()
                    || domain(line).is_some_and(|domain| domain.len() == line.len())
            }
            Label::Field(_) => guid(line).is_some(),
            Label::Secret => !line.contains(' '),
        };
        if is_value {
            self.take(label, line);
        }
    }

    fn take(&mut self, label: Label, value: &str) {
        let field = match label {
            Label::Field(field) => field,
            Label::Secret => {
                let mistake = if is_secret_id(value) {
                    AnswerMistake::SecretIdInAnswer
                } else {
                    AnswerMistake::SecretInAnswer
                };
                self.add(mistake);
                return;
            }
        };
        let is_good = match field {
            AnswerField::Tenant => {
                let found = guid(value).or_else(|| domain(value));
                set(&mut self.tenant, found)
            }
            AnswerField::ClientId => set(&mut self.client_id, guid(value)),
            AnswerField::ObjectId => set(&mut self.object_id, guid(value)),
            AnswerField::Expires => set(&mut self.expires, date(value)),
            AnswerField::Notes => {
                self.note(value);
                Taken::Good
            }
        };
        match is_good {
            Taken::Good => {}
            Taken::Other => self.add(AnswerMistake::Twice(field)),
            Taken::Malformed => {
                let shown: String = value.chars().take(60).collect();
                self.add(AnswerMistake::Malformed(field, shown));
            }
        }
    }

    fn note(&mut self, value: &str) {
        let free = MAX_NOTES.saturating_sub(self.notes.chars().count());
        if !self.notes.is_empty() {
            self.notes.push('\n');
        }
        self.notes.extend(value.chars().take(free));
    }

    fn add(&mut self, mistake: AnswerMistake) {
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }
}

enum Taken {
    Good,
    Other,
    Malformed,
}

fn set<T: PartialEq>(place: &mut Option<T>, found: Option<T>) -> Taken {
    match (place.as_ref(), found) {
        (_, None) => Taken::Malformed,
        (Some(known), Some(found)) if *known != found => Taken::Other,
        (_, Some(found)) => {
            *place = Some(found);
            Taken::Good
        }
    }
}

/// Tells whether what was given as a secret is the id that the portal shows beside it: a GUID, which a value never is.
pub fn is_secret_id(secret: &str) -> bool {
    let secret = secret.trim();
    guid(secret).is_some_and(|guid| guid.len() == secret.len())
}

/// Takes off what mail programs and Markdown put around a line.
fn bare(line: &str) -> String {
    let short: String = line.chars().take(MAX_LINE).collect();
    let line = sanitize_line(&short)
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    line.trim_matches(|c: char| c.is_whitespace() || "> |*#`{},;•".contains(c))
        .to_owned()
}

/// Splits `label: value`; the label may be decorated and numbered.
fn labelled(line: &str) -> Option<(Label, Part, String)> {
    let plain_start =
        line.trim_start_matches(|c: char| c.is_ascii_digit() || " .)-–\"'".contains(c));
    let at = plain_start.find([':', '=', '|', '\t'])?;
    let (before, after) = plain_start.split_at_checked(at)?;
    // A variable of the scripts that came with the blanks, and perhaps comes back with them.
    if before.contains('$') {
        return None;
    }
    let mut words = String::new();
    for c in before.chars() {
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        } else if matches!(c, ' ' | '-' | '_' | '(' | ')' | '\u{a0}') && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    let words = words.trim();
    let (words, part) = match words.strip_suffix(FOR_SENDING) {
        Some(words) => (words, Part::Sending),
        None => (words, Part::Reading),
    };
    let (_, label) = LABELS.iter().find(|(name, _)| *name == words)?;
    let decoration = |c: char| c.is_whitespace() || ":=|*`\"',;<>_".contains(c);
    let value = after
        .trim_start_matches(decoration)
        .trim_end_matches(decoration);
    Some((*label, part, value.to_owned()))
}

/// Tells whether a blank was left blank.
fn is_blank(value: &str) -> bool {
    !value.chars().any(char::is_alphanumeric)
}

/// Finds the first GUID in a text, in small letters.
fn guid(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
    let found = text.split(|c| !is_part(c)).find(|word| {
        let lengths: Vec<usize> = word.split('-').map(str::len).collect();
        lengths == [8, 4, 4, 4, 12]
    });
    found.map(str::to_ascii_lowercase)
}

/// Takes the first word if it is a domain.
fn domain(text: &str) -> Option<String> {
    let word = text.split([' ', '(', ',']).next()?.trim_end_matches('.');
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let is_domain = word.contains('.') && word.split('.').all(is_label);
    is_domain.then(|| word.to_ascii_lowercase())
}

/// Reads a day in the forms that mean the same everywhere; 5/6/2027 does not.
fn date(text: &str) -> Option<Date> {
    let text = text.trim().trim_end_matches('.');
    let first = text.split(['T', ' ']).next().unwrap_or_default();
    let forms = [
        "%d %B %Y",
        "%B %d, %Y",
        "%d %b %Y",
        "%b %d, %Y",
        "%d.%m.%Y",
        "%Y/%m/%d",
    ];
    let spelled = || {
        forms
            .iter()
            .find_map(|form| Date::strptime(form, text).ok())
    };
    first.parse().ok().or_else(spelled)
}
