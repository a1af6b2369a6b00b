package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Schema names the form of a bundle's body. It changes when a member changes its meaning; what is added is left out where it is empty.
const Schema = "driftlock.evidence/1"

// Bundle is a body, the hash of its canonical form, and a signature of that form where there is a key.
type Bundle struct {
	Body      Body       `json:"body"`
	Digest    Digest     `json:"digest"`
	Signature *Signature `json:"signature,omitempty"`
}

// Body is what a bundle says. Integers that a double cannot hold are written as strings, as RFC 8785 wants it.
type Body struct {
	Schema      string `json:"schema"`
	CoreVersion string `json:"core_version"`
	// Verdict follows from Statistics; a check makes it again. Statistics are missing where an older build stated the anomaly.
	Verdict    anomaly.Verdict `json:"verdict"`
	Statistics json.RawMessage `json:"statistics,omitempty"`
	// Statement is the rest of the anomaly, as the API has it: what was said, of whom, the reasons, the episode.
	Statement json.RawMessage `json:"statement"`
	// Baseline and Window are excerpts of the records that were compared, redacted, with the score history and the compressed sizes.
	Baseline json.RawMessage `json:"baseline,omitempty"`
	Window   json.RawMessage `json:"window,omitempty"`
	Status   Status          `json:"status"`
}

// Status is what people made of the anomaly.
type Status struct {
	Now     string         `json:"now"`
	Changed *time.Time     `json:"changed,omitempty"` // of the stored anomaly
	History []*store.Entry `json:"history"`           // of the audit log, oldest first
	// Shortened is true where there are more changes than fit; the oldest are left out.
	Shortened bool `json:"shortened,omitempty"`
}

// header is what of the statistics a bundle needs to know: in a stored anomaly, which may have been stated under several
// configurations, they belong to the worst window.
type header struct {
	CoreVersion string    `json:"core_version"`
	ComponentID string    `json:"component_id"`
	ConfigHash  string    `json:"config_hash"`
	Service     string    `json:"service"`
	WindowStart time.Time `json:"window_start"`
	WindowEnd   time.Time `json:"window_end"`
}

// New makes a body of an anomaly, stored or as it was stated, and of its status changes, oldest first.
func New(a *anomaly.Anomaly, history []*store.Entry) (*Body, error) {
	h := header{a.CoreVersion, a.ComponentID, a.ConfigHash, a.Service, a.WindowStart, a.Timestamp}
	if len(a.Statistics) > 0 {
		if err := json.Unmarshal(a.Statistics, &h); err != nil {
			return nil, fmt.Errorf("statistics of anomaly %s: %w", a.ID, err)
		}
	}
	b := &Body{
		Schema: Schema, CoreVersion: h.CoreVersion,
		Verdict: anomaly.Verdict{
			StatementID: anomaly.NewID(h.ComponentID, h.Service, string(a.StreamType), h.WindowStart, h.ConfigHash),
			ComponentID: h.ComponentID, ConfigHash: h.ConfigHash, Service: a.Service, WindowStart: h.WindowStart.UTC(), WindowEnd: h.WindowEnd.UTC(),
			Kind: a.Kind, StreamType: a.StreamType, Signals: a.Signals, Channels: a.Channels,
			PValue: a.PValue, Score: a.Score, PFloor: a.PFloor, Level: a.Level, Bits: a.Bits, Stated: true,
		},
		Status: Status{Now: a.Status, Changed: a.UpdatedAt, History: history},
	}
	if history == nil {
		b.Status.History = []*store.Entry{}
	}
	var err error
	for _, part := range []struct {
		name string
		from any
		into *json.RawMessage
		not  []string
	}{
		{"statistics", a.Statistics, &b.Statistics, nil},
		{"baseline_data", a.BaselineData, &b.Baseline, nil},
		{"window_data", a.WindowData, &b.Window, nil},
		{"the statement", a, &b.Statement, elsewhere},
	} {
		if *part.into, err = exact(part.from, part.not); err != nil {
			return nil, fmt.Errorf("%s of anomaly %s: %w", part.name, a.ID, err)
		}
	}
	return b, nil
}

// elsewhere are the fields of an anomaly that stand in other parts of a bundle, or say only where it was stored.
var elsewhere = []string{
	"statistics", "baseline_data", "window_data", "status", "created_at", "updated_at", "process_id",
	"kind", "stream_type", "signals", "channels", "p_value", "score", "p_floor", "level", "bits",
}

// exact is a value's JSON without some members, its integers beyond 2^53 as strings.
func exact(v any, not []string) (json.RawMessage, error) {
	if raw, ok := v.(json.RawMessage); ok && len(raw) == 0 {
		return nil, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	tree, err := decode(data)
	if err != nil {
		return nil, err
	}
	if m, ok := tree.(map[string]any); ok {
		for _, name := range not {
			delete(m, name)
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(spellLarge(tree)); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

func decode(data []byte) (tree any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	err = d.Decode(&tree)
	return tree, err
}

// spellLarge turns integers that a double cannot hold into strings.
func spellLarge(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			v[key] = spellLarge(child)
		}
	case []any:
		for i, child := range v {
			v[i] = spellLarge(child)
		}
	case json.Number:
		const most = 1 << 53
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil && n >= -most && n <= most {
			return v
		}
		if _, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return string(v)
		}
		if _, err := strconv.ParseUint(string(v), 10, 64); err == nil {
			return string(v)
		}
	}
	return v
}
