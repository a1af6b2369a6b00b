//! The surprise of one series' next value: eight statistics against their own past, seven of them joined into one
//! severity.
//!
//! | statistic | of |
//! |---|---|
//! | residual | value less what its hour lets expect |
//! | value | the value |
//! | code | EWMA¼ of the bits of its symbol in context, at least 1 |
//! | slope | EWMA½ now less that of two points ago |
//! | slow residual, slow value | EWMA¼ of the first two: what lasts |
//! | slow rank | EWMA over 32 points of the value's rank: a drift too small to see at once |
//! | drift | the level of the last 32 points less a reference of some 1000, which stays frozen while the series is odd |
//!
//! Severity `S = max(residual, value, code, slope − 0.4) + 0.1·(slow residual + slow value) + 0.2·slow rank`,
//! each in decades. It is then ranked among the series' own past severities for a p-value. Drift is judged apart: what
//! is slow is odd for long, and would make everything else look ordinary.
//!
//! A point further out than anything seen waits before it is learnt (`held`).
//!
//! Before a series has enough past of its own it says what the past of others lends it (`prior`).

use serde::{Deserialize, Serialize};

use super::averages::{Averages, PRESENT};
use super::held::{Fate, Held, HeldPoint, ORDINARY};
use super::latch::Latch;
use super::mixture::{self, Mixture};
use super::prior::{Place, Shape, Youth};
use super::season::{hour_of, Season};
use super::support::Support;
use crate::calibrate::{SeverityBin, SeverityCalibrator, Tail};
use crate::math::decades;

/// Values are clamped to this magnitude so that squares stay finite.
const MAX_VALUE: f64 = 1e100;
/// Relative size of what counts as rounding.
const ROUNDING: f64 = 1e-12;
/// The code statistic's floor in bits: keeps constant series silent.
const MIN_CODE: f64 = 1.0;
const SLOPE_HANDICAP: f64 = 0.4;
const SLOW_WEIGHT: f64 = 0.1;
const RANK_WEIGHT: f64 = 0.2;
/// Share of the past that lies outside of a reported band.
const BAND_SHARE: f64 = 0.01;
/// A point waits when its p is at most so many times what the past supports without the fitted tail.
const FAR_OUT: f64 = 3.0;
/// Drift is silent before so many spans of the present level: fewer excursions say nothing on the next.
const DRIFT_SPANS: u32 = 64;

const RESIDUAL: usize = 0;
const VALUE: usize = 1;
const CODE: usize = 2;
const SLOPE: usize = 3;
const SLOW_RESIDUAL: usize = 4;
const SLOW_VALUE: usize = 5;
const SLOW_RANK: usize = 6;
const DRIFT: usize = 7;
pub(super) const STATISTICS: usize = 8;

/// What one value's step said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Severity in decades, not calibrated.
    pub severity: f64,
    /// Conformal p of the severity: its rank among all that came before.
    pub p: f64,
    /// Decades of its p among those before it that do not wait, no more than the past supports; 0 where the value by
    /// itself is ordinary.
    pub decades: f64,
    /// The series mostly repeats its value.
    pub rests: bool,
    /// Decades of the drift, no more than the past supports.
    pub drift: f64,
    /// The latched decision.
    pub alert: bool,
    /// What the hour lets expect, where the season speaks for this value.
    pub seasonal: Option<f64>,
    /// Where an ordinary value lies among the few before it.
    pub place: Option<Place>,
    /// Whose past speaks.
    pub voice: Voice,
}

/// Whose past there is enough of to say anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    Silent,
    /// That of others.
    Lent,
    Own,
}

impl Step {
    /// Before any value.
    pub const NOTHING: Step = Step {
        severity: 0.0,
        p: 1.0,
        decades: 0.0,
        rests: false,
        drift: 0.0,
        alert: false,
        seasonal: None,
        place: None,
        voice: Voice::Silent,
    };
}

/// What was seen and what the past lets expect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expectation {
    pub expected: f64,
    /// Held 99 % of the past.
    pub band: (f64, f64),
}

