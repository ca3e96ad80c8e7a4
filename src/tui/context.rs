//! What every screen may look at while it updates and draws: time, size, theme, keys, mailboxes. Never changed by a screen.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::layout::Size;
use ratatui::style::Style;

use crate::config::{Config, Interface};
use crate::engine::{Expiry, Health, Status};
use crate::model::{
    Account, Address, Folder, FolderId, IncomingProtocol, Mailbox, MailboxId, OutboxItem, Role,
};
use crate::tui::Companion;
use crate::tui::keymap::{Action, Keymap, KeymapError};
use crate::tui::symbols::Symbols;
use crate::tui::theme::{Palette, Theme, ThemeError, Themes, Tone};

/// Where the person sits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Seat {
    /// At this machine: a browser here can come back to this program.
    #[default]
    Here,
    /// At another one, logged in over SSH: its browser cannot.
    Elsewhere,
}

impl Seat {
    /// Tells by the environment that SSH leaves behind.
    pub fn find(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        if ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"]
            .iter()
            .any(|name| is_set(name))
        {
            Self::Elsewhere
        } else {
            Self::Here
        }
    }
}

/// The surroundings of a screen.
#[derive(Clone, Debug)]
pub struct Cx {
    /// The time of the newest message to the interface.
    pub now: Timestamp,
    /// The run loop's time since its start, which no change of the wall clock disturbs.
    pub elapsed: Duration,
    /// The user's time zone.
    pub zone: TimeZone,
    /// The terminal's size in cells.
    pub size: Size,
    /// The theme in force.
    pub theme: Theme,
    /// All themes.
    pub themes: Themes,
    /// What colours the terminal has.
    pub palette: Palette,
    /// The keys in force.
    pub keymap: Keymap,
    /// The signs in force.
    pub symbols: Symbols,
    /// The interface settings in force.
    pub interface: Interface,
    /// All mailboxes, in the sidebar's order; empty until they are loaded.
    pub mailboxes: Vec<Mailbox>,
    /// Folders by mailbox, in the sidebar's order; missing until they are loaded.
    pub folders: BTreeMap<MailboxId, Vec<Folder>>,
    /// How the mailboxes are doing.
    pub statuses: BTreeMap<MailboxId, Status>,
    /// Messages on their way out.
    pub outbox: Vec<OutboxItem>,
    /// The configuration; `None` until it is loaded.
    pub config: Option<Arc<Config>>,
    /// Where the person's browser most likely is.
    pub seat: Seat,
    /// Secrets and certificates that end, of all accounts of which that is known.
    pub expiries: Vec<Expiry>,
    /// The demo's additions.
    pub companion: Option<Companion>,
    /// How many screens were opened so far; a number nobody else has.
    pub opened: u64,
}

/// Mistakes in themes and keys, for banners.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mistakes {
    /// In themes.
    pub themes: Vec<ThemeError>,
    /// In `[interface.keys]`.
    pub keys: Vec<KeymapError>,
}

impl Cx {
    /// Builds the surroundings for these settings.
    pub fn new(interface: Interface, palette: Palette, folder: Option<&Path>) -> (Self, Mistakes) {
        let (mut themes, mut theme_errors) = Themes::built_in();
        if let Some(folder) = folder {
            theme_errors.extend(themes.add_folder(folder));
        }
        let theme = themes.choose(&interface.theme, palette).cloned();
        let (keymap, keys) = Keymap::new(&interface.keys);
        let cx = Self {
            now: Timestamp::UNIX_EPOCH,
            elapsed: Duration::ZERO,
            zone: TimeZone::UTC,
            size: Size::new(80, 24),
            theme: theme.unwrap_or_else(|| Theme::plain("mono")),
            themes,
            palette,
            keymap,
            symbols: Symbols::new(interface.ascii),
            interface,
            seat: Seat::default(),
            mailboxes: Vec::new(),
            folders: BTreeMap::new(),
            statuses: BTreeMap::new(),
            outbox: Vec::new(),
            config: None,
            expiries: Vec::new(),
            companion: None,
            opened: 0,
        };
        let themes = theme_errors;
        (cx, Mistakes { themes, keys })
    }

