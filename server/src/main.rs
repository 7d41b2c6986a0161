//! The binary `longshore`: command line, configuration, HTTP.
//!
//! Read it in this order: `cli` (what can be asked for), `config` (what is configured), `serve` (how the parts are
//! put together), `http` (how requests reach the centre).

mod cli;
mod config;
mod demo;
mod http;
mod logging;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, ServeArgs};

fn main() -> ExitCode {
    // `cargo leptos watch` starts the program without arguments.
    let command = Cli::parse().command.unwrap_or_else(|| Command::Serve(ServeArgs::default()));
    let done = match command {
        Command::Serve(args) => serve::serve(&args),
        Command::Demo(args) => demo::make(&args),
        Command::Defaults => {
            print!("{}", config::DEFAULTS);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("longshore: {error:#}");
            ExitCode::FAILURE
        }
    }
}
