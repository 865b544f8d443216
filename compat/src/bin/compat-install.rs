//! Installs the third-party SDKs under `target/compat/`, or with `--check` says what is missing.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use hongbao_compat::Part;
use std::process::ExitCode;

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let mut code = ExitCode::SUCCESS;
    for part in Part::ALL {
        let done = if check { part.check() } else { part.install() };
        match done {
            Ok(()) => println!("{}: ready", part.as_str()),
            Err(error) => {
                eprintln!("{}: {error}", part.as_str());
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
