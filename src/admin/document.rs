//! A document: a title and steps, each with text and at most one block to copy. Knows nothing of mail.

use serde::Serialize;

use crate::model::{sanitize_block, sanitize_line};

/// Columns of plain text, so that it survives a mail program's own wrapping.
const WIDTH: usize = 76;

/// What a block is written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// A value to copy: an address, a name.
    Text,
    /// Exchange Online PowerShell.
    PowerShell,
    /// A POSIX shell.
    Shell,
    /// JSON.
    Json,
}

impl Language {
    /// Returns the word behind a Markdown fence.
    const fn fence(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::PowerShell => "powershell",
            Self::Shell => "sh",
            Self::Json => "json",
        }
    }
}

/// A piece to copy as it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Block {
    /// What it is written in.
    pub language: Language,
    /// Its lines, without a line end behind the last.
    pub text: String,
}

/// Whether a step belongs to the way or to another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// It has to be done.
    Needed,
    /// It can be done instead of others; no script holds it.
    Alternative,
}

/// One thing to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Step {
    /// What, in a few words.
    pub title: String,
    /// How and why; may be empty.
    pub text: String,
    /// What to copy.
    pub block: Option<Block>,
    /// Whether it has to be done.
    pub weight: Weight,
}

impl Step {
    /// Makes a step that has to be done. Text loses what could harm a terminal.
    pub fn new(title: &str, text: &str) -> Self {
        Self {
            title: sanitize_line(title),
            text: sanitize_block(text),
            block: None,
            weight: Weight::Needed,
        }
    }

    /// Adds what to copy.
    pub fn with(mut self, language: Language, text: &str) -> Self {
        self.block = Some(Block {
            language,
            text: sanitize_block(text.trim_end_matches('\n')),
        });
        self
    }

    /// Marks it as another way to the same end.
    pub fn alternative(mut self) -> Self {
        self.weight = Weight::Alternative;
        self
    }
}

/// Steps under a title.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Document {
    /// What it leads to.
    pub title: String,
    /// What to do, in order.
    pub steps: Vec<Step>,
}

impl Document {
    /// Makes a document.
    pub fn new(title: &str, steps: Vec<Step>) -> Self {
        Self {
            title: sanitize_line(title),
            steps,
        }
    }

    /// Writes it as plain text: numbered steps, blocks indented.
    pub fn plain(&self) -> String {
        let mut lines = vec![
            self.title.clone(),
            "=".repeat(self.title.chars().count().min(WIDTH)),
        ];
        for (number, step) in (1_usize..).zip(&self.steps) {
            lines.push(String::new());
            lines.push(format!("{number}. {}", step.title));
            lines.extend(wrapped(&step.text, "   "));
            if let Some(block) = &step.block {
                lines.push(String::new());
                lines.extend(block.text.lines().map(indented));
            }
        }
        lines.join("\n") + "\n"
    }

    /// Writes it as Markdown (`CommonMark`): a heading per step, blocks fenced.
    pub fn markdown(&self) -> String {
        let mut pieces = vec![format!("# {}", escaped(&self.title))];
        for (number, step) in (1_usize..).zip(&self.steps) {
            pieces.push(format!("## {number}. {}", escaped(&step.title)));
            if !step.text.is_empty() {
                pieces.push(escaped(&step.text));
            }
            if let Some(block) = &step.block {
                let fence = "`".repeat(longest_run(&block.text, '`').max(2) + 1);
                let language = block.language.fence();
                pieces.push(format!("{fence}{language}\n{}\n{fence}", block.text));
            }
        }
        pieces.join("\n\n") + "\n"
    }

    /// Returns the blocks that have to be run or pasted, in order, without the text around them; in scripts each stands
    /// below its step's title.
    pub fn blocks(&self) -> String {
        let needed = self
            .steps
            .iter()
            .filter(|step| step.weight == Weight::Needed);
        let texts: Vec<String> = needed
            .filter_map(|step| Some((step, step.block.as_ref()?)))
            .map(|(step, block)| match block.language {
                Language::PowerShell | Language::Shell => {
                    format!("# {}\n{}", step.title, block.text)
                }
                Language::Text | Language::Json => block.text.clone(),
            })
            .collect();
        texts.join("\n\n") + "\n"
    }
}

fn indented(line: &str) -> String {
    if line.is_empty() {
        String::new()
    } else {
        format!("    {line}")
    }
}

/// Breaks text at blanks; its own line ends stay.
fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = indent.to_owned();
        for word in paragraph.split(' ') {
            let is_first = line.len() == indent.len();
            if !is_first && line.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
                line.push_str(word);
                continue;
            }
            if !is_first {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Values of an account may hold anything; none of it becomes markup.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&'
        ) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
