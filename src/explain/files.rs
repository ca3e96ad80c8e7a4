//! Notices for local things: cache, settings, vault files, messages being built.

use std::path::Path;

use crate::auth::VaultError;
use crate::config::ConfigError;
use crate::explain::notice::{Notice, Remedy, Who, word};
use crate::mime::MimeError;
use crate::store::StoreError;

/// Explains a file operation that failed; `doing` is a verb such as "write".
pub(in crate::explain) fn cannot_use(doing: &str, path: &Path, source: &std::io::Error) -> Notice {
    let notice =
        Notice::new(format!("Cannot {doing} {}", path.display())).detail(source.to_string());
    match source.kind() {
        std::io::ErrorKind::PermissionDenied => notice
            .cause("The rights of the file or its folder do not allow it")
            .how("Mend the rights, or choose another place")
            .copy(format!("ls -ld {}", shell_word(path))),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => disk_full(path),
        std::io::ErrorKind::NotFound => notice
            .cause("The file or its folder does not exist")
            .how("Check the path"),
        std::io::ErrorKind::ReadOnlyFilesystem => notice
            .cause("The file system is read-only")
            .how("Choose another place, or set PILLARBOX_HOME"),
        _ => notice.cause("The system refuses").how("See the details"),
    }
}

fn disk_full(path: &Path) -> Notice {
    Notice::new("The disk is full")
        .cause(format!("No room is left for {}", path.display()))
        .how("Free some room; nothing was lost, and Pillarbox goes on by itself")
        .copy(format!("df -h {}", shell_word(path)))
        .remedy(Remedy::Retry)
        .loud()
}

/// Explains a failure of the cache.
pub(in crate::explain) fn store(error: &StoreError) -> Notice {
    match error {
        StoreError::Database { doing, source } => Notice::new(format!("The local cache failed while trying to {doing}"))
            .cause("The file is damaged or in use in a way it should not be")
            .how("Restart Pillarbox: a damaged cache is moved aside and rebuilt, unsent mail is saved first")
            .detail(source.to_string())
            .remedy(Remedy::ShowLog)
            .loud(),
        StoreError::DiskFull { path } => disk_full(path),
        StoreError::Disk { doing, path, source } => {
            Notice::new(format!("The disk refused while trying to {doing}"))
                .cause("A quota or a limit on the size of files is reached, or the disk fails")
                .how("Make room or raise the limit; nothing was lost, and Pillarbox goes on by itself")
                .copy(format!("df -h {}", shell_word(path)))
                .detail(source.to_string())
                .remedy(Remedy::Retry)
                .loud()
        }
        StoreError::Newer { path, found, ours } => {
            Notice::new("The local cache was made by a newer Pillarbox")
                .cause(format!("{} has schema {found}; this program knows {ours}", path.display()))
                .how("Use the newer program, or set PILLARBOX_HOME to another folder")
                .loud()
        }
        StoreError::File { path, source } => cannot_use("use", path, source),
        StoreError::Closed => Notice::new("The program is stopping").cause("The cache is closed already").who(Who::Nobody).quiet(),
        StoreError::NoSuch { what } => Notice::new(format!("This {what} does not exist any more"))
            .cause("It was moved or deleted meanwhile, here or elsewhere")
            .how("Nothing to do: the list shows what is there")
            .who(Who::Nobody)
            .quiet(),
    }
}

/// Explains settings that cannot be used.
pub(in crate::explain) fn config(error: &ConfigError) -> Notice {
    match error {
        ConfigError::Read { path, source } => cannot_use("read", path, source).loud(),
        ConfigError::Write { path, source } => cannot_use("write", path, source).loud(),
        ConfigError::Mistakes(mistakes) => {
            let title = match mistakes.as_slice() {
                [_] => "There is a mistake in the settings".to_owned(),
                many => format!("There are {} mistakes in the settings", many.len()),
            };
            let mut notice = Notice::new(title)
                .how("Correct the lines named above; nothing was changed")
                .loud();
            for mistake in mistakes {
                let place = if mistake.line == 0 {
                    String::new()
                } else {
                    format!(":{}", mistake.line)
                };
                notice = notice.cause(format!(
                    "{}{place}: {}: {}",
                    mistake.file.display(),
                    mistake.key,
                    mistake.message
                ));
            }
            notice
        }
        ConfigError::NoHome => Notice::new("There is no home folder to keep anything in")
            .cause("HOME is not set")
            .how("Say where everything should be kept")
            .copy("export PILLARBOX_HOME=/path/to/folder")
            .loud(),
        ConfigError::NoSuchAccount(name) => Notice::new(format!("There is no account \"{name}\""))
            .how("See which there are")
            .copy("pillarbox account list"),
        ConfigError::NoSuchProfile(name) => Notice::new(format!("There is no profile \"{name}\""))
            .how("Look for its name among the [sign_in.…] and [servers.…] of the settings"),
        ConfigError::ProfileInUse { name, accounts } => {
            Notice::new(format!("The profile \"{name}\" is in use"))
                .cause(format!("These accounts use it: {}", accounts.join(", ")))
                .how("Give those accounts another profile first")
        }
        ConfigError::NameTaken(name) => {
            Notice::new(format!("The name \"{name}\" is taken")).how("Choose another name")
        }
    }
}

