//! Restrictions of `FindItem` and `FindFolder`, and the words of a query string (AQS).

use std::cmp::Ordering;

use jiff::Timestamp;

use super::shape::Path;
use super::wire::{Node, is_true};

/// A property's value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Text, compared without regard to case.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A moment.
    Time(Timestamp),
}

impl Value {
    /// Compares with a constant as a client writes it; `None` if it is none of that type.
    pub fn compare(&self, constant: &str) -> Option<Ordering> {
        Some(match self {
            Self::Text(text) => text.to_lowercase().cmp(&constant.to_lowercase()),
            Self::Number(number) => number.cmp(&constant.trim().parse().ok()?),
            Self::Flag(flag) => flag.cmp(&is_true(&constant.to_ascii_lowercase())),
            Self::Time(time) => time.cmp(&constant.trim().parse().ok()?),
        })
    }

    /// Compares two values of the same property.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Flag(a), Self::Flag(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

/// A restriction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expression {
    /// Everything fits.
    All,
    /// All must fit.
    And(Vec<Self>),
    /// One must fit.
    Or(Vec<Self>),
    /// It must not fit.
    Not(Box<Self>),
    /// The property is there.
    Exists(Path),
    /// None of these bits is set.
    Excludes(Path, i64),
    /// A comparison by its element's name.
    Compare(Path, String, String),
    /// The text is in it, as the mode says.
    Contains {
        /// The property.
        path: Path,
        /// `ContainmentMode`.
        mode: String,
        /// Whether case counts.
        is_exact: bool,
        /// The text.
        text: String,
    },
}

impl Expression {
    /// Reads `Restriction`.
    pub fn read(node: Option<&Node>) -> Self {
        let first = node.and_then(|node| node.children.first());
        first.map_or(Self::All, Self::of)
    }

    fn of(node: &Node) -> Self {
        let children = || node.children.iter().map(Self::of).collect();
        let constant = |node: Option<&Node>| {
            let value = node.and_then(|node| node.attribute("Value"));
            value.unwrap_or_default().to_owned()
        };
        let path = Path::in_element(node);
        match node.name.as_str() {
            "And" => Self::And(children()),
            "Or" => Self::Or(children()),
            "Not" => Self::Not(Box::new(Self::read(Some(node)))),
            "Exists" => Self::Exists(path),
            "Excludes" => Self::Excludes(path, bits(&constant(node.child("Bitmask")))),
            "Contains" => Self::Contains {
                path,
                mode: node
                    .attribute("ContainmentMode")
                    .unwrap_or("FullString")
                    .to_owned(),
                is_exact: node
                    .attribute("ContainmentComparison")
                    .is_none_or(|how| how == "Exact"),
                text: constant(node.child("Constant")),
            },
            name => {
                let other = node.child("FieldURIOrConstant");
                let text = constant(other.and_then(|other| other.child("Constant")));
                Self::Compare(path, name.to_owned(), text)
            }
        }
    }

    /// Tells whether something fits whose properties `value` returns.
    pub fn fits(&self, value: &dyn Fn(&Path) -> Option<Value>) -> bool {
        match self {
            Self::All => true,
            Self::And(all) => all.iter().all(|one| one.fits(value)),
            Self::Or(all) => all.iter().any(|one| one.fits(value)),
            Self::Not(one) => !one.fits(value),
            Self::Exists(path) => value(path).is_some(),
            Self::Excludes(path, mask) => match value(path) {
                Some(Value::Number(number)) => number & mask == 0,
                _ => true,
            },
            Self::Compare(path, how, constant) => {
                let order = value(path).and_then(|value| value.compare(constant));
                compares(how, order)
            }
            Self::Contains {
                path,
                mode,
                is_exact,
                text,
            } => match value(path) {
                Some(Value::Text(found)) if *is_exact => contains(&found, text, mode),
                Some(Value::Text(found)) => {
                    contains(&found.to_lowercase(), &text.to_lowercase(), mode)
                }
                _ => false,
            },
        }
    }
}

fn bits(text: &str) -> i64 {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).unwrap_or_default(),
        None => text.parse().unwrap_or_default(),
    }
}

fn compares(how: &str, order: Option<Ordering>) -> bool {
    let Some(order) = order else {
        return how == "IsNotEqualTo";
    };
    match how {
        "IsEqualTo" => order.is_eq(),
        "IsNotEqualTo" => order.is_ne(),
        "IsGreaterThan" => order.is_gt(),
        "IsGreaterThanOrEqualTo" => order.is_ge(),
        "IsLessThan" => order.is_lt(),
        _ => order.is_le(),
    }
}

fn contains(found: &str, text: &str, mode: &str) -> bool {
    match mode {
        "FullString" => found == text,
        "Prefixed" => found.starts_with(text),
        "PrefixOnWords" => found.split_whitespace().any(|word| word.starts_with(text)),
        _ => found.contains(text),
    }
}

/// A word of a query string.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// `from`, `subject` …; empty for anywhere.
    pub key: String,
    /// In lower case.
    pub text: String,
    /// Whether it must not be there.
    pub is_not: bool,
}

/// Reads a query string: words that must all be there, `"in quotes"`, `key:value`, `NOT`.
pub fn words(query: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut is_not = false;
    for token in tokens(query) {
        match token.as_str() {
            "AND" => continue,
            "NOT" => {
                is_not = true;
                continue;
            }
            _ => {}
        }
        let (key, text) = token.split_once(':').unwrap_or(("", &token));
        words.push(Word {
            key: key.to_lowercase(),
            text: text.to_lowercase(),
            is_not,
        });
        is_not = false;
    }
    words
}

fn tokens(query: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut is_quoted = false;
    for c in query.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' | '(' | ')' if !is_quoted => tokens.push(String::new()),
            c => {
                if let Some(token) = tokens.last_mut() {
                    token.push(c);
                }
            }
        }
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}
