//! Questions on a terminal for what neither flags nor the network said; without a terminal, the flag that is missing.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::cli::account::apply::reader;
use crate::cli::account::args::Add;
use crate::cli::error::CliError;
use crate::engine::Candidate;
use crate::model::{Account, Address, IncomingServer, Method, Provider, parse_address_list};

/// Returns the address of the new account.
pub(super) fn address(given: Option<&str>) -> Result<Address, CliError> {
    let text = match given {
        Some(text) => text.to_owned(),
        None => ask("Mail address: ")?
            .ok_or_else(|| CliError::Usage("--address is needed".to_owned()))?,
    };
    one_address(&text)
}

/// Reads exactly one address.
pub(super) fn one_address(text: &str) -> Result<Address, CliError> {
    let list = parse_address_list(text);
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

/// Asks before found servers of a domain for which nobody vouches are taken; those given by flags are not found ones.
pub(super) fn consent(args: &Add, candidate: &Candidate) -> Result<(), CliError> {
    let Some(domain) = &candidate.needs_consent else {
        return Ok(());
    };
    let flags = &args.flags.servers;
    let servers = &candidate.account.servers;
    let outgoing = servers.outgoing.as_ref();
    let hosts = [
        flags
            .imap
            .is_none()
            .then_some(servers.incoming.host.as_str()),
        outgoing
            .filter(|_| flags.smtp.is_none())
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

/// Asks for what could be neither found nor was given; without a terminal that is a usage error naming the flag.
pub(super) fn missing(candidate: &mut Candidate) -> Result<(), CliError> {
    let is_same = candidate.account.send_sign_in == candidate.account.sign_in;
    let found = std::mem::take(&mut candidate.missing);
    let account = &mut candidate.account;
    for field in found.into_iter().chain(of_method(account)) {
        let (flag, question) = match field {
            "client_id" => (
                "--client-id",
                "Application (client) id, from your administrator: ",
            ),
            "authority" => ("--authority", "Base address of the sign-in service: "),
            "host" => ("--imap", "Incoming server as HOST:PORT: "),
            "tenant" => ("--tenant", "Tenant, as its id or domain: "),
            "certificate" => ("--certificate", "PEM file of the certificate: "),
            _ => continue,
        };
        let answer = ask(question)?
            .ok_or_else(|| CliError::Usage(format!("{flag} is needed: {}", why(field))))?;
        fill_in(account, (field, flag), answer)?;
    }
    if is_same {
        account.send_sign_in = account.sign_in.clone();
    }
    Ok(())
}

/// What the application's own sign-in needs besides.
fn of_method(account: &Account) -> Vec<&'static str> {
    let profile = &account.sign_in;
    let is_alias = ["", "common", "organizations", "consumers"]
        .iter()
        .any(|alias| profile.tenant.trim().eq_ignore_ascii_case(alias));
    let mut missing = Vec::new();
    if profile.method.is_app_only() && profile.provider == Provider::Microsoft365 && is_alias {
        missing.push("tenant");
    }
    if profile.method == Method::ClientCertificate && profile.certificate.is_none() {
        missing.push("certificate");
    }
    missing
}

fn why(field: &str) -> &'static str {
    match field {
        "tenant" => "an application signs in to one tenant, by its id or domain",
        "certificate" => "the PEM file of the certificate that is registered with the application",
        _ => "it could not be found out from the address",
    }
}

fn fill_in(
    account: &mut Account,
    (field, flag): (&str, &str),
    answer: String,
) -> Result<(), CliError> {
    let sign_in = &mut account.sign_in;
    match field {
        "client_id" => sign_in.client_id = answer,
        "authority" => sign_in.authority = Some(answer),
        "tenant" => sign_in.tenant = answer,
        "certificate" => sign_in.certificate = Some(std::path::absolute(answer)?),
        _ => {
            let read = reader(account.servers.incoming.protocol.name());
            let (host, port, path) = read(&answer, flag)?;
            account.servers.incoming = IncomingServer {
                host,
                port,
                path,
                ..account.servers.incoming.clone()
            };
        }
    }
    Ok(())
}
