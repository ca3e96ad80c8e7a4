//! `demo`: the interface, or only the servers, on the embedded demo tenant.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use crate::cli::args::Demo;
use crate::cli::error::{self, CliError};
use crate::cli::output::Output;
use crate::cli::session;
use crate::config::Paths;
use crate::demo::{Options, RegisteredApp, Tenant};
use crate::tui::{self, Companion};

/// `demo`.
pub(in crate::cli) async fn run(args: &Demo, out: &mut Output) -> Result<ExitCode, CliError> {
    let home = tempfile::Builder::new()
        .prefix("pillarbox-demo-")
        .tempdir()?;
    let tenant = Tenant::start(Options {
        port_base: args.port_base,
        token_life: Duration::from_secs(args.token_life),
        chatter: !args.stay,
        messages: args.messages,
        folder: home.path().to_owned(),
    })
    .await?;
    if args.stay {
        stay(&tenant, args, out).await?;
    } else {
        interface(home.path(), &tenant).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells where everything is, then waits to be interrupted.
async fn stay(tenant: &Tenant, args: &Demo, out: &mut Output) -> Result<(), CliError> {
    let web = format!("https://localhost:{}", tenant.web_port);
    if args.format.json {
        out.json(&json!({
            "authority": tenant.authority,
            "client_id": tenant.client_id,
            "ca_file": tenant.ca_file,
            "imap": format!("localhost:{}", tenant.imap_port),
            "smtp": format!("localhost:{}", tenant.smtp_port),
            "pop3": format!("localhost:{}", tenant.pop_port),
            "pop3_starttls": format!("localhost:{}", tenant.pop_starttls_port),
            "ews": format!("{web}/EWS/Exchange.asmx"),
            "graph": format!("{web}/v1.0"),
            "user": tenant.user,
            "shared": tenant.shared,
            "forbidden": tenant.forbidden,
            "password_user": tenant.password_user,
            "password_file": tenant.password_file,
            "apps": tenant.apps.iter().map(app_json).collect::<Vec<_>>(),
        }))?;
    } else {
        out.line(&format!("authority  {}", tenant.authority))?;
        out.line(&format!("client id  {}", tenant.client_id))?;
        out.line(&format!("CA file    {}", tenant.ca_file.display()))?;
        out.line(&format!("IMAP       localhost:{} (TLS)", tenant.imap_port))?;
        out.line(&format!(
            "SMTP       localhost:{} (STARTTLS)",
            tenant.smtp_port
        ))?;
        out.line(&format!(
            "POP3       localhost:{} (TLS), localhost:{} (STLS)",
            tenant.pop_port, tenant.pop_starttls_port
        ))?;
        out.line(&format!("EWS        {web}/EWS/Exchange.asmx"))?;
        out.line(&format!("Graph      {web}/v1.0"))?;
        out.line(&format!("user       {}", tenant.user))?;
        out.line(&format!("shared     {}", tenant.shared.join("; ")))?;
        out.line(&format!("forbidden  {}", tenant.forbidden))?;
        out.line(&format!(
            "password   sends as {}; in {}",
            tenant.password_user,
            tenant.password_file.display()
        ))?;
        for app in &tenant.apps {
            out.line(&format!("\napp        {} ({})", app.key, app.shows))?;
            out.line(&format!("  client id    {}", app.client_id))?;
            for (name, file) in files_of(app) {
                out.line(&format!("  {name:<11}  {}", file.display()))?;
            }
        }
        out.flush()?;
        error::note("Running until interrupted (Ctrl-C).");
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn app_json(app: &RegisteredApp) -> serde_json::Value {
    json!({
        "key": app.key,
        "name": app.name,
        "client_id": app.client_id,
        "shows": app.shows,
        "redirect_uris": app.redirect_uris,
        "secret_file": app.secret_file,
        "certificate_file": app.certificate_file,
        "key_file": app.key_file,
    })
}

/// Names the files that hold an app's credentials; what is in them is never printed.
fn files_of(app: &RegisteredApp) -> impl Iterator<Item = (&'static str, &Path)> {
    let files = [
        ("secret in", &app.secret_file),
        ("certificate", &app.certificate_file),
        ("key in", &app.key_file),
    ];
    files
        .into_iter()
        .filter_map(|(name, file)| Some((name, file.as_deref()?)))
}

async fn interface(home: &Path, tenant: &Tenant) -> Result<(), CliError> {
    let paths = Paths::under(home);
    paths.prepare()?;
    if let Some(folder) = paths.system_config.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // What an organisation would ship: its people then only type their address.
    std::fs::write(&paths.system_config, organisation_config(home, tenant))?;
    let engine = session::open_interface(Some(paths)).await?;
    let companion = Companion {
        approve: tenant.approve.clone(),
        suggested_address: tenant.user.clone(),
        suggested_users: tenant.shared.clone(),
    };
    let result = tui::run(engine.clone(), Some(companion)).await;
    engine.stop().await;
    Ok(result?)
}

fn organisation_config(home: &Path, tenant: &Tenant) -> String {
    let domain = tenant
        .user
        .rsplit_once('@')
        .map_or("", |(_, domain)| domain);
    let quoted = |path: &Path| toml_quoted(&path.to_string_lossy());
    format!(
        "# The demo organisation's settings, as an administrator would ship them.\n\
         [sign_in.demo]\n\
         provider = \"microsoft365\"\n\
         method = \"device-code\"\n\
         client_id = {client_id}\n\
         tenant = {domain}\n\
         authority = {authority}\n\
         ca_file = {ca}\n\
         domains = [{domain}]\n\n\
         {servers}\
         [vault]\n\
         kind = \"file\"\n\
         key_file = {key}\n",
        client_id = toml_quoted(&tenant.client_id),
        authority = toml_quoted(sign_in_host(&tenant.authority)),
        ca = quoted(&tenant.ca_file),
        domain = toml_quoted(domain),
        servers = server_profiles(tenant),
        key = quoted(&home.join("vault.key")),
    )
}

/// One profile for each protocol; whoever chooses another one in setup finds its server here.
fn server_profiles(tenant: &Tenant) -> String {
    let place = |protocol: &str, port: u16, tls: &str| {
        format!(
            "{{ protocol = \"{protocol}\", host = \"localhost\", port = {port}, tls = \"{tls}\" }}"
        )
    };
    let graph = place("graph", tenant.web_port, "implicit");
    let ews = place("ews", tenant.web_port, "implicit");
    let imap = place("imap", tenant.imap_port, "implicit");
    let pop3 = place("pop3", tenant.pop_port, "implicit");
    let smtp = place("smtp", tenant.smtp_port, "starttls");
    let ca = toml_quoted(&tenant.ca_file.to_string_lossy());
    let profile = |name: &str, incoming: &str, outgoing: &str| {
        let files = tenant.files_sent_copy;
        let fallback = if outgoing == smtp {
            format!("fallback = {graph}\n")
        } else {
            String::new()
        };
        format!(
            "[servers.{name}]\nincoming = {incoming}\noutgoing = {outgoing}\n{fallback}ca_file = {ca}\n\
             files_sent_copy = {files}\n\n"
        )
    };
    [
        profile("demo", &imap, &smtp),
        profile("demo-graph", &graph, &graph),
        profile("demo-ews", &ews, &ews),
        profile("demo-pop3", &pop3, &smtp),
    ]
    .concat()
}

/// Takes the tenant off an authority: it has a key of its own.
fn sign_in_host(authority: &str) -> &str {
    let start = authority.find("://").map_or(0, |place| place + 3);
    let rest = authority.get(start..).unwrap_or_default();
    let end = rest
        .find('/')
        .map_or(authority.len(), |place| start + place);
    authority.get(..end).unwrap_or(authority)
}

fn toml_quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}
