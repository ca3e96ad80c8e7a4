//! Where files live, and the rights they must have. Reads no settings.

use std::path::{Path, PathBuf};

use crate::config::ConfigError;

/// Where everything lives. `PILLARBOX_HOME` puts all of it under one folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paths {
    /// The file `config.toml`.
    pub config: PathBuf,
    /// `/etc/pillarbox/config.toml`, or `$PILLARBOX_HOME/etc/config.toml` under `PILLARBOX_HOME`.
    pub system_config: PathBuf,
    /// The folder of `mail.db` and its companions.
    pub data: PathBuf,
    /// The folder of `pillarbox.log`.
    pub state: PathBuf,
    /// The folder of user-made themes.
    pub themes: PathBuf,
}

impl Paths {
    /// Finds the paths from the environment (`PILLARBOX_HOME`, else XDG).
    pub fn from_env() -> Result<Self, ConfigError> {
        let home = std::env::var_os("PILLARBOX_HOME").filter(|home| !home.is_empty());
        if let Some(home) = home {
            let home = PathBuf::from(home);
            // A relative folder must stay the same one when the program changes its working folder.
            return Ok(Self::under(&std::path::absolute(&home).unwrap_or(home)));
        }
        let dirs =
            directories::ProjectDirs::from("", "", "pillarbox").ok_or(ConfigError::NoHome)?;
        let config = dirs.config_dir();
        Ok(Self {
            config: config.join("config.toml"),
            system_config: PathBuf::from("/etc/pillarbox/config.toml"),
            data: dirs.data_dir().to_owned(),
            state: dirs
                .state_dir()
                .unwrap_or_else(|| dirs.data_local_dir())
                .to_owned(),
            themes: config.join("themes"),
        })
    }

    /// Puts everything under `home`.
    pub fn under(home: &Path) -> Self {
        Self {
            config: home.join("config.toml"),
            system_config: home.join("etc").join("config.toml"),
            data: home.join("data"),
            state: home.join("state"),
            themes: home.join("themes"),
        }
    }

    /// Makes the folders (0700) and sees to the files' rights (0600); returns those whose rights were too loose and
    /// were mended.
    pub fn prepare(&self) -> Result<Vec<PathBuf>, ConfigError> {
        let mut mended = Vec::new();
        let config_folder = self.config.parent().unwrap_or(Path::new("."));
        // Only the log is in there, and a log that cannot be written is no reason not to work.
        let state = make_folder(&self.state).is_ok().then_some(&*self.state);
        let folders = [
            Some(config_folder),
            Some(&self.data),
            state,
            Some(&self.themes),
        ];
        for folder in folders.into_iter().flatten() {
            make_folder(folder)?;
            if rights::is_ours_to_mend(folder) && rights::mend(folder, 0o700)? {
                mended.push(folder.to_owned());
            }
        }
        if self.config.is_file() && rights::mend(&self.config, 0o600)? {
            mended.push(self.config.clone());
        }
        for folder in [Some(&*self.data), state].into_iter().flatten() {
            mend_files(folder, &mut mended)?;
        }
        Ok(mended)
    }
}

fn make_folder(folder: &Path) -> Result<(), ConfigError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|source| write_error(folder, source))
}

fn mend_files(folder: &Path, mended: &mut Vec<PathBuf>) -> Result<(), ConfigError> {
    let entries = std::fs::read_dir(folder).map_err(|source| ConfigError::Read {
        path: folder.to_owned(),
        source,
    })?;
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && rights::mend(&entry.path(), 0o600)? {
            mended.push(entry.path());
        }
    }
    Ok(())
}

/// Wraps an error of writing with its path.
pub(super) fn write_error(path: &Path, source: std::io::Error) -> ConfigError {
    ConfigError::Write {
        path: path.to_owned(),
        source,
    }
}

#[cfg(unix)]
mod rights {
    //! Rights as Unix has them.

    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::write_error;
    use crate::config::ConfigError;

    /// Takes away what others may do; tells whether there was something to take.
    pub fn mend(path: &Path, mode: u32) -> Result<bool, ConfigError> {
        // A file that another copy of the program just deleted needs no mending.
        let Ok(metadata) = std::fs::metadata(path) else {
            return Ok(false);
        };
        let of_others = metadata.permissions().mode() & 0o077;
        if of_others == 0 {
            return Ok(false);
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
            .map_err(|source| write_error(path, source))?;
        Ok(true)
    }

    /// `PILLARBOX_HOME` may name a folder that others share or that holds more than us: those stay as they are.
    pub fn is_ours_to_mend(folder: &Path) -> bool {
        let is_shared = std::fs::metadata(folder)
            .is_ok_and(|metadata| metadata.permissions().mode() & 0o1000 != 0);
        let is_home = directories::BaseDirs::new().is_some_and(|dirs| dirs.home_dir() == folder);
        !is_shared && !is_home
    }
}

#[cfg(not(unix))]
mod rights {
    //! Elsewhere the profile folder already belongs to its user alone.

    use std::path::Path;

    use crate::config::ConfigError;

    /// Does nothing.
    pub fn mend(_path: &Path, _mode: u32) -> Result<bool, ConfigError> {
        Ok(false)
    }

    /// Never.
    pub fn is_ours_to_mend(_folder: &Path) -> bool {
        false
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folders_are_made_for_their_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(&home.path().join("new"));
        assert_eq!(paths.prepare().unwrap(), Vec::<PathBuf>::new());
        for folder in [&paths.data, &paths.state, &paths.themes] {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
        }
    }

    #[test]
    fn a_file_in_place_of_the_logs_folder_stops_nothing() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(&home.path().join("new"));
        paths.prepare().unwrap();
        std::fs::remove_dir(&paths.state).unwrap();
        std::fs::write(&paths.state, "in the way").unwrap();
        assert!(paths.prepare().is_ok());
        std::fs::remove_dir(&paths.data).unwrap();
        std::fs::write(&paths.data, "in the way").unwrap();
        assert!(paths.prepare().is_err());
    }

    #[test]
    fn loose_rights_are_mended_and_said() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        paths.prepare().unwrap();
        let log = paths.state.join("pillarbox.log");
        for (path, loose) in [(&paths.config, 0o644), (&log, 0o666)] {
            std::fs::write(path, "").unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(loose)).unwrap();
        }
        std::fs::set_permissions(&paths.data, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(
            paths.prepare().unwrap(),
            vec![paths.data.clone(), paths.config.clone(), log.clone()]
        );
        assert_eq!((mode(&paths.config), mode(&log)), (0o600, 0o600));
        assert_eq!(paths.prepare().unwrap(), Vec::<PathBuf>::new());
    }
}
