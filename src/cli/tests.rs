//! The command line itself: that it is well-formed, and what a notice looks like on stderr.

use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::error::notice_text;
use crate::explain::explain_text;

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_flag_says_what_it_is_for() {
    fn check(command: &clap::Command) {
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{} {}",
                command.get_name(),
                argument.get_id()
            );
        }
        for command in command.get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            check(command);
        }
    }
    check(&Cli::command());
}

#[test]
fn a_notice_on_stderr_names_cause_remedy_and_line_to_copy() {
    let notice =
        explain_text("550 5.7.60 SMTP; Client does not have permissions to send as this sender")
            .unwrap();
    insta::assert_snapshot!(notice_text(&notice), @r"
    error: You may not send as this address
      why:  Send As was not granted, or not yet everywhere (up to two hours)
      hint: Grant Send As on the mailbox
      who:  your Exchange administrator
            Add-RecipientPermission MAILBOX -AccessRights SendAs -Trustee IDENTITY
      said: 550 5.7.60 SMTP; Client does not have permissions to send as this sender
    ");
}
