//! Finds what repeats in the XML of rows, knowing where to look: nearly everything around a value stands in the row before, at the
//! same column. Where the rows do not know, texts among them, one table of hashes remembers where four bytes were seen last.
//!
//! A compressor that knows nothing of rows finds the same by trying; that is most of its time.

/// A repeat's fewest bytes.
pub(super) const LENGTH_MIN: usize = 3;
/// A repeat's most bytes (RFC 1951, 3.2.5).
pub(super) const LENGTH_MAX: usize = 258;
/// How far back a repeat can reach (RFC 1951, 3.2.5).
pub(super) const DISTANCE_MAX: usize = 32_768;
/// A repeat of the row before is worth its bits from here on.
const ROW_LENGTH_MIN: usize = 4;
/// Shorter values are not looked up.
const RUN_MIN: usize = 6;
/// Shorter ones that begin with a digit are not either: digits that stood elsewhere before are hardly worth the reference.
const NUMBER_MAX: usize = 24;
const HASH_BITS: u32 = 15;
/// A repeat that long is taken without a look for a better one.
const LONG: usize = 32;

/// Where the XML of a cell begins.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    /// Counted from 1; 0 is the row itself.
    pub(crate) column: u32,
    /// The end of the value before, in the chunk.
    pub(crate) gap: u32,
    /// The end of the row's number, in the chunk.
    pub(crate) tag: u32,
}

/// Bytes that stood before already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) at: u32,
    pub(super) length: u16,
    /// How many bytes before, less 1.
    pub(super) less_one: u16,
}

/// Remembers nothing from one chunk to the next.
pub(super) struct Finder {
    /// Candidates that are tried for a repeat.
    effort: u32,
    /// By hash: the last position plus 1, or 0.
    seen: Vec<u32>,
    /// By position, of which the last digits count: the position before with the same hash, plus 1, or 0.
    earlier: Vec<u32>,
    /// By column: its mark in the row before.
    before: Vec<Option<Mark>>,
    found: Vec<Repeat>,
}

