//! Reads of rows and bodies.

use std::sync::Arc;

use crate::engine::Engine;
use crate::tui::effect::{Effect, Source};
use crate::tui::outcome::Outcome;

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
