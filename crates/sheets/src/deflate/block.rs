//! A deflate block with codes of its own (RFC 1951, 3.2.7): literals and repeats in, bits out.

use super::code::{CODE_BITS_MAX, Code, codes, set_lengths};
use super::repeats::{LENGTH_MIN, Repeat};

const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const END_OF_BLOCK: usize = 256;
const LENGTH_CODE_BITS_MAX: usize = 7;
/// The order in which the lengths of the codes for lengths stand (RFC 1951, 3.2.7).
const LENGTH_CODE_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A length's or distance's symbol, and the bits that follow it: how many, and the value they count from.
#[derive(Clone, Copy)]
struct Symbol {
    symbol: u16,
    extra_bits: u8,
    base: u16,
}

/// By length less 3.
const LENGTH_SYMBOLS: [Symbol; 256] = {
    let mut symbols = [Symbol { symbol: 285, extra_bits: 0, base: 255 }; 256];
    let (mut symbol, mut next) = (0, 0);
    while symbol < 28 {
        let extra_bits = if symbol < 8 { 0 } else { symbol / 4 - 1 };
        let mut at = next;
        while at < next + (1 << extra_bits) && at < 255 {
            symbols[at] =
                Symbol { symbol: 257 + symbol as u16, extra_bits: extra_bits as u8, base: next as u16 };
            at += 1;
        }
        next += 1 << extra_bits;
        symbol += 1;
    }
    symbols
};

/// The symbol of a distance less 1: two for each power of two.
#[inline]
fn distance_symbol(less_one: u16) -> Symbol {
    if less_one < 4 {
        return Symbol { symbol: less_one, extra_bits: 0, base: less_one };
    }
    let high = 15 - less_one.leading_zeros() as u16;
    let second = less_one >> (high - 1) & 1;
    Symbol { symbol: 2 * high + second, extra_bits: (high - 1) as u8, base: (2 + second) << (high - 1) }
}

/// Appends a block that holds all of `bytes`, of which `repeats` tell, in order, what need not be written. What follows a block that
/// is not the last begins at a whole byte.
pub(super) fn push_block(out: &mut Vec<u8>, bytes: &[u8], repeats: &[Repeat], is_last: bool) {
    let (literal_counts, distance_counts) = count(bytes, repeats);
    let mut lengths = [0; LITERALS + DISTANCES];
    set_lengths(&mut lengths[..LITERALS], &literal_counts, CODE_BITS_MAX);
    set_lengths(&mut lengths[LITERALS..], &distance_counts, CODE_BITS_MAX);
    let literals = codes::<LITERALS>(&lengths[..LITERALS]);
    let distances = codes::<DISTANCES>(&lengths[LITERALS..]);
    let mut writer = BitWriter::new(out, size_max(&literal_counts, &distance_counts, &lengths));
    writer.put(u64::from(is_last), 1);
    writer.put(2, 2);
    put_lengths(&mut writer, &lengths);
    let of_lengths: Vec<Code> = (0..LENGTH_SYMBOLS.len())
        .map(|less_three| {
            let symbol = LENGTH_SYMBOLS[less_three];
            let Code { bits, count } = literals[usize::from(symbol.symbol)];
            let extra = less_three as u32 - u32::from(symbol.base);
            Code { bits: bits | extra << count, count: count + u32::from(symbol.extra_bits) }
        })
        .collect();
    let mut at = 0;
    for repeat in repeats {
        writer.put_literals(&bytes[at..repeat.at as usize], &literals);
        let length = of_lengths[usize::from(repeat.length) - LENGTH_MIN];
        let symbol = distance_symbol(repeat.less_one);
        let distance = distances[usize::from(symbol.symbol)];
        let extra = u64::from(repeat.less_one - symbol.base);
        let bits = u64::from(length.bits)
            | u64::from(distance.bits) << length.count
            | extra << (length.count + distance.count);
        writer.put(bits, length.count + distance.count + u32::from(symbol.extra_bits));
        at = repeat.at as usize + usize::from(repeat.length);
    }
    writer.put_literals(&bytes[at..], &literals);
    let end = literals[END_OF_BLOCK];
    writer.put(u64::from(end.bits), end.count);
    if !is_last {
        // A stored block without bytes ends at a whole byte (RFC 1951, 3.2.4).
        writer.put(0, 3);
        writer.align();
        writer.put(0xFFFF_0000, 32);
    }
    writer.finish();
}

