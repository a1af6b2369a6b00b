//! What a channel's p rests on: the statistic and everything its p follows from, so that anybody can compute it again.
//!
//! It judges nothing itself. Live verdicts and the check of an evidence bundle go through [`Basis::p`] alike, so that they
//! cannot come apart. Items and the models that gave their bits are not part of it.
//!
//! A channel is odd in one *way* or two (new operations, new edges). A way's p is the largest of its bounds: what its
//! rank in the stream's past gives, `2^−bits` where the bits are a probability of their own, the stream's past of pauses,
//! the chance of so many odd requests. The channel's p is the smallest over the ways, times their number (Bonferroni).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calibrate::Rank;
use crate::math::exp2;
use crate::request::binomial_tail;
use crate::volume::gaps::Gaps;

/// What a channel's p rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Normal whatever the statistic is: in grace after a change, warming up, closed early.
    pub silent: bool,
    /// Past windows or scores that the floor `1/(past + 1)` counts.
    pub past: u64,
    #[serde(serialize_with = "write_ways", deserialize_with = "read_ways")]
    pub ways: [Option<Way>; 2],
}

/// One way to be odd, and the bounds of its p.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// Bits; decades of metrics.
    pub statistic: f64,
    /// p is no smaller than `2^−statistic`.
    pub own: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rank: Option<Rank>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pause: Option<Pause>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub requests: Option<Binomial>,
}

/// A run of empty windows and the stream's past of such ([`Gaps`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    pub run: u64,
    pub windows: f64,
    pub begun: f64,
    pub continued: f64,
    pub ended: f64,
}

/// So many odd requests of those judged, at the rate of the stream's past, which counts `prior` requests of the level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binomial {
    pub judged: u64,
    pub odd: u64,
    pub past_judged: f64,
    pub past_odd: f64,
    pub level: f64,
    pub prior: f64,
}

impl Basis {
    /// One way, judged against a past of so many windows or scores.
    pub fn of(way: Way, past: u64) -> Self {
        Basis { silent: false, past, ways: [Some(way), None] }
    }

    /// The same, normal where `silent`.
    #[must_use]
    pub fn silent(self, silent: bool) -> Self {
        Basis { silent: self.silent || silent, ..self }
    }

    fn each(&self) -> impl Iterator<Item = &Way> {
        self.ways.iter().flatten()
    }

    /// The channel's statistic: the sum over the ways.
    pub fn statistic(&self) -> f64 {
        self.each().fold(0.0, |sum, w| sum + w.statistic)
    }

    /// The channel's p.
    pub fn p(&self) -> f64 {
        if self.silent {
            return 1.0;
        }
        let least = self.each().map(Way::p).fold(1.0, f64::min);
        (least * self.each().count().max(1) as f64).min(1.0)
    }

    /// What the past alone supports.
    pub fn floor(&self) -> f64 {
        1.0 / (self.past as f64 + 1.0)
    }
}

impl Way {
    /// A statistic that is ranked in the stream's past.
    pub fn ranked(statistic: f64, rank: Rank) -> Self {
        Way { statistic, rank: Some(rank), ..Way::default() }
    }

    /// Bits that are a probability of their own.
    pub fn own(statistic: f64) -> Self {
        Way { statistic, own: true, ..Way::default() }
    }

    /// The largest of the bounds; 1 without any.
    pub fn p(&self) -> f64 {
        let own = self.own.then(|| exp2(-self.statistic).clamp(1e-300, 1.0));
        let rank = self.rank.map(|r| r.p(self.statistic));
        let pause = self.pause.map(|g| g.p());
        let requests = self.requests.map(|b| b.tail());
        [own, rank, pause, requests].into_iter().flatten().reduce(f64::max).unwrap_or(1.0)
    }
}

impl Pause {
    pub(crate) fn new(past: &Gaps, run: u64) -> Self {
        let Gaps { windows, begun, continued, ended, .. } = *past;
        Pause { run, windows, begun, continued, ended }
    }

    /// Probability of a pause at least so long.
    pub fn p(&self) -> f64 {
        let Pause { run, windows, begun, continued, ended } = *self;
        Gaps { windows, begun, continued, ended, odd: 0.0 }.p(run)
    }
}

