//! A panic while every kind of secret is in memory: in a task, in a thread, and in the interface itself, with the
//! longest of backtraces. What holds a secret is in the message, as an `unwrap` puts it there.

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use pillarbox::auth::{ClientProof, DeviceFlow, Resource, TokenKeeper, Vault};
use pillarbox::backend::{Credential, Login};
use pillarbox::config::{Config, Paths};
use pillarbox::engine::{Engine, Options, Unlock};
use pillarbox::model::{Account, Method};
use pillarbox::net::{Http, Trust};
use portable_pty::CommandBuilder;
use tracing_subscriber::EnvFilter;

use crate::console::Console;
use crate::home::Home;
use crate::leaks::find;
use crate::sign_in_service::Service;

/// Set for the copy of this test that panics.
const PANICS: &str = "PILLARBOX_TEST_THAT_PANICS";

/// Made by whoever watches, when the screen is there.
const GO: &str = "go";

type Holder = Box<dyn Debug + Send + Sync>;

/// Loads what the program holds of an account while it runs.
async fn holders_of(account: &Account, vault: &Vault) -> Vec<Holder> {
    let profile = account.sign_in.clone();
    let user = account.address.email.clone();
    if profile.method == Method::Password {
        let password = vault.get(&format!("password/{}", account.name)).await;
        let credential = Credential::Password(password.unwrap().unwrap());
        return vec![Box::new(Login { user, credential })];
    }
    let trust = Trust::load(profile.ca_file.as_deref()).unwrap();
    let http = Http::new(&trust).unwrap();
    let proof = ClientProof::load(&profile, vault).await.unwrap();
    let mut holders: Vec<Holder> = vec![Box::new(profile.clone()), Box::new(proof.clone())];
    if profile.method == Method::DeviceCode {
        let flow = DeviceFlow::start(&profile, proof, &http).await;
        holders.push(Box::new(flow.unwrap()));
    }
    let keeper = TokenKeeper::load(profile, &account.name, vault.clone(), http.clone()).await;
    let keeper = keeper.unwrap();
    let credential = Credential::Bearer(keeper.bearer(Resource::Mail).await.unwrap());
    holders.push(Box::new(Login { user, credential }));
    holders.push(Box::new(keeper.facts().await));
    holders.push(Box::new(keeper));
    holders.push(Box::new(http));
    holders
}

/// Is the program for a while, and panics.
async fn panic_everywhere(home: &Path) {
    let paths = Paths::under(home);
    let log = std::fs::File::create(paths.state.join("panics.log")).unwrap();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("pillarbox=trace"))
        .with_writer(log)
        .init();
    let config = Config::load(&paths).unwrap();
    let vault = Vault::open(&config.vault, &paths.data, Unlock::Unattended).await;
    let vault = vault.unwrap();
    let mut holders: Vec<Holder> = Vec::new();
    for account in &config.accounts {
        holders.extend(holders_of(account, &vault).await);
    }
    let engine = Engine::start(Options {
        paths,
        config: config.clone(),
        unlock: Unlock::Passphrase("CANARYneverSINGS".into()),
        background: true,
    });
    let engine = engine.await.unwrap();
    holders.extend([
        Box::new(vault) as Holder,
        Box::new(config),
        Box::new(engine.clone()),
    ]);
    let message = format!("{holders:?}");
    let panics = async {
        while !home.join(GO).exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (one, two, three) = (message.clone(), message.clone(), message);
        let task = tokio::spawn(async move { panic!("a task with {one}") });
        assert!(task.await.unwrap_err().is_panic());
        let thread = tokio::task::spawn_blocking(move || panic!("a thread with {two}"));
        assert!(thread.await.unwrap_err().is_panic());
        panic!("the interface with {three}");
    };
    tokio::select! {
        ended = pillarbox::tui::run(engine, None) => panic!("the interface ended: {ended:?}"),
        () = panics => {}
    }
}

fn watch_panics(home: &Home) -> String {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "panics::no_secret_is_in_a_panic", "--nocapture"]);
    let variables = home.variables();
    let mut variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    variables.push((PANICS, "yes"));
    let watched = home.watch();
    let mut console = Console::run(home, command, &variables);
    console.sees("All inboxes");
    std::fs::write(home.path().join(GO), "").unwrap();
    assert!(!console.ends(), "no panic");
    console.waits("the last words", |console| {
        console.record().contains("test result: FAILED")
    });
    watched.end();
    console.record()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_a_panic() {
    if std::env::var_os(PANICS).is_some() {
        let home = std::env::var_os("PILLARBOX_HOME").unwrap();
        return panic_everywhere(Path::new(&home)).await;
    }
    let service = Service::start().await;
    let home = Home::new(&service, "").await;
    service.canaries.add("passphrase", "CANARYneverSINGS");
    let record = tokio::task::block_in_place(|| {
        home.sign_in_everywhere(&service);
        watch_panics(&home)
    });
    // What holds the secrets was in the message, which came when the screen was given back, with all frames.
    let (_, after) = record.rsplit_once("\x1b[?1049l").unwrap();
    assert_eq!(record.matches("panicked at").count(), 1, "{record}");
    for part in [
        "panicked at",
        "the interface with",
        "stack backtrace",
        "Bearer(",
        "Password(",
        "TokenKeeper",
        "Secret(",
        "DeviceFlow",
    ] {
        assert!(after.contains(part), "no {part} in {after}");
    }
    home.say("a panic", record.into_bytes());
    let written = home.written();
    let is_log = |one: &&crate::leaks::Written| one.place.ends_with("panics.log");
    let log = written.iter().find(is_log).unwrap();
    let log = String::from_utf8_lossy(&log.bytes);
    assert_eq!(
        log.matches("a background task panicked").count(),
        2,
        "{log}"
    );
    let found = find(&service.canaries, &written);
    assert!(found.is_empty(), "{found:#?}");
}
