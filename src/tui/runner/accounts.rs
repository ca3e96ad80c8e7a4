//! Setup, sign-in and checks: work that reports while it runs and ends when its slot is cancelled.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::engine::{Engine, SignInEvent};
use crate::model::Address;
use crate::tui::effect::Generation;
use crate::tui::outcome::Outcome;

/// Finds out about an address.
pub async fn discover(engine: Engine, generation: Generation, address: Address) -> Outcome {
    let result = engine.discover(address).await;
    Outcome::Discovered {
        generation,
        result: result.map(Box::new).map_err(Arc::new),
    }
}

/// Signs in; dropping the future cancels the sign-in.
pub async fn sign_in(
    engine: Engine,
    generation: Generation,
    account: String,
    done: UnboundedSender<Outcome>,
) {
    let tell = |event| {
        let account = account.clone();
        let _ = done.send(Outcome::SignIn {
            generation,
            account,
            event,
        });
    };
    match engine.sign_in(&account).await {
        Err(error) => tell(SignInEvent::Failed(Arc::new(error))),
        Ok(mut running) => {
            while let Some(event) = running.events.recv().await {
                tell(event);
            }
        }
    }
}

/// Approves a code in the demo.
pub fn approve(approve: Option<&UnboundedSender<String>>, code: String) {
    if let Some(approve) = approve {
        // The demo ends after the interface; a closed channel has nothing left to approve.
        let _ = approve.send(code);
    }
}

/// Checks an account and reports line by line.
pub async fn check(
    engine: Engine,
    generation: Generation,
    account: String,
    done: UnboundedSender<Outcome>,
) {
    let mut lines = engine.check(&account);
    while let Some(line) = lines.recv().await {
        let line = Some(Box::new(line));
        let _ = done.send(Outcome::Check { generation, line });
    }
    let line = None;
    let _ = done.send(Outcome::Check { generation, line });
}
