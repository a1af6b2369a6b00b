//! What a stream is configured with.

use serde::{Deserialize, Serialize};

/// Parameters of one stream. All limits are hard; what they turn away is counted in the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// Seeds every random choice (the permutation test, the sample of records).
    pub seed: u64,
    /// A stream verdict at or below this p gets evidence.
    pub evidence_p: f64,
    /// A window at or below this p is quarantined: scored, not learnt.
    pub quarantine_p: f64,
    /// So many quarantined windows in a row are the new normal and are learnt.
    pub adopt_after: u32,
    /// Severity (decades) at which a metric point alerts (latched); `f64::INFINITY` turns point alerts off.
    pub metric_level: f64,
    /// A request at or below this p is marked anomalous and not learnt.
    pub request_p: f64,
    /// Event-time silence after which a request is complete, in nanoseconds.
    pub request_idle_ns: u64,
    /// Records kept of one window; past it only counts.
    pub max_records: u32,
    /// Templates (logs) or operations (traces) or series (metrics) of the stream.
    pub max_symbols: u32,
    /// Open requests of the stream.
    pub max_requests: u32,
    /// Bytes of raw records kept as the baseline sample; the window's sample is a quarter of it.
    pub max_sample_bytes: u32,
    /// Windows a stream must have learnt before it is ready.
    pub warmup_windows: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            seed: 1,
            evidence_p: 1e-2,
            quarantine_p: 1e-2,
            adopt_after: 20,
            metric_level: f64::INFINITY,
            request_p: 1e-3,
            request_idle_ns: 30_000_000_000,
            max_records: 65_536,
            max_symbols: 4_096,
            max_requests: 8_192,
            max_sample_bytes: 131_072,
            warmup_windows: 30,
        }
    }
}

impl Params {
    /// These parameters with the thresholds of others: what a stream may change while it lives, since nothing that it
    /// remembers was made with them.
    #[must_use]
    pub fn tuned(&self, other: &Params) -> Params {
        Params {
            evidence_p: other.evidence_p,
            quarantine_p: other.quarantine_p,
            adopt_after: other.adopt_after,
            metric_level: other.metric_level,
            warmup_windows: other.warmup_windows,
            ..self.clone()
        }
    }

    /// Checks every limit; the error names the key, the rule and the value.
    pub fn validate(&self) -> Result<(), String> {
        let unit = |name: &str, p: f64| {
            if p > 0.0 && p <= 1.0 {
                Ok(())
            } else {
                Err(format!("{name} must be in (0, 1] (got {p})"))
            }
        };
        unit("evidence_p", self.evidence_p)?;
        unit("quarantine_p", self.quarantine_p)?;
        unit("request_p", self.request_p)?;
        if self.metric_level.is_nan() || self.metric_level <= 0.0 {
            return Err(format!("metric_level must be above 0 (got {})", self.metric_level));
        }
        for (name, v, lo) in [
            ("adopt_after", self.adopt_after, 1),
            ("max_records", self.max_records, 16),
            ("max_symbols", self.max_symbols, 16),
            ("max_requests", self.max_requests, 1),
            ("max_sample_bytes", self.max_sample_bytes, 1_024),
            ("warmup_windows", self.warmup_windows, 1),
        ] {
            if v < lo {
                return Err(format!("{name} must be at least {lo} (got {v})"));
            }
        }
        Ok(())
    }
}
