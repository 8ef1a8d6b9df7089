//! Biscuits that keep. See [`Biscuit`] and [`oven`].

/// A biscuit.
///
/// ```
/// let biscuit = hard_tack::Biscuit { hardness: 9 };
/// assert!(biscuit.keeps());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Biscuit {
    /// From 0 to 10.
    pub hardness: u8,
}

impl Biscuit {
    /// Whether it keeps for a year.
    pub fn keeps(&self) -> bool {
        self.hardness > 5
    }
}

/// Where biscuits come from.
pub mod oven {
    use super::Biscuit;

    /// Bakes so many.
    pub fn bake(count: usize) -> Vec<Biscuit> {
        vec![Biscuit { hardness: 9 }; count]
    }
}
