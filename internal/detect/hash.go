package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Hash identifies what of the configuration changes verdicts. Queue and memory sizes, the overload rule, the number of
// workers and what is emitted do not: they decide whether a verdict comes about, not what it is.
func (c *Config) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "1|%d|%d|%d|%g|%g|%g|%q|%d|%g|%d|%d|%g|%q|%g|%d|%d|%d|%d|%d|%d",
		c.Window.Duration, c.Window.Lateness, c.Window.MaxFuture, c.FalseAlarmsPerDay, c.Level.P, c.MetricLevel,
		c.ServiceAttributes, c.WarmupWindows, c.Quarantine.P, c.Quarantine.AdoptAfter, c.Requests.Idle, c.Requests.P,
		c.Metrics.SharedSegments, c.Evidence.P, c.Limits.RecordsPerWindow, c.Limits.SymbolsPerStream,
		c.Limits.RequestsPerStream, c.Limits.SampleBytes, c.Limits.Spans, c.Seed)
	return hex.EncodeToString(h.Sum(nil)[:8])
}