    /// Returns the style of a tone in the theme in force.
    pub fn style(&self, tone: Tone) -> Style {
        self.theme.style(tone)
    }

    /// Returns an action's first key, spelled.
    pub fn key(&self, action: Action) -> String {
        self.keymap.key(action)
    }

    /// Returns a mailbox.
    pub fn mailbox(&self, id: MailboxId) -> Option<&Mailbox> {
        self.mailboxes.iter().find(|mailbox| mailbox.id == id)
    }

    /// Returns what a mailbox is read over, once the settings are loaded.
    pub fn reads_over(&self, id: MailboxId) -> Option<IncomingProtocol> {
        let mailbox = self.mailbox(id)?;
        let mut accounts = self.config.as_ref()?.accounts.iter();
        let account = accounts.find(|account| account.name == mailbox.account_name)?;
        Some(account.servers.incoming.protocol)
    }

    /// Returns a folder.
    pub fn folder(&self, id: FolderId) -> Option<&Folder> {
        self.folders
            .values()
            .flatten()
            .find(|folder| folder.id == id)
    }

    /// Returns a mailbox's folder with a role.
    pub fn folder_with(&self, mailbox: MailboxId, role: Role) -> Option<&Folder> {
        self.folders
            .get(&mailbox)?
            .iter()
            .find(|folder| folder.role == role)
    }

    /// Returns a mailbox's health; fine until it is known.
    pub fn health(&self, mailbox: MailboxId) -> Health {
        self.statuses
            .get(&mailbox)
            .map_or(Health::Fine, |status| status.health)
    }

    /// Takes over a mailbox's folders, in the order the sidebar shows them: by role, then by name, children behind their parent.
    pub fn take_folders(&mut self, mailbox: MailboxId, folders: &[Folder]) {
        let rank = |path: &str| {
            let top = path.split('/').next().unwrap_or(path);
            folders
                .iter()
                .find(|folder| folder.path == top)
                .map_or(7, |folder| role_rank(folder.role))
        };
        let mut sorted = folders.to_vec();
        sorted.sort_by_cached_key(|folder| {
            let names: Vec<String> = folder.path.split('/').map(str::to_lowercase).collect();
            (rank(&folder.path), names)
        });
        self.folders.insert(mailbox, sorted);
    }

    /// Returns the accounts of the configuration.
    pub fn accounts(&self) -> &[Account] {
        self.config
            .as_ref()
            .map_or(&[], |config| config.accounts.as_slice())
    }

    /// Tells whether an account's application signs in as itself, without a person.
    pub fn is_application(&self, account: &str) -> bool {
        let mut accounts = self.accounts().iter();
        accounts.any(|known| known.name == account && known.sign_in.method.is_app_only())
    }

    /// Returns the addresses the user can send from, with the display names of the accounts.
    pub fn own_addresses(&self) -> Vec<Address> {
        self.mailboxes
            .iter()
            .map(|mailbox| mailbox.address.clone())
            .collect()
    }

    /// Takes over new settings; theme and keys change at once.
    pub fn show(&mut self, interface: Interface) -> Vec<KeymapError> {
        if let Some(theme) = self.themes.choose(&interface.theme, self.palette) {
            self.theme = theme.clone();
        }
        let (keymap, errors) = Keymap::new(&interface.keys);
        self.keymap = keymap;
        self.symbols = Symbols::new(interface.ascii);
        self.interface = interface;
        errors
    }
}

const fn role_rank(role: Role) -> u8 {
    match role {
        Role::Inbox => 0,
        Role::Drafts => 1,
        Role::Sent => 2,
        Role::Archive => 3,
        Role::Junk => 4,
        Role::Trash => 5,
        Role::None => 7,
    }
}
