//! The name of an exported file, as far as the page can judge it. The server has the last word.

use longshore_protocol::ProblemKind;

use crate::format::CivilTime;

/// Characters a name may have, its ending not counted; the server's limit.
const CHARS_MAX: usize = 80;

/// Characters that Windows refuses in names
/// (<https://learn.microsoft.com/windows/win32/fileio/naming-a-file>); `/` is refused everywhere.
const REFUSED: [char; 9] = ['<', '>', ':', '"', '/', '\\', '|', '?', '*'];

/// What is wrong with a name that was typed, if anything is; an empty one stands for the default.
pub fn problem(name: &str) -> Option<ProblemKind> {
    if name.chars().count() > CHARS_MAX {
        return Some(ProblemKind::TooLong { limit: CHARS_MAX as u32 });
    }
    let has_refused = name.chars().any(|c| REFUSED.contains(&c) || c.is_control());
    let has_bad_edge = name.trim() != name || name.starts_with('.') || name.ends_with('.');
    (has_refused || has_bad_edge).then_some(ProblemKind::BadFileName)
}

/// The name that the server gives a file which nobody named, now: title, day and minute.
pub fn default_name(title: &str, now: CivilTime) -> String {
    let title: String =
        title.chars().map(|c| if REFUSED.contains(&c) || c.is_control() { '_' } else { c }).collect();
    let CivilTime { year, month, day, hour, minute, .. } = now;
    format!("{}_{year:04}{month:02}{day:02}-{hour:02}{minute:02}", title.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_server_will_refuse_are_told_while_they_are_typed() {
        let bad = Some(ProblemKind::BadFileName);
        for (name, want) in [
            ("", None),
            ("八月 订单 (终)", None),
            (&"订".repeat(80), None),
            (&"x".repeat(81), Some(ProblemKind::TooLong { limit: 80 })),
            ("a/b", bad.clone()),
            ("a\nb", bad.clone()),
            (" a", bad.clone()),
            ("a.", bad.clone()),
            (".a", bad.clone()),
        ] {
            assert_eq!(problem(name), want, "{name}");
        }
    }

    #[test]
    fn the_default_name_tells_title_and_time() {
        let now = CivilTime { year: 2026, month: 11, day: 3, hour: 9, minute: 5, second: 1 };
        assert_eq!(default_name("a/b 订单 ", now), "a_b 订单_20261103-0905");
    }
}
