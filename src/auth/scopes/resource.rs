//! Which service a scope of Microsoft's belongs to, and how each cloud names it (protocol facts §1.3, §3.1).

use super::{Cloud, Resource, SignInProfile};
use crate::model::{Access, PermissionApi, permission};

/// Whose a scope is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Home {
    /// OpenID Connect's: goes with every resource.
    OpenId,
    /// Exchange Online's.
    Exchange,
    /// Graph's; all names without a resource are.
    Graph,
    /// Some other service's.
    Other,
}

/// Names Exchange Online goes by in scopes.
const EXCHANGE_HOSTS: [&str; 7] = [
    "outlook.office.com",
    "outlook.office365.com",
    "ps.outlook.com",
    "outlook.office365.us",
    "outlook-dod.office365.us",
    "webmail.apps.mil",
    "partner.outlook.cn",
];

/// Finds out whose a scope is, as Entra reads it.
pub(super) fn home(scope: &str) -> Home {
    if is_open_id(scope) {
        return Home::OpenId;
    }
    let Some(resource) = resource(scope) else {
        return Home::Graph;
    };
    let host = host(resource);
    let is_named = |name: &str| host.eq_ignore_ascii_case(name);
    if EXCHANGE_HOSTS.iter().any(|name| is_named(name))
        || is_named(PermissionApi::Exchange.app_id())
    {
        return Home::Exchange;
    }
    let mut graph = CLOUDS.iter().map(|&cloud| host_of(graph_prefix(cloud)));
    if graph.any(is_named) || is_named(PermissionApi::Graph.app_id()) {
        return Home::Graph;
    }
    Home::Other
}

/// All clouds.
pub(super) const CLOUDS: [Cloud; 4] = [Cloud::Public, Cloud::UsGov, Cloud::UsDod, Cloud::China];

/// Returns what stands before a scope's name, `None` for a bare name.
pub(super) fn resource(scope: &str) -> Option<&str> {
    scope.rsplit_once('/').map(|(resource, _)| resource)
}

/// Returns a scope's name without its resource.
pub(super) fn name(scope: &str) -> &str {
    scope.rsplit_once('/').map_or(scope, |(_, name)| name)
}

/// Returns the host of a scope's resource, or the application id that stands in its place.
pub(super) fn host(resource: &str) -> &str {
    let bare = host_of(resource);
    bare.split('/').next().unwrap_or(bare)
}

fn host_of(prefix: &str) -> &str {
    let lower = ["https://", "http://", "api://"];
    let found = lower.iter().find_map(|scheme| prefix.strip_prefix(scheme));
    found.unwrap_or(prefix)
}

/// Whether a scope is one of OpenID Connect's, or `offline_access`.
pub(super) fn is_open_id(scope: &str) -> bool {
    ["openid", "profile", "email", "offline_access"]
        .iter()
        .any(|name| scope.eq_ignore_ascii_case(name))
}

/// Whether a name is one of Exchange's permissions for a person's mail, which Graph's tokens do not open.
pub(super) fn is_mail_protocol(name: &str) -> bool {
    permission(name, Access::Delegated).is_some_and(|known| !known.exchange_id.is_empty())
}

/// Returns Exchange's prefix for people. Public: `outlook.office.com` works for work and personal accounts alike.
pub(super) fn exchange_prefix(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "https://outlook.office.com",
        Cloud::UsGov => "https://outlook.office365.us",
        Cloud::UsDod => "https://outlook-dod.office365.us",
        Cloud::China => "https://partner.outlook.cn",
    }
}

/// Returns Exchange's prefix for applications, which differs in the public cloud.
pub(super) fn app_prefix(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "https://outlook.office365.com",
        other => exchange_prefix(other),
    }
}

/// Returns Graph's prefix.
pub(super) fn graph_prefix(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "https://graph.microsoft.com",
        Cloud::UsGov => "https://graph.microsoft.us",
        Cloud::UsDod => "https://dod-graph.microsoft.us",
        Cloud::China => "https://microsoftgraph.chinacloudapi.cn",
    }
}

/// Returns what Entra's older endpoints want as `resource` in place of scopes (protocol facts §1.3).
pub(in crate::auth) fn resource_uri(profile: &SignInProfile, resource: Resource) -> &'static str {
    match resource {
        Resource::Mail if profile.cloud == Cloud::Public => "https://outlook.office365.com",
        Resource::Mail => exchange_prefix(profile.cloud),
        Resource::Graph => graph_prefix(profile.cloud),
    }
}