/// The detector of one series: about 5.5 KiB, one pass, bounded, deterministic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    tails: [Tail; STATISTICS],
    season: Season,
    mixture: Mixture,
    severity: SeverityCalibrator,
    latch: Latch,
    support: Support,
    averages: Averages,
    held: Held,
    youth: Youth,
    n: u32,
    /// Least and greatest value, those that wait included.
    range: (f64, f64),
}

impl Series {
    /// Scores a finite value at `time_ns` against the past at this alert level, then learns it, unless it must wait. While
    /// there is too little past, `lent` is what speaks.
    pub fn step(&mut self, time_ns: u64, value: f64, level: f64, lent: Option<&Shape>) -> Step {
        let x = value.clamp(-MAX_VALUE, MAX_VALUE);
        let i = self.n;
        self.range = if i == 0 { (x, x) } else { (self.range.0.min(x), self.range.1.max(x)) };
        let resolution = ROUNDING * self.range.0.abs().max(self.range.1.abs());
        let hour = hour_of(time_ns);
        let seasonal = self.season.expected(hour);
        let residual = seasonal.map_or(0.0, |expected| x - expected);
        let coding = self.mixture.code(x, hour);
        let rank = self.tails[VALUE].rank(x, resolution);
        let slope = self.averages.step(i, x, residual, coding.bits(), rank);
        let drift = self.averages.drift(i, self.tails[VALUE].clip(x));

        let a = &self.averages;
        let statistics = [residual, x, a.code.max(MIN_CODE), slope, a.slow_residual, a.slow_value, a.slow_rank, drift];
        let mut s = [0.0; STATISTICS];
        for (k, score) in s.iter_mut().enumerate() {
            *score = self.tails[k].score(statistics[k], resolution_of(k, resolution));
        }
        let severity = s[RESIDUAL].max(s[VALUE]).max(s[CODE]).max(s[SLOPE] - SLOPE_HANDICAP)
            + SLOW_WEIGHT * (s[SLOW_RESIDUAL] + s[SLOW_VALUE])
            + RANK_WEIGHT * s[SLOW_RANK];
        let tail = !self.support.rests(i);
        let p = self.severity.p(severity, tail);
        // Those that wait say nothing against this one: it is as odd as they were.
        let frozen =
            if self.held.is_empty() { p } else { self.severity.without(self.held.severities()).p(severity, tail) };
        let alert = self.latch.step(i, severity, level);
        // A value that is ordinary by itself is odd for what came before it, which its averages carry on: it was said
        // then. A series that rests has no season, only hours in which it moved once.
        let far = if tail { s[RESIDUAL].max(s[VALUE]) } else { s[VALUE] };
        let odd = self.speaks() && frozen <= self.severity.floor() * FAR_OUT;
        let place = self.youth.place(x, resolution);
        let early = if self.speaks() { None } else { lent.zip(place).and_then(|(shape, place)| shape.decades(place)) };
        let mut step = Step {
            severity,
            p,
            decades: match early {
                Some(lent) => lent,
                None if far < ORDINARY => 0.0,
                None => decades(frozen).min(Support::decades(f64::from(i))),
            },
            rests: !tail,
            drift: self.drift_decades(s[DRIFT]),
            alert,
            seasonal: seasonal.filter(|_| s[RESIDUAL] >= s[VALUE]),
            place: place.filter(|_| !odd),
            voice: if early.is_some() { Voice::Lent } else { Voice::Silent },
        };
        if !odd {
            self.youth.learn(x);
        }
        self.severity.learn(severity);
        if self.speaks() {
            step.voice = Voice::Own;
        }
        match self.held.fate(odd, far) {
            Fate::Wait => {
                self.held.wait(HeldPoint { statistics, hour: hour as u8 }, SeverityBin::of(severity));
                self.mixture.pass(&coding);
            }
            fate => {
                self.learn(&statistics, hour, fate == Fate::LearnClipped);
                self.mixture.learn(&coding);
            }
        }
        self.support.learn(i, x);
        self.n = i.saturating_add(1);
        step
    }

