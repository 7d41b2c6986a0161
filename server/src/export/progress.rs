//! The progress bar of the command line.

use std::fmt::Write;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use longshore_protocol::Unit;

/// A bar with rate and remaining time; hidden where nobody looks. Clones are the same.
#[derive(Clone)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn shown(is_shown: bool) -> Progress {
        let target =
            if is_shown { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {human_pos} rows, {per_sec}"));
        Progress(bar)
    }

    /// Takes how far the work has come.
    pub(super) fn report(&self, done: u64, total: Option<u64>, unit: Unit) {
        let bar = &self.0;
        match (unit, total) {
            (Unit::Bytes, None) => bar.set_style(style("{spinner} finishing the file")),
            (Unit::Bytes, Some(total)) => {
                bar.set_style(style("{bar:30} {bytes} of {total_bytes} into the archive"));
                bar.set_length(total);
                bar.set_position(done);
            }
            (_, Some(total)) if done <= total => {
                if bar.length() != Some(total) {
                    bar.set_style(style(
                        "{bar:30} {human_pos} of {human_len} rows ({percent}%), {per_sec}, {eta} left",
                    ));
                    bar.set_length(total);
                }
                bar.set_position(done);
            }
            _ => bar.set_position(done),
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // indicatif's own has four decimals.
    style.with_key("per_sec", |state: &ProgressState, out: &mut dyn Write| {
        write!(out, "{}/s", HumanCount(state.per_sec() as u64)).ok();
    })
}
