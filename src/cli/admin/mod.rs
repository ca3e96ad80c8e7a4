//! `admin …`: documents for administrators, and their answer. Reads and writes settings; signs nobody in, and needs the
//! vault only to forget the secret of an application that is replaced.

pub(in crate::cli) mod args;
mod import;
mod subject;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::ExitCode;

use crate::admin::{Document, Kit, az, consent_url, guide, manifest, powershell, request};
use crate::cli::admin::args::{Admin, Write};
use crate::cli::error::{self, CliError};
use crate::cli::output::Output;

/// `admin`.
pub(in crate::cli) async fn run(command: &Admin, out: &mut Output) -> Result<ExitCode, CliError> {
    let make: fn(&Kit<'_>) -> Option<Document> = match command {
        Admin::Import(args) => return import::run(args, out).await,
        Admin::Guide(_) => |kit| Some(guide(kit)),
        Admin::Manifest(_) => manifest,
        Admin::Powershell(_) => powershell,
        Admin::ConsentUrl(_) => consent_url,
        Admin::Az(_) => az,
        Admin::Request(_) => |kit| Some(request(kit)),
    };
    let (Admin::Guide(args)
    | Admin::Manifest(args)
    | Admin::Powershell(args)
    | Admin::ConsentUrl(args)
    | Admin::Az(args)
    | Admin::Request(args)) = command
    else {
        return Ok(ExitCode::SUCCESS);
    };
    let (account, functions) = subject::subject(&args.about)?;
    let mut kit = Kit::new(&account, functions);
    kit.object_id = args.about.object_id.as_deref();
    kit.send_object_id = args.about.send_object_id.as_deref();
    let document = make(&kit).ok_or_else(|| {
        CliError::Usage(
            "there is no such document for this provider and method; pillarbox admin guide says what there is to do"
                .to_owned(),
        )
    })?;
    write(args, &document, out)?;
    Ok(ExitCode::SUCCESS)
}

fn write(args: &Write, document: &Document, out: &mut Output) -> Result<(), CliError> {
    let text = if args.format.json {
        serde_json::to_string(document).map_err(std::io::Error::from)? + "\n"
    } else {
        shaped(args, document)
    };
    match &args.output {
        Some(path) => {
            std::fs::write(path, &text)?;
            error::note(&format!("Wrote {}", path.display()));
        }
        None => out.bytes(text.as_bytes())?,
    }
    out.flush()
}

fn shaped(args: &Write, document: &Document) -> String {
    let extension = args.output.as_deref().and_then(Path::extension);
    let extension = extension.and_then(|end| end.to_str()).unwrap_or_default();
    match extension {
        _ if args.markdown => document.markdown(),
        _ if args.blocks => document.blocks(),
        "md" => document.markdown(),
        "ps1" | "sh" | "json" => document.blocks(),
        _ => document.plain(),
    }
}
