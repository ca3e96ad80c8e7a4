//! What becomes of the application's secret when what is on the screen is saved, and how that is said. The secret itself
//! is never seen here.

use crate::tui::effect::Effect;
use crate::tui::screens::setup::sheet::{Reach, Sheet, Target};
use crate::tui::screens::setup::{Setup, Step};

/// What becomes of the secret that the vault keeps for a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// There is none.
    Absent,
    /// It stays: the application is the same.
    Stays,
    /// It is forgotten, for it is another application's.
    Forgotten,
    /// It stays with the shared profile, while this account gets one of its own.
    LeftBehind,
}

impl Fate {
    /// Says it behind the field.
    pub const fn note(self) -> &'static str {
        match self {
            Self::Absent => "the value, not the ID",
            Self::Stays => "kept; type another",
            Self::Forgotten => "new ID: type its secret",
            Self::LeftBehind => "own profile: type it anew",
        }
    }

    /// Says it below the form.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Absent => {
                "The secret's value, from Certificates & secrets of the registration. It goes into the vault, never \
                 into a file of settings."
            }
            Self::Stays => {
                "The secret in the vault stays as long as the application ID does. Type one here only to replace it."
            }
            Self::Forgotten => {
                "Another application has another secret: saving forgets the old one. Left empty, the new one is asked \
                 for at the next sign-in."
            }
            Self::LeftBehind => {
                "The secret stays with the shared profile, and this account gets one of its own. Left empty, it is \
                 asked for at the next sign-in."
            }
        }
    }
}

impl Sheet {
    /// Tells what becomes of the kept secret.
    pub fn fate(&self) -> Fate {
        let name = &self.account.sign_in.name;
        let kept = self.config.sign_in.get(name);
        let Some(saved) = kept.filter(|_| self.secret_of.as_ref() == Some(name)) else {
            return Fate::Absent;
        };
        let is_for_all = match self.target {
            Target::Account => {
                self.others_of_sign_in(name).is_empty() || self.sign_in_reach == Reach::All
            }
            Target::SignIn | Target::Servers => true,
        };
        if !is_for_all && *saved != self.to_sign_in() {
            return Fate::LeftBehind;
        }
        if saved.client_id == self.text("client") {
            Fate::Stays
        } else {
            Fate::Forgotten
        }
    }

    /// Tells whether the next sign-in asks for the secret, unless one was typed.
    pub fn lacks_secret(&self) -> bool {
        self.account.sign_in.needs_secret() && self.fate() != Fate::Stays
    }
}

impl Setup {
    /// Asks whether the vault keeps the secret of the profile on the screen, where that is not known.
    pub(super) fn look_for_secret(&self) -> Vec<Effect> {
        let (Step::Details(sheet) | Step::Saving(sheet)) = &self.step else {
            return Vec::new();
        };
        let profile = &sheet.account.sign_in;
        let is_known = sheet.secret_of.as_ref() == Some(&profile.name);
        let is_saved = sheet.config.sign_in.contains_key(&profile.name);
        if is_known || !is_saved || !profile.needs_secret() {
            return Vec::new();
        }
        vec![Effect::LookForSecret(profile.name.clone())]
    }

    /// Takes over that the vault keeps a profile's secret.
    pub(super) fn found_secret(&mut self, profile: &str) {
        if let Step::Details(sheet) = &mut self.step
            && sheet.account.sign_in.name == profile
        {
            sheet.secret_of = Some(profile.to_owned());
        }
    }
}
