//! Mail address → servers and sign-in, each with its origin. Never contacts a server of the mail domain unasked.

mod servers;
mod tenant;

pub use servers::microsoft_servers;
pub use tenant::find_tenant;

use crate::model::Cloud;

/// Where a suggestion comes from, shown beside it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// Known by heart.
    Known,
    /// The configuration (own or the organisation's).
    Config,
    /// The provider's discovery document.
    Provider,
}

/// What the tenant look-up found for a mail domain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Tenant GUID.
    pub id: String,
    /// The cloud it lives in.
    pub cloud: Cloud,
}
