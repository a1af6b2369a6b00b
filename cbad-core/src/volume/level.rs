//! What volume is expected, and how odd less of it is.
//!
//! All means are of windows with records and of short lulls between them. Upward bursts are cut at twice the mean before they are learnt: when one ends,
//! the volume has not fallen. Hours are of the UTC day, each mean over whole earlier hours, half the weight on the newest.

use serde::{Deserialize, Serialize};

use crate::calibrate::dispersion;
use crate::math::{ln, student_t_bits, MAX_BITS};

const FAST: f64 = 1.0 / 16.0;
const SLOW: f64 = 1.0 / 512.0;
/// Memory of the dispersions: about 100 windows.
const DECAY: f64 = 0.99;
/// One window's Pearson statistic counts at most so many times the dispersion.
const PEARSON_CAP: f64 = 50.0;
/// Windows that are judged together at most.
const HORIZON: usize = 4;
/// A volume above this share of what is expected has not fallen.
const FALLEN: f64 = 0.5;
/// Bursts are cut from so many windows on.
const SETTLED: f64 = 8.0;
const HOURS: usize = 24;
const HOUR_NS: u64 = 3_600_000_000_000;
/// Windows an hour must have had for its mean to count.
const HOUR_MIN: f32 = 10.0;

/// The dispersion of counts about what was expected, of the horizon's sums or of single windows: mean Pearson statistic `(x − μ)²/μ`, never below 1 (Poisson).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Dispersion {
    pearson: f64,
    windows: f64,
}

impl Dispersion {
    fn factor(&self) -> f64 {
        dispersion::factor(self.pearson, self.windows)
    }

    pub fn learn(&mut self, x: f64, mu: f64) {
        let pearson = ((x - mu) * (x - mu) / mu.max(1e-9)).min(PEARSON_CAP * self.factor());
        self.pearson = self.pearson * DECAY + pearson;
        self.windows = self.windows * DECAY + 1.0;
    }

    /// Bits of a fall from `mu` to `x`.
    pub fn bits(&self, x: f64, mu: f64) -> f64 {
        if mu <= 0.0 {
            return 0.0;
        }
        let log = if x > 0.0 { x * ln(x / mu) } else { 0.0 };
        let deviance = 2.0 * (log - x + mu);
        student_t_bits((deviance.max(0.0) / self.factor()).sqrt(), dispersion::freedom(self.windows))
    }
}

/// One window against the expectation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Test {
    pub expected: f64,
    pub bits: f64,
    records: f64,
}

/// Means and dispersions of the volume.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Level {
    windows: f64,
    fast: f64,
    slow: f64,
    dispersion: Dispersion,
    /// Records and expectation of the windows before, newest last.
    recent: Vec<(f64, f64)>,
    hours: [(f32, bool); HOURS],
    /// The hour that runs: its number since the epoch, sum and windows.
    hour: (u64, f32, f32),
    /// What the hours' means were while the fast mean was learnt.
    hour_fast: f64,
    started: bool,
}

impl Level {
    pub fn is_new(&self) -> bool {
        !self.started
    }

    /// Windows learnt.
    pub fn windows(&self) -> f64 {
        self.windows
    }

    fn hour_mean(&self, hour: u64) -> Option<f64> {
        let (mean, known) = self.hours[(hour % HOURS as u64) as usize];
        known.then_some(f64::from(mean))
    }

    /// What earlier days had in this hour and the next, the lesser: a fall within an hour is foreseen from its start.
    fn foreseen(&self, start_ns: u64) -> Option<f64> {
        let hour = start_ns / HOUR_NS;
        Some(self.hour_mean(hour)?.min(self.hour_mean(hour + 1)?))
    }

    /// Expected records of the window that starts then.
    pub fn expected(&self, start_ns: u64) -> f64 {
        let foreseen = self.foreseen(start_ns);
        let fast = match foreseen {
            Some(next) if self.hour_fast > 0.0 => self.fast * (next / self.hour_fast).min(1.0),
            _ => self.fast,
        };
        fast.min(self.slow.max(foreseen.unwrap_or(0.0)))
    }

