package cbad

import (
	"fmt"
	"strconv"
)

// Window is one window of event time, start inclusive, end exclusive.
type Window struct {
	StartNs, EndNs uint64
	// Incomplete: records are missing (overload). Not learnt, no verdict on counts.
	Incomplete bool
	// InstanceChanged: the service restarted or was deployed; grace rules apply.
	InstanceChanged bool
	// Deployed: the service's version changed shortly before; what lasts is adopted sooner.
	Deployed bool
	// Partial: closed before all of it came (the end of a recording, a shutdown). No verdict on volume.
	Partial bool
	// Last: requests still open are complete.
	Last bool
}

// ChannelKind is what a channel measures.
type ChannelKind uint32

// The channels, as the core numbers them.
const (
	LogNew ChannelKind = iota + 1
	LogTransition
	LogCount
	RequestExcess
	TraceNew
	TraceCount
	TraceDuration
	TraceNet
	MetricSum
	TraceError
	LogVolume
	TraceVolume
	MetricVolume
	LogPerSpan
)

var channelNames = [...]string{
	"", "log_new", "log_transition", "log_count", "request", "trace_new", "trace_count", "trace_duration", "trace_net",
	"metric", "trace_error", "log_volume", "trace_volume", "metric_volume", "log_per_span",
}

// String is the channel's name in the core's JSON.
func (k ChannelKind) String() string {
	if k == 0 || int(k) >= len(channelNames) {
		return "channel " + strconv.FormatUint(uint64(k), 10)
	}
	return channelNames[k]
}

// MarshalText writes the channel's name.
func (k ChannelKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the channel's name.
func (k *ChannelKind) UnmarshalText(text []byte) error {
	for i, name := range channelNames {
		if i > 0 && name == string(text) {
			*k = ChannelKind(i)
			return nil
		}
	}
	return fmt.Errorf("unknown channel %q", text)
}

// Channel is one channel's part of a verdict.
type Channel struct {
	Kind ChannelKind
	// Statistic is in bits, for MetricSum in decades.
	Statistic float64
	// P is the probability of a statistic this large in the stream's own past; PFloor is 1/(n + 1).
	P, PFloor float64
}

// Verdict is what the core says about one window.
type Verdict struct {
	WindowStartNs, WindowEndNs uint64
	// Records seen; of them past MaxRecords (counted, not modelled); of them unusable (not finite).
	Records, RecordsOverCap, RecordsUnusable uint64
	// Evicted: entries of the models given up or refused at the limits of Params, since the stream began.
	Evicted uint64
	// Bits the window cost above what was expected.
	Bits float64
	// P is the stream's own p over its channels, with PFloor = 1/(n + 1) beside it.
	P, PFloor float64
	// Ready: warm-up is over. Until then WarmupSeen windows of WarmupNeeded.
	Ready                    bool
	WarmupSeen, WarmupNeeded uint32
	// Learnt, Quarantined (scored, too odd to learn), Adopted (this window ended a quarantine).
	Learnt, Quarantined, Adopted bool
	// HasEvidence: Stream.Evidence gives some.
	HasEvidence bool
	// Items that Stream.Items gives.
	Items int

	Channels []Channel
	Points   []Point
	Requests []Request
}

// Point is a metric point's verdict; the core writes this memory, so the order of fields is its.
type Point struct {
	Tag, TimeNs, Family, Instance uint64
	Value                         float64
	// Severity in decades, uncalibrated; P is its conformal p.
	Severity, P float64
	// Alert is the latched decision at Params.MetricLevel.
	Alert bool
	_     [7]byte
}

// Request is a complete request's verdict; the core writes this memory, so the order of fields is its.
type Request struct {
	TraceID        [16]byte
	StartNs, EndNs uint64
	// Score is the decades of P.
	Score, P  float64
	Events    uint32
	Anomalous bool
	_         [3]byte
}
