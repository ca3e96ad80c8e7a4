//! One key press and sequences of them: reading `ctrl-r` and `g i`, spelling them for people.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers, normalised so that equal keys compare equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Hash, Debug)]
pub struct Press {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Press {
    /// Normalises a key event: a capital letter carries no shift, Shift-Tab is `BackTab`.
    pub fn new(event: &KeyEvent) -> Self {
        Self::normal(event.code, event.modifiers)
    }

    fn normal(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let mut modifiers = modifiers & known;
        let mut code = code;
        if code == KeyCode::Tab && modifiers.contains(KeyModifiers::SHIFT) {
            code = KeyCode::BackTab;
        }
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        // A terminal cannot tell Ctrl-R from Ctrl-Shift-R; both arrive in either case.
        if let KeyCode::Char(c) = code
            && modifiers.contains(KeyModifiers::CONTROL)
        {
            code = KeyCode::Char(c.to_ascii_lowercase());
        }
        Self { code, modifiers }
    }

    /// Tells whether the press types a character.
    pub fn is_text(&self) -> bool {
        let is_command = self
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        matches!(self.code, KeyCode::Char(_)) && !is_command
    }

    /// Returns the key without modifiers.
    pub fn code(&self) -> KeyCode {
        self.code
    }

    /// Returns the modifiers.
    pub fn modifiers(&self) -> KeyModifiers {
        self.modifiers
    }

    fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((modifier, tail)) = split_modifier(rest) {
            modifiers |= modifier;
            rest = tail;
        }
        Some(Self::normal(parse_code(rest)?, modifiers))
    }
}

fn split_modifier(text: &str) -> Option<(KeyModifiers, &str)> {
    let (head, tail) = text.split_once('-')?;
    if tail.is_empty() {
        return None;
    }
    let modifier = match head.to_ascii_lowercase().as_str() {
        "ctrl" | "c" => KeyModifiers::CONTROL,
        "alt" | "m" => KeyModifiers::ALT,
        "shift" | "s" => KeyModifiers::SHIFT,
        _ => return None,
    };
    Some((modifier, tail))
}

fn parse_code(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(KeyCode::Char(c));
    }
    let lower = text.to_ascii_lowercase();
    if let Some(number) = lower.strip_prefix('f') {
        return number
            .parse()
            .ok()
            .filter(|n| (1..=12).contains(n))
            .map(KeyCode::F);
    }
    NAMES
        .iter()
        .find(|(name, _, _)| *name == lower)
        .map(|(_, code, _)| *code)
}

/// Name in the configuration, code, spelling on screen.
const NAMES: [(&str, KeyCode, &str); 15] = [
    ("enter", KeyCode::Enter, "Enter"),
    ("esc", KeyCode::Esc, "Esc"),
    ("tab", KeyCode::Tab, "Tab"),
    ("backtab", KeyCode::BackTab, "Shift-Tab"),
    ("space", KeyCode::Char(' '), "Space"),
    ("up", KeyCode::Up, "↑"),
    ("down", KeyCode::Down, "↓"),
    ("left", KeyCode::Left, "←"),
    ("right", KeyCode::Right, "→"),
    ("home", KeyCode::Home, "Home"),
    ("end", KeyCode::End, "End"),
    ("pageup", KeyCode::PageUp, "PgUp"),
    ("pagedown", KeyCode::PageDown, "PgDn"),
    ("delete", KeyCode::Delete, "Del"),
    ("backspace", KeyCode::Backspace, "Backspace"),
];

impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("Ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("Shift-")?;
        }
        if let Some((_, _, spelling)) = NAMES.iter().find(|(_, code, _)| *code == self.code) {
            return f.write_str(spelling);
        }
        match self.code {
            KeyCode::Char(c) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            _ => f.write_str("?"),
        }
    }
}

/// One key, or two pressed one after the other.
#[derive(Clone, PartialEq, Debug)]
pub struct Sequence(Vec<Press>);

impl Sequence {
    /// Reads `e`, `ctrl-r` or `g i`; `None` when it is no key.
    pub fn parse(text: &str) -> Option<Self> {
        let presses: Option<Vec<Press>> = text.split_whitespace().map(Press::parse).collect();
        presses
            .filter(|presses| (1..=3).contains(&presses.len()))
            .map(Self)
    }

    /// Returns the presses in order.
    pub fn presses(&self) -> &[Press] {
        &self.0
    }

    /// Tells whether the sequence begins with `pressed`.
    pub fn starts_with(&self, pressed: &[Press]) -> bool {
        self.0.starts_with(pressed)
    }

    /// Tells whether one is the other or its beginning.
    pub fn collides_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }

    /// Spells what comes after the first `count` presses.
    pub fn rest(&self, count: usize) -> String {
        Self(self.0.iter().skip(count).copied().collect()).to_string()
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, press) in self.0.iter().enumerate() {
            let is_second_name = place > 0 && !press.is_text();
            write!(f, "{}{press}", if is_second_name { " " } else { "" })?;
        }
        Ok(())
    }
}
