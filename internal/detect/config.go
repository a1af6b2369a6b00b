package detect

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/redact"
)

// Overload says what happens when the core cannot keep up with what arrives.
type Overload string

const (
	// Skip leaves out what does not fit and counts it; its windows are incomplete. The pipeline never waits.
	Skip Overload = "skip"
	// Block makes the caller wait, so that every record is scored.
	Block Overload = "block"
)

// Config is the configuration of a detector: the keys of the processor and of replay's --config. The zero value is not
// usable; start from DefaultConfig.
type Config struct {
	Window WindowConfig `mapstructure:"window"`
	// FalseAlarmsPerDay is the budget from which the level follows, for all services and signals together.
	FalseAlarmsPerDay float64     `mapstructure:"false_alarms_per_day"`
	Level             LevelConfig `mapstructure:"level"`
	// MetricLevel, in decades, makes single metric points alert (latched); 0 turns that off.
	MetricLevel float64 `mapstructure:"metric_level"`
	// ServiceAttributes are the resource attributes that may name the service; the first present counts.
	ServiceAttributes []string `mapstructure:"service_attributes"`
	// WarmupWindows is how many windows a stream learns before it is called ready.
	WarmupWindows uint32           `mapstructure:"warmup_windows"`
	Quarantine    QuarantineConfig `mapstructure:"quarantine"`
	Requests      RequestsConfig   `mapstructure:"requests"`
	Logs          LogsConfig       `mapstructure:"logs"`
	Metrics       MetricsConfig    `mapstructure:"metrics"`
	Evidence      EvidenceConfig   `mapstructure:"evidence"`
	Limits        LimitsConfig     `mapstructure:"limits"`
	OnOverload    Overload         `mapstructure:"on_overload"`
	// Workers is the number of scoring goroutines; 0 means one per CPU. It never changes what is said.
	Workers int         `mapstructure:"workers"`
	State   StateConfig `mapstructure:"state"`
	// Seed feeds every random choice of the core.
	Seed uint64 `mapstructure:"seed"`
	// EmitWindows also puts one small driftlock.window item per judged service and window into the stream.
	EmitWindows bool `mapstructure:"emit_windows"`

	_ struct{}
}

// WindowConfig is about event time.
type WindowConfig struct {
	Duration time.Duration `mapstructure:"duration"`
	// Lateness is how far behind the newest record of its stream a record may be before its window closes.
	Lateness time.Duration `mapstructure:"lateness"`
	// IdleTimeout is the wall-clock silence after which open windows close; 0 means twice the duration.
	IdleTimeout time.Duration `mapstructure:"idle_timeout"`
	// MaxFuture is how far ahead of the clock a record may be before it is only counted.
	MaxFuture time.Duration `mapstructure:"max_future"`

	_ struct{}
}

// LevelConfig fixes the level instead of the budget.
type LevelConfig struct {
	// P is the p-value at or below which a window is an anomaly; 0 leaves it to the budget.
	P float64 `mapstructure:"p"`

	_ struct{}
}

// QuarantineConfig is about windows that are not learnt.
type QuarantineConfig struct {
	P          float64 `mapstructure:"p"`
	AdoptAfter uint32  `mapstructure:"adopt_after"`

	_ struct{}
}

// RequestsConfig is about single requests (trace ids).
type RequestsConfig struct {
	// Idle is the event-time silence after which a request is complete.
	Idle time.Duration `mapstructure:"idle"`
	// P is the p-value at or below which a request is odd.
	P float64 `mapstructure:"p"`

	_ struct{}
}

// LogsConfig is about log records.
type LogsConfig struct {
	// Attributes are the record attributes that say what a record is and so belong to its template, in this order.
	Attributes []string `mapstructure:"attributes"`

	_ struct{}
}

// MetricsConfig is about metric series.
type MetricsConfig struct {
	// SharedSegments are segments of dotted metric names that mark what a service shares with its neighbours; such
	// series are left out of its verdict.
	SharedSegments []string `mapstructure:"shared_segments"`

	_ struct{}
}