    /// Ends a window: what waited is learnt as rare when the series came back, and as the new normal after
    /// `adopt_after` odd windows in a row.
    pub fn close_window(&mut self, adopt_after: u32) {
        let (points, as_they_are) = self.held.close(adopt_after);
        for p in &points {
            self.learn(&p.statistics, usize::from(p.hour), !as_they_are);
        }
    }

    /// Forgets what waits: a copy for a new instance starts with the past, not with the present.
    pub fn settle(&mut self) {
        self.held = Held::default();
    }

    fn learn(&mut self, statistics: &[f64; STATISTICS], hour: usize, clipped: bool) {
        let resolution = ROUNDING * self.range.0.abs().max(self.range.1.abs());
        for (k, (tail, &u)) in self.tails.iter_mut().zip(statistics).enumerate() {
            let u = if clipped { tail.clip(u) } else { u };
            tail.learn(u, resolution_of(k, resolution));
        }
        let x = if clipped { self.tails[VALUE].clip(statistics[VALUE]) } else { statistics[VALUE] };
        self.season.learn(hour, x, 1.0 / (f64::from(self.n) + 1.0));
        self.averages.follow(self.n, x);
    }

    /// A drift lasts: of n points, n/32 excursions are independent.
    fn drift_decades(&self, score: f64) -> f64 {
        let spans = self.n / PRESENT;
        if spans < DRIFT_SPANS || self.support.rests(self.n) {
            return 0.0;
        }
        score.clamp(0.0, Support::decades(f64::from(spans)))
    }

    /// The value expected and the band that held 99 % of the past: around the hour's expectation where the season
    /// spoke for the step's value, else around the long mean. A quantity that was never negative is not expected to be.
    pub fn expectation(&self, step: &Step) -> Expectation {
        let (base, tail) = match step.seasonal {
            Some(expected) => (expected, &self.tails[RESIDUAL]),
            None => (0.0, &self.tails[VALUE]),
        };
        let band = tail.band(BAND_SHARE);
        self.within_range(base + band.centre, base + band.low, base + band.high)
    }

    /// What the hour of a time lets expect, once it was seen often enough.
    pub fn seasonal(&self, time_ns: u64) -> Option<f64> {
        self.season.expected(hour_of(time_ns))
    }

    /// Whether points wait to be learnt.
    pub fn waits(&self) -> bool {
        !self.held.is_empty()
    }

    /// The present level, the reference, and the band around it that held 99 % of the past levels.
    pub fn drift_expectation(&self) -> (f64, Expectation) {
        let (a, band) = (&self.averages, self.tails[DRIFT].band(BAND_SHARE));
        (a.present, self.within_range(a.reference + band.centre, a.reference + band.low, a.reference + band.high))
    }

    fn within_range(&self, expected: f64, low: f64, high: f64) -> Expectation {
        let (least, greatest) = (
            if self.range.0 >= 0.0 { 0.0 } else { f64::NEG_INFINITY },
            if self.range.1 <= 0.0 { 0.0 } else { f64::INFINITY },
        );
        let keep = |v: f64| v.clamp(least, greatest);
        Expectation { expected: keep(expected), band: (keep(low), keep(high)) }
    }

    /// Whether there is enough past for p to say anything.
    pub fn speaks(&self) -> bool {
        self.severity.is_warm()
    }

    /// Number of values seen, those of the sibling it was copied from included.
    pub fn len(&self) -> u32 {
        self.n
    }

    /// True before the first value.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Bytes held, itself included.
    pub fn memory(&self) -> usize {
        std::mem::size_of::<Series>() + mixture::HEAP + self.held.memory()
    }
}

/// Bits and ranks have a resolution of their own; the others have that of the value.
fn resolution_of(statistic: usize, of_value: f64) -> f64 {
    match statistic {
        CODE | SLOW_RANK => ROUNDING,
        _ => of_value,
    }
}
