//! What a stream learnt: levels of durations and of client-server differences, counts, errors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::errors::{Errors, Outcomes};
use super::level::{Level, Sums};
use super::newcomers::Newcomers;
use super::window::{EdgeId, OpenWindow};
use crate::calibrate::dispersion;
use crate::count;

const DECAY: f64 = 0.99;
/// At a change of instance the past of durations weighs at most so many spans.
const CHANGED_SPANS: f64 = 60.0;
/// The edges' common z² counts at most this much towards its dispersion.
const COMMON_CAP: f64 = 50.0;

/// Levels by edge, at most `limit` of them: past it the eighth that was not seen for longest leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Levels {
    by_edge: BTreeMap<EdgeId, Level>,
    limit: usize,
    pub evicted: u64,
}

impl Levels {
    fn new(limit: usize) -> Self {
        Levels { by_edge: BTreeMap::new(), limit, evicted: 0 }
    }

    pub fn get(&self, id: &EdgeId) -> Option<&Level> {
        self.by_edge.get(id)
    }

    fn learn(&mut self, id: EdgeId, sums: &Sums, now: u64) {
        match self.by_edge.get_mut(&id) {
            Some(level) => level.learn(sums, now),
            None => {
                self.by_edge.insert(id, Level::first(sums, now));
            }
        }
    }

    fn trim(&mut self) {
        if self.by_edge.len() <= self.limit {
            return;
        }
        let mut order: Vec<_> = self.by_edge.iter().map(|(id, l)| (l.last, *id)).collect();
        order.sort_unstable();
        order.truncate(order.len() - (self.limit - self.limit / 8));
        self.evicted += order.len() as u64;
        for (_, id) in order {
            self.by_edge.remove(&id);
        }
    }

    fn cap(&mut self) {
        self.by_edge.values_mut().for_each(|l| l.cap(CHANGED_SPANS));
    }

    fn settle(&mut self) {
        self.by_edge.values_mut().for_each(Level::settle);
    }

    fn memory(&self) -> usize {
        // A B-tree's nodes are on average two thirds full.
        self.by_edge.len() * (size_of::<EdgeId>() + size_of::<Level>()) * 3 / 2
    }
}

/// Dispersion of the edges' common shift (Stouffer's sum), which correlated edges make wider than 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Common {
    squares: f64,
    windows: f64,
}

impl Common {
    pub fn dispersion(&self) -> f64 {
        dispersion::factor(self.squares, self.windows)
    }

    pub fn freedom(&self) -> f64 {
        dispersion::freedom(self.windows)
    }

    fn learn(&mut self, z: f64) {
        self.squares = self.squares * DECAY + (z * z).min(COMMON_CAP);
        self.windows = self.windows * DECAY + 1.0;
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Past {
    pub edges: count::Model,
    pub errors: Errors,
    /// Of spans without and with a child in another service.
    pub durations: [Levels; 2],
    pub net: Levels,
    pub common: Common,
    pub newcomers: Newcomers,
    pub windows: u64,
}

/// Edges a stream keeps: four for each operation.
pub(super) fn edge_limit(symbols: u32) -> usize {
    (symbols as usize).saturating_mul(4)
}

impl Past {
    pub fn new(symbols: u32) -> Self {
        Past {
            edges: count::Model::new(count::Limits::symbols(symbols)),
            errors: Errors::new(symbols as usize),
            durations: [(); 2].map(|()| Levels::new(edge_limit(symbols))),
            net: Levels::new(edge_limit(symbols)),
            common: Common::default(),
            newcomers: Newcomers::default(),
            windows: 0,
        }
    }

    pub fn instance_changed(&mut self) {
        self.durations.iter_mut().for_each(Levels::cap);
        self.net.cap();
        self.settle();
    }

    /// What changed is normal from now on, and no drift.
    pub fn settle(&mut self) {
        self.durations.iter_mut().for_each(Levels::settle);
        self.errors.settle();
    }

    /// Learns a window whose edges are sorted; `common` is the window's Stouffer sum, where there was one.
    pub fn learn(&mut self, window: &OpenWindow, edges: &count::Window, errors: &[Outcomes], common: Option<f64>) {
        self.windows += 1;
        self.edges.learn(edges);
        self.errors.learn(errors, self.windows);
        for e in window.edges() {
            for (levels, sums) in self.durations.iter_mut().zip(&e.durations).filter(|(_, s)| s.n > 0) {
                levels.learn(e.id, sums, self.windows);
            }
            if e.net.n > 0 {
                self.net.learn(e.id, &e.net, self.windows);
            }
        }
        self.durations.iter_mut().for_each(Levels::trim);
        self.net.trim();
        if let Some(z) = common {
            self.common.learn(z);
        }
    }

    pub fn memory(&self) -> usize {
        self.edges.memory()
            + self.errors.memory()
            + self.durations.iter().map(Levels::memory).sum::<usize>()
            + self.net.memory()
            + self.newcomers.memory()
    }
}