// EvidenceConfig is about second opinions and what is shown of records.
type EvidenceConfig struct {
	// P is the p-value of a stream at or below which evidence is computed.
	P float64 `mapstructure:"p"`
	// Redact are rules for every text of a statement that comes from the data, applied before it leaves the processor, behind
	// the defaults.
	Redact []redact.Rule `mapstructure:"redact"`
	// RedactDefaults are rules for what is secret nearly everywhere: passwords, tokens, keys, e-mail addresses, card numbers.
	RedactDefaults bool `mapstructure:"redact_defaults"`

	_ struct{}
}

// StateConfig is about what outlives the process. Whoever runs a detector opens the storage and gives it to Keep.
type StateConfig struct {
	// Storage is the id of a storage extension; without it state is in memory.
	Storage *component.ID `mapstructure:"storage"`
	// Interval is the time between snapshots.
	Interval time.Duration `mapstructure:"interval"`

	_ struct{}
}

// LimitsConfig bounds everything that grows.
type LimitsConfig struct {
	// MemoryMiB bounds the models' memory; the least recently used services beyond it are evicted.
	MemoryMiB uint64 `mapstructure:"memory_mib"`
	// Streams bounds the number of streams (service × signal).
	Streams int `mapstructure:"streams"`
	// RecordsPerWindow bounds the records modelled of one stream's window; the rest are only counted.
	RecordsPerWindow uint32 `mapstructure:"records_per_window"`
	// SymbolsPerStream bounds a stream's templates, operations or series, and the metrics that lend to new series.
	SymbolsPerStream uint32 `mapstructure:"symbols_per_stream"`
	// RequestsPerStream bounds a stream's open requests.
	RequestsPerStream uint32 `mapstructure:"requests_per_stream"`
	// SampleBytes bounds the raw records kept of a stream as evidence.
	SampleBytes uint32 `mapstructure:"sample_bytes"`
	// Spans bounds the table in which spans find their parents.
	Spans int `mapstructure:"spans"`
	// Names bounds the dictionary of operation and series names that explanations use.
	Names int `mapstructure:"names"`
	// QueueMiB bounds what waits for a worker.
	QueueMiB uint64 `mapstructure:"queue_mib"`
	// PendingMiB bounds the records of windows that cannot be scored yet because an earlier one is still open.
	PendingMiB uint64 `mapstructure:"pending_mib"`

	_ struct{}
}

// DefaultConfig is what an empty configuration means.
func DefaultConfig() Config {
	return Config{
		Window:            WindowConfig{Duration: time.Minute, Lateness: 10 * time.Second, MaxFuture: 10 * time.Minute},
		FalseAlarmsPerDay: 1,
		ServiceAttributes: []string{"service.name", "k8s.deployment.name", "host.name"},
		WarmupWindows:     30,
		Quarantine:        QuarantineConfig{P: 1e-2, AdoptAfter: 20},
		Requests:          RequestsConfig{Idle: 30 * time.Second, P: 1e-3},
		Logs:              LogsConfig{Attributes: slices.Clone(canonical.DefaultLogAttributes)},
		Metrics:           MetricsConfig{SharedSegments: []string{"node", "cluster"}},
		Evidence:          EvidenceConfig{P: 0.1, RedactDefaults: true},
		Limits: LimitsConfig{
			MemoryMiB:         512,
			Streams:           10_000,
			RecordsPerWindow:  65_536,
			SymbolsPerStream:  4_096,
			RequestsPerStream: 8_192,
			SampleBytes:       131_072,
			Spans:             262_144,
			Names:             65_536,
			QueueMiB:          64,
			PendingMiB:        128,
		},
		OnOverload:  Skip,
		State:       StateConfig{Interval: time.Minute},
		Seed:        1,
		EmitWindows: true,
	}
}

// idleTimeout resolves the default.
func (c *Config) idleTimeout() time.Duration {
	if c.Window.IdleTimeout == 0 {
		return 2 * c.Window.Duration
	}
	return c.Window.IdleTimeout
}

