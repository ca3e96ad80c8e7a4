//! Short guides for providers that have no portal of Microsoft's (protocol facts §9).

use crate::admin::document::{Language, Step};
use crate::admin::kit::{APPLICATION, Kit};
use crate::model::{ClientKind, Method, Provider};

/// Google Cloud console.
pub fn gmail(kit: &Kit<'_>) -> Vec<Step> {
    let mut steps = vec![
        Step::new(
            "Make a project",
            "Sign in with a Google account, make a project, and name it.",
        )
        .with(Language::Text, "https://console.cloud.google.com/projectcreate"),
        Step::new(
            "Set up the consent screen",
            "Google Auth Platform → Branding: application name Pillarbox. Audience: Internal for a Workspace \
             organisation; else External, and then Publish app (In production). In Testing every sign-in ends after 7 \
             days.",
        )
        .with(Language::Text, "https://console.cloud.google.com/auth/overview"),
        Step::new(
            "Add the scope",
            "Google Auth Platform → Data access → Add scopes. It is the only one that IMAP and SMTP accept.",
        )
        .with(Language::Text, "https://mail.google.com/"),
        Step::new(
            "Make the client",
            "Google Auth Platform → Clients → Create client → Desktop app. It needs no redirect URI: any port of \
             http://127.0.0.1 is accepted. Copy client id and client secret; the secret is sent with every sign-in, \
             although a desktop program cannot keep it from its user.",
        )
        .with(Language::Text, APPLICATION),
        Step::new(
            "In a Workspace organisation: trust the application",
            "Admin console → Security → Access and data control → API controls → Manage third-party app access: add \
             the client id as Trusted. IMAP must be on under Apps → Google Workspace → Gmail → End user access.",
        ),
    ];
    let back = format!(
        "Client id (now: {}) and client secret; Pillarbox asks for the secret and keeps it in its vault.",
        kit.client_id()
    );
    steps.push(Step::new("Hand back", &back));
    steps
}

/// Any provider with standard endpoints.
pub fn custom(kit: &Kit<'_>) -> Vec<Step> {
    let profile = kit.profile();
    let grant = match profile.method {
        Method::DeviceCode => "the device authorization grant (RFC 8628)",
        Method::Browser => "the authorization code grant with PKCE, S256 (RFC 7636)",
        Method::ClientSecret | Method::ClientCertificate => {
            "the client credentials grant (RFC 6749 §4.4)"
        }
        Method::Password => "nothing",
    };
    let proof = match (profile.method, profile.client) {
        (Method::ClientCertificate, _) => "a certificate (private_key_jwt, RFC 7523)",
        (Method::ClientSecret, _) | (_, ClientKind::Confidential) => "a client secret",
        _ => "no secret: it is a public client",
    };
    let mut steps = Vec::new();
    if profile.provider == Provider::ExchangeServer {
        steps.push(Step::new(
            "Before anything else",
            "Exchange Server itself offers no OAuth for IMAP and SMTP as far as is known. If no identity provider \
             stands before it, use the method “password”.",
        ));
    }
    steps.push(Step::new(
        "Register a client",
        &format!("Name it Pillarbox. It uses {grant}, refresh tokens, and {proof}."),
    ));
    if profile.method == Method::Browser {
        let uri = profile
            .redirect_uri
            .as_deref()
            .unwrap_or("http://127.0.0.1");
        let text = "Any port of this machine must be accepted (RFC 8252 §7.3), unless another address is agreed on.";
        steps.push(Step::new("Add the redirect URI", text).with(Language::Text, uri));
    }
    let scopes = if profile.scopes.is_empty() {
        "openid offline_access".to_owned()
    } else {
        profile.scopes.join(" ")
    };
    steps.push(
        Step::new(
            "Allow the scopes",
            "And whatever scope the mail servers ask for, if they do.",
        )
        .with(Language::Text, &scopes),
    );
    steps.push(Step::new(
        "Let the mail servers accept tokens",
        "IMAP and SMTP must offer OAUTHBEARER (RFC 7628) or XOAUTH2 and take the tokens of this provider.",
    ));
    steps.push(Step::new(
        "Hand back",
        "The provider's base URL with a discovery document, or its endpoints; the client id; the scopes; and a secret \
         by another way than mail.",
    ));
    steps
}

/// Nothing to register.
pub fn password(kit: &Kit<'_>) -> Vec<Step> {
    let text = format!(
        "{} signs in with a password, so no application is registered. If the provider asks for a second factor, it \
         offers passwords for applications: use one of those.",
        kit.whose()
    );
    vec![Step::new("No registration is needed", &text)]
}
