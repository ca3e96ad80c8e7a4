//! Which service a scope of Microsoft's belongs to (protocol facts §1.3, §3.1).

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

/// Names Exchange Online goes by in scopes besides those that we write.
const OTHER_EXCHANGE_HOSTS: [&str; 2] = ["ps.outlook.com", "webmail.apps.mil"];

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
    let prefixes = |cloud: Cloud| [cloud.exchange_resource(), cloud.exchange_app_resource()];
    let mut exchange = Cloud::ALL.into_iter().flat_map(prefixes).map(host_of);
    if exchange.any(is_named)
        || OTHER_EXCHANGE_HOSTS.into_iter().any(is_named)
        || is_named(PermissionApi::Exchange.app_id())
    {
        return Home::Exchange;
    }
    let mut graph = Cloud::ALL.into_iter().map(Cloud::graph_host);
    if graph.any(is_named) || is_named(PermissionApi::Graph.app_id()) {
        return Home::Graph;
    }
    Home::Other
}

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

/// Returns what Entra's older endpoints want as `resource` in place of scopes (protocol facts §1.3).
pub(in crate::auth) fn resource_uri(profile: &SignInProfile, resource: Resource) -> &'static str {
    match resource {
        Resource::Mail => profile.cloud.exchange_app_resource(),
        Resource::Graph => profile.cloud.graph_resource(),
    }
}