impl Finder {
    /// `effort` is how many places are tried for a repeat.
    pub(super) fn new(effort: u32) -> Finder {
        Finder {
            effort,
            seen: vec![0; 1 << HASH_BITS],
            earlier: vec![0; DISTANCE_MAX],
            before: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The repeats of a chunk, in order and without overlap.
    pub(super) fn find(&mut self, bytes: &[u8], marks: &[Mark]) -> &[Repeat] {
        self.found.clear();
        self.seen.fill(0);
        self.before.fill(None);
        let mut at = 0;
        let mut left = Mark::default();
        for mark in marks {
            let (gap, tag, column) = (mark.gap as usize, mark.tag as usize, mark.column as usize);
            if column >= self.before.len() {
                self.before.resize(column + 1, None);
            }
            if let Some(above) = self.before[column].replace(*mark) {
                if at < gap {
                    at = self.search(bytes, at, gap);
                }
                let shift = (mark.gap - above.gap) as usize;
                at = self.take(at, common(bytes, at, shift), shift);
                // The row's number ends differently, and its other digits are those of the cell to the left.
                if at <= tag {
                    let shift = (mark.tag - above.tag) as usize;
                    let to_left = (mark.tag - left.tag) as usize;
                    let of_above = common(bytes, tag, shift);
                    let of_left = if left.tag > 0 { common(bytes, at, to_left) } else { 0 };
                    at = if at + of_left >= tag + of_above {
                        self.take(at, of_left, to_left)
                    } else {
                        self.take(tag, of_above, shift)
                    };
                }
            }
            left = *mark;
        }
        self.search(bytes, at, bytes.len());
        &self.found
    }

    /// Takes a repeat, if it is long enough, and gives where it has come to.
    #[inline(always)]
    fn take(&mut self, at: usize, length: usize, distance: usize) -> usize {
        if length < ROW_LENGTH_MIN {
            return at;
        }
        // All fit: `common` finds nothing that does not.
        self.found.push(Repeat { at: at as u32, length: length as u16, less_one: (distance - 1) as u16 });
        at + length
    }

    /// Looks for repeats of single values from `at` to `end`, and gives where it has come to.
    fn search(&mut self, bytes: &[u8], mut at: usize, end: usize) -> usize {
        let is_number = bytes.get(at).is_some_and(u8::is_ascii_digit) && end - at < NUMBER_MAX;
        if end - at < RUN_MIN || is_number {
            return end;
        }
        while at + 4 <= end {
            let here = self.look(bytes, at, end);
            if here.length == 0 {
                at += 1;
                continue;
            }
            // What begins a byte later may be longer.
            if self.effort > 1 && here.length < LONG && at + 5 <= end {
                let next = self.look(bytes, at + 1, end);
                if next.length > here.length {
                    at = self.push(at + 1, next);
                    continue;
                }
            }
            let next = self.push(at, here);
            if self.effort > 1 {
                for skipped in at + 2..next.min(end - 3) {
                    self.remember(bytes, skipped);
                }
            }
            at = next;
        }
        end
    }

    fn push(&mut self, at: usize, Found { length, distance }: Found) -> usize {
        // All fit: `common` finds nothing that does not.
        self.found.push(Repeat { at: at as u32, length: length as u16, less_one: (distance - 1) as u16 });
        at + length
    }

    /// The longest repeat at `at` that is worth its bits, among the last few that begin with the same four bytes; of length 0 if
    /// there is none.
    #[inline]
    fn look(&mut self, bytes: &[u8], at: usize, end: usize) -> Found {
        let mut best = Found { length: 0, distance: 0 };
        let mut candidate = self.remember(bytes, at) as usize;
        for _ in 0..self.effort {
            if candidate == 0 || candidate > at || at + 1 - candidate > DISTANCE_MAX {
                break;
            }
            let distance = at + 1 - candidate;
            let length = common(bytes, at, distance).min(end - at);
            // Each byte saves some four bits, and each doubling of the distance costs one.
            let saved = 4 * length.saturating_sub(best.length);
            if saved > distance.ilog2().saturating_sub(best.distance.max(1).ilog2()) as usize
                || best.length == 0
            {
                best = Found { length, distance };
            }
            candidate = self.earlier[(candidate - 1) % DISTANCE_MAX] as usize;
        }
        if best.length < 4 || !is_worth(&bytes[at..at + best.length], best.distance) {
            best.length = 0;
        }
        best
    }

    /// Remembers a position and gives the one before with the same hash, plus 1, or 0.
    #[inline(always)]
    fn remember(&mut self, bytes: &[u8], at: usize) -> u32 {
        let four =
            bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |four| u32::from_le_bytes(*four));
        let slot = &mut self.seen[(four.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize];
        let before = std::mem::replace(slot, at as u32 + 1);
        if before as usize == at + 1 {
            // It was looked at already.
            return self.earlier[at % DISTANCE_MAX];
        }
        self.earlier[at % DISTANCE_MAX] = before;
        before
    }
}

/// A repeat without its place.
#[derive(Clone, Copy)]
struct Found {
    length: usize,
    distance: usize,
}

/// Whether a repeat takes fewer bits than its bytes do as they are, which is estimated: digits are frequent and so take few.
#[inline]
fn is_worth(bytes: &[u8], distance: usize) -> bool {
    let of_repeat = 9 + distance.ilog2();
    let mut as_they_are = 0;
    for byte in bytes {
        as_they_are += match byte {
            b'0'..=b'9' => 4,
            0..0x80 => 5,
            _ => 7,
        };
        if as_they_are > of_repeat {
            return true;
        }
    }
    false
}

/// How many bytes at `at` are those `distance` before.
#[inline(always)]
fn common(bytes: &[u8], at: usize, distance: usize) -> usize {
    if distance == 0 || distance > DISTANCE_MAX || distance > at {
        return 0;
    }
    let end = bytes.len().min(at + LENGTH_MAX);
    let mut length = 0;
    while at + length + 8 <= end {
        let differing = eight(bytes, at + length) ^ eight(bytes, at + length - distance);
        if differing != 0 {
            return length + differing.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    while at + length < end && bytes[at + length] == bytes[at + length - distance] {
        length += 1;
    }
    length
}

/// The eight bytes at `at`, which must be there.
#[inline(always)]
fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |eight| u64::from_le_bytes(*eight))
}
