//! Themes: styles by what a thing means, never by colour. Reads `themes/*.toml`; built-in ones are embedded.

mod parse;
#[cfg(test)]
mod tests;

pub use parse::ThemeError;

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::style::Style;

/// What a piece of the screen means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Tone {
    /// Plain text and the ground of the screen.
    Text,
    /// Less important text.
    Dim,
    /// The one accent.
    Accent,
    /// Headings and titles.
    Title,
    /// The top line.
    Top,
    /// The bottom line.
    Status,
    /// A key in a hint.
    Key,
    /// Lines between panes.
    Border,
    /// Lines around what has the focus.
    Focus,
    /// The selected row.
    Selection,
    /// The selected row of a pane without the focus.
    SelectionDim,
    /// The bar before a selected row.
    Bar,
    /// An unread message.
    Unread,
    /// A star.
    Starred,
    /// All is well.
    Ok,
    /// Something to look at.
    Warning,
    /// Something is wrong.
    Error,
    /// A banner that stays.
    Banner,
    /// A toast.
    Toast,
    /// Quoted text, first level.
    Quote1,
    /// Quoted text, second level.
    Quote2,
    /// Quoted text, deeper.
    Quote3,
    /// A link.
    Link,
    /// A header's name.
    Header,
    /// The field being edited.
    Field,
    /// A search hit or a matched letter.
    Match,
}

/// Tone and its key in the file.
const TONES: [(Tone, &str); 26] = [
    (Tone::Text, "text"),
    (Tone::Dim, "dim"),
    (Tone::Accent, "accent"),
    (Tone::Title, "title"),
    (Tone::Top, "top"),
    (Tone::Status, "status"),
    (Tone::Key, "key"),
    (Tone::Border, "border"),
    (Tone::Focus, "focus"),
    (Tone::Selection, "selection"),
    (Tone::SelectionDim, "selection_dim"),
    (Tone::Bar, "bar"),
    (Tone::Unread, "unread"),
    (Tone::Starred, "starred"),
    (Tone::Ok, "ok"),
    (Tone::Warning, "warning"),
    (Tone::Error, "error"),
    (Tone::Banner, "banner"),
    (Tone::Toast, "toast"),
    (Tone::Quote1, "quote1"),
    (Tone::Quote2, "quote2"),
    (Tone::Quote3, "quote3"),
    (Tone::Link, "link"),
    (Tone::Header, "header"),
    (Tone::Field, "field"),
    (Tone::Match, "match"),
];

const BUILT_IN: [(&str, &str); 6] = [
    (
        "harbor-dark",
        include_str!("../../../themes/harbor-dark.toml"),
    ),
    (
        "paper-light",
        include_str!("../../../themes/paper-light.toml"),
    ),
    ("fjord", include_str!("../../../themes/fjord.toml")),
    ("contrast", include_str!("../../../themes/contrast.toml")),
    ("sixteen", include_str!("../../../themes/sixteen.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
];

/// What colours the terminal has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Palette {
    /// 256 colours or more.
    #[default]
    Full,
    /// The sixteen ANSI colours.
    Sixteen,
    /// None, or none wanted (`NO_COLOR`).
    None,
}

/// A style for every tone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Theme {
    /// Its name, as in the configuration.
    pub name: String,
    styles: BTreeMap<Tone, Style>,
}

impl Theme {
    /// Reads a theme.
    pub fn parse(name: &str, text: &str) -> Result<Self, ThemeError> {
        Ok(Self {
            name: name.to_owned(),
            styles: parse::styles(name, text)?,
        })
    }

    /// Returns a theme without any style, for when no file could be used.
    pub fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            styles: BTreeMap::new(),
        }
    }

    /// Returns the style of a tone.
    pub fn style(&self, tone: Tone) -> Style {
        self.styles.get(&tone).copied().unwrap_or_default()
    }
}

/// All themes there are.
#[derive(Clone, Debug, Default)]
pub struct Themes {
    all: Vec<Theme>,
}

impl Themes {
    /// Loads the built-in themes.
    pub fn built_in() -> (Self, Vec<ThemeError>) {
        let mut themes = Self::default();
        let mut errors = Vec::new();
        for (name, text) in BUILT_IN {
            match Theme::parse(name, text) {
                Ok(theme) => themes.all.push(theme),
                Err(error) => errors.push(error),
            }
        }
        (themes, errors)
    }

    /// Adds the user's themes: every `*.toml` of a folder, by file name; one with a built-in name replaces it.
    pub fn add_folder(&mut self, folder: &Path) -> Vec<ThemeError> {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "toml"))
            .collect();
        files.sort();
        files
            .iter()
            .filter_map(|file| self.add_file(file).err())
            .collect()
    }

    fn add_file(&mut self, file: &Path) -> Result<(), ThemeError> {
        let name = file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let text = std::fs::read_to_string(file).map_err(|source| ThemeError::Unreadable {
            file: file.to_owned(),
            reason: source.to_string(),
        })?;
        let theme = Theme::parse(&name, &text)?;
        self.all.retain(|known| known.name != name);
        self.all.push(theme);
        Ok(())
    }

    /// Returns the names in order.
    pub fn names(&self) -> Vec<String> {
        self.all.iter().map(|theme| theme.name.clone()).collect()
    }

    /// Finds a theme.
    pub fn find(&self, name: &str) -> Option<&Theme> {
        self.all.iter().find(|theme| theme.name == name)
    }

    /// Finds the theme to use: the one wanted, or what the terminal can show of it.
    pub fn choose(&self, wanted: &str, palette: Palette) -> Option<&Theme> {
        let name = match palette {
            Palette::Full => wanted,
            Palette::Sixteen if wanted == "mono" => wanted,
            Palette::Sixteen => "sixteen",
            Palette::None => "mono",
        };
        self.find(name).or_else(|| self.all.first())
    }
}
