//! The contents of a bundle in a few numbers.

use std::fmt;

/// The sums over the assets of a release, without carried ones. Displayed as a phrase.
///
/// ```
/// use hardtack_bundle::Totals;
///
/// let totals = Totals { assets: 2, identity_bytes: 40_000, smallest_bytes: 10_000 };
/// assert_eq!(totals.to_string(), "2 assets, 40.0 kB, compressed 10.0 kB (75 % saved)");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "manifest", derive(serde::Serialize))]
pub struct Totals {
    /// Assets.
    pub assets: usize,
    /// Bytes under the identity coding.
    pub identity_bytes: usize,
    /// Bytes, each asset counted under the plain coding that makes it smallest.
    pub smallest_bytes: usize,
}

impl Totals {
    /// Adds an asset by the lengths of the bodies of its plain representations, identity first.
    pub(crate) fn count(&mut self, lengths: impl Iterator<Item = usize> + Clone) {
        self.assets += 1;
        self.identity_bytes += lengths.clone().next().unwrap_or_default();
        self.smallest_bytes += lengths.min().unwrap_or_default();
    }

    /// How much smaller the compressed site is, in percent of the identity.
    pub fn saved_percent(&self) -> usize {
        let saved = self.identity_bytes.saturating_sub(self.smallest_bytes);
        (saved * 100).checked_div(self.identity_bytes).unwrap_or(0)
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.assets == 1 { "" } else { "s" };
        write!(f, "{} asset{plural}, {}", self.assets, Size(self.identity_bytes))?;
        write!(f, ", compressed {} ({} % saved)", Size(self.smallest_bytes), self.saved_percent())
    }
}

/// A number of bytes, displayed in the unit that fits: kB and MB are powers of ten.
#[derive(Clone, Copy, Debug)]
pub struct Size(pub usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        match self.0 {
            0..1_000 => f.pad(&format!("{bytes} B")),
            1_000..999_950 => f.pad(&format!("{:.1} kB", bytes / 1e3)),
            999_950..999_950_000 => f.pad(&format!("{:.1} MB", bytes / 1e6)),
            _ => f.pad(&format!("{:.1} GB", bytes / 1e9)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (62_984, "63.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (5_461_675, "5.5 MB"),
            (1_234_000_000, "1.2 GB"),
        ] {
            assert_eq!(Size(bytes).to_string(), expected);
        }
        assert_eq!(format!("{:>8}|", Size(1)), "     1 B|");
    }

    #[test]
    fn a_phrase() {
        let totals = Totals { assets: 2, identity_bytes: 1000, smallest_bytes: 290 };
        assert_eq!(totals.to_string(), "2 assets, 1.0 kB, compressed 290 B (71 % saved)");
        assert_eq!(Totals::default().saved_percent(), 0);
    }
}