    /// Bits of `run` windows in a row without a record.
    pub fn silent_bits(&self, expected: f64, run: u64) -> f64 {
        self.dispersion.bits(0.0, expected * run.min(1 << 20) as f64).min(MAX_BITS)
    }

    pub fn test(&self, records: f64, start_ns: u64) -> Test {
        let expected = self.expected(start_ns);
        let fallen = |&&(x, mu): &&(f64, f64)| x <= FALLEN * mu;
        let (mut windows, mut sum) = (0, (records, expected));
        if fallen(&&sum) {
            for (x, mu) in self.recent.iter().rev().take_while(fallen) {
                sum = (sum.0 + x, sum.1 + mu);
                windows += 1;
            }
        }
        let bits = if windows > 0 { self.dispersion.bits(sum.0, sum.1) } else { 0.0 };
        Test { expected, bits, records }
    }

    /// Records and expectation of the whole horizon, once there are so many windows in a row.
    fn horizon(&self, test: &Test) -> Option<(f64, f64)> {
        (self.recent.len() >= HORIZON - 1)
            .then(|| self.recent.iter().fold((test.records, test.expected), |(x, mu), (a, b)| (x + a, mu + b)))
    }

    fn remember(&mut self, test: &Test) {
        if self.recent.len() >= HORIZON - 1 {
            self.recent.remove(0);
        }
        self.recent.push((test.records, test.expected));
    }

    /// A window that is not learnt.
    pub fn skip(&mut self, test: &Test) {
        self.remember(test);
    }

    pub fn learn(&mut self, records: f64, test: &Test, start_ns: u64) {
        if self.windows > 0.0 {
            if let Some((x, mu)) = self.horizon(test) {
                self.dispersion.learn(x, mu);
            }
        }
        self.remember(test);
        let cut = |mean: f64| if self.windows < SETTLED { records } else { records.min(2.0 * mean) };
        let first = 1.0 / (self.windows + 1.0);
        let (fast, slow) = (cut(self.fast), cut(self.slow));
        self.fast += first.max(FAST) * (fast - self.fast);
        self.slow += first.max(SLOW) * (slow - self.slow);
        self.windows += 1.0;
        self.learn_hour(fast, start_ns / HOUR_NS);
    }

    /// Empty windows of a lull: they lower the means.
    pub fn learn_empty(&mut self, run: u64) {
        for _ in 0..run {
            self.fast -= FAST * self.fast;
            self.slow -= SLOW * self.slow;
        }
        self.recent.clear();
    }

    fn learn_hour(&mut self, records: f64, hour: u64) {
        let (running, sum, windows) = self.hour;
        if running != hour {
            if windows >= HOUR_MIN {
                let (mean, known) = &mut self.hours[(running % HOURS as u64) as usize];
                let now = sum / windows;
                *mean = if *known { 0.5 * (*mean + now) } else { now };
                *known = true;
            }
            self.hour = (hour, 0.0, 0.0);
        }
        self.hour.1 += records as f32;
        self.hour.2 += 1.0;
        match self.hour_mean(hour) {
            Some(mean) if self.hour_fast > 0.0 => self.hour_fast += FAST * (mean - self.hour_fast),
            Some(mean) => self.hour_fast = mean,
            None => self.hour_fast = 0.0,
        }
    }

    /// The volume is another one from now on: what it was in the last windows, this one among them.
    pub fn move_to(&mut self, records: f64) {
        let sum: f64 = self.recent.iter().map(|(x, _)| x).sum();
        let mean = (sum + records) / (self.recent.len() + 1) as f64;
        (self.fast, self.slow) = (mean, mean);
        self.hours = [(0.0, false); HOURS];
        self.hour_fast = 0.0;
        self.recent.clear();
    }

    /// Records came after a pause: the window began somewhere within and is not learnt.
    pub fn resume(&mut self) {
        self.started = true;
        self.recent.clear();
    }
}
