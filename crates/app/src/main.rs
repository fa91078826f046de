//! The `lionrock` program.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A proofing worker must confine itself before any thread exists.
    lionrock_app::worker::take_over_if_asked();
    lionrock_app::activation::take_over_if_asked();
    lionrock_app::document::child::take_over_if_asked();
    lionrock_app::worker::leave_no_core();
    let command = lionrock_app::command::CommandLine::parse();
    match tokio::runtime::Runtime::new().map(|runtime| runtime.block_on(command.run())) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => fail(&error),
        Err(error) => fail(&error.into()),
    }
}

#[allow(clippy::print_stderr)]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
