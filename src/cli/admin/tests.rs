//! From flags to documents, without settings.

use clap::Parser;

use super::*;
use crate::cli::args::{Cli, Command};

/// The document that a command line asks for, shaped as it would be printed.
fn check(line: &str) -> Result<String, CliError> {
    let words = ["pillarbox", "admin"].into_iter().chain(line.split(' '));
    let Some(Command::Admin(command)) = Cli::try_parse_from(words).unwrap().command else {
        panic!("{line}");
    };
    let (Admin::Guide(args) | Admin::Powershell(args) | Admin::ConsentUrl(args)) = &*command else {
        panic!("{line}");
    };
    let (account, functions) = subject::subject(&args.about)?;
    let kit = Kit::new(&account, functions);
    let document = match &*command {
        Admin::Powershell(_) => powershell(&kit),
        Admin::ConsentUrl(_) => consent_url(&kit),
        _ => Some(guide(&kit)),
    };
    Ok(shaped(args, &document.unwrap()))
}

#[test]
fn flags_alone_describe_an_account() {
    let text =
        check("powershell --method client-secret --mailbox a@contoso.com;b@contoso.com --blocks")
            .unwrap();
    assert!(
        text.contains("-Organization 'contoso.com'"),
        "the tenant is the domain: {text}"
    );
    assert!(
        text.contains("-Identity 'b@contoso.com' -User $app.Identity"),
        "{text}"
    );
    let text = check("consent-url --tenant t.example --client-id c --function smtp --cloud us-gov")
        .unwrap();
    assert!(
        text.contains("https://login.microsoftonline.us/t.example/v2.0/adminconsent?client_id=c"),
        "{text}"
    );
    assert!(
        text.contains("SMTP.Send") && !text.contains("IMAP."),
        "{text}"
    );
    let text = check("guide --provider gmail").unwrap();
    assert!(text.contains("https://mail.google.com/"), "{text}");
}

#[test]
fn a_mailbox_that_is_no_address_is_wrong_usage() {
    let error = check("guide --mailbox nobody").unwrap_err();
    assert!(
        matches!(&error, CliError::Usage(text) if text.contains("nobody")),
        "{error:?}"
    );
}

#[test]
fn the_files_name_decides_its_form() {
    let form = |file: &str| {
        check(&format!(
            "powershell --mailbox a@contoso.com --output {file}"
        ))
        .unwrap()
    };
    assert!(form("a.ps1").starts_with("# Connect\nConnect-ExchangeOnline"));
    assert!(form("a.md").starts_with("# Exchange Online PowerShell for a"));
    assert!(form("a.txt").contains("\n1. Connect\n"));
}
