//! The points of the open window, put in order and cut into series.
//!
//! It does not judge them.

use serde::{Deserialize, Serialize};

use super::prior::LENT;
use super::series::{Expectation, Step};
use super::table::Key;
use crate::verdict::PointVerdict;

/// A point of the open window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Pending {
    pub key: Key,
    pub time_ns: u64,
    pub value: f64,
    pub tag: u64,
    pub kin: u64,
    pub metric: u64,
}

impl Pending {
    /// The verdict of a point that nothing is known of.
    pub fn unjudged(&self) -> PointVerdict {
        PointVerdict {
            tag: self.tag,
            time_ns: self.time_ns,
            family: self.key.0,
            instance: self.key.1,
            value: self.value,
            severity: 0.0,
            p: 1.0,
            alert: false,
        }
    }
}

/// A series' points of the window: a range of the sorted order, and what they prove.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    pub key: Key,
    /// The family that stands for the series.
    pub kin: u64,
    /// What it has in common with series of other services.
    pub metric: u64,
    pub first: usize,
    pub end: usize,
    /// Decades of all its points together, and of its drift.
    pub decades: f64,
    pub drift: f64,
    /// The oddest point.
    pub value: f64,
    pub step: Step,
    /// What was expected of it, where the window's end teaches the series otherwise.
    pub expectation: Option<Expectation>,
}

impl Judged {
    /// Lets the series count no more than others' past lends.
    pub fn cap(&mut self) {
        (self.decades, self.drift) = (self.decades.min(LENT), self.drift.min(LENT));
    }

    /// What the series counts.
    pub fn strength(&self) -> f64 {
        self.decades.max(self.drift)
    }
}

/// Points of a window as they come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OpenWindow {
    pub points: Vec<Pending>,
    pub over_cap: u64,
    /// Places of the usable points by series, then by time.
    #[serde(skip)]
    pub order: Vec<u32>,
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

impl OpenWindow {
    /// Points that are no number.
    pub fn unusable(&self) -> usize {
        self.points.iter().filter(|p| !p.value.is_finite()).count()
    }

    /// Orders the usable points by series, then by time, and splits the order into series. Arrival decides nothing:
    /// ties go by value and tag.
    pub fn sort(&mut self) {
        let points = &self.points;
        self.order.clear();
        self.order.extend((0..points.len() as u32).filter(|&i| points[i as usize].value.is_finite()));
        self.order.sort_unstable_by(|&a, &b| {
            let (a, b) = (&points[a as usize], &points[b as usize]);
            (a.key, a.time_ns)
                .cmp(&(b.key, b.time_ns))
                .then(a.value.total_cmp(&b.value))
                .then((a.tag, a.kin, a.metric).cmp(&(b.tag, b.kin, b.metric)))
        });
        self.judged.clear();
        for (at, &i) in self.order.iter().enumerate() {
            let p = &points[i as usize];
            match self.judged.last_mut() {
                Some(j) if j.key == p.key => j.end = at + 1,
                _ => self.judged.push(Judged {
                    key: p.key,
                    kin: p.kin,
                    metric: p.metric,
                    first: at,
                    end: at + 1,
                    decades: 0.0,
                    drift: 0.0,
                    value: p.value,
                    step: Step::NOTHING,
                    expectation: None,
                }),
            }
        }
    }

    /// Time and value of a series' points, by time.
    pub fn points_of<'a>(&'a self, j: &Judged) -> impl Iterator<Item = (u64, f64)> + 'a {
        self.order[j.first..j.end].iter().map(|&i| &self.points[i as usize]).map(|p| (p.time_ns, p.value))
    }

    /// The mean of each family's points, families rising; of those for which another stands, none.
    pub fn family_means(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            while self.judged.get(at).is_some_and(|j| j.kin != j.key.0) {
                at += 1;
            }
            let family = self.judged.get(at)?.key.0;
            let (mut sum, mut n) = (0.0, 0.0);
            while let Some(j) = self.judged.get(at).filter(|j| j.key.0 == family) {
                for (_, value) in self.points_of(j) {
                    sum += value;
                    n += 1.0;
                }
                at += 1;
            }
            Some((family, sum / n))
        })
    }

    /// Forgets the points.
    pub fn clear(&mut self) {
        self.points.clear();
        self.over_cap = 0;
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        self.points.capacity() * std::mem::size_of::<Pending>()
            + self.order.capacity() * std::mem::size_of::<u32>()
            + self.judged.capacity() * std::mem::size_of::<Judged>()
    }
}
