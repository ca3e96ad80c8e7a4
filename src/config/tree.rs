//! The two files as one tree in which every value knows its file and line. Knows no key's meaning.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::{ConfigError, Mistake};

/// No hand-written settings come near this size; more is a wrong file.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Where a value stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file.
    pub file: Arc<Path>,
    /// 1-based line.
    pub line: usize,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where its key stands, or the value itself inside an array.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// The kinds of values that settings use.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// An array.
    Array(Vec<Node>),
    /// A table of either notation.
    Table(Table),
    /// A kind no setting uses, by its name.
    Other(&'static str),
}

impl Value {
    /// Returns the kind's name for messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

/// Keys and values in the file's order.
#[derive(Clone, Default, Debug)]
pub struct Table(pub Vec<(String, Node)>);

impl Table {
    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// Lays `other` over this one, key by key; tables are merged, everything else is replaced.
    pub fn overlay(&mut self, other: Self) {
        for (key, theirs) in other.0 {
            let ours = self.0.iter_mut().find(|(name, _)| *name == key);
            match ours.map(|(_, node)| node) {
                Some(ours) => merge(ours, theirs),
                None => self.0.push((key, theirs)),
            }
        }
    }
}

fn merge(ours: &mut Node, theirs: Node) {
    match (&mut ours.value, theirs.value) {
        (Value::Table(table), Value::Table(over)) => {
            table.overlay(over);
            ours.place = theirs.place;
        }
        (value, over) => {
            *value = over;
            ours.place = theirs.place;
        }
    }
}

/// Reads a file; `None` when there is none.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    let fail = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_BYTES => {
            Err(fail(std::io::ErrorKind::FileTooLarge.into()))
        }
        Ok(_) => std::fs::read(path).map(Some).map_err(fail),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fail(error)),
    }
}

/// Parses a file's bytes; all syntax mistakes are returned together.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Table, Vec<Mistake>> {
    let file: Arc<Path> = Arc::from(path);
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let message = "expected UTF-8 text".to_owned();
        vec![syntax_mistake(
            &file,
            line_at(before, before.len()),
            message,
        )]
    })?;
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table(root.get_ref(), &Source { text, file }));
    }
    let mistakes = errors.iter().map(|error| {
        let line = error
            .span()
            .map_or(0, |span| line_at(text.as_bytes(), span.start));
        // The parser's sentences may quote the file and run over several lines.
        let message = crate::model::sanitize_line(error.message());
        syntax_mistake(&file, line, message)
    });
    Err(mistakes.collect())
}

fn syntax_mistake(file: &Arc<Path>, line: usize, message: String) -> Mistake {
    Mistake {
        file: file.to_path_buf(),
        line,
        key: String::new(),
        message,
    }
}

/// What line numbers are counted in.
struct Source<'a> {
    text: &'a str,
    file: Arc<Path>,
}

impl Source<'_> {
    fn place(&self, offset: usize) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line: line_at(self.text.as_bytes(), offset),
        }
    }
}

fn line_at(bytes: &[u8], offset: usize) -> usize {
    let before = bytes.get(..offset).unwrap_or(bytes);
    before.split(|byte| *byte == b'\n').count()
}

fn table(from: &DeTable<'_>, source: &Source<'_>) -> Table {
    let mut entries: Vec<_> = from.iter().collect();
    // The parser sorts by name; people mean the order they wrote.
    entries.sort_by_key(|(key, _)| key.span().start);
    let entries = entries.into_iter().map(|(key, spanned)| {
        let node = Node {
            place: source.place(key.span().start),
            value: value(spanned, source),
        };
        (key.get_ref().to_string(), node)
    });
    Table(entries.collect())
}

fn value(from: &Spanned<DeValue<'_>>, source: &Source<'_>) -> Value {
    match from.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number out of range"), Value::Integer),
        DeValue::Boolean(is_true) => Value::Boolean(*is_true),
        DeValue::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| Node {
                    place: source.place(item.span().start),
                    value: value(item, source),
                })
                .collect(),
        ),
        DeValue::Table(inner) => Value::Table(table(inner, source)),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
    }
}
