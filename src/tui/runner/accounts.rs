//! Setup, sign-in and checks: work that reports while it runs and ends when its slot is cancelled.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::engine::{CheckWish, Engine, SignInEvent};
use crate::model::{Address, Method};
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

/// Reads a server address of older programs; what turns out to be none is found out about as usual.
pub async fn read_old_server(
    engine: Engine,
    generation: Generation,
    address: Address,
    text: String,
) -> Outcome {
    match engine.candidate_of_old_server(address.clone(), &text) {
        Some(candidate) => Outcome::Discovered {
            generation,
            result: Ok(Box::new(candidate)),
        },
        None => discover(engine, generation, address).await,
    }
}

/// Which sign-in is wished for.
pub struct Wish {
    /// Comes back with each event.
    pub generation: Generation,
    /// The account's name.
    pub account: String,
    /// Another method than the profile's.
    pub method: Option<Method>,
}

/// Signs in; dropping the future cancels the sign-in. What comes through `pasted` is taken for the browser's final
/// address.
pub async fn sign_in(
    engine: Engine,
    wish: Wish,
    mut pasted: UnboundedReceiver<SecretString>,
    done: UnboundedSender<Outcome>,
) {
    let tell = |event| {
        let _ = done.send(Outcome::SignIn {
            generation: wish.generation,
            account: wish.account.clone(),
            event,
        });
    };
    let started = match wish.method {
        Some(method) => engine.sign_in_by(&wish.account, method).await,
        None => engine.sign_in(&wish.account).await,
    };
    let mut running = match started {
        Ok(running) => running,
        Err(error) => return tell(SignInEvent::Failed(Arc::new(error))),
    };
    loop {
        tokio::select! {
            event = running.events.recv() => match event {
                Some(event) => tell(event),
                None => return,
            },
            Some(text) = pasted.recv() => drop(running.paste.send(text)),
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
    wish: CheckWish,
    done: UnboundedSender<Outcome>,
) {
    let mut lines = engine.check(wish);
    while let Some(line) = lines.recv().await {
        let line = Some(Box::new(line));
        let _ = done.send(Outcome::Check { generation, line });
    }
    let line = None;
    let _ = done.send(Outcome::Check { generation, line });
}
