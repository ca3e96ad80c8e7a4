//! `account add|list|show|remove`.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::args::{self, AccountAdd, MethodArg, OneAccount, ProviderArg, TlsArg};
use crate::cli::error::{self, CliError};
use crate::cli::output::Output;
use crate::cli::session;
use crate::cli::sign_in;
use crate::engine::{Candidate, Engine};
use crate::model::{
    Account, Address, IncomingServer, Method, OutgoingServer, Provider, TlsMode, parse_address_list,
};

/// `account`.
pub(in crate::cli) async fn run(
    command: args::Account,
    out: &mut Output,
) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    match command {
        args::Account::Add(args) => add(&engine, &args, out).await?,
        args::Account::List(format) => {
            let config = engine.config();
            let json: Vec<Value> = config.accounts.iter().map(account_json).collect();
            let rows: Vec<Vec<String>> = config.accounts.iter().map(row).collect();
            out.table(format, &json, &rows)?;
        }
        args::Account::Show(args) => show(&engine, &args, out)?,
        args::Account::Remove(args) => {
            let name = session::account_name(&engine, &args.account)?;
            session::unlock(&engine).await?;
            engine.remove_account(&name).await?;
            error::note(&format!(
                "Removed {name}, its secrets and its cache. Nothing was changed on the server."
            ));
        }
    }
    out.flush()?;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn row(account: &Account) -> Vec<String> {
    let more = match account.additional_users.len() {
        0 => String::new(),
        1 => "1 additional user".to_owned(),
        count => format!("{count} additional users"),
    };
    vec![
        account.name.clone(),
        account.address.email.clone(),
        account.servers.incoming.host.clone(),
        more,
    ]
}

fn account_json(account: &Account) -> Value {
    let sign_in = &account.sign_in;
    json!({
        "account": account.name,
        "address": account.address.email,
        "display_name": account.address.name,
        "identity": account.identity(),
        "additional_users": account.additional_users.iter().map(|user| &user.email).collect::<Vec<_>>(),
        "sign_in": {
            "name": sign_in.name,
            "provider": sign_in.provider,
            "method": sign_in.method,
            "tenant": sign_in.tenant,
            "client_id": sign_in.client_id,
            "authority": sign_in.authority,
            "scopes": sign_in.scopes,
        },
        "send_sign_in": account.send_sign_in.name,
        "servers": {
            "name": account.servers.name,
            "incoming": account.servers.incoming,
            "outgoing": account.servers.outgoing,
        },
    })
}

fn show(engine: &Engine, args: &OneAccount, out: &mut Output) -> Result<(), CliError> {
    let name = session::account_name(engine, &args.account)?;
    let config = engine.config();
    let Some(account) = config.accounts.iter().find(|account| account.name == name) else {
        return Err(session::not_found("account", &name));
    };
    let value = account_json(account);
    if args.format.json {
        return out.json(&value);
    }
    print_value(&value, 0, out)
}

/// Prints nested JSON as indented `key  value` lines.
fn print_value(value: &Value, depth: usize, out: &mut Output) -> Result<(), CliError> {
    let Some(fields) = value.as_object() else {
        return Ok(());
    };
    for (key, value) in fields {
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(_) => {
                out.line(&format!("{indent}{key}"))?;
                print_value(value, depth + 1, out)?;
            }
            Value::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                out.line(&format!("{indent}{key:<18}{}", items.join("; ")))?;
            }
            Value::String(text) => out.line(&format!("{indent}{key:<18}{text}"))?,
            Value::Null => out.line(&format!("{indent}{key:<18}-"))?,
            other => out.line(&format!("{indent}{key:<18}{other}"))?,
        }
    }
    Ok(())
}

async fn add(engine: &Engine, args: &AccountAdd, out: &mut Output) -> Result<(), CliError> {
    let address = wanted_address(args)?;
    let mut candidate = engine.discover(address).await?;
    apply(args, &mut candidate)?;
    ask_consent(args, &candidate)?;
    ask_missing(&mut candidate)?;
    let account = candidate.account;
    let name = account.name.clone();
    let method = account.sign_in.method;
    engine.save_account(account.clone()).await?;
    if method == Method::Password && (args.password_stdin || io::stdin().is_terminal()) {
        session::unlock(engine).await?;
        sign_in::password(engine, &name).await?;
    }
    if args.format.json {
        return out.json(&account_json(&account));
    }
    out.line(&format!("Saved account {name}."))?;
    if method == Method::DeviceCode {
        error::note(&format!("Now sign in: pillarbox sign-in {name}"));
    }
    Ok(())
}

fn wanted_address(args: &AccountAdd) -> Result<Address, CliError> {
    let text = match &args.address {
        Some(text) => text.clone(),
        None => ask("Mail address: ")?
            .ok_or_else(|| CliError::Usage("--address is needed".to_owned()))?,
    };
    let list = parse_address_list(&text);
    match (list.addresses.as_slice(), list.errors.first()) {
        ([address], None) => Ok(address.clone()),
        (_, Some(error)) => Err(CliError::Usage(error.to_string())),
        _ => Err(CliError::Usage(
            "--address takes exactly one address".to_owned(),
        )),
    }
}

