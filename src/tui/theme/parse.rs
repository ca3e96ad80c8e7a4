//! Reading a theme file; every mistake names the file's key.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};
use toml::{Table, Value};

use super::{TONES, Tone};

/// A theme that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ThemeError {
    /// The file cannot be read.
    #[error("theme {}: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The text is no TOML.
    #[error("theme {theme}: {reason}")]
    Syntax {
        /// The theme.
        theme: String,
        /// What the parser says, first line.
        reason: String,
    },
    /// A key is unknown or its value makes no sense.
    #[error("theme {theme}, {key}: {reason}")]
    Key {
        /// The theme.
        theme: String,
        /// Dotted key.
        key: String,
        /// What was expected.
        reason: String,
    },
}

struct Reader<'a> {
    theme: &'a str,
    palette: BTreeMap<String, Color>,
}

impl Reader<'_> {
    fn error(&self, key: &str, reason: impl Into<String>) -> ThemeError {
        ThemeError::Key {
            theme: self.theme.to_owned(),
            key: key.to_owned(),
            reason: reason.into(),
        }
    }

    fn palette(&mut self, table: &Table) -> Result<(), ThemeError> {
        for (name, value) in table {
            let key = format!("palette.{name}");
            let color = self.color(&key, value)?;
            self.palette.insert(name.clone(), color);
        }
        Ok(())
    }

    fn color(&self, key: &str, value: &Value) -> Result<Color, ThemeError> {
        let text = match value {
            Value::Integer(index) => index.to_string(),
            Value::String(text) => text.clone(),
            _ => {
                return Err(
                    self.error(key, "expected a colour such as \"#87afd7\", 110 or \"red\"")
                );
            }
        };
        if let Some(color) = self.palette.get(&text) {
            return Ok(*color);
        }
        Color::from_str(&text).map_err(|_| {
            self.error(
                key,
                format!("\"{text}\" is neither a colour nor in the palette"),
            )
        })
    }

    fn style(&self, key: &str, value: &Value) -> Result<Style, ThemeError> {
        let Value::Table(table) = value else {
            return Err(self.error(
                key,
                "expected a table such as { fg = \"blue\", bold = true }",
            ));
        };
        let mut style = Style::default();
        for (name, value) in table {
            let path = format!("{key}.{name}");
            style = match name.as_str() {
                "fg" => style.fg(self.color(&path, value)?),
                "bg" => style.bg(self.color(&path, value)?),
                _ => self.modified(style, &path, name, value)?,
            };
        }
        Ok(style)
    }

    fn modified(
        &self,
        style: Style,
        key: &str,
        name: &str,
        value: &Value,
    ) -> Result<Style, ThemeError> {
        let modifier = match name {
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underline" => Modifier::UNDERLINED,
            "reverse" => Modifier::REVERSED,
            _ => {
                return Err(self.error(
                    key,
                    "expected fg, bg, bold, dim, italic, underline or reverse",
                ));
            }
        };
        match value {
            Value::Boolean(true) => Ok(style.add_modifier(modifier)),
            Value::Boolean(false) => Ok(style.remove_modifier(modifier)),
            _ => Err(self.error(key, "expected true or false")),
        }
    }
}

/// Reads all styles of a theme. Tones that are left out stay plain.
pub fn styles(theme: &str, text: &str) -> Result<BTreeMap<Tone, Style>, ThemeError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let reason = error
            .message()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        ThemeError::Syntax {
            theme: theme.to_owned(),
            reason,
        }
    })?;
    let mut reader = Reader {
        theme,
        palette: BTreeMap::new(),
    };
    let mut styles = BTreeMap::new();
    if let Some(Value::Table(palette)) = table.get("palette") {
        reader.palette(palette)?;
    }
    for (name, value) in table.iter().filter(|(name, _)| *name != "palette") {
        let Some((tone, _)) = TONES.iter().find(|(_, key)| key == name) else {
            return Err(reader.error(name, "there is no such tone"));
        };
        styles.insert(*tone, reader.style(name, value)?);
    }
    Ok(styles)
}
