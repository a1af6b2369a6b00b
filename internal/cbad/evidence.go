package cbad

import (
	"encoding/json"
	"fmt"
)

// Evidence is what stands behind a flagged window.
type Evidence struct {
	Compression []Compression `json:"compression"`
	// Shannon entropy of the sampled bytes, bits per byte.
	EntropyBaseline float64 `json:"entropy_baseline"`
	EntropyWindow   float64 `json:"entropy_window"`
	// PermutationP is the share of record permutations whose statistic is at least the observed one.
	PermutationP   float64   `json:"permutation_p"`
	Permutations   uint32    `json:"permutations"`
	Items          []Item    `json:"items"`
	BaselineSample []Excerpt `json:"baseline_sample"`
	WindowSample   []Excerpt `json:"window_sample"`
	// ScoreHistory are past scores of the deciding channel, newest last.
	ScoreHistory []float64 `json:"score_history"`
	// Nulls are what each ranked channel was ranked among.
	Nulls []Null `json:"nulls,omitempty"`
	// Courses are the costliest series (metrics), in the order of the items.
	Courses []Course `json:"courses,omitempty"`
	// Calls are the window's calls (traces), the costliest first.
	Calls []Call `json:"calls,omitempty"`
	// Terms are what the costliest items rest on, by channel; RecomputeTerms reads an element.
	Terms json.RawMessage `json:"terms"`
}

// Compression is what one codec says: C(B), C(W) and C(B,W) in bytes, and the distance that follows.
type Compression struct {
	NCD         float64 `json:"ncd"`
	Baseline    uint64  `json:"baseline"`
	Window      uint64  `json:"window"`
	Combined    uint64  `json:"combined"`
	BaselineRaw uint64  `json:"baseline_raw"`
	WindowRaw   uint64  `json:"window_raw"`
	Codec       string  `json:"codec"`
}

// Item is one thing that cost bits. Ids are the caller's hashes, all 64 bits of them.
type Item struct {
	Channel ChannelKind `json:"channel"`
	Bits    float64     `json:"bits"`
	// ID is the operation, series family or template; Context the parent, previous template, caller or instance.
	ID              uint64 `json:"id"`
	Context         uint64 `json:"context"`
	Template        string `json:"template,omitempty"`
	ContextTemplate string `json:"context_template,omitempty"`
	// Usual is the template that mostly stands where this one does, of a request's course.
	Usual string `json:"usual,omitempty"`
	// Observed and Expected are in the same unit: a count, a mean duration in ns, a value.
	Observed float64     `json:"observed"`
	Expected float64     `json:"expected"`
	Band     *[2]float64 `json:"band,omitempty"`
	Severity uint8       `json:"severity"`
	TraceIDs []string    `json:"trace_ids,omitempty"`
	Sample   string      `json:"sample,omitempty"`
}

// Excerpt is a record kept as it was.
type Excerpt struct {
	TimeNs  uint64 `json:"time_ns"`
	TraceID string `json:"trace_id"`
	Text    string `json:"text"`
	// Bits are what its words cost, given the past's (logs); nil without a past. Words past the end of Text are in it too.
	Bits *float64 `json:"bits,omitempty"`
	// Share is one record's part of what records of its kind cost the window (logs); nil where they cost nothing.
	Share *float64 `json:"share,omitempty"`
	// Words are its words as bytes start to end of Text, and the bits of each.
	Words []Word `json:"words,omitempty"`
}

// Word is start, end and bits.
type Word [3]float64

// Null is a histogram of the past scores that a channel's statistic was ranked among.
type Null struct {
	Channel  ChannelKind `json:"channel"`
	Observed float64     `json:"observed"`
	// Low is the least past score, Width that of a bin; 0 where all are equal.
	Low    float64  `json:"low"`
	Width  float64  `json:"width"`
	Counts []uint64 `json:"counts"`
}

// Course is one series' points around the window, and what its past expects of them.
type Course struct {
	ID      uint64  `json:"id"`
	Context uint64  `json:"context"`
	Bits    float64 `json:"bits"`
	StartNs uint64  `json:"start_ns"`
	// Points are seconds since StartNs and values; those from Window on are the window's.
	Points [][2]float64 `json:"points"`
	Window uint32       `json:"window"`
	// Expected are from which second on, the value expected, and the band that held 99 % of the past.
	Expected [][4]float64 `json:"expected"`
	// Drift tells that the band is of the level of the last points together.
	Drift bool `json:"drift"`
}

// Call is one edge of the window's calls. What is nil the past says nothing on.
type Call struct {
	Parent             uint64   `json:"parent"`
	Operation          uint64   `json:"operation"`
	Spans              uint64   `json:"spans"`
	Errors             uint64   `json:"errors"`
	Expected           *float64 `json:"expected,omitempty"`
	ExpectedErrors     *float64 `json:"expected_errors,omitempty"`
	DurationNs         float64  `json:"duration_ns"` // geometric mean, exclusive of children
	ExpectedDurationNs *float64 `json:"expected_duration_ns,omitempty"`
	Bits               float64  `json:"bits"`
	TraceIDs           []string `json:"trace_ids,omitempty"`
}

// DecodeEvidence reads what Stream.Evidence returned; nil for none.
func DecodeEvidence(data []byte) (*Evidence, error) {
	if len(data) == 0 {
		return nil, nil
	}
	e := new(Evidence)
	if err := json.Unmarshal(data, e); err != nil {
		return nil, fmt.Errorf("decode evidence: %w", err)
	}
	return e, nil
}

// DecodeItems reads what Stream.Items returned.
func DecodeItems(data []byte) ([]Item, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var items []Item
	if err := json.Unmarshal(data, &items); err != nil {
		return nil, fmt.Errorf("decode items: %w", err)
	}
	return items, nil
}
