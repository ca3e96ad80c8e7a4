//! The application's manifest: permissions by their ids, and what makes it a public client.

use serde_json::{Value, json};

use crate::admin::document::{Document, Language, Step};
use crate::admin::kit::Kit;
use crate::admin::sending::joined;
use crate::model::{Access, Permission, PermissionApi};

/// Writes the parts of the manifest that Pillarbox needs, in both of the portal's formats. `None` for providers that
/// have no manifests.
pub fn manifest(kit: &Kit<'_>) -> Option<Document> {
    joined(kit, own)
}

fn own(kit: &Kit<'_>) -> Option<Document> {
    if !kit.is_entra() {
        return None;
    }
    let place = "App registrations → Pillarbox → Manage → Manifest. Replace the members of the same names, leave the \
                 others as they are, and save. Consent is still to be given afterwards.";
    let steps = vec![
        Step::new(
            "Microsoft Graph App Manifest (New)",
            &format!("{place} These are the least permissions for what this account does."),
        )
        .with(Language::Json, &pretty(&current(kit))),
        Step::new(
            "The same in the format “AAD Graph App Manifest”",
            "For portals that still show the older format; one of the two is enough.",
        )
        .with(Language::Json, &pretty(&former(kit)))
        .alternative(),
    ];
    Some(Document::new(
        &format!("Manifest of the application for {}", kit.whose()),
        steps,
    ))
}

/// The members of the current format (the Graph type `application`).
pub fn current(kit: &Kit<'_>) -> Value {
    let uris: Vec<&str> = kit.redirect_uri().into_iter().collect();
    let none: Vec<&str> = Vec::new();
    let (desktop, web) = if kit.is_public() {
        (uris, none)
    } else {
        (none, uris)
    };
    json!({
        "signInAudience": kit.audience().manifest(),
        "isFallbackPublicClient": kit.is_public(),
        "publicClient": { "redirectUris": desktop },
        "web": { "redirectUris": web },
        "requiredResourceAccess": required_resource_access(kit),
    })
}

fn former(kit: &Kit<'_>) -> Value {
    let kind = if kit.is_public() {
        "InstalledClient"
    } else {
        "Web"
    };
    let uris = kit.redirect_uri().into_iter();
    let uris: Vec<Value> = uris
        .map(|uri| json!({ "url": uri, "type": kind }))
        .collect();
    json!({
        "signInAudience": kit.audience().manifest(),
        "allowPublicClient": kit.is_public(),
        "replyUrlsWithType": uris,
        "requiredResourceAccess": required_resource_access(kit),
    })
}

/// Lists the permissions by service and id.
pub fn required_resource_access(kit: &Kit<'_>) -> Value {
    let permissions = kit.permissions();
    let of = |wanted: PermissionApi| {
        let own = permissions.iter().filter(|(api, _)| *api == wanted);
        let access: Vec<Value> = own.map(|(api, known)| entry(*api, known)).collect();
        (!access.is_empty())
            .then(|| json!({ "resourceAppId": wanted.app_id(), "resourceAccess": access }))
    };
    let services = [PermissionApi::Exchange, PermissionApi::Graph];
    Value::Array(services.into_iter().filter_map(of).collect())
}

fn entry(api: PermissionApi, permission: &Permission) -> Value {
    let id = match api {
        PermissionApi::Exchange => permission.exchange_id,
        PermissionApi::Graph => permission.graph_id,
    };
    let kind = match permission.access {
        Access::Delegated => "Scope",
        Access::Application => "Role",
    };
    json!({ "id": id, "type": kind })
}

/// Writes JSON with an indent.
pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
