//! Odd points of a series that wait before they are learnt.
//!
//! A value further out than anything the series saw must not teach the models at once that it is ordinary, or the
//! second one would be expected. So it waits. When the series comes back, what waited is learnt as rare, clipped: that
//! it happened, not how far out it was. When it settles where it went, it is the new normal and is learnt as it is.
//! A series has settled when it went no further out for `adopt_after` windows: one that grows and grows has not, for
//! [`PATIENCE`] times as long.
//!
//! Values that are ordinary by themselves, odd for their order or for what came before them, wait too, but not as long:
//! after [`ECHO`] windows with no others they are learnt as they come.
//!
//! Of a long excursion every second, every fourth … point is kept, so that at most [`MAX_POINTS`] wait.

use serde::{Deserialize, Serialize};

use super::series::STATISTICS;
use crate::calibrate::SeverityBin;

/// Points that wait.
const MAX_POINTS: usize = 24;
/// Severities of points that wait; those past it are learnt as rare at once.
const MAX_SEVERITIES: usize = 192;
/// Decades that count as going further out; less is noise.
const FURTHER: f64 = 0.25;
/// What goes on for so many times `adopt_after` windows is normal, settled or not.
const PATIENCE: u32 = 6;

/// Windows that points ordinary by themselves wait: a moving average has forgotten half of an excursion after two.
const ECHO: u32 = 5;
/// Decades below which a value is ordinary by itself.
pub const ORDINARY: f64 = 1.0;

/// What is learnt at once although it is odd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Adopted {
    #[default]
    Nothing,
    /// Points that are ordinary by themselves.
    Echo,
    All,
}

/// One point's statistics and hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldPoint {
    pub statistics: [f64; STATISTICS],
    pub hour: u8,
}

/// What happens to a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Learn,
    LearnClipped,
    Wait,
}

/// The points that wait, and for how many windows some did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    points: Vec<HeldPoint>,
    severities: Vec<SeverityBin>,
    /// One of `2^thinned` points is kept.
    thinned: u8,
    /// Odd windows in a row, how many of them since the series last went further out, and since it was last out at all.
    windows: u32,
    settled: u32,
    echo: u32,
    /// How far out it went before the open window, and in it.
    record: f64,
    furthest: f64,
    /// The open window has an odd point.
    odd: bool,
    adopted: Adopted,
}

impl Held {
    /// What to do with a point of the open window whose value lies `far` decades out.
    pub fn fate(&mut self, odd: bool, far: f64) -> Fate {
        if !odd {
            return Fate::Learn;
        }
        self.furthest = if self.odd { self.furthest.max(far) } else { far };
        self.odd = true;
        match self.adopted {
            Adopted::All => Fate::Learn,
            Adopted::Echo if far < ORDINARY => Fate::Learn,
            _ if self.severities.len() < MAX_SEVERITIES => Fate::Wait,
            _ => Fate::LearnClipped,
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.severities.is_empty()
    }

    /// Severities of the points that wait.
    pub fn severities(&self) -> impl Iterator<Item = SeverityBin> + '_ {
        self.severities.iter().copied()
    }

    /// Puts a point aside.
    pub fn wait(&mut self, point: HeldPoint, severity: SeverityBin) {
        if self.points.len() == MAX_POINTS {
            let mut place = 0;
            self.points.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.thinned += 1;
        }
        if self.severities.len() % (1 << self.thinned.min(15)) == 0 {
            self.points.push(point);
        }
        self.severities.push(severity);
    }

    /// Ends the window; returns the points whose wait is over, and whether they are learnt as they are.
    pub fn close(&mut self, adopt_after: u32) -> (Vec<HeldPoint>, bool) {
        if !std::mem::take(&mut self.odd) {
            return (std::mem::take(self).points, false);
        }
        let out = self.furthest >= ORDINARY;
        if out && self.adopted == Adopted::Echo {
            (self.windows, self.adopted) = (0, Adopted::Nothing);
        }
        self.windows = self.windows.saturating_add(1);
        if self.windows == 1 || self.furthest > self.record + FURTHER {
            (self.record, self.settled) = (self.furthest, 0);
        }
        match out {
            true => (self.settled, self.echo) = (self.settled.saturating_add(1), 0),
            false => self.echo = self.echo.saturating_add(1),
        }
        let settled = self.settled >= adopt_after || self.windows >= adopt_after.saturating_mul(PATIENCE);
        match (self.echo >= ECHO, settled) {
            (true, _) => (self.release(Adopted::Echo), false),
            (false, true) => (self.release(Adopted::All), true),
            (false, false) => (Vec::new(), false),
        }
    }