/// How often each symbol is needed; a code must have two at least.
fn count(bytes: &[u8], repeats: &[Repeat]) -> ([u32; LITERALS], [u32; DISTANCES]) {
    let (mut literals, mut distances) = ([0; LITERALS], [0; DISTANCES]);
    // Two tables, since the same byte twice in a row would have to wait for itself.
    let (mut even, mut odd) = ([0u32; 256], [0u32; 256]);
    let mut count_literals = |bytes: &[u8]| {
        let pairs = bytes.chunks_exact(2);
        for byte in pairs.remainder() {
            even[usize::from(*byte)] += 1;
        }
        for pair in pairs {
            even[usize::from(pair[0])] += 1;
            odd[usize::from(pair[1])] += 1;
        }
    };
    let mut at = 0;
    for repeat in repeats {
        count_literals(&bytes[at..repeat.at as usize]);
        literals[usize::from(LENGTH_SYMBOLS[usize::from(repeat.length) - LENGTH_MIN].symbol)] += 1;
        distances[usize::from(distance_symbol(repeat.less_one).symbol)] += 1;
        at = repeat.at as usize + usize::from(repeat.length);
    }
    count_literals(&bytes[at..]);
    for (count, (even, odd)) in literals.iter_mut().zip(even.iter().zip(&odd)) {
        *count = even + odd;
    }
    literals[END_OF_BLOCK] = 1;
    literals[0] = literals[0].max(1);
    distances[0] = distances[0].max(1);
    distances[1] = distances[1].max(1);
    (literals, distances)
}

/// The bytes of a block, and somewhat more.
fn size_max(literal_counts: &[u32], distance_counts: &[u32], lengths: &[u8]) -> usize {
    let counts = literal_counts.iter().chain(distance_counts);
    let bits: usize = counts.zip(lengths).map(|(count, length)| *count as usize * usize::from(*length)).sum();
    let extra = |symbols: &[u32], bits: fn(usize) -> usize| -> usize {
        symbols.iter().enumerate().map(|(symbol, count)| *count as usize * bits(symbol)).sum()
    };
    let of_lengths = extra(&literal_counts[END_OF_BLOCK + 1..], |symbol| (symbol / 4).saturating_sub(1));
    let of_distances = extra(distance_counts, |symbol| (symbol / 2).saturating_sub(1));
    // The codes themselves take 7 bits and 7 more for each symbol at most.
    (bits + of_lengths + of_distances + (LITERALS + DISTANCES) * 14) / 8 + 128
}

/// The lengths of both codes, themselves in a code, with runs shortened (RFC 1951, 3.2.7).
fn put_lengths(writer: &mut BitWriter<'_>, lengths: &[u8]) {
    // Symbol, bits that follow it, and how many.
    let mut symbols: Vec<(usize, u64, u32)> = Vec::with_capacity(lengths.len());
    let mut rest = lengths;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|length| *length == first).count();
        let (symbol, taken) = match (*first, run) {
            (0, 11..) => ((18, run.min(138) as u64 - 11, 7), run.min(138)),
            (0, 3..) => ((17, run as u64 - 3, 3), run),
            (length, 4..) => {
                // The length itself, and then how often it comes again.
                symbols.push((usize::from(length), 0, 0));
                let again = (run - 1).min(6);
                ((16, again as u64 - 3, 2), again + 1)
            }
            (length, _) => ((usize::from(length), 0, 0), 1),
        };
        symbols.push(symbol);
        rest = &rest[taken..];
    }
    let mut counts = [0; 19];
    for (symbol, _, _) in &symbols {
        counts[*symbol] += 1;
    }
    // A code must have two symbols.
    counts[0] = counts[0].max(1);
    counts[18] = counts[18].max(1);
    let mut code_lengths = [0; 19];
    set_lengths(&mut code_lengths, &counts, LENGTH_CODE_BITS_MAX);
    let codes = codes::<19>(&code_lengths);
    writer.put((LITERALS - 257) as u64, 5);
    writer.put((DISTANCES - 1) as u64, 5);
    writer.put((LENGTH_CODE_ORDER.len() - 4) as u64, 4);
    for symbol in LENGTH_CODE_ORDER {
        writer.put(u64::from(code_lengths[symbol]), 3);
    }
    for (symbol, extra, extra_bits) in symbols {
        let code = codes[symbol];
        writer.put(u64::from(code.bits) | extra << code.count, code.count + extra_bits);
    }
}

/// Puts bits into bytes, the lowest first.
struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    at: usize,
    bits: u64,
    count: u32,
}

