//! Names of the files that people get.

use jiff::tz::TimeZone;

/// Characters a name may have, its ending not counted: with the ending and a browser's " (1)" it stays below the
/// 255 bytes of most file systems, at up to three bytes a character.
pub(super) const NAME_CHARS_MAX: usize = 80;

/// Characters that Windows refuses in names
/// (<https://learn.microsoft.com/windows/win32/fileio/naming-a-file>); `/` is refused everywhere.
const REFUSED: [char; 9] = ['<', '>', ':', '"', '/', '\\', '|', '?', '*'];
/// Names of devices on Windows, whatever their ending; the same source.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "COM", "LPT"];

/// Whether a person's name for a file, without its ending, can be one on every system.
pub(super) fn is_good(name: &str) -> bool {
    let has_refused = name.chars().any(|c| REFUSED.contains(&c) || c.is_control() || is_direction_mark(c));
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_device = DEVICES.iter().any(|device| match stem.strip_prefix(device) {
        Some(rest) if device.len() == 3 && (*device == "COM" || *device == "LPT") => {
            rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit())
        }
        Some(rest) => rest.is_empty(),
        None => false,
    });
    !name.is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !has_refused
        && !is_device
        && name.trim() == name
        && !name.starts_with('.')
        && !name.ends_with('.')
}

/// Marks that can make `gpj.exe` look like `exe.jpg`.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The name of an export that nobody named: title, day and minute in the person's zone.
pub(crate) fn default_name(title: &str, now: jiff::Timestamp, zone: &TimeZone) -> String {
    let title: String = title
        .chars()
        .map(|c| if REFUSED.contains(&c) || c.is_control() || is_direction_mark(c) { '_' } else { c })
        .take(NAME_CHARS_MAX - "_20261123-1030".len())
        .collect();
    format!("{}_{}", title.trim(), now.to_zoned(zone.clone()).strftime("%Y%m%d-%H%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_some_system_refuses_are_refused() {
        for good in
            ["订单", "orders 2026", "a.b", "Q3 (final)", "console", "COMPANY", "it's", &"订".repeat(80)]
        {
            assert!(is_good(good), "{good}");
        }
        for bad in [
            "",
            " x",
            "x ",
            ".x",
            "x.",
            "a/b",
            "a\\b",
            "..",
            "a\nb",
            "a\u{0}b",
            "CON",
            "nul.txt",
            "COM1",
            "a\u{202E}b",
            &"x".repeat(81),
        ] {
            assert!(!is_good(bad), "{bad}");
        }
    }

    #[test]
    fn the_default_name_tells_title_and_local_time() {
        let now: jiff::Timestamp = "2026-11-23T02:30:00Z".parse().expect("valid");
        let zone = TimeZone::get("Asia/Shanghai").expect("known");
        assert_eq!(default_name("订单", now, &zone), "订单_20261123-1030");
        assert!(is_good(&default_name(&"a/b:".repeat(40), now, &zone)));
    }
}
