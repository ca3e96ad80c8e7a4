//! A document as rows of a width; each row knows its step and the line it is a part of.

use crate::admin::Document;
use crate::tui::text;

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A title.
    Title,
    /// Words.
    Text,
    /// Something to copy.
    Block,
}

/// A row on screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// What is drawn.
    pub text: String,
    /// The whole line it is a part of.
    pub line: String,
    /// What it is.
    pub kind: Kind,
    /// The step it belongs to.
    pub step: Option<usize>,
}

/// Lays a document out; blocks stand behind a line of `vertical`.
pub fn rows(document: &Document, columns: usize, vertical: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let before_block = format!("  {vertical} ");
    let mut add = |line: &str, kind, step| {
        let indent = match kind {
            Kind::Title => "",
            Kind::Text => "   ",
            Kind::Block => before_block.as_str(),
        };
        let room = columns.saturating_sub(text::width(indent)).max(4);
        rows.extend(text::wrap(line, room).into_iter().map(|part| Row {
            text: format!("{indent}{part}").trim_end().to_owned(),
            line: line.to_owned(),
            kind,
            step,
        }));
    };
    add(&document.title, Kind::Title, None);
    for (place, step) in document.steps.iter().enumerate() {
        let own = Some(place);
        add("", Kind::Text, own);
        add(&format!("{}. {}", place + 1, step.title), Kind::Title, own);
        step.text
            .lines()
            .for_each(|line| add(line, Kind::Text, own));
        let block = step.block.iter().flat_map(|block| block.text.lines());
        block.for_each(|line| add(line, Kind::Block, own));
    }
    rows
}
