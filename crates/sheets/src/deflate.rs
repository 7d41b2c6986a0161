//! A compressor that knows rows (RFC 1951): finds what repeats where rows say that something does, and makes blocks with codes of
//! their own.

mod block;
mod code;
mod repeats;

use self::block::push_block;
use self::repeats::Finder;
pub(crate) use self::repeats::Mark;

/// Compresses chunks, each on its own.
pub(crate) struct Compressor {
    finder: Finder,
}

impl Compressor {
    /// `effort` is how many places are tried for a repeat.
    pub(crate) fn new(effort: u32) -> Compressor {
        Compressor { finder: Finder::new(effort) }
    }

    /// Appends a chunk's block, which ends at a whole byte; the last one ends the stream.
    pub(crate) fn compress(&mut self, out: &mut Vec<u8>, bytes: &[u8], marks: &[Mark], is_last: bool) {
        push_block(out, bytes, self.finder.find(bytes, marks), is_last);
    }
}
