//! The binary `longshore`: command line, configuration, HTTP.
//!
//! Read it in this order: `cli` (what can be asked for), `config` (what is configured), `serve` (how the parts are
//! put together), `datasets` (how definitions are written and checked), `http` (how requests reach the centre), `operators` and `metrics` (what those see who run it).

// The pages are types within types, which the compiler lays out here.
#![recursion_limit = "256"]

mod cli;
mod config;
mod datasets;
mod demo;
mod export;
mod http;
mod import;
mod logging;
mod metrics;
mod operators;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, DatasetCommand, ServeArgs};

/// Requests and rows are many small pieces of memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Milliseconds after which memory that is not used goes back to the system. By default it stays for a second, which exports and
/// imports, who pass large pieces from thread to thread, pay with a third of their peak, and are no faster for it.
const PURGE_DELAY_MS: std::ffi::c_long = 1;
/// `mi_option_purge_delay` in mimalloc.h, which the bindings leave out.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Sets [`PURGE_DELAY_MS`], unless the environment says otherwise, and has the system give memory out in its usual pages: those of
/// 2 MiB ("transparent huge pages") stay whole for as long as anything is used in them, which takes exports and imports half as much
/// again of memory, and as they come and go, clearing them takes longer than they save. `MIMALLOC_ALLOW_THP=1` allows them.
fn return_memory_soon() {
    #[cfg(target_os = "linux")]
    if std::env::var_os("MIMALLOC_ALLOW_THP").is_none() {
        // Where the system can't do that, there is only more memory in use.
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
    // SAFETY: the option exists in every version that the bindings build, any number is allowed for it, and no other thread runs
    // yet that could read it meanwhile.
    #[allow(unsafe_code)]
    unsafe {
        libmimalloc_sys::mi_option_set_default(PURGE_DELAY, PURGE_DELAY_MS);
    }
}

fn main() -> ExitCode {
    return_memory_soon();
    // `cargo leptos watch` starts the program without arguments.
    let command = Cli::parse().command.unwrap_or_else(|| Command::Serve(ServeArgs::default()));
    let done = match command {
        Command::Serve(args) => serve::serve(&args),
        Command::Demo(args) => demo::make(&args),
        Command::Export(args) => export::export(&args),
        Command::Import(args) => return import::import(&args),
        Command::Verify(args) => export::verify(&args),
        Command::Dataset(args) => match &args.command {
            DatasetCommand::Add(args) => datasets::add(args),
        },
        Command::Check(args) => match datasets::check(&args) {
            Ok(true) => Ok(()),
            // What does not fit has been told.
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        Command::Tasks(args) => operators::run(&args),
        Command::Defaults => {
            print!("{}", config::DEFAULTS);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("longshore: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes on one line, without those that the text before them tells already.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow::anyhow!("refused").context("the store: refused").context("can't start");
        assert_eq!(super::sentence(&error), "can't start: the store: refused");
    }
}
