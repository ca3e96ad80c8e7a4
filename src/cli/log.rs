//! The log file: redacted, 0600, never on the terminal.

use std::fs::OpenOptions;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Paths;

/// A log that is larger than this at start is kept as `pillarbox.log.old` and begun anew.
const LOG_LIMIT: u64 = 16 << 20;

/// Starts logging into the state folder. `PILLARBOX_LOG` sets the level (`debug`, `pillarbox::imap=trace` …).
/// A log that cannot be opened is no reason not to work.
pub(in crate::cli) fn start(paths: &Paths) {
    let path = paths.state.join("pillarbox.log");
    if std::fs::metadata(&path).is_ok_and(|file| file.len() > LOG_LIMIT) {
        let _ = std::fs::rename(&path, path.with_extension("log.old"));
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let Ok(file) = options.open(&path) else {
        return;
    };
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .with_env_var("PILLARBOX_LOG")
        .from_env_lossy();
    // These write tokens and whole messages at their talkative levels, so no setting may raise them.
    let quiet = filter_fn(|metadata| {
        *metadata.level() <= Level::INFO || metadata.target().starts_with("pillarbox")
    });
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::sync::Mutex::new(file))
        .with_filter(quiet);
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(layer)
        .try_init();
}
