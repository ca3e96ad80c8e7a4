//! The tree as text: files, and code without comments and strings, for the tests about the tree itself.
//!
//! Reads only; knows no rule.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the tree.
#[derive(Clone, Debug)]
pub struct File {
    /// Path from the tree's root, with `/`.
    pub path: String,
    /// Its text; "" when it is not UTF-8.
    pub text: String,
}

impl File {
    /// Makes a file out of literals, for the tests of the tests.
    #[allow(dead_code, reason = "used by some of the test targets only")]
    pub fn fixture(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Tells whether it is Rust.
    pub fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|kind| kind == "rs")
    }

    /// Tells whether the file holds nothing but tests.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
    }

    /// Tells whether the file is marked as a pure table, which may be long.
    #[allow(dead_code, reason = "used by some of the test targets only")]
    pub fn is_table(&self) -> bool {
        self.text.starts_with("// table:")
    }
}

/// Returns the root of the tree to look at: this one, or the one that `PILLARBOX_TREE` names.
pub fn root() -> PathBuf {
    std::env::var_os("PILLARBOX_TREE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

/// Returns all files below `folder` ("" for the whole tree), sorted; build results and `.git` left out.
pub fn files(folder: &str) -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root.join(folder), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "nothing below {}", root.display());
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path
            .strip_prefix(root)
            .expect("below the root")
            .to_string_lossy()
            .replace('\\', "/");
        if name == "target" || name == ".git" || name.ends_with("node_modules") {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let text = String::from_utf8(fs::read(&path).expect("a readable file"));
            found.push(File {
                path: name,
                text: text.unwrap_or_default(),
            });
        }
    }
}

/// Returns Rust code with comments, strings and character literals blanked out; lines stay where they are.
pub fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let length = skipped(&chars[at..], at.checked_sub(1).map(|before| chars[before]));
        if length == 0 {
            code.push(chars[at]);
            at += 1;
        } else {
            let skipped = &chars[at..at + length];
            code.extend(skipped.iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at += length;
        }
    }
    code
}

/// Returns how many characters at the start of `rest` are a comment or a literal.
fn skipped(rest: &[char], before: Option<char>) -> usize {
    let is_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match rest {
        ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
        ['/', '*', ..] => block_comment(rest),
        ['"', ..] => quoted(rest, '"'),
        ['r', '"' | '#', ..] if !is_word => raw_string(rest),
        ['\'', '\\', ..] => quoted(rest, '\''),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn raw_string(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0; // a raw identifier
    }
    let mut at = 2 + hashes;
    while at < rest.len() {
        let is_end = rest[at] == '"'
            && rest[at + 1..].len() >= hashes
            && rest[at + 1..at + 1 + hashes].iter().all(|c| *c == '#');
        if is_end {
            return at + 1 + hashes;
        }
        at += 1;
    }
    rest.len()
}

/// Returns the number of the line that holds the byte `at`.
pub fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// Returns the end (exclusive) of the bracketed group that opens at or after `from`.
pub fn end_of_group(code: &str, from: usize, open: char, close: char) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[from..].char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return from + at + c.len_utf8();
            }
        }
    }
    code.len()
}

/// Blanks out what is compiled for tests only: items behind `#[cfg(test)]`.
#[allow(dead_code, reason = "used by some of the test targets only")]
pub fn without_test_items(code: &str) -> String {
    let mut rest = code.to_owned();
    while let Some(start) = rest.find("#[cfg(test)]") {
        let semicolon = rest[start..]
            .find(';')
            .map_or(rest.len(), |at| start + at + 1);
        let brace = rest[start..].find('{').map_or(rest.len(), |at| start + at);
        let end = if brace < semicolon {
            end_of_group(&rest, brace, '{', '}')
        } else {
            semicolon
        };
        let blank: String = rest[start..end]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        rest.replace_range(start..end, &blank);
    }
    rest
}
