//! When an account's client secret or certificate ends: days left, and at which of them a person is told.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::auth::{AuthError, ClientFault, ClientProof};
use crate::engine::inner::Inner;
use crate::engine::signer::{Proof, Signer};
use crate::engine::{Engine, EngineError, Lapsing};
use crate::model::Method;

/// Days before the end on which a person is told.
const THRESHOLDS: [i64; 4] = [1, 7, 30, 60];

/// The end of what an account's application proves itself with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expiry {
    /// The account's name.
    pub account: String,
    /// The sign-in profile, which other accounts may share.
    pub profile: String,
    /// What ends.
    pub what: Lapsing,
    /// Its last day (UTC). Of a secret it is what its owner typed.
    pub on: Date,
    /// Days until then; 0 on the day itself, negative afterwards.
    pub days_left: i64,
    /// Whether it has ended.
    pub is_over: bool,
}

/// How near an end is; a person is told once about each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Nearness {
    /// It is over.
    Over,
    /// At most so many days are left: 1, 7, 30 or 60.
    Within(i64),
}

impl Expiry {
    /// Tells how near it is; `None` while it is far.
    pub fn nearness(&self) -> Option<Nearness> {
        if self.is_over {
            return Some(Nearness::Over);
        }
        let mut thresholds = THRESHOLDS.into_iter();
        let reached = thresholds.find(|days| self.days_left <= *days);
        reached.map(Nearness::Within)
    }

    /// Makes the problem of it, which `explain` words.
    pub fn problem(&self) -> EngineError {
        EngineError::Lapses {
            account: self.account.clone(),
            profile: self.profile.clone(),
            what: self.what,
            on: self.on,
            days_left: self.days_left,
            is_over: self.is_over,
        }
    }

    /// Returns its state in a few words, such as `ends on 2026-12-24, 32 days left`.
    pub fn words(&self) -> String {
        let Self { on, days_left, .. } = self;
        match (self.is_over, days_left) {
            (true, 0) => format!("ended on {on}, today"),
            (true, -1) => format!("ended on {on}, yesterday"),
            (true, days) => format!("ended on {on}, {} days ago", -days),
            (false, 0) => format!("ends on {on}, today"),
            (false, 1) => format!("ends on {on}, tomorrow"),
            (false, days) => format!("ends on {on}, {days} days left"),
        }
    }
}

impl Engine {
    /// Returns when secrets and certificates end, of every account of which that is known, in the order of the
    /// accounts; reads the certificates' files.
    pub async fn expiries(&self) -> Vec<Expiry> {
        let mut found = Vec::new();
        for account in &self.inner.config().accounts {
            if let Ok(signer) = self.inner.signer(&account.name) {
                found.extend(of_signer(&self.inner, &signer).await);
            }
        }
        found
    }
}

/// Returns what ends of an account: its sign-in for reading, and the one for sending where that is another.
pub async fn of_signer(inner: &Inner, signer: &Signer) -> Vec<Expiry> {
    let mut found = Vec::new();
    for proof in signer.proofs() {
        found.extend(of_proof(proof, &signer.account.name, inner.now()).await);
    }
    found
}

async fn of_proof(proof: &Proof, account: &str, now: Timestamp) -> Option<Expiry> {
    let profile = proof.profile();
    let today = day(now);
    let (what, on, is_over) = if profile.method == Method::ClientCertificate {
        let end = match proof.client_at(now).await {
            Ok(ClientProof::Certificate(certificate)) => certificate.facts.not_after,
            Err(EngineError::Auth(AuthError::Client {
                fault: ClientFault::CertificateExpired { since, .. },
                ..
            })) => since,
            _ => return None,
        };
        (Lapsing::Certificate, day(end), end < now)
    } else {
        let on = profile.secret_expires.filter(|_| profile.needs_secret())?;
        (Lapsing::Secret, on, today > on)
    };
    Some(Expiry {
        account: account.to_owned(),
        profile: profile.name.clone(),
        what,
        on,
        days_left: i64::from(today.until(on).map_or(0, |span| span.get_days())),
        is_over,
    })
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
