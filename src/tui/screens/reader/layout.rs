//! A message as lines for a width: headers, attachments, text with quotes folded, links with their true targets.

use crate::model::{Address, Body, Listed};
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::keymap::Action;
use crate::tui::text;
use crate::tui::theme::Tone;

use super::{Headers, Quotes};

/// Shorter quotes are not worth a fold.
const FOLD_FROM: usize = 4;
/// At most this many lines are laid out; the rest is told of.
const LINES: usize = 20_000;
/// At most this many addresses of a header are shown.
const ADDRESSES: usize = 8;

/// A line: pieces with their tones.
pub type Piece = (String, Tone);

/// The lines of a message.
#[derive(Debug)]
pub struct Layout {
    /// Columns it was made for.
    pub width: u16,
    /// The lines.
    pub lines: Vec<Vec<Piece>>,
}

/// What a message is laid out from.
pub struct Source<'a> {
    /// The row.
    pub message: &'a Listed,
    /// The body, if it is here.
    pub body: Option<&'a Body>,
    /// Which headers.
    pub headers: Headers,
    /// Whether quotes are folded.
    pub quotes: Quotes,
}

/// Lays a message out.
pub fn lay_out(source: &Source<'_>, width: u16, cx: &Cx) -> Layout {
    let mut page = Page {
        columns: usize::from(width).max(1),
        cx,
        lines: Vec::new(),
    };
    page.head(source);
    if let Some(body) = source.body {
        page.attachments(body);
        page.rule();
        page.text(body, source.quotes);
        page.links(body);
        for cut in &body.cuts {
            page.wrapped(cut, Tone::Warning);
        }
    } else {
        page.rule();
    }
    Layout {
        width,
        lines: page.lines,
    }
}

struct Page<'a> {
    columns: usize,
    cx: &'a Cx,
    lines: Vec<Vec<Piece>>,
}

impl Page<'_> {
    fn push(&mut self, pieces: Vec<Piece>) {
        self.lines.push(pieces);
    }

    fn wrapped(&mut self, text: &str, tone: Tone) {
        for row in text::wrap(text, self.columns) {
            self.push(vec![(row, tone)]);
        }
    }

    fn rule(&mut self) {
        let line = self.cx.symbols.horizontal.repeat(self.columns);
        self.push(vec![(line, Tone::Border)]);
    }

    fn head(&mut self, source: &Source<'_>) {
        let envelope = &source.message.envelope;
        let subject = if envelope.subject.trim().is_empty() {
            "(no subject)"
        } else {
            &envelope.subject
        };
        self.wrapped(subject, Tone::Title);
        if let (Headers::All, Some(body)) = (source.headers, source.body) {
            for (name, value) in &body.headers {
                self.header(name, value);
            }
            return;
        }
        self.header("From", &addresses(&envelope.from));
        self.header("To", &addresses(&envelope.to));
        if !envelope.cc.is_empty() {
            self.header("Cc", &addresses(&envelope.cc));
        }
        let age = dates::ago(envelope.date, self.cx.now);
        let date = dates::long(envelope.date, &self.cx.zone);
        self.header("Date", &format!("{date} ({age})"));
    }

    fn header(&mut self, name: &str, value: &str) {
        let label = text::width(name).max(5) + 1;
        let room = self.columns.saturating_sub(label).max(8);
        for (place, row) in text::wrap(value, room).into_iter().enumerate() {
            let head = if place == 0 { name } else { "" };
            let head = text::left(head, label, &self.cx.symbols);
            self.push(vec![(head, Tone::Header), (row, Tone::Text)]);
        }
    }

    fn attachments(&mut self, body: &Body) {
        let symbols = self.cx.symbols;
        for (place, attachment) in body.attachments.iter().enumerate() {
            let hint = if place == 0 {
                format!("   {} save", self.cx.key(Action::SaveAttachment))
            } else {
                String::new()
            };
            let size = text::size(attachment.size);
            let line = format!("{} {} {size}{hint}", symbols.attachment, attachment.name);
            let line = text::truncate(&line, self.columns, &symbols);
            self.push(vec![(line, Tone::Accent)]);
        }
    }

    fn text(&mut self, body: &Body, quotes: Quotes) {
        let all: Vec<&str> = body.text.trim_end().lines().collect();
        let (mut rest, more) = all.split_at_checked(LINES).unwrap_or((all.as_slice(), &[]));
        while let [first, ..] = rest {
            let level = quote_level(first);
            let count = rest
                .iter()
                .take_while(|line| (quote_level(line) > 0) == (level > 0))
                .count();
            let (run, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = after;
            self.run(run, level, quotes);
        }
        if !more.is_empty() {
            let left = text::plural(more.len(), "more line");
            self.wrapped(
                &format!("The text is too long to show: {left}"),
                Tone::Warning,
            );
        }
    }

    /// Lines that are all quoted, or all not.
    fn run(&mut self, run: &[&str], level: usize, quotes: Quotes) {
        let is_folded = level > 0 && run.len() >= FOLD_FROM && quotes == Quotes::Folded;
        if is_folded {
            let count = text::plural(run.len(), "quoted line");
            let key = self.cx.key(Action::Open);
            self.push(vec![(format!("> {count}  {key} unfold"), Tone::Quote1)]);
            return;
        }
        for line in run {
            let tone = match quote_level(line) {
                0 if is_signature(line) => Tone::Dim,
                0 => Tone::Text,
                1 => Tone::Quote1,
                2 => Tone::Quote2,
                _ => Tone::Quote3,
            };
            self.wrapped(line, tone);
        }
    }

    fn links(&mut self, body: &Body) {
        if body.links.is_empty() {
            return;
        }
        self.push(Vec::new());
        for (place, link) in body.links.iter().enumerate() {
            let number = format!("[{}] ", place + 1);
            let room = self.columns.saturating_sub(number.len()).max(8);
            for (row, piece) in text::wrap(link, room).into_iter().enumerate() {
                let head = if row == 0 {
                    number.clone()
                } else {
                    " ".repeat(number.len())
                };
                self.push(vec![(head, Tone::Dim), (piece, Tone::Link)]);
            }
        }
    }
}

fn is_signature(line: &str) -> bool {
    line == "-- " || line == "--"
}

/// Counts the `>` before a line, blanks between them allowed.
fn quote_level(line: &str) -> usize {
    line.chars()
        .take_while(|c| matches!(c, '>' | ' '))
        .filter(|c| *c == '>')
        .count()
}

fn addresses(list: &[Address]) -> String {
    if list.is_empty() {
        return "(nobody)".to_owned();
    }
    let mut shown: Vec<String> = list
        .iter()
        .take(ADDRESSES)
        .map(Address::to_string)
        .collect();
    let more = list.len().saturating_sub(ADDRESSES);
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}
