//! Huffman codes as deflate has them.

/// The most bits of a code for literals, lengths and distances (RFC 1951, 3.2.7).
pub(super) const CODE_BITS_MAX: usize = 15;

/// Bits with the first in the lowest place, and how many.
#[derive(Clone, Copy, Default)]
pub(super) struct Code {
    pub(super) bits: u32,
    pub(super) count: u32,
}

/// The lengths of a Huffman code for symbols used that often, `bits_max` at most; 0 for those that are not used. At least two are.
pub(super) fn set_lengths(lengths: &mut [u8], counts: &[u32], bits_max: usize) {
    let mut used: Vec<(u32, usize)> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(symbol, count)| (*count, symbol))
        .collect();
    used.sort_unstable();
    // Nodes in order of their counts: first the symbols, then what joins two of them.
    let leaves = used.len();
    let mut weights: Vec<u64> = used.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut joined) = (0, leaves);
    for node in leaves..2 * leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let take_leaf = leaf < leaves && (joined >= node || weights[leaf] <= weights[joined]);
            let child = if take_leaf { &mut leaf } else { &mut joined };
            weight += weights[*child];
            parents[*child] = node;
            *child += 1;
        }
        weights.push(weight);
    }
    // How many codes have which length; those too long are shortened to the limit.
    let mut depths = vec![0usize; 2 * leaves - 1];
    let mut of_length = vec![0usize; bits_max + 1];
    for node in (0..2 * leaves - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
        if node < leaves {
            of_length[depths[node].min(bits_max)] += 1;
        }
    }
    // That takes too much of the code, so for each too many one that is shorter becomes two that are longer by one bit.
    let taken = |of_length: &[usize]| -> usize {
        (1..=bits_max).map(|length| of_length[length] << (bits_max - length)).sum()
    };
    for _ in 1 << bits_max..taken(&of_length) {
        if let Some(shorter) = (1..bits_max).rev().find(|length| of_length[*length] > 0) {
            of_length[bits_max] -= 1;
            of_length[shorter] -= 1;
            of_length[shorter + 1] += 2;
        }
    }
    // The rarest get the longest.
    let longest_first =
        (1..=bits_max).rev().flat_map(|length| std::iter::repeat_n(length, of_length[length]));
    for ((_, symbol), length) in used.iter().zip(longest_first) {
        lengths[*symbol] = length as u8;
    }
}

/// The codes that follow from their lengths (RFC 1951, 3.2.2).
pub(super) fn codes<const COUNT: usize>(lengths: &[u8]) -> [Code; COUNT] {
    let mut of_length = [0u32; CODE_BITS_MAX + 2];
    for length in lengths.iter().filter(|length| **length > 0) {
        of_length[usize::from(*length)] += 1;
    }
    let mut next = [0u32; CODE_BITS_MAX + 2];
    for length in 1..=CODE_BITS_MAX {
        next[length + 1] = (next[length] + of_length[length]) << 1;
    }
    let mut codes = [Code::default(); COUNT];
    for (code, length) in codes.iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
        let value = &mut next[usize::from(*length)];
        let count = u32::from(*length);
        *code = Code { bits: value.reverse_bits() >> (32 - count), count };
        *value += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::{CODE_BITS_MAX, set_lengths};

    #[test]
    fn codes_are_complete_and_never_too_long() {
        for bits_max in [5, 7, CODE_BITS_MAX] {
            let mut lengths = [0; 26];
            let counts: Vec<u32> = (0..26).map(|symbol| 1 << symbol).collect();
            set_lengths(&mut lengths, &counts, bits_max);
            let taken: usize = lengths.iter().map(|length| 1 << (bits_max - usize::from(*length))).sum();
            assert_eq!(taken, 1 << bits_max, "{lengths:?}");
        }
    }
}
