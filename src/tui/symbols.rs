//! The signs on screen, and their plain ASCII twins for bad terminals and screen readers.

use ratatui::symbols::border;

use crate::engine::Health;

/// The signs in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Symbols {
    /// Whether only ASCII is drawn.
    pub is_ascii: bool,
    /// Before the selected row; one column.
    pub bar: &'static str,
    /// An unread message; one column.
    pub unread: &'static str,
    /// A starred message; one column.
    pub star: &'static str,
    /// An answered message; one column.
    pub answered: &'static str,
    /// A forwarded message; one column.
    pub forwarded: &'static str,
    /// A message with attachments; at most two columns.
    pub attachment: &'static str,
    /// A selected message among several; one column.
    pub check: &'static str,
    /// Something that failed; one column.
    pub cross: &'static str,
    /// A folded tree node; one column.
    pub folded: &'static str,
    /// An unfolded tree node; one column.
    pub unfolded: &'static str,
    /// Where text was cut; one column or three.
    pub ellipsis: &'static str,
    /// Between parts of a line.
    pub dot: &'static str,
    /// Between the steps of a path.
    pub step: &'static str,
    /// A vertical line.
    pub vertical: &'static str,
    /// A horizontal line.
    pub horizontal: &'static str,
    /// The done part of a progress bar.
    pub done: &'static str,
    /// The open part of a progress bar.
    pub open: &'static str,
    /// The borders of what lies on top.
    pub border: border::Set<'static>,
}

impl Symbols {
    /// Returns the set.
    pub const fn new(is_ascii: bool) -> Self {
        if is_ascii { ASCII } else { UNICODE }
    }

    /// Returns a mailbox's health mark, one column.
    pub const fn health(&self, health: Health) -> &'static str {
        match (health, self.is_ascii) {
            (Health::Fine, false) => "●",
            (Health::Syncing, false) => "◐",
            (Health::NeedsYou, false) => "▲",
            (Health::Offline, false) => "○",
            (Health::Fine, true) => "*",
            (Health::Syncing, true) => "~",
            (Health::NeedsYou, true) => "!",
            (Health::Offline, true) => "-",
        }
    }
}

const UNICODE: Symbols = Symbols {
    is_ascii: false,
    bar: "▌",
    unread: "●",
    star: "★",
    answered: "↩",
    forwarded: "↪",
    attachment: "📎",
    check: "✓",
    cross: "✗",
    folded: "▸",
    unfolded: "▾",
    ellipsis: "…",
    dot: "·",
    step: "›",
    vertical: "│",
    horizontal: "─",
    done: "▰",
    open: "▱",
    border: border::ROUNDED,
};

const ASCII: Symbols = Symbols {
    is_ascii: true,
    bar: ">",
    unread: "*",
    star: "+",
    answered: "r",
    forwarded: "f",
    attachment: "@",
    check: "x",
    cross: "!",
    folded: "+",
    unfolded: "-",
    ellipsis: "~",
    dot: "-",
    step: ">",
    vertical: "|",
    horizontal: "-",
    done: "#",
    open: ".",
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};
