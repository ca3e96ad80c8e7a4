//! Renewing tokens before they end, and saying when only a person can renew them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::auth::{TokenKeeper, TokenState};
use crate::engine::Event;
use crate::engine::inner::Inner;
use crate::engine::signer::Signer;
use crate::engine::work::bell::OnDuty;

/// The longest sleep: a laptop's clock jumps while it sleeps, and timers do not notice.
const LONGEST: Duration = Duration::from_secs(60);
/// The shortest sleep, in case a keeper wants too much.
const SHORTEST: Duration = Duration::from_millis(500);

/// Renews tokens of all accounts until told to stop.
pub async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    inner.refresher.man();
    let _duty = OnDuty(Arc::clone(&inner.refresher));
    loop {
        let seen = inner.refresher.rings();
        let nap = renew_due(&inner).await;
        if stop.is_cancelled() {
            return;
        }
        if !inner.refresher.rest(seen) {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(nap) => {}
            () = inner.refresher.rung() => {}
        }
        inner.refresher.wake();
    }
}

/// Renews what is due and returns how long to sleep.
async fn renew_due(inner: &Inner) -> Duration {
    let signers: Vec<Arc<Signer>> =
        inner.roster(|roster| roster.signers.values().cloned().collect());
    let mut keepers = Vec::new();
    for proof in signers.iter().flat_map(|signer| signer.proofs()) {
        if proof.is_password() {
            continue;
        }
        match proof.keeper().await {
            Ok(keeper) => keepers.push(keeper.clone()),
            Err(error) => tracing::debug!(?error, "tokens not loaded"),
        }
    }
    let now = inner.now();
    let is_due = |keeper: &&TokenKeeper| keeper.next_refresh().is_some_and(|at| at <= now);
    let due: Vec<&TokenKeeper> = keepers.iter().filter(is_due).collect();
    for outcome in join_all(due.iter().map(|keeper| keeper.refresh_if_due())).await {
        // The keeper's state tells the accounts' workers; here is nothing to decide.
        if let Err(error) = outcome {
            tracing::info!("a token was not renewed");
            tracing::debug!(?error, "cause");
        }
    }
    let next = keepers.iter().filter_map(TokenKeeper::next_refresh).min();
    let nap = next.map_or(LONGEST, |at| {
        Duration::try_from(at.duration_since(inner.now())).unwrap_or(Duration::ZERO)
    });
    nap.clamp(SHORTEST, LONGEST)
}

/// Says whenever an account loses or regains its sign-in.
pub async fn watch_sign_in(inner: Arc<Inner>, signer: Arc<Signer>, stop: CancellationToken) {
    let watching = async {
        // A password does not end by itself, and tokens that cannot be loaded are reported by whoever needs them.
        let Ok(keeper) = signer.receive.keeper().await else {
            return std::future::pending().await;
        };
        let mut state = keeper.state();
        let mut was_good = is_good(&state.borrow_and_update());
        while state.changed().await.is_ok() {
            let now_good = is_good(&state.borrow_and_update());
            if now_good != was_good {
                inner.say(Event::SignIn(signer.id));
                was_good = now_good;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = watching => {}
    }
}

fn is_good(state: &TokenState) -> bool {
    matches!(state, TokenState::Fresh { .. } | TokenState::Refreshing)
}
