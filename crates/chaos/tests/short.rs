//! A short run on each store: few tasks, and every kind of fault some times.

use std::path::PathBuf;
use std::process::Command;

/// The driver with its settings; what the environment says of other runs does not count here.
fn short_run(store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_longshore-chaos"));
    command.args(["drive", "--store", store, "--tasks", "300", "--seconds-max", "60", "--rate", "20"]);
    for name in ["TASKS", "SEED", "SECONDS_MAX", "NODES", "RATE", "OUTAGE_FACTOR", "KEEP"] {
        command.env_remove(name);
    }
    command
}

fn check(mut command: Command) {
    let output = command.output().expect("the driver starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the run broke a promise, or did not come to its end");
    assert!(said.contains("ok     0 lost of 300"), "the verdict is missing");
}

/// A Redis server's program: named by LONGSHORE_REDIS_SERVER, or on PATH.
fn redis_server() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LONGSHORE_REDIS_SERVER").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["redis-server", "valkey-server"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

/// One after the other: side by side they would slow each other down beyond their time.
#[test]
fn promises_are_kept_under_faults() {
    check(short_run("embedded"));
    let Some(program) = redis_server() else {
        println!(
            "SKIPPED: no redis-server on PATH, and LONGSHORE_REDIS_SERVER names none; `make test` installs one"
        );
        return;
    };
    let mut command = short_run("redis");
    command.arg("--redis-server").arg(program);
    check(command);
}
