//! Addresses at which an administrator consents for the whole organisation (protocol facts §1.1).

use url::Url;

use crate::admin::document::{Document, Language, Step};
use crate::admin::functions::Function;
use crate::admin::kit::Kit;
use crate::admin::sending::joined;
use crate::model::{Cloud, PermissionApi};

const STATE: &str = "pillarbox";

/// Writes the addresses of both versions. `None` where nobody consents for others: personal accounts, other providers.
pub fn consent_url(kit: &Kit<'_>) -> Option<Document> {
    joined(kit, own)
}

fn own(kit: &Kit<'_>) -> Option<Document> {
    if !kit.has_organisation() {
        return None;
    }
    let mut steps = if kit.is_app_only() {
        application(kit)
    } else {
        delegated(kit)
    };
    steps.push(Step::new(
        "Afterwards",
        "The browser is sent to the redirect URI, where nothing needs to answer: the address bar tells. If it has \
         error=, consent was refused, even if admin_consent=True stands there too. It may take up to an hour until a \
         new registration works everywhere.",
    ));
    Some(Document::new(
        &format!("Admin consent for {}", kit.whose()),
        steps,
    ))
}

fn delegated(kit: &Kit<'_>) -> Vec<Step> {
    let scopes = scopes(kit).join(" ");
    vec![
        Step::new(
            "Open as an administrator",
            "Consents to exactly these permissions for everybody in the organisation. A Cloud Application \
             Administrator is enough.",
        )
        .with(Language::Text, &version_2(kit, &scopes)),
        Step::new(
            "Or: everything the registration lists",
            "The form of version 1 consents to all permissions under “API permissions”, like the portal's button \
             “Grant admin consent”.",
        )
        .with(Language::Text, &version_1(kit))
        .alternative(),
    ]
}

/// Roles are consented to in the portal; only an application of another organisation needs these addresses.
fn application(kit: &Kit<'_>) -> Vec<Step> {
    let mut steps = vec![
        Step::new(
            "Your own registration",
            "API permissions → Grant admin consent. The address does the same; roles always need an administrator.",
        )
        .with(Language::Text, &version_1(kit)),
    ];
    for (scope, what) in default_scopes(kit) {
        let text = format!(
            "Only if the application is registered in another organisation: this address consents to its roles for \
             {what}. If the page misses a redirect URI, add &redirect_uri= with one that its owner registered."
        );
        let step = Step::new("Or: an application of another organisation", &text);
        let step = step.with(Language::Text, &version_2(kit, &scope));
        steps.push(step.alternative());
    }
    steps
}

/// The scopes of `/.default` that Microsoft documents for each protocol's roles (protocol facts §1.1).
fn default_scopes(kit: &Kit<'_>) -> Vec<(String, &'static str)> {
    let cloud = kit.profile().cloud;
    let has = |function| kit.functions.has(function);
    let exchange = format!("{}/.default", cloud.exchange_app_resource());
    let reading = if cloud == Cloud::Public {
        "https://ps.outlook.com/.default".to_owned()
    } else {
        exchange.clone()
    };
    let mut scopes: Vec<(String, &'static str)> = Vec::new();
    if has(Function::Imap) || has(Function::Pop) {
        scopes.push((reading, "IMAP and POP"));
    }
    if (has(Function::Smtp) || has(Function::Ews))
        && scopes.iter().all(|(scope, _)| *scope != exchange)
    {
        scopes.push((exchange, "SMTP and EWS"));
    }
    if has(Function::GraphRead) || has(Function::GraphSend) {
        let graph = format!("https://{}/.default", cloud.graph_host());
        scopes.push((graph, "Microsoft Graph"));
    }
    scopes
}

/// The permissions as a request names them: mail under Exchange's address, though registered under Graph's.
fn scopes(kit: &Kit<'_>) -> Vec<String> {
    let cloud = kit.profile().cloud;
    let scope = |api: PermissionApi, name: &str| {
        let is_mail_protocol = ["IMAP.", "POP.", "SMTP.", "EWS."]
            .iter()
            .any(|start| name.starts_with(start));
        let is_oidc = !name.contains('.');
        match api {
            _ if is_oidc => name.to_owned(),
            PermissionApi::Graph if !is_mail_protocol => {
                format!("https://{}/{name}", cloud.graph_host())
            }
            PermissionApi::Graph | PermissionApi::Exchange => {
                format!("{}/{name}", cloud.exchange_resource())
            }
        }
    };
    let permissions = kit.permissions().into_iter();
    permissions
        .map(|(api, known)| scope(api, known.name))
        .collect()
}

/// Consent takes a tenant or `organizations`, never `common`.
fn base(kit: &Kit<'_>, path: &str) -> Option<Url> {
    let tenant = kit.tenant().unwrap_or("organizations");
    let mut url = Url::parse(&format!("https://{}/", kit.profile().cloud.login_host())).ok()?;
    url.path_segments_mut()
        .ok()?
        .clear()
        .push(tenant)
        .extend(path.split('/'));
    Some(url)
}

fn version_2(kit: &Kit<'_>, scope: &str) -> String {
    address(kit, "v2.0/adminconsent", Some(scope))
}

fn version_1(kit: &Kit<'_>) -> String {
    address(kit, "adminconsent", None)
}

fn address(kit: &Kit<'_>, path: &str, scope: Option<&str>) -> String {
    let Some(mut url) = base(kit, path) else {
        return String::new();
    };
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", kit.client_id());
        if let Some(scope) = scope {
            query.append_pair("scope", scope);
        }
        // Without a registered address only Entra's own page is shown at the end.
        if let Some(uri) = kit.redirect_uri() {
            query.append_pair("redirect_uri", uri);
        }
        query.append_pair("state", STATE);
    }
    // Blanks as `+` are not understood by every part of the consent page.
    url.to_string().replace('+', "%20")
}
