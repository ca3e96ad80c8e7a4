//! The demo tenant before clients that somebody else wrote: they come unchanged but for host and CA, and say what of
//! it is not as at Microsoft's.
//!
//! Each referee is a script beside this file; `run` installs what it needs and starts it.

#![cfg(test)]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use pillarbox::demo::{Options, Tenant};
use serde_json::{Value, json};

/// Longer takes only a machine that hangs; the packages have to come in this time too.
const PATIENCE: Duration = Duration::from_secs(1200);

/// Writes down for a script where the tenant is and who may what.
fn describe(tenant: &Tenant, folder: &Path) -> std::path::PathBuf {
    let apps: serde_json::Map<String, Value> = tenant
        .apps
        .iter()
        .map(|app| {
            let app_json = json!({"client_id": app.client_id, "secret_file": app.secret_file});
            (app.key.to_owned(), app_json)
        })
        .collect();
    let description = json!({
        "base": format!("https://localhost:{}", tenant.web_port),
        "authority": tenant.authority,
        "client_id": tenant.client_id,
        "ca_file": tenant.ca_file,
        "user": tenant.user,
        "shared": tenant.shared,
        "forbidden": tenant.forbidden,
        "apps": apps,
    });
    let file = folder.join("tenant.json");
    std::fs::write(&file, description.to_string()).unwrap();
    file
}

/// Starts a tenant and lets a referee look at it.
async fn ask(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let tenant = Tenant::start(Options {
        chatter: false,
        messages: 300,
        ..Options::new(folder.path())
    });
    let tenant = tenant.await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/referees/run");
    let referee = tokio::process::Command::new(script)
        .arg(name)
        .env("PILLARBOX_TENANT", describe(&tenant, folder.path()))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, referee).await;
    let output = output.expect("the referee hangs").unwrap();
    assert!(
        output.status.success(),
        "{name} objects:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
#[ignore = "needs packages from PyPI: tests/run"]
async fn the_microsoft_graph_sdk_for_python_works_with_the_demo() {
    ask("graph").await;
}

#[tokio::test]
#[ignore = "needs packages from PyPI: tests/run"]
async fn exchangelib_works_with_the_demo() {
    ask("ews").await;
}
