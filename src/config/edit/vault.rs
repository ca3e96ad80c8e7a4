//! `[vault]`: where secrets are kept. Moves none; the one who changes this moved them.

use toml_edit::{Table, Value};

use crate::config::edit::document::{child, set};
use crate::config::edit::file::Editing;
use crate::config::{ConfigError, Mistake, Paths, VaultConfig, VaultSetting, place_of};

/// Reads a setting as the file's reader would, without writing it.
pub fn check_vault(paths: &Paths, setting: &VaultSetting) -> Result<VaultConfig, ConfigError> {
    Ok(edited(paths, setting)?.1)
}

/// Writes `[vault]`; keys that the setting does not name are taken out.
pub fn save_vault(paths: &Paths, setting: &VaultSetting) -> Result<(), ConfigError> {
    edited(paths, setting)?.0.finish()
}

fn edited<'p>(
    paths: &'p Paths,
    setting: &VaultSetting,
) -> Result<(Editing<'p>, VaultConfig), ConfigError> {
    let (mut editing, _) = Editing::begin(paths)?;
    let key_file = setting.key_file.as_ref();
    let key_file = key_file.map(|path| path.to_string_lossy().into_owned());
    let values = [
        ("kind", Some(setting.kind.clone())),
        ("key_file", key_file),
        ("read", setting.read.clone()),
        ("write", setting.write.clone()),
        ("remove", setting.remove.clone()),
    ];
    if let Some(table) = child(editing.document.as_table_mut(), "vault", Table::new()) {
        for (key, value) in values {
            match value {
                Some(text) => set(table, key, Value::from(text)),
                None => {
                    table.remove(key);
                }
            }
        }
    }
    let vault = editing.outcome()?.vault;
    if vault.key_file.is_some() && setting.key_file.is_none() && setting.kind == "file" {
        return Err(ConfigError::Mistakes(vec![kept(paths)]));
    }
    Ok((editing, vault))
}

fn kept(paths: &Paths) -> Mistake {
    let system = Paths {
        config: paths.system_config.clone(),
        ..paths.clone()
    };
    let place = place_of(&system, &["vault", "key_file"]);
    let (file, line) = place.unwrap_or((paths.system_config.clone(), 0));
    Mistake {
        file,
        line,
        key: "vault.key_file".to_owned(),
        message: "this stands in the system's file, which Pillarbox does not change".to_owned(),
    }
}