// Validate names every key that breaks its rule, with the value it has.
func (c *Config) Validate() error {
	var errs []error
	rule := func(ok bool, key, rule string, got any) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s %s (got %v)", key, rule, got))
		}
	}
	probability := func(key string, p float64) {
		rule(p > 0 && p <= 1, key, "must be above 0 and at most 1", p)
	}
	w := c.Window
	rule(w.Duration >= time.Second && w.Duration <= 24*time.Hour, "window.duration", "must be at least 1s and at most 24h", w.Duration)
	rule(w.Lateness >= 0 && w.Lateness <= 24*time.Hour, "window.lateness", "must be at least 0s and at most 24h", w.Lateness)
	rule(w.IdleTimeout == 0 || w.IdleTimeout >= time.Second, "window.idle_timeout", "must be 0s (twice window.duration) or at least 1s", w.IdleTimeout)
	rule(w.MaxFuture >= 0, "window.max_future", "must be at least 0s", w.MaxFuture)

	f := c.FalseAlarmsPerDay
	rule(f > 0 && f <= 1e6, "false_alarms_per_day", "must be above 0 and at most 1000000", f)
	rule(c.Level.P >= 0 && c.Level.P <= 1, "level.p", "must be 0 (the budget decides) or above 0 and at most 1", c.Level.P)
	rule(c.MetricLevel >= 0 && !math.IsInf(c.MetricLevel, 0), "metric_level", "must be 0 (off) or above 0", c.MetricLevel)

	rule(len(c.ServiceAttributes) > 0, "service_attributes", "must name at least one attribute", c.ServiceAttributes)
	for i, a := range c.ServiceAttributes {
		rule(a != "", fmt.Sprintf("service_attributes[%d]", i), "must not be empty", `""`)
	}
	rule(len(c.Logs.Attributes) <= 64, "logs.attributes", "must be at most 64", len(c.Logs.Attributes))
	for i, a := range c.Logs.Attributes {
		rule(a != "", fmt.Sprintf("logs.attributes[%d]", i), "must not be empty", `""`)
	}
	for i, s := range c.Metrics.SharedSegments {
		rule(s != "" && !strings.Contains(s, "."), fmt.Sprintf("metrics.shared_segments[%d]", i), "must be one segment of a dotted name", fmt.Sprintf("%q", s))
	}
	rule(c.WarmupWindows >= 1, "warmup_windows", "must be at least 1", c.WarmupWindows)
	probability("quarantine.p", c.Quarantine.P)
	rule(c.Quarantine.AdoptAfter >= 1, "quarantine.adopt_after", "must be at least 1", c.Quarantine.AdoptAfter)
	rule(c.Requests.Idle >= time.Second, "requests.idle", "must be at least 1s", c.Requests.Idle)
	probability("requests.p", c.Requests.P)
	probability("evidence.p", c.Evidence.P)
	if _, err := redact.New(c.Evidence.Redact, false); err != nil {
		errs = append(errs, fmt.Errorf("evidence.redact%w", err))
	}

	rule(c.State.Interval >= time.Second, "state.interval", "must be at least 1s", c.State.Interval)

	l := c.Limits
	rule(l.MemoryMiB >= 16, "limits.memory_mib", "must be at least 16", l.MemoryMiB)
	rule(l.Streams >= 3, "limits.streams", "must be at least 3", l.Streams)
	rule(l.RecordsPerWindow >= 16, "limits.records_per_window", "must be at least 16", l.RecordsPerWindow)
	rule(l.SymbolsPerStream >= 16, "limits.symbols_per_stream", "must be at least 16", l.SymbolsPerStream)
	rule(l.RequestsPerStream >= 1, "limits.requests_per_stream", "must be at least 1", l.RequestsPerStream)
	rule(l.SampleBytes >= 1024, "limits.sample_bytes", "must be at least 1024", l.SampleBytes)
	rule(l.Spans >= 1024 && l.Spans <= 1<<28, "limits.spans", "must be at least 1024 and at most 268435456", l.Spans)
	rule(l.Names >= 1024 && l.Names <= 1<<24, "limits.names", "must be at least 1024 and at most 16777216", l.Names)
	rule(l.QueueMiB >= 1, "limits.queue_mib", "must be at least 1", l.QueueMiB)
	rule(l.PendingMiB >= 1, "limits.pending_mib", "must be at least 1", l.PendingMiB)

	rule(c.OnOverload == Skip || c.OnOverload == Block, "on_overload", "must be skip or block", c.OnOverload)
	rule(c.Workers >= 0 && c.Workers <= 1024, "workers", "must be at least 0 (one per CPU) and at most 1024", c.Workers)
	return errors.Join(errs...)
}
