//! How running copies of the program tell whether a message in `sending` is still being sent: its sender holds a
//! locked file for as long as it runs, and the system drops the lock however the program ends.

use std::fs::File;
use std::path::Path;

use tempfile::NamedTempFile;

const PREFIX: &str = ".sending-";

/// Our sign of life; the file goes with it.
#[derive(Debug)]
pub struct Owner {
    file: NamedTempFile,
}

impl Owner {
    /// Makes and locks the file.
    pub fn new(folder: &Path) -> std::io::Result<Self> {
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempfile_in(folder)?;
        file.as_file().lock()?;
        Ok(Self { file })
    }

    /// Returns the file's name, which goes into the rows.
    pub fn name(&self) -> String {
        let name = self.file.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Tells whether the copy of the program that owns this name is gone; its file is then removed.
pub fn is_gone(folder: &Path, name: &str) -> bool {
    if !name.starts_with(PREFIX) || name.contains(['/', '\\']) {
        return true;
    }
    let path = folder.join(name);
    let Ok(file) = File::open(&path) else {
        return true;
    };
    if file.try_lock().is_err() {
        return false;
    }
    let _ = std::fs::remove_file(path);
    true
}
