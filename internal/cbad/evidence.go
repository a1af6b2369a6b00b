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
