//! `explain CODE|TEXT`.

use std::process::ExitCode;

use crate::cli::args::Explain;
use crate::cli::error::{self, CliError};
use crate::cli::output::{Output, notice_json};
use crate::explain;

/// `explain`.
pub(in crate::cli) fn run(args: &Explain, out: &mut Output) -> Result<ExitCode, CliError> {
    let text = args.text.join(" ");
    let Some(notice) = explain::explain_text(&text) else {
        if args.format.json {
            out.json(&serde_json::Value::Null)?;
        }
        error::note(
            "Pillarbox does not recognise this. Give the code (AADSTS…, 5.7.…) or the server's whole line.",
        );
        return Ok(ExitCode::FAILURE);
    };
    if args.format.json {
        out.json(&notice_json(&notice))?;
    } else {
        let text = error::notice_text(&notice);
        out.line(text.trim_end().trim_start_matches("error: "))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
