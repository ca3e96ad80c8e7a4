//! The style a terminal writes with, and the shortest sequence (SGR, ECMA-48 §8.3.117) from one style to another.

use std::fmt::{self, Write as _};

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// What shows even where no letter is.
const SHOWS_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK)
    .union(Modifier::CROSSED_OUT);

/// Each modifier with the number that sets it.
const SETS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// The modifiers that one number ends together.
const ENDS: [(Modifier, u8); 7] = [
    (Modifier::BOLD.union(Modifier::DIM), 22),
    (Modifier::ITALIC, 23),
    (Modifier::UNDERLINED, 24),
    (Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK), 25),
    (Modifier::REVERSED, 27),
    (Modifier::HIDDEN, 28),
    (Modifier::CROSSED_OUT, 29),
];

/// A style of letters as a terminal keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pen {
    front: Color,
    ground: Color,
    underline: Color,
    modifier: Modifier,
}

impl Pen {
    /// Returns the style of a cell.
    pub fn of(cell: &Cell) -> Self {
        Self {
            front: cell.fg,
            ground: cell.bg,
            underline: cell.underline_color,
            modifier: cell.modifier,
        }
    }

    /// Tells whether a blank in this style looks like a cell that was erased.
    pub fn is_plain_on_blank(self) -> bool {
        self.ground == Color::Reset && !self.modifier.intersects(SHOWS_ON_BLANK)
    }

    /// Tells whether a blank looks the same in both styles: of most styles only the ground shows.
    pub fn is_same_on_blank(self, other: Self) -> bool {
        let shows = |pen: Self| pen.modifier.intersects(SHOWS_ON_BLANK);
        self == other || (self.ground == other.ground && !shows(self) && !shows(other))
    }

    /// Returns this style with no more changed than a blank in `other` needs to look right.
    fn for_blank(self, other: Self) -> Self {
        if other.modifier.intersects(SHOWS_ON_BLANK) {
            return other;
        }
        Self {
            ground: other.ground,
            modifier: self.modifier.difference(SHOWS_ON_BLANK),
            ..self
        }
    }

    /// Changes to the style of a cell and returns the shortest sequence that does it; it may be empty.
    pub fn change_to(&mut self, cell: &Cell) -> String {
        let wanted = Self::of(cell);
        let mut best = (self.sequence(wanted), wanted);
        if cell.symbol() == " " {
            let enough = self.for_blank(wanted);
            let least = self.sequence(enough);
            if least.len() < best.0.len() {
                best = (least, enough);
            }
        }
        *self = best.1;
        best.0
    }

    /// Returns to the terminal's own style.
    pub fn reset(&mut self) -> &'static str {
        let was = std::mem::take(self);
        if was == Self::default() {
            ""
        } else {
            "\u{1b}[m"
        }
    }

    fn sequence(self, wanted: Self) -> String {
        if self == wanted {
            return String::new();
        }
        let mut changed = Parameters::default();
        changed.change(self, wanted);
        let mut anew = Parameters::default();
        anew.push(0);
        anew.change(Self::default(), wanted);
        let shorter = if anew.0.len() < changed.0.len() {
            anew.0
        } else {
            changed.0
        };
        // A lone 0 is what no parameter means.
        let parameters = if shorter == "0" { "" } else { &shorter };
        format!("\u{1b}[{parameters}m")
    }
}

/// The parameters of one sequence.
#[derive(Default)]
struct Parameters(String);

impl Parameters {
    fn push(&mut self, parameter: impl fmt::Display) {
        if !self.0.is_empty() {
            self.0.push(';');
        }
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{parameter}");
    }

    fn change(&mut self, from: Pen, to: Pen) {
        let mut kept = from.modifier;
        for (modifiers, end) in ENDS {
            if from.modifier.difference(to.modifier).intersects(modifiers) {
                self.push(end);
                kept = kept.difference(modifiers);
            }
        }
        for (modifier, set) in SETS {
            if to.modifier.difference(kept).contains(modifier) {
                self.push(set);
            }
        }
        if from.front != to.front {
            self.push_colour(to.front, 30);
        }
        if from.ground != to.ground {
            self.push_colour(to.ground, 40);
        }
        if from.underline != to.underline {
            self.push_underline(to.underline);
        }
    }

    /// Adds a colour; `base` is 30 for letters and 40 for the ground. The usual sixteen have short forms.
    fn push_colour(&mut self, colour: Color, base: u8) {
        match (colour, named(colour)) {
            (Color::Reset, _) => self.push(base + 9),
            (Color::Indexed(index), _) => self.push(format_args!("{};5;{index}", base + 8)),
            (Color::Rgb(r, g, b), _) => self.push(format_args!("{};2;{r};{g};{b}", base + 8)),
            (_, dark @ 0..8) => self.push(base + dark),
            (_, bright) => self.push(base + 60 + bright - 8),
        }
    }

    fn push_underline(&mut self, colour: Color) {
        match colour {
            Color::Reset => self.push(59),
            Color::Indexed(index) => self.push(format_args!("58;5;{index}")),
            Color::Rgb(r, g, b) => self.push(format_args!("58;2;{r};{g};{b}")),
            other => self.push(format_args!("58;5;{}", named(other))),
        }
    }
}

/// Returns the place of a named colour among the sixteen; of another colour 0.
fn named(colour: Color) -> u8 {
    match colour {
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Black | Color::Reset | Color::Rgb(..) | Color::Indexed(_) => 0,
    }
}