impl BitWriter<'_> {
    /// Appends to `out`, `size_max` bytes at most.
    fn new(out: &mut Vec<u8>, size_max: usize) -> BitWriter<'_> {
        let at = out.len();
        out.resize(at + size_max, 0);
        BitWriter { out, at, bits: 0, count: 0 }
    }

    /// At most 56 bits, and nothing above them.
    #[inline(always)]
    fn put(&mut self, bits: u64, count: u32) {
        self.bits |= bits << self.count;
        self.count += count;
        self.flush();
    }

    fn put_literals(&mut self, bytes: &[u8], codes: &[Code; LITERALS]) {
        let threes = bytes.chunks_exact(3);
        let rest = threes.remainder();
        for three in threes {
            // 7 bits wait at most, and three codes have 45.
            for byte in three {
                self.add(codes[usize::from(*byte)]);
            }
            self.flush();
        }
        for byte in rest {
            self.add(codes[usize::from(*byte)]);
        }
        self.flush();
    }

    #[inline(always)]
    fn add(&mut self, code: Code) {
        self.bits |= u64::from(code.bits) << self.count;
        self.count += code.count;
    }

    /// Passes on whole bytes; fewer than 8 bits stay.
    #[inline(always)]
    fn flush(&mut self) {
        if let Some(eight) = self.out.get_mut(self.at..).and_then(|rest| rest.first_chunk_mut()) {
            *eight = self.bits.to_le_bytes();
        }
        self.at += (self.count / 8) as usize;
        self.bits >>= self.count & !7;
        self.count &= 7;
    }

    fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
        self.flush();
    }

    fn finish(mut self) {
        self.align();
        self.out.truncate(self.at);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::super::repeats::{Finder, Mark};
    use super::*;

    /// What a decompressor that is not ours makes of two blocks, the second of which is the last.
    fn read(first: (&[u8], &[Repeat]), second: (&[u8], &[Repeat])) -> Vec<u8> {
        let mut stream = Vec::new();
        push_block(&mut stream, first.0, first.1, false);
        push_block(&mut stream, second.0, second.1, true);
        let (mut decoder, mut read) = (flate2::read::DeflateDecoder::new(stream.as_slice()), Vec::new());
        decoder.read_to_end(&mut read).expect("a stream");
        assert_eq!(decoder.total_in(), stream.len() as u64);
        read
    }

    #[test]
    fn every_length_and_distance_is_read_back() {
        let noise = |count: u32| (0..count).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8);
        let mut bytes: Vec<u8> = noise(32_768).collect();
        let mut repeats = Vec::new();
        let lengths =
            (3..=258u16).zip((0..15).flat_map(|power| [0, 1, 2].map(|more| (1u16 << power) + more)).cycle());
        for (length, less_one) in lengths.chain([(258, 0), (3, 32_767), (17, 32_766)]) {
            repeats.push(Repeat { at: bytes.len() as u32, length, less_one });
            for _ in 0..length {
                bytes.push(bytes[bytes.len() - 1 - usize::from(less_one)]);
            }
        }
        assert!(read((&bytes, &repeats), (b"", &[])) == bytes);
    }

    #[test]
    fn codes_are_never_too_long() {
        // Such counts would make codes of a bit more for each symbol, far beyond 15.
        let (mut bytes, mut counts) = (Vec::new(), (1, 1));
        for symbol in 0..26 {
            bytes.extend(std::iter::repeat_n(symbol * 9, counts.0));
            counts = (counts.1, counts.0 + counts.1);
        }
        assert!(read((&bytes, &[]), (&bytes, &[])) == [bytes.as_slice(), &bytes].concat());
    }

    proptest! {
        #[test]
        fn whatever_the_marks_say_the_bytes_come_back(
            words in prop::collection::vec("<c r=\"A[0-9]{1,3}|</v></c>|[a-c]{1,9}|[^a]{0,5}|(ab){0,400}", 0..200),
            steps in prop::collection::vec((0u32..4, 0u32..40, 0u32..20), 0..100),
            effort in 1u32..10,
        ) {
            let bytes = words.concat().into_bytes();
            let mut at = 0;
            let marks = steps.into_iter().map(|(column, gap, tag)| {
                let (gap, tag) = (at + gap, at + gap + tag);
                at = tag;
                Mark { column, gap, tag }
            });
            let marks: Vec<Mark> = marks.take_while(|mark| mark.tag as usize <= bytes.len()).collect();
            let mut finder = Finder::new(effort);
            let first = finder.find(&bytes, &marks).to_vec();
            let again = finder.find(&bytes, &marks);
            prop_assert!(read((&bytes, &first), (&bytes, again)) == [bytes.as_slice(), &bytes].concat());
        }
    }
}
