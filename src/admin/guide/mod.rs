//! The registration, step by step, in the words of each provider's own pages.

mod entra;
mod others;

use crate::admin::document::Document;
use crate::admin::kit::Kit;
use crate::admin::sending;
use crate::model::{Method, Provider};

/// Writes the guide for an account's provider and method.
pub fn guide(kit: &Kit<'_>) -> Document {
    let whole = sending::joined(kit, |kit| Some(own(kit)));
    whole.unwrap_or_else(|| own(kit))
}

fn own(kit: &Kit<'_>) -> Document {
    let profile = kit.profile();
    let steps = match profile.provider {
        _ if kit.is_smtp_password() => sending::password(kit),
        _ if profile.method == Method::Password => others::password(kit),
        Provider::Microsoft365 | Provider::OutlookCom => entra::steps(kit),
        Provider::Gmail => others::gmail(kit),
        Provider::ExchangeServer | Provider::Custom => others::custom(kit),
    };
    Document::new(&format!("Registering Pillarbox for {}", kit.whose()), steps)
}
