package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Parameters are what of the configuration changes verdicts. Queue and memory sizes, the overload rule, the number of
// workers and what is emitted or redacted do not: they decide whether a verdict comes about and what is shown with it, not what it is.
type Parameters struct {
	Window            Duration `json:"window"`
	Lateness          Duration `json:"lateness"`
	MaxFuture         Duration `json:"max_future"`
	FalseAlarmsPerDay float64  `json:"false_alarms_per_day"`
	Level             float64  `json:"level"`
	MetricLevel       float64  `json:"metric_level"`
	ServiceAttributes []string `json:"service_attributes"`
	WarmupWindows     uint32   `json:"warmup_windows"`
	QuarantineP       float64  `json:"quarantine_p"`
	AdoptAfter        uint32   `json:"adopt_after"`
	RequestIdle       Duration `json:"request_idle"`
	RequestP          float64  `json:"request_p"`
	SharedSegments    []string `json:"shared_segments"`
	LogAttributes     []string `json:"log_attributes"`
	EvidenceP         float64  `json:"evidence_p"`
	RecordsPerWindow  uint32   `json:"records_per_window"`
	SymbolsPerStream  uint32   `json:"symbols_per_stream"`
	RequestsPerStream uint32   `json:"requests_per_stream"`
	SampleBytes       uint32   `json:"sample_bytes"`
	Spans             int      `json:"spans"`
	Seed              uint64   `json:"seed,string"` // JSON's numbers have 53 bits
}

// Duration is written as people write it.
type Duration time.Duration

// MarshalText writes the duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads the duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

func (c *Config) parameters() *Parameters {
	return &Parameters{
		Window: Duration(c.Window.Duration), Lateness: Duration(c.Window.Lateness), MaxFuture: Duration(c.Window.MaxFuture),
		FalseAlarmsPerDay: c.FalseAlarmsPerDay, Level: c.Level.P, MetricLevel: c.MetricLevel,
		ServiceAttributes: c.ServiceAttributes, WarmupWindows: c.WarmupWindows,
		QuarantineP: c.Quarantine.P, AdoptAfter: c.Quarantine.AdoptAfter, RequestIdle: Duration(c.Requests.Idle), RequestP: c.Requests.P,
		SharedSegments: c.Metrics.SharedSegments, LogAttributes: c.Logs.Attributes, EvidenceP: c.Evidence.P,
		RecordsPerWindow: c.Limits.RecordsPerWindow, SymbolsPerStream: c.Limits.SymbolsPerStream,
		RequestsPerStream: c.Limits.RequestsPerStream, SampleBytes: c.Limits.SampleBytes, Spans: c.Limits.Spans, Seed: c.Seed,
	}
}

// stated are the parameters as statistics carry them; nil where they are too long.
func (p *Parameters) stated() *Parameters {
	if data, err := json.Marshal(p); err != nil || len(data) > maxParameters {
		return nil
	}
	return p
}

// Hash identifies the parameters.
func (p *Parameters) Hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "2|%d|%d|%d|%g|%g|%g|%q|%d|%g|%d|%d|%g|%q|%q|%g|%d|%d|%d|%d|%d|%d",
		p.Window, p.Lateness, p.MaxFuture, p.FalseAlarmsPerDay, p.Level, p.MetricLevel,
		p.ServiceAttributes, p.WarmupWindows, p.QuarantineP, p.AdoptAfter, p.RequestIdle, p.RequestP,
		p.SharedSegments, p.LogAttributes, p.EvidenceP, p.RecordsPerWindow, p.SymbolsPerStream,
		p.RequestsPerStream, p.SampleBytes, p.Spans, p.Seed)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Hash identifies what of the configuration changes verdicts.
func (c *Config) Hash() string { return c.parameters().Hash() }
