//! Numbers that look random and follow from a seed alone, the same on every machine
//! and in every version: kept ledgers and replays depend on them.

/// A number from a seed and some texts: FNV-1a over both, then the finalizer of SplitMix64.
pub(crate) fn number(seed: u64, texts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut mix = |byte: u8| {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    };
    seed.to_le_bytes().into_iter().for_each(&mut mix);
    for text in texts {
        text.bytes().for_each(&mut mix);
        // Ends each text, so that `a`, `bc` is not `ab`, `c`; no UTF-8 holds it.
        mix(0xff);
    }
    finish(hash)
}

const fn finish(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_stay_the_same_for_ever() {
        assert_eq!(number(1, &["claim", "10000098", "123456"]), 3_379_963_133_936_990_630);
        assert_ne!(number(1, &["ab", "c"]), number(1, &["a", "bc"]));
        assert_ne!(number(1, &["a"]), number(2, &["a"]));
    }
}
