//! The program: builds the runtime, hands over to [`pillarbox::cli`], maps the result to an exit code.

fn main() -> std::process::ExitCode {
    pillarbox::cli::main()
}