    fn release(&mut self, adopted: Adopted) -> Vec<HeldPoint> {
        self.adopted = adopted;
        self.severities = Vec::new();
        self.thinned = 0;
        std::mem::take(&mut self.points)
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        self.points.capacity() * std::mem::size_of::<HeldPoint>() + self.severities.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: f64) -> HeldPoint {
        HeldPoint { statistics: [value; STATISTICS], hour: 0 }
    }

    /// One window with one odd point this far out; what it lets go.
    fn odd_window(held: &mut Held, far: f64) -> (usize, bool) {
        assert_eq!(held.fate(true, far), Fate::Wait);
        held.wait(point(far), SeverityBin::of(far));
        let (points, as_they_are) = held.close(5);
        (points.len(), as_they_are)
    }

    #[test]
    fn a_short_excursion_is_learnt_clipped_when_it_is_over() {
        let mut held = Held::default();
        assert_eq!(held.fate(false, 0.0), Fate::Learn);
        assert_eq!(held.close(5), (vec![], false));
        for _ in 0..2 {
            assert_eq!(odd_window(&mut held, 7.0), (0, false));
        }
        assert_eq!(held.fate(false, 0.0), Fate::Learn);
        assert_eq!(held.close(5), (vec![point(7.0); 2], false));
        assert_eq!(held.close(5), (vec![], false));
        assert_eq!(held, Held::default());
    }

    #[test]
    fn what_stays_is_the_new_normal() {
        let mut held = Held::default();
        for window in 1..=5 {
            let freed = odd_window(&mut held, 7.0 + 0.1 * f64::from(window % 2));
            assert_eq!(freed, if window == 5 { (5, true) } else { (0, false) });
        }
        assert!(held.is_empty());
        assert_eq!(held.fate(true, 9.0), Fate::Learn, "as long as it goes on");
        held.close(5);
        held.close(5);
        assert_eq!(held.fate(true, 7.0), Fate::Wait, "a new one waits again");
    }

    #[test]
    fn what_grows_has_not_settled() {
        let mut held = Held::default();
        for window in 1..30 {
            assert_eq!(odd_window(&mut held, 2.0 + 0.1 * f64::from(window)), (0, false), "{window}");
        }
        let (points, as_they_are) = odd_window(&mut held, 5.0);
        assert!(as_they_are && points == 15, "patience ends");
        let mut held = Held::default();
        for window in 1..=12 {
            let freed = odd_window(&mut held, f64::from(window).min(8.0)).1;
            assert_eq!(freed, window == 12, "grew for eight windows, stayed for four");
        }
    }

    #[test]
    fn an_echo_is_learnt_soon_and_the_next_excursion_waits_again() {
        let mut held = Held::default();
        assert_eq!(odd_window(&mut held, 7.0), (0, false));
        for window in 1..=5 {
            assert_eq!(odd_window(&mut held, 0.2), if window == 5 { (6, false) } else { (0, false) });
        }
        assert_eq!(held.fate(true, 0.2), Fate::Learn, "as long as it goes on");
        held.close(5);
        assert_eq!(odd_window(&mut held, 7.0), (0, false));
        assert_eq!(held.fate(true, 0.2), Fate::Wait);
    }

    #[test]
    fn waiting_is_bounded() {
        let mut held = Held::default();
        for i in 0..MAX_SEVERITIES {
            assert_eq!(held.fate(true, 3.0), Fate::Wait);
            held.wait(point(i as f64), SeverityBin::of(3.0));
        }
        assert_eq!(held.fate(true, 3.0), Fate::LearnClipped);
        let kept: Vec<f64> = held.points.iter().map(|p| p.statistics[0]).collect();
        assert_eq!(kept, (0..12).map(|i| f64::from(i) * 16.0).collect::<Vec<_>>());
        assert!(held.memory() <= 2 * MAX_POINTS * std::mem::size_of::<HeldPoint>() + 2 * MAX_SEVERITIES);
    }
}