/// Asks on a terminal; `None` where there is none.
fn ask(prompt: &str) -> Result<Option<String>, CliError> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    write!(io::stderr(), "{prompt}")?;
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.trim();
    Ok((!line.is_empty()).then(|| line.to_owned()))
}

/// Puts what was typed over what was found.
fn apply(args: &AccountAdd, candidate: &mut Candidate) -> Result<(), CliError> {
    let Candidate {
        account, missing, ..
    } = candidate;
    if let Some(name) = &args.name {
        account.name.clone_from(name);
    }
    if let Some(name) = &args.display_name {
        account.address.name.clone_from(name);
    }
    if args.login.is_some() {
        account.login.clone_from(&args.login);
    }
    if let Some(list) = &args.additional_users {
        let list = parse_address_list(list);
        if let Some(error) = list.errors.first() {
            return Err(CliError::Usage(format!("--additional-users: {error}")));
        }
        account.additional_users = list.addresses;
    }
    apply_sign_in(args, account, missing);
    apply_servers(args, account, missing)
}

fn apply_sign_in(args: &AccountAdd, account: &mut Account, missing: &mut Vec<&'static str>) {
    let sign_in = &mut account.sign_in;
    match args.provider {
        Some(ProviderArg::Microsoft365) => sign_in.provider = Provider::Microsoft365,
        Some(ProviderArg::Custom) => sign_in.provider = Provider::Custom,
        None => {}
    }
    match args.method {
        Some(MethodArg::DeviceCode) => sign_in.method = Method::DeviceCode,
        Some(MethodArg::Password) => sign_in.method = Method::Password,
        // What was found may be a password; who gives an application's id wants tokens.
        None if args.client_id.is_some() && sign_in.method == Method::Password => {
            sign_in.method = Method::DeviceCode;
        }
        None => {}
    }
    let given = |text: &Option<String>, target: &mut String| {
        if let Some(text) = text {
            target.clone_from(text);
        }
    };
    given(&args.tenant, &mut sign_in.tenant);
    given(&args.client_id, &mut sign_in.client_id);
    let given = |text: &Option<String>, target: &mut Option<String>| {
        if text.is_some() {
            target.clone_from(text);
        }
    };
    given(&args.authority, &mut sign_in.authority);
    given(&args.token_endpoint, &mut sign_in.token_endpoint);
    given(
        &args.device_endpoint,
        &mut sign_in.device_authorization_endpoint,
    );
    if let Some(scopes) = &args.scopes {
        sign_in.scopes = scopes.split_whitespace().map(str::to_owned).collect();
    }
    if args.ca_file.is_some() {
        sign_in.ca_file.clone_from(&args.ca_file);
    }
    let has_endpoints =
        sign_in.token_endpoint.is_some() && sign_in.device_authorization_endpoint.is_some();
    let is_custom = sign_in.provider == Provider::Custom;
    missing.retain(|field| match *field {
        "client_id" => sign_in.client_id.is_empty(),
        "authority" => is_custom && sign_in.authority.is_none() && !has_endpoints,
        _ => true,
    });
    if sign_in.method == Method::Password {
        missing.retain(|field| *field == "host");
    }
    account.send_sign_in = account.sign_in.clone();
}

fn apply_servers(
    args: &AccountAdd,
    account: &mut Account,
    missing: &mut Vec<&'static str>,
) -> Result<(), CliError> {
    let servers = &mut account.servers;
    if let Some(text) = &args.imap {
        let (host, port) = host_port(text, "--imap")?;
        let tls = if port == 143 {
            TlsMode::StartTls
        } else {
            TlsMode::Implicit
        };
        servers.incoming = IncomingServer {
            host,
            port,
            tls,
            ..servers.incoming.clone()
        };
        missing.retain(|field| *field != "host");
    }
    if let Some(tls) = args.imap_tls {
        servers.incoming.tls = tls_mode(tls);
    }
    if let Some(text) = &args.smtp {
        let (host, port) = host_port(text, "--smtp")?;
        let tls = if port == 465 {
            TlsMode::Implicit
        } else {
            TlsMode::StartTls
        };
        servers.outgoing = Some(OutgoingServer {
            protocol: crate::model::OutgoingProtocol::Smtp,
            host,
            port,
            tls,
        });
    }
    if let (Some(tls), Some(outgoing)) = (args.smtp_tls, &mut servers.outgoing) {
        outgoing.tls = tls_mode(tls);
    }
    if args.ca_file.is_some() {
        servers.ca_file.clone_from(&args.ca_file);
    }
    Ok(())
}

fn tls_mode(tls: TlsArg) -> TlsMode {
    match tls {
        TlsArg::Implicit => TlsMode::Implicit,
        TlsArg::Starttls => TlsMode::StartTls,
        TlsArg::None => TlsMode::None,
    }
}

