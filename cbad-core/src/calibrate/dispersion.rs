//! How much wider than its law a statistic has been: the mean of its squares in the past, shrunk to a prior.
//!
//! It keeps no past: whoever has one decays it as fits.

/// The prior counts as so many windows ...
const WEIGHT: f64 = 4.0;
/// ... of this mean square.
const PRIOR: f64 = 2.0;

/// `φ = max(1, (4·2 + Σ t²) / (4 + n))` of `n` windows whose squared (Pearson) statistics add up to `squares`: what a deviance
/// or a squared t is divided by (McCullagh and Nelder 1989, section 4.5). It never makes a law narrower than it is.
pub fn factor(squares: f64, windows: f64) -> f64 {
    ((WEIGHT * PRIOR + squares) / (WEIGHT + windows)).max(1.0)
}

/// Degrees of freedom of the Student t that remains after the division.
pub fn freedom(windows: f64) -> f64 {
    windows + WEIGHT - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prior_gives_way_to_the_past() {
        assert_eq!((factor(0.0, 0.0), freedom(0.0)), (2.0, 3.0));
        assert_eq!(factor(392.0, 96.0), 4.0);
        assert_eq!(factor(0.0, 1e6), 1.0);
    }
}
