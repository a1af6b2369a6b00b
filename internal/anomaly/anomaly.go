// Package anomaly holds what Driftlock says: the Anomaly and the Window item, and their OTLP and JSON forms.
// It does not detect, store or send anything.
package anomaly

import (
	"encoding/json"
	"time"
)

// ScopeName is the instrumentation scope that carries Driftlock's own items through a pipeline.
const ScopeName = "driftlock"

// ItemName is the EventName, span name or metric name of an anomaly; WindowName that of a window item.
const (
	ItemName   = "driftlock.anomaly"
	WindowName = "driftlock.window"
)

// Signal is the kind of telemetry a statement is about.
type Signal string

// The three signals, as the API's stream_type spells them.
const (
	Logs    Signal = "logs"
	Metrics Signal = "metrics"
	Traces  Signal = "traces"
)

// Channel is one detector channel's part of a verdict.
type Channel struct {
	Signal    Signal  `json:"signal"`
	Name      string  `json:"name"` // log_new, log_transition, log_count, log_per_span, log_volume, request, trace_new, trace_count, trace_duration, trace_net, trace_error, metric
	Statistic float64 `json:"statistic"`
	P         float64 `json:"p_value"`
	PFloor    float64 `json:"p_floor"`
}

// Reason is one thing that cost bits, in the data's own words.
type Reason struct {
	Signal   Signal    `json:"signal"`
	Channel  string    `json:"channel"`
	Bits     float64   `json:"bits"`
	Text     string    `json:"text"`              // one phrase: what, observed against expected
	Item     string    `json:"item"`              // template, operation or series
	Context  string    `json:"context,omitempty"` // previous template, parent operation, caller or instance
	Observed float64   `json:"observed"`
	Expected float64   `json:"expected"`
	Band     []float64 `json:"band,omitempty"` // low, high
	Unit     string    `json:"unit,omitempty"`
	Severity string    `json:"severity,omitempty"`
	TraceIDs []string  `json:"trace_ids,omitempty"`
	Sample   string    `json:"sample,omitempty"`
}

// Request is one odd request of a window.
type Request struct {
	TraceID string    `json:"trace_id"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Score   float64   `json:"score"`
	PValue  float64   `json:"p_value"`
}

// Anomaly is one statement: this service, in this window, did what its past does not explain.
// Its JSON form is the only one: API, replay and evidence bundles share it.
type Anomaly struct {
	ID          string    `json:"id"`        // UUIDv8 of component id, service, stream, window start, config hash
	Timestamp   time.Time `json:"timestamp"` // the window's end
	WindowStart time.Time `json:"window_start"`
	Service     string    `json:"service"`
	StreamType  Signal    `json:"stream_type"` // the strongest signal
	Signals     []Signal  `json:"signals"`     // all that took part
	Status      string    `json:"status"`      // pending, acknowledged, investigating, resolved, dismissed

	Kind             Kind     `json:"kind"`
	Episode          *Episode `json:"episode,omitempty"`           // nil only where an older build stated it
	IncidentID       string   `json:"incident_id,omitempty"`       // shared by the episodes of services that belong together
	IncidentServices []string `json:"incident_services,omitempty"` // services of the incident so far, the likeliest cause first
	Cause            string   `json:"cause,omitempty"`             // the service that explains this one; empty: nothing is known that does
	Deploy           *Deploy  `json:"deploy,omitempty"`            // of this service, shortly before

	Score    float64 `json:"score"`     // decades: −log10 p_value
	PValue   float64 `json:"p_value"`   // decides
	PFloor   float64 `json:"p_floor"`   // what the history alone supports
	Level    float64 `json:"level"`     // the p this had to reach
	NCDScore float64 `json:"ncd_score"` // evidence, does not decide
	Bits     float64 `json:"bits"`      // cost above expectation, the sum over the reasons' bits and what is not listed

	Explanation string    `json:"glass_box_explanation"`
	Reasons     []Reason  `json:"reasons"`
	Channels    []Channel `json:"channels"`
	Requests    []Request `json:"requests,omitempty"`
	TraceIDs    []string  `json:"trace_ids,omitempty"`

	CompressionBaseline uint64 `json:"compression_baseline"` // C(B), bytes, zstd
	CompressionWindow   uint64 `json:"compression_window"`   // C(W)
	CompressionCombined uint64 `json:"compression_combined"` // C(B,W)

	EntropyBaseline float64 `json:"entropy_baseline"`
	EntropyWindow   float64 `json:"entropy_window"`
	PermutationP    float64 `json:"permutation_p"`

	BaselineData json.RawMessage `json:"baseline_data,omitempty"` // excerpts and statistics of the past
	WindowData   json.RawMessage `json:"window_data,omitempty"`   // excerpts and statistics of the window

	Statistics json.RawMessage `json:"statistics,omitempty"` // what the verdict follows from, enough to compute it again

	Incomplete  bool              `json:"incomplete,omitempty"` // records were skipped under overload
	Trimmed     []string          `json:"trimmed,omitempty"`    // the fields that were shortened to keep the item small
	Resource    map[string]string `json:"resource,omitempty"`
	ComponentID string            `json:"component_id"`
	ConfigHash  string            `json:"config_hash"`
	CoreVersion string            `json:"core_version"`
	ProcessID   string            `json:"process_id,omitempty"` // of the process that made it; not part of replay output

	CreatedAt *time.Time `json:"created_at,omitempty"` // set by the store
	UpdatedAt *time.Time `json:"updated_at,omitempty"` // set by the store
}

// Window is the small item that each judged service and window yields: what score charts and /v1/streams are made of.
type Window struct {
	Timestamp    time.Time `json:"timestamp"` // the window's end
	WindowStart  time.Time `json:"window_start"`
	Service      string    `json:"service"`
	Score        float64   `json:"score"`
	PValue       float64   `json:"p_value"`
	Level        float64   `json:"level"`
	Anomaly      bool      `json:"anomaly"`
	BudgetPerDay float64   `json:"budget_per_day,omitempty"` // 0 where the level is fixed
	BudgetSpent  float64   `json:"budget_spent,omitempty"`   // episodes begun in the last 24 h of event time, all services
	ComponentID  string    `json:"component_id"`
	ProcessID    string    `json:"process_id,omitempty"`
	Streams      []Stream  `json:"streams"`
}

// Stream is one service × signal in a Window item.
type Stream struct {
	Signal      Signal  `json:"signal"`
	State       string  `json:"state"` // new (nothing learnt yet), warming or ready
	Seen        uint32  `json:"seen"`
	Needed      uint32  `json:"needed"`
	Records     uint64  `json:"records"`
	Unscored    uint64  `json:"unscored,omitempty"` // over a cap, late, skipped under overload, unusable
	PValue      float64 `json:"p_value"`
	PFloor      float64 `json:"p_floor"`
	Bits        float64 `json:"bits"`
	Quarantined bool    `json:"quarantined,omitempty"`
	Adopted     bool    `json:"adopted,omitempty"`
	MemoryBytes uint64  `json:"memory_bytes"`
}