fn host_port(text: &str, flag: &str) -> Result<(String, u16), CliError> {
    let wrong = || {
        CliError::Usage(format!(
            "{flag} takes HOST:PORT, such as mail.example.com:993, not \"{text}\""
        ))
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = port
        .parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(wrong)?;
    if host.is_empty() {
        Err(wrong())
    } else {
        Ok((host.to_owned(), port))
    }
}

/// Asks before found servers of a domain for which nobody vouches are taken; those given by flags are not found ones.
fn ask_consent(args: &AccountAdd, candidate: &Candidate) -> Result<(), CliError> {
    let Some(domain) = &candidate.needs_consent else {
        return Ok(());
    };
    let servers = &candidate.account.servers;
    let outgoing = servers.outgoing.as_ref();
    let hosts = [
        args.imap
            .is_none()
            .then_some(servers.incoming.host.as_str()),
        outgoing
            .filter(|_| args.smtp.is_none())
            .map(|server| server.host.as_str()),
    ];
    let is_theirs = |host: &&str| host.ends_with(domain.as_str());
    let Some(host) = hosts.into_iter().flatten().find(is_theirs) else {
        return Ok(());
    };
    let question = format!(
        "{} is said to use {host}, which belongs to {domain}, and nobody vouches for that. Use it? [y/N] ",
        candidate.account.address.domain()
    );
    match ask(&question)?.as_deref() {
        Some("y" | "Y" | "yes") => Ok(()),
        _ => Err(CliError::Usage(format!(
            "--imap and --smtp are needed: {host} belongs to {domain}, for which nobody vouches"
        ))),
    }
}

/// Asks for what could be neither found nor was given; without a terminal that is a usage error naming the flags.
fn ask_missing(candidate: &mut Candidate) -> Result<(), CliError> {
    let missing = std::mem::take(&mut candidate.missing);
    for field in missing {
        let (flag, question) = match field {
            "client_id" => (
                "--client-id",
                "Application (client) id, from your administrator: ",
            ),
            "authority" => ("--authority", "Base address of the sign-in service: "),
            "host" => ("--imap", "Incoming server as HOST:PORT: "),
            _ => continue,
        };
        let Some(answer) = ask(question)? else {
            return Err(CliError::Usage(format!(
                "{flag} is needed: it could not be found out from the address"
            )));
        };
        let account = &mut candidate.account;
        match field {
            "client_id" => account.sign_in.client_id = answer,
            "authority" => account.sign_in.authority = Some(answer),
            _ => {
                let (host, port) = host_port(&answer, flag)?;
                account.servers.incoming = IncomingServer {
                    host,
                    port,
                    ..account.servers.incoming.clone()
                };
            }
        }
        account.send_sign_in = account.sign_in.clone();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(flags: &[&str], needs_consent: Option<&str>) -> bool {
        use crate::engine::Origin;
        use crate::model::{IncomingProtocol, OutgoingProtocol, ServerProfile, SignInProfile};

        let line = ["pillarbox", "account", "add"];
        let line = line.into_iter().chain(flags.iter().copied());
        let parsed = <args::Cli as clap::Parser>::parse_from(line);
        let Some(args::Command::Account(args::Account::Add(args))) = parsed.command else {
            panic!("not account add")
        };
        let host = "mail.evil.example".to_owned();
        let sign_in = SignInProfile::new("x", Provider::Custom, Method::Password);
        let account = Account {
            name: "x".into(),
            address: Address::bare("a@contoso.com"),
            send_sign_in: sign_in.clone(),
            sign_in,
            login: None,
            servers: ServerProfile {
                name: "x".into(),
                incoming: IncomingServer {
                    protocol: IncomingProtocol::Imap,
                    host: host.clone(),
                    port: 993,
                    tls: TlsMode::Implicit,
                },
                outgoing: Some(OutgoingServer {
                    protocol: OutgoingProtocol::Smtp,
                    host,
                    port: 465,
                    tls: TlsMode::Implicit,
                }),
                ca_file: None,
                files_sent_copy: None,
            },
            additional_users: Vec::new(),
            on_behalf: Vec::new(),
        };
        let candidate = Candidate {
            account,
            sign_in_origin: Origin::Autoconfig,
            servers_origin: Origin::Autoconfig,
            missing: Vec::new(),
            needs_consent: needs_consent.map(str::to_owned),
            stands_for_ews: None,
            alternatives: Vec::new(),
        };
        ask_consent(&args, &candidate).is_ok()
    }

    #[test]
    fn without_a_terminal_a_foreign_server_is_taken_only_when_it_was_given() {
        assert!(consent(&[], None));
        assert!(!consent(&[], Some("evil.example")));
        let (imap, smtp) = (
            "--imap=mail.evil.example:993",
            "--smtp=mail.evil.example:465",
        );
        assert!(!consent(&[imap], Some("evil.example")));
        assert!(!consent(&[smtp], Some("evil.example")));
        assert!(consent(&[imap, smtp], Some("evil.example")));
    }

    #[test]
    fn servers_are_host_and_port() {
        assert_eq!(
            host_port("mail.example.com:993", "--imap").unwrap(),
            ("mail.example.com".to_owned(), 993)
        );
        for wrong in [
            "mail.example.com",
            ":993",
            "mail:0",
            "mail:99999",
            "mail:imap",
        ] {
            assert!(host_port(wrong, "--imap").is_err(), "{wrong}");
        }
    }
}
