//! Files of the user: completing paths, looking at what is to be attached, opening addresses.

use std::path::{Path, PathBuf};

use crate::model::sanitize_line;
use crate::tui::effect::FileFacts;
use crate::tui::outcome::Outcome;

/// At most this many completions are offered.
const COMPLETIONS: usize = 50;
/// At most this many entries of a folder are looked at.
const ENTRIES: usize = 5000;

/// Replaces a leading `~` by the home folder.
pub fn expand(path: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    match path.strip_prefix('~') {
        Some("") => home().unwrap_or_else(|| PathBuf::from(path)),
        Some(rest) if rest.starts_with('/') => home().map_or_else(
            || PathBuf::from(path),
            |home| home.join(rest.trim_start_matches('/')),
        ),
        _ => PathBuf::from(path),
    }
}

/// Completes a typed path; folders end in `/`, hidden entries only where asked for.
pub async fn complete(prefix: String) -> Vec<String> {
    tokio::task::spawn_blocking(move || list(&prefix))
        .await
        .unwrap_or_default()
}

fn list(prefix: &str) -> Vec<String> {
    let (folder, start) = match prefix.rsplit_once('/') {
        Some((folder, start)) => (format!("{folder}/"), start),
        None if prefix == "~" => return vec!["~/".to_owned()],
        None => (String::new(), prefix),
    };
    let root = if folder.is_empty() {
        PathBuf::from(".")
    } else {
        expand(&folder)
    };
    let Ok(entries) = std::fs::read_dir(root) else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .flatten()
        .take(ENTRIES)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let is_wanted =
                name.starts_with(start) && (start.starts_with('.') || !name.starts_with('.'));
            // Only what is offered is looked at; a folder may hold thousands.
            let end = || if entry.path().is_dir() { "/" } else { "" };
            is_wanted.then(|| format!("{folder}{name}{}", end()))
        })
        .filter(|path| *path == sanitize_line(path))
        .collect();
    found.sort();
    found.truncate(COMPLETIONS);
    found
}

/// Looks at a file that is to be attached.
pub async fn facts(path: String) -> Result<FileFacts, String> {
    let full = expand(path.trim());
    let shown = sanitize_line(&full.display().to_string());
    let facts = tokio::fs::metadata(&full)
        .await
        .map_err(|error| format!("{shown}: {}", why(&error)))?;
    if !facts.is_file() {
        return Err(format!("{shown} is not a file"));
    }
    // Opening tells now, not in the outbox, that it may not be read.
    tokio::fs::File::open(&full)
        .await
        .map_err(|error| format!("{shown}: {}", why(&error)))?;
    let path = absolute(full).await;
    Ok(FileFacts {
        path,
        size: facts.len(),
    })
}

/// Says why a file cannot be read; the system's own words only where they are rare.
fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => error.to_string(),
    }
}

/// Looks whether files of settings are there; returns the fields whose file is not, and why. A path must be whole:
/// settings read a relative one from their own folder, not from where the program was started.
pub async fn missing(paths: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let mut missing = Vec::new();
    for (field, path) in paths {
        if !expand(path.trim()).is_absolute() {
            missing.push((field, "the whole path, from / or ~/".to_owned()));
        } else if let Err(why) = facts(path).await {
            missing.push((field, why));
        }
    }
    missing
}

async fn absolute(path: PathBuf) -> PathBuf {
    tokio::fs::canonicalize(&path).await.unwrap_or(path)
}

/// Writes a text into a new file and says so; a file that is there already is never touched.
pub async fn write_new(path: String, text: String) -> Outcome {
    let full = expand(path.trim());
    let shown = shorten(&full);
    let written = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        use std::io::Write as _;
        let mut file = std::fs::File::create_new(&full)?;
        file.write_all(text.as_bytes())
    });
    Outcome::Said(match written.await {
        Ok(Ok(())) => format!("Wrote {shown}"),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            format!("{shown} is there already; nothing was written")
        }
        Ok(Err(error)) => format!("{shown}: {error}"),
        Err(_) => format!("{shown} was not written"),
    })
}

/// Opens a web address with the desktop's browser. Nothing but `http`, `https` and `mailto` is handed over.
pub async fn open_url(url: String) -> Outcome {
    let is_safe = ["https://", "http://", "mailto:"]
        .iter()
        .any(|start| url.to_ascii_lowercase().starts_with(start));
    if !is_safe {
        return Outcome::Said(format!(
            "Not opened, it is no web address: {}",
            sanitize_line(&url)
        ));
    }
    let opened = tokio::task::spawn_blocking(move || opener::open_browser(&url)).await;
    match opened {
        Ok(Ok(())) => Outcome::Said("Opened in the browser".to_owned()),
        _ => Outcome::Said("There is no browser to open it in".to_owned()),
    }
}

/// Returns a path with the home folder shortened to `~`.
pub fn shorten(path: &Path) -> String {
    let shown = sanitize_line(&path.display().to_string());
    let Ok(home) = std::env::var("HOME") else {
        return shown;
    };
    match shown.strip_prefix(&home) {
        Some(rest) if !home.is_empty() => format!("~{rest}"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_completed_folders_with_a_slash() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["report.pdf", "resume.txt", ".hidden"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(folder.path().join("receipts")).unwrap();
        let root = folder.path().display();
        let expected =
            ["receipts/", "report.pdf", "resume.txt"].map(|name| format!("{root}/{name}"));
        assert_eq!(list(&format!("{root}/re")), expected);
        assert_eq!(list(&format!("{root}/.h")), vec![format!("{root}/.hidden")]);
        assert_eq!(list("/no/such/folder/x"), Vec::<String>::new());
    }

    #[tokio::test]
    async fn only_readable_files_are_attached() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        std::fs::write(&file, "hello").unwrap();
        let facts_of = |path: &Path| facts(path.display().to_string());
        assert_eq!(facts_of(&file).await.unwrap().size, 5);
        assert!(
            facts_of(folder.path())
                .await
                .unwrap_err()
                .ends_with("is not a file")
        );
        let missing = facts_of(&folder.path().join("none")).await.unwrap_err();
        assert!(
            missing.ends_with("none: there is no such file"),
            "{missing}"
        );
    }

    #[tokio::test]
    async fn a_file_that_is_there_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        let path = file.display().to_string();
        let first = write_new(path.clone(), "one".into()).await;
        assert!(matches!(first, Outcome::Said(text) if text.starts_with("Wrote ")));
        let second = write_new(path, "two".into()).await;
        assert!(matches!(second, Outcome::Said(text) if text.contains("nothing was written")));
        assert_eq!(std::fs::read_to_string(file).unwrap(), "one");
    }

    #[tokio::test]
    async fn only_web_addresses_are_opened() {
        let outcome = open_url("file:///bin/sh".into()).await;
        assert!(matches!(outcome, Outcome::Said(text) if text.starts_with("Not opened")));
    }
}
