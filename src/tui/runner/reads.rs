//! Reads of rows and bodies.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::engine::Engine;
use crate::model::Progress;
use crate::tui::effect::{Effect, Source};
use crate::tui::outcome::Outcome;

/// Who pauses longer has stopped typing, or wants to see what there is.
const TYPING: Duration = Duration::from_millis(250);

/// Reads rows of a list or a search.
pub async fn load_list(engine: Engine, effect: Effect) -> Outcome {
    let Effect::LoadList {
        slot,
        generation,
        source,
        window,
        limit,
    } = effect
    else {
        return Outcome::Said(String::new());
    };
    let result = match source {
        Source::Scope(scope) => engine.list(scope, window, limit).await,
        Source::Search(query, scope) => engine.search(query, scope, window, limit).await,
    };
    Outcome::List {
        slot,
        generation,
        result: result.map_err(Arc::new),
    }
}

/// Lets the servers search; how far they are comes first.
pub async fn search_servers(
    engine: Engine,
    effect: Effect,
    done: UnboundedSender<Outcome>,
) -> Outcome {
    let Effect::SearchServers {
        generation,
        query,
        scope,
    } = effect
    else {
        return Outcome::Said(String::new());
    };
    let progress = Progress::default();
    // A closed channel means that the interface is gone; nobody is left to tell.
    let _ = done.send(Outcome::ServersAsked {
        generation,
        progress: progress.clone(),
    });
    let result = engine.search_servers(query, &scope, progress).await;
    Outcome::ServersFound {
        generation,
        result: result.map(Box::new).map_err(Arc::new),
    }
}

/// Asks the organisation's directory, unless more is typed within a moment: that ends this.
pub async fn ask_directory(engine: Engine, effect: Effect) -> Outcome {
    let Effect::AskDirectory {
        generation,
        from,
        prefix,
    } = effect
    else {
        return Outcome::Said(String::new());
    };
    tokio::time::sleep(TYPING).await;
    let addresses = engine.complete_from_directory(&from, &prefix).await;
    Outcome::DirectoryAddresses {
        generation,
        addresses,
    }
}

/// Reads a body or has it fetched.
pub async fn load_body(engine: Engine, effect: Effect) -> Outcome {
    let Effect::LoadBody {
        generation,
        message,
        width,
    } = effect
    else {
        return Outcome::Said(String::new());
    };
    let result = engine.body(message, width).await.map_err(Arc::new);
    Outcome::Body {
        generation,
        message,
        result,
    }
}
