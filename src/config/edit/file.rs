//! How a settings file is replaced: locked, re-read, checked, then swapped in whole. Knows no key's meaning.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

use crate::config::paths::write_error;
use crate::config::{Config, ConfigError, Mistake, Paths, tree};

/// The user's file, held for one change; other copies of the program wait until it is dropped.
pub struct Editing<'a> {
    paths: &'a Paths,
    /// The document to change.
    pub document: DocumentMut,
    _lock: File,
}

impl<'a> Editing<'a> {
    /// Locks and reads the file. A file with mistakes is not touched: they come back as the error.
    pub fn begin(paths: &'a Paths) -> Result<(Self, Config), ConfigError> {
        let (editing, bytes) = Self::begin_unchecked(paths)?;
        let config = Config::check(paths, &bytes)?;
        Ok((editing, config))
    }

    /// Locks and reads the file, mistakes and all, for a change that mends them. Returns its bytes too.
    pub fn begin_unchecked(paths: &'a Paths) -> Result<(Self, Vec<u8>), ConfigError> {
        let lock = lock(&paths.config)?;
        let bytes = tree::read(&paths.config)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let document = text
            .parse::<DocumentMut>()
            .map_err(|error| not_editable(&paths.config, &error))?;
        let editing = Self {
            paths,
            document,
            _lock: lock,
        };
        Ok((editing, bytes))
    }

    /// Returns what the program would read if this were saved now.
    pub fn outcome(&self) -> Result<Config, ConfigError> {
        Config::check(self.paths, self.document.to_string().as_bytes())
    }

    /// Checks the new text and swaps it in. Nothing is written that could not be read back.
    pub fn finish(self) -> Result<(), ConfigError> {
        self.outcome()?;
        let path = target(&self.paths.config);
        replace(&path, &self.document.to_string()).map_err(|source| write_error(&path, source))
    }
}

/// The two parsers agree on TOML, so this is only for the day they do not.
fn not_editable(path: &Path, error: &toml_edit::TomlError) -> ConfigError {
    ConfigError::Mistakes(vec![Mistake {
        file: path.to_owned(),
        line: 0,
        key: String::new(),
        message: crate::model::sanitize_line(error.message()),
    }])
}

/// A settings file kept elsewhere and linked here stays a link.
fn target(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn lock(config: &Path) -> Result<File, ConfigError> {
    let folder = config.parent().unwrap_or(Path::new("."));
    let path = folder.join(".config.lock");
    let open = || {
        std::fs::create_dir_all(folder)?;
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        file.lock()?;
        Ok(file)
    };
    open().map_err(|source| write_error(&path, source))
}

/// After a crash there is the old file or the new one, never a piece (0600 is the temporary file's own mode).
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".config-")
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}
