package cbad

import (
	"math"
	"strconv"
	"time"
)

// Kind is what a stream's records are.
type Kind uint32

// The kinds, as the core numbers them.
const (
	Logs Kind = iota + 1
	Metrics
	Traces
)

// String names the kind as configuration and output do.
func (k Kind) String() string {
	switch k {
	case Logs:
		return "logs"
	case Metrics:
		return "metrics"
	case Traces:
		return "traces"
	default:
		return "kind " + strconv.FormatUint(uint64(k), 10)
	}
}

// Params are the parameters of one stream. All limits are hard; the verdict counts what they turn away.
type Params struct {
	// Seed seeds every random choice (the permutation test, the sample of records).
	Seed uint64
	// EvidenceP is the stream verdict's p at or below which evidence is computed.
	EvidenceP float64
	// QuarantineP is the p at or below which a window is scored but not learnt.
	QuarantineP float64
	// AdoptAfter quarantined windows in a row are the new normal.
	AdoptAfter uint32
	// MetricLevel is the severity in decades at which a metric point alerts; +Inf turns point alerts off.
	MetricLevel float64
	// RequestP is the p at or below which a request is anomalous.
	RequestP float64
	// RequestIdle is the event time without a record after which a request is complete.
	RequestIdle time.Duration
	// MaxRecords are modelled of one window; past it they are only counted.
	MaxRecords uint32
	// MaxSymbols bounds templates (logs), operations (traces) or series (metrics).
	MaxSymbols uint32
	// MaxRequests bounds the open requests.
	MaxRequests uint32
	// MaxSampleBytes bounds the raw records kept as the baseline sample.
	MaxSampleBytes uint32
	// WarmupWindows are learnt before the stream is ready.
	WarmupWindows uint32
}

// DefaultParams equals the core's defaults.
func DefaultParams() Params {
	return Params{
		Seed:           1,
		EvidenceP:      1e-2,
		QuarantineP:    1e-2,
		AdoptAfter:     20,
		MetricLevel:    math.Inf(1),
		RequestP:       1e-3,
		RequestIdle:    30 * time.Second,
		MaxRecords:     65_536,
		MaxSymbols:     4_096,
		MaxRequests:    8_192,
		MaxSampleBytes: 131_072,
		WarmupWindows:  30,
	}
}

// duration clamps nanoseconds to what time.Duration can hold.
func duration(ns uint64) time.Duration {
	return time.Duration(min(ns, math.MaxInt64))
}
