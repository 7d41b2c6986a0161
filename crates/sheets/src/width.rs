//! How wide columns should be, in Excel's unit: digits of the default font.

use arrow_array::StringArray;

use crate::column::{ColumnKind, Values};

const NARROWEST: usize = 8;
const WIDEST: usize = 60;
/// Space beside the longest text.
const PADDING: usize = 2;
/// Space that the filter button takes in the header.
const FILTER_BUTTON: usize = 3;

/// The widths before any row is known, from types and headers.
pub(crate) fn initial_widths(kinds: &[ColumnKind], headers: &[String]) -> Vec<usize> {
    let width = |(kind, header): (&ColumnKind, &String)| {
        let of_type = match kind {
            ColumnKind::Text | ColumnKind::Boolean | ColumnKind::Time => NARROWEST,
            ColumnKind::Integer | ColumnKind::Float | ColumnKind::Date => 12,
            ColumnKind::Decimal { .. } => 14,
            ColumnKind::Timestamp => 20,
        };
        of_type.max(display_width(header) + FILTER_BUTTON).min(WIDEST)
    };
    kinds.iter().zip(headers).map(width).collect()
}

/// Widens text columns to the texts of a batch.
pub(crate) fn widen(widths: &mut [usize], columns: &[Values<'_>]) {
    for (width, values) in widths.iter_mut().zip(columns) {
        if let Values::Text(texts) = values {
            *width = (*width).max(widest_text(texts) + PADDING).min(WIDEST);
        }
    }
}

fn widest_text(texts: &StringArray) -> usize {
    texts.iter().flatten().map(display_width).max().unwrap_or(0)
}

/// The width of a text's widest line, where a character of Chinese, Japanese or Korean takes the
/// space of two digits. It stops counting at the widest column.
pub(crate) fn display_width(text: &str) -> usize {
    text.lines().take(WIDEST).map(line_width).max().unwrap_or(0)
}

fn line_width(line: &str) -> usize {
    line.chars().take(WIDEST).map(char_width).sum()
}

/// 2 for wide characters, 0 for those that join or change their neighbours, else 1. The ranges are
/// the blocks of Unicode's East Asian Width property, taken whole.
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE4F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnKind, display_width, initial_widths};

    #[test]
    fn wide_characters_count_twice() {
        for (text, want) in [("", 0), ("order", 5), ("订单号", 6), ("a订", 3), ("é", 1), ("ab\nabcd", 4)]
        {
            assert_eq!(display_width(text), want, "{text}");
        }
    }

    #[test]
    fn headers_and_types_decide_first() {
        let long = "x".repeat(200);
        for (kind, header, want) in [
            (ColumnKind::Text, "id", 8),
            (ColumnKind::Text, "customer name", 16),
            (ColumnKind::Timestamp, "t", 20),
            (ColumnKind::Boolean, long.as_str(), 60),
        ] {
            assert_eq!(initial_widths(&[kind], &[header.to_owned()]), [want], "{header}");
        }
    }
}