impl Binomial {
    /// The stream's own rate of odd requests, never below the level.
    pub fn rate(&self) -> f64 {
        let rate = (self.past_odd + self.prior * self.level) / (self.past_judged + self.prior);
        rate.max(self.level).min(1.0)
    }

    /// The chance of so many odd ones or more.
    pub fn tail(&self) -> f64 {
        binomial_tail(self.judged, self.odd, self.rate())
    }
}

fn write_ways<S: Serializer>(ways: &[Option<Way>; 2], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(ways.iter().flatten())
}

fn read_ways<'de, D: Deserializer<'de>>(d: D) -> Result<[Option<Way>; 2], D::Error> {
    let all: Vec<Way> = Vec::deserialize(d)?;
    let mut ways = [None; 2];
    if all.len() > ways.len() {
        return Err(serde::de::Error::invalid_length(all.len(), &"at most two ways"));
    }
    ways.iter_mut().zip(all).for_each(|(to, way)| *to = Some(way));
    Ok(ways)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::History;
    use proptest::prelude::*;

    fn way(past: &[u16], statistic: f64, pauses: u64, odd: u64) -> Way {
        let mut history = History::of_windows();
        for (i, s) in past.iter().enumerate() {
            if i % 9 == 8 {
                history.add_clipped(f64::from(*s) / 7.0);
            } else {
                history.add(f64::from(*s) / 64.0);
            }
        }
        let mut gaps = Gaps::default();
        (0..past.len()).for_each(|_| gaps.present());
        gaps.ended(pauses, false);
        Way {
            own: pauses % 2 == 0,
            pause: (pauses % 3 == 0).then(|| Pause::new(&gaps, pauses)),
            requests: (odd % 2 == 0).then_some(Binomial {
                judged: 40,
                odd,
                past_judged: 1234.5,
                past_odd: 1.7,
                level: 1e-3,
                prior: 200.0,
            }),
            ..Way::ranked(statistic, history.rank(statistic))
        }
    }

    proptest! {
        /// What was written and read back gives the same p, to the bit.
        #[test]
        fn comes_back_to_the_bit(
            past in prop::collection::vec(0u16..2000, 0..300), s in 0.0f64..80.0, pauses in 0u64..9, odd in 0u64..30,
            second: bool, silent: bool)
        {
            let ways = [Some(way(&past, s, pauses, odd)), second.then(|| Way::own(s / 3.0))];
            let basis = Basis { silent, past: past.len() as u64, ways };
            let json = serde_json::to_string(&basis).unwrap();
            let back: Basis = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(back, basis);
            let bits = |b: &Basis| [b.statistic(), b.p(), b.floor()].map(f64::to_bits);
            prop_assert_eq!(bits(&back), bits(&basis));
            prop_assert!(basis.p() > 0.0 && basis.p() <= 1.0);
        }
    }

    #[test]
    fn the_rarest_way_counts_and_is_paid_for() {
        let one = Basis::of(Way::own(10.0), 99);
        assert_eq!((one.p(), one.statistic(), one.floor()), (exp2(-10.0), 10.0, 0.01));
        let two = Basis { ways: [Some(Way::own(10.0)), Some(Way::own(3.0))], ..one };
        assert_eq!((two.p(), two.statistic()), (2.0 * exp2(-10.0), 13.0));
        assert_eq!(one.silent(true).p(), 1.0);
        assert_eq!(Basis::default().p(), 1.0);
        assert_eq!(Way { statistic: 50.0, ..Way::default() }.p(), 1.0);
    }

    #[test]
    fn what_is_unknown_is_refused() {
        let good = serde_json::to_string(&Basis::of(way(&[1; 60], 40.0, 3, 2), 60)).unwrap();
        assert!(serde_json::from_str::<Basis>(&good).is_ok(), "{good}");
        for (from, to) in [
            ("\"silent\"", "\"loud\""),
            ("\"beyond\"", "\"below\""),
            ("\"above\":6", "\"above\":-6"),
            ("\"excess\":0.763392857142857", "\"excess\":1e999"),
            ("\"excess\":0.763392857142857", "\"excess\":null"),
            ("\"ways\":[", "\"ways\":[{\"statistic\":1,\"own\":true},{\"statistic\":1,\"own\":true},"),
        ] {
            assert!(good.contains(from), "{from} in {good}");
            assert!(serde_json::from_str::<Basis>(&good.replace(from, to)).is_err(), "{to}");
        }
    }
}
