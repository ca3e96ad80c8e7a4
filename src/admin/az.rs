//! The registration without the portal: the Azure command line, or one request to Microsoft Graph.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::admin::document::{Document, Language, Step};
use crate::admin::kit::{APPLICATION, Kit};
use crate::admin::manifest::{current, pretty, required_resource_access};
use crate::admin::quote::shell as quoted;
use crate::admin::request::FOR_SENDING;
use crate::admin::sending::joined;
use crate::model::{Cloud, Method};

/// Writes the commands. `None` for providers that are not Microsoft's.
pub fn az(kit: &Kit<'_>) -> Option<Document> {
    joined(kit, own)
}

fn own(kit: &Kit<'_>) -> Option<Document> {
    if !kit.is_entra() {
        return None;
    }
    let mut steps = vec![login(kit), register(kit)];
    if kit.has_organisation() {
        steps.push(consent());
    }
    steps.extend(proof(kit));
    steps.push(result(kit));
    steps.push(graph(kit));
    Some(Document::new(
        &format!("Registering Pillarbox from a shell for {}", kit.whose()),
        steps,
    ))
}

fn script(title: &str, text: &str, lines: &[String]) -> Step {
    Step::new(title, text).with(Language::Shell, &lines.join("\n"))
}

fn login(kit: &Kit<'_>) -> Step {
    let cloud = match kit.profile().cloud {
        Cloud::Public => "AzureCloud",
        Cloud::UsGov | Cloud::UsDod => "AzureUSGovernment",
        Cloud::China => "AzureChinaCloud",
    };
    let mut line = "az login --allow-no-subscriptions".to_owned();
    if let Some(tenant) = kit.tenant() {
        let _ = write!(line, " --tenant {}", quoted(tenant));
    }
    let mut text = "In a POSIX shell, such as the one of Azure Cloud Shell.".to_owned();
    if kit.profile().cloud == Cloud::UsDod {
        text += " The tool asks Graph at graph.microsoft.us; where only dod-graph.microsoft.us answers, use the last step.";
    }
    script(
        "Sign in",
        &text,
        &[format!("az cloud set --name {cloud}"), line],
    )
}

fn register(kit: &Kit<'_>) -> Step {
    let mut parts = vec![
        format!(
            "APP_ID=$(az ad app create --display-name {}",
            quoted(APPLICATION)
        ),
        format!("--sign-in-audience {}", kit.audience().manifest()),
        format!("--is-fallback-public-client {}", kit.is_public()),
    ];
    if let Some(uri) = kit.redirect_uri() {
        let option = if kit.is_public() {
            "--public-client-redirect-uris"
        } else {
            "--web-redirect-uris"
        };
        parts.push(format!("{option} {}", quoted(uri)));
    }
    let access = required_resource_access(kit).to_string();
    parts.push(format!("--required-resource-accesses {}", quoted(&access)));
    parts.push("--query appId --output tsv)".to_owned());
    let lines = [
        parts.join(" \\\n  "),
        "az ad sp create --id \"$APP_ID\"".to_owned(),
    ];
    script(
        "Register",
        "Makes the application with the least permissions, and the enterprise application that belongs to it.",
        &lines,
    )
}

fn consent() -> Step {
    script(
        "Consent for the organisation",
        "Needs a Cloud Application Administrator (for roles of an application a Privileged Role Administrator may be \
         asked for). Fails for about a minute after the registration: try again.",
        &["az ad app permission admin-consent --id \"$APP_ID\"".to_owned()],
    )
}

fn proof(kit: &Kit<'_>) -> Option<Step> {
    let profile = kit.profile();
    if profile.method == Method::ClientCertificate {
        let path = profile
            .certificate
            .as_ref()
            .map_or("pillarbox.crt".into(), |path| {
                path.to_string_lossy().into_owned()
            });
        let line = format!(
            "az ad app credential reset --id \"$APP_ID\" --append --cert {} --query appId --output tsv",
            quoted(&format!("@{path}"))
        );
        let text = "The certificate alone, without its key.";
        return Some(script("Upload the certificate", text, &[line]));
    }
    let line = "az ad app credential reset --id \"$APP_ID\" --append --display-name pillarbox --years 1 --query password --output tsv";
    let text = "Prints the secret once. It belongs into a password store, not into a mail; it ends in a year.";
    profile
        .needs_secret()
        .then(|| script("Make a client secret", text, &[line.to_owned()]))
}

fn result(kit: &Kit<'_>) -> Step {
    let behind = if kit.is_for_sending() {
        FOR_SENDING
    } else {
        ""
    };
    let mut lines = vec![format!("echo \"Client id{behind}: $APP_ID\"")];
    if !kit.is_personal() {
        lines.insert(
            0,
            format!("echo \"Tenant id{behind}: $(az account show --query tenantId --output tsv)\""),
        );
    }
    if kit.is_app_only() {
        lines.push(format!(
            "echo \"Object id of the enterprise application{behind}: $(az ad sp show --id \"$APP_ID\" --query id --output tsv)\""
        ));
    }
    script(
        "Print what to hand back",
        "pillarbox admin import - reads these lines.",
        &lines,
    )
}

fn graph(kit: &Kit<'_>) -> Step {
    let mut body = json!({ "displayName": APPLICATION });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, current(kit)) {
        body.extend(more);
    }
    let url = format!(
        "https://{}/v1.0/applications",
        kit.profile().cloud.graph_host()
    );
    let text = format!(
        "The registration as one request: POST this to {url} with a token for Application.ReadWrite.All. Then POST \
         {{\"appId\": …}} to /v1.0/servicePrincipals; its answer's id is the object id of the enterprise application."
    );
    Step::new("Or: one request to Microsoft Graph", &text)
        .with(Language::Json, &pretty(&body))
        .alternative()
}
