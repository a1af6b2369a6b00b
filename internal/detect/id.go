package detect

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
)

// anomalyID is a UUID of version 8 (RFC 9562: the bits are the application's) made of a SHA-256: the same component,
// service, stream, window and configuration give the same id, live and in replay, so storing twice stores once.
func anomalyID(component, service, stream string, startNs uint64, configHash string) string {
	h := sha256.New()
	for _, field := range []string{component, service, stream, configHash} {
		// Lengths keep ("ab", "c") and ("a", "bc") apart.
		_ = binary.Write(h, binary.BigEndian, uint64(len(field)))
		h.Write([]byte(field))
	}
	_ = binary.Write(h, binary.BigEndian, startNs)
	var id uuid.UUID
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

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