/// Explains a vault that cannot be used.
pub(in crate::explain) fn vault(error: &VaultError) -> Notice {
    match error {
        VaultError::NeedsPassphrase { path, is_new: true, no_keyring } => Notice::new("A passphrase is needed to keep sign-ins safe")
            .cause(match no_keyring {
                Some(_) => format!("The keyring cannot be used, so secrets go into the encrypted file {}", path.display()),
                None => format!("Secrets go into the encrypted file {}", path.display()),
            })
            .detail(no_keyring.clone().unwrap_or_default())
            .how("Start Pillarbox in a terminal and choose a passphrase")
            .how("For programs that run without a person, name a key file in the settings instead")
            .copy("[vault]\nkind = \"file\"\nkey_file = \"~/.config/pillarbox/vault.key\"")
            .loud(),
        VaultError::NeedsPassphrase { path, is_new: false, .. } => Notice::new("The vault is locked")
            .cause(format!("{} is encrypted with a passphrase", path.display()))
            .how("Enter the passphrase in a terminal, or name a key file in the settings")
            .loud(),
        VaultError::DoesNotOpen { path } => Notice::new("The vault does not open")
            .cause("The passphrase or the key file is not the right one")
            .cause(format!("Somebody changed {}", path.display()))
            .how("Try again; if the passphrase is lost, move the file away and sign in to your accounts again")
            .copy(format!("mv {0} {0}.old", shell_word(path)))
            .loud(),
        VaultError::Damaged { path } => Notice::new("The vault is damaged")
            .cause(format!("{} is not a vault file or was cut off", path.display()))
            .how("Restore it from a backup, or move it away and sign in to your accounts again")
            .copy(format!("mv {0} {0}.damaged", shell_word(path)))
            .loud(),
        VaultError::File { path, source } => cannot_use("use", path, source).loud(),
        VaultError::Keyring { reason } => Notice::new("The keyring does not work")
            .cause("It is locked, not running, or refuses")
            .how("Unlock it, or keep secrets in an encrypted file instead")
            .copy("[vault]\nkind = \"file\"")
            .detail(reason.clone())
            .loud(),
        VaultError::Command { command, reason } => Notice::new(format!("{command} does not keep the secrets"))
            .cause("The command of [vault] failed, waits for a passphrase, or is not installed")
            .how("Run it by hand in a terminal and see what it says; unlock it there if it asks")
            .detail(reason.clone())
            .loud(),
        VaultError::NotKept { key } => Notice::new("The secrets were not moved")
            .cause(format!("{key} did not come back from the new place as it was written"))
            .how("Nothing was removed; check the new place and move again")
            .loud(),
    }
}

/// Explains a message that cannot be built or taken apart.
pub(in crate::explain) fn mime(error: &MimeError) -> Notice {
    match error {
        MimeError::Recipient { field, source } => Notice::new(format!("{field}: {source}"))
            .how("Correct it; separate several addresses by commas or semicolons"),
        MimeError::NoRecipient => Notice::new("There is nobody to send this to").how("Fill in To, Cc or Bcc"),
        MimeError::Attachment { path, source } => cannot_use("attach", path, source),
        MimeError::NoSuchPart { part } => Notice::new(format!("The message has no part {part}"))
            .cause("It changed on the server meanwhile")
            .how("Open it again"),
        MimeError::Malformed { reason } => Notice::new("This is not a mail message")
            .cause(reason.clone())
            .how("A message begins with header lines such as \"To: someone@example.com\", then an empty line"),
    }
}

/// Writes a path as one word of a shell's line.
pub(in crate::explain) fn shell_word(path: &Path) -> String {
    word("", &path.to_string_lossy())
}
