//! Completing the path in a field: asked for with a key, answered from a thread that may wait. What several files have
//! in common is put into the field, and they are listed below the form.

use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation};
use crate::tui::screens::setup::Setup;
use crate::tui::text;

/// Fields that hold the path of a file.
pub const PATHS: [&str; 3] = ["certificate", "key", "ca"];

/// What was asked for, and what completes it.
#[derive(Debug, Default)]
pub struct Completing {
    generation: Generation,
    /// The field, and what stood there.
    asked: Option<(&'static str, String)>,
    offered: Vec<String>,
}

impl Completing {
    /// Begins to count where no other screen does.
    pub fn new(first: Generation) -> Self {
        Self {
            generation: first,
            ..Self::default()
        }
    }

    /// Forgets what was offered: the field has another text.
    pub fn forget(&mut self) {
        self.asked = None;
        self.offered.clear();
    }

    /// Names what was offered for a field, in at most `room` columns.
    pub fn listed(&self, id: &str, room: usize) -> Option<String> {
        let (asked, _) = self.asked.as_ref()?;
        if *asked != id || self.offered.is_empty() {
            return None;
        }
        let mut line = String::new();
        for (place, path) in self.offered.iter().enumerate() {
            let rest = self.offered.len() - place;
            let more = format!("  and {rest} more");
            let name = last_part(path);
            let needed = text::width(&line) + 2 + text::width(name) + text::width(&more);
            if !line.is_empty() && needed > room {
                return Some(line + &more);
            }
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.push_str(name);
        }
        Some(line)
    }
}

impl Setup {
    /// Tells whether the focused field holds a path.
    pub(super) fn is_on_path(&self) -> bool {
        self.form
            .focused()
            .is_some_and(|item| PATHS.contains(&item.id))
    }

    /// Asks what completes the path in the focused field; an empty one begins at home.
    pub(super) fn complete_path(&mut self, cx: &Cx) -> Vec<Effect> {
        let Some(item) = self.form.focused().filter(|item| PATHS.contains(&item.id)) else {
            return Vec::new();
        };
        let (id, typed) = (item.id, item.value().trim().to_owned());
        let prefix = match typed.as_str() {
            "" | "~" => "~/".to_owned(),
            _ if typed.starts_with('/') || typed.starts_with("~/") => typed,
            // The settings would look for it in their own folder, a shell in another one.
            _ => {
                self.form.point_at(id, "the whole path, from / or ~/");
                return Vec::new();
            }
        };
        self.put_path(id, &prefix, cx);
        self.completing.forget();
        self.completing.generation += 1;
        self.completing.asked = Some((id, prefix.clone()));
        vec![Effect::CompletePath {
            generation: self.completing.generation,
            prefix,
        }]
    }

    /// Takes the answer, unless something else stands in the field by now.
    pub(super) fn completed(&mut self, generation: Generation, paths: &[String], cx: &Cx) {
        let Some((id, prefix)) = self.completing.asked.clone() else {
            return;
        };
        if generation != self.completing.generation || self.form.value(id) != prefix {
            return;
        }
        match paths {
            [] => {
                self.said = if prefix.ends_with('/') {
                    format!("Nothing to choose from in {prefix}")
                } else {
                    format!("Nothing there begins with {}", last_part(&prefix))
                };
                self.completing.forget();
            }
            [only] => {
                self.put_path(id, only, cx);
                self.completing.forget();
            }
            several => {
                let shared = shared_start(several);
                if shared.len() > prefix.len() {
                    self.put_path(id, &shared, cx);
                }
                self.completing.asked = Some((id, self.form.value(id)));
                self.completing.offered = several.to_vec();
            }
        }
    }

    fn put_path(&mut self, id: &'static str, path: &str, cx: &Cx) {
        if self.form.value(id) != path {
            self.form.set(id, path);
            self.changed(id, cx);
        }
    }
}

/// Returns the name of a file, or of a folder with its slash.
fn last_part(path: &str) -> &str {
    let whole = path.strip_suffix('/').unwrap_or(path);
    let start = whole.rfind('/').map_or(0, |slash| slash + 1);
    path.get(start..).unwrap_or(path)
}

/// Returns what all paths begin with.
fn shared_start(paths: &[String]) -> String {
    let Some((first, others)) = paths.split_first() else {
        return String::new();
    };
    let shared = |other: &String| -> usize {
        let pairs = first.chars().zip(other.chars());
        pairs
            .take_while(|(one, two)| one == two)
            .map(|(one, _)| one.len_utf8())
            .sum()
    };
    let length = others.iter().map(shared).min().unwrap_or(first.len());
    first.get(..length).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_paths_share_their_start() {
        let check = |paths: &[&str], shared: &str| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(shared_start(&paths), shared);
        };
        check(&["/a/app.crt", "/a/app.key"], "/a/app.");
        check(&["~/äb", "~/äc"], "~/ä");
        check(&["~/ä", "~/ö"], "~/");
        check(&["/a/", "/a/b"], "/a/");
        check(&[], "");
    }

    #[test]
    fn what_is_offered_is_listed_by_its_names_and_says_how_many_more_there_are() {
        let completing = Completing {
            asked: Some(("ca", "/etc/".to_owned())),
            offered: ["/etc/one.pem", "/etc/ssl/", "/etc/two.pem"]
                .map(str::to_owned)
                .to_vec(),
            ..Completing::default()
        };
        let listed = |room| completing.listed("ca", room);
        assert_eq!(listed(80).as_deref(), Some("one.pem  ssl/  two.pem"));
        assert_eq!(listed(26).as_deref(), Some("one.pem  ssl/  and 1 more"));
        assert_eq!(listed(10).as_deref(), Some("one.pem  and 2 more"));
        assert_eq!(completing.listed("key", 80), None);
    }
}
