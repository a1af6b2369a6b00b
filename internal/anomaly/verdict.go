package anomaly

import "time"

// Verdict is the part of a statement that follows from its Statistics and can be made again from them.
type Verdict struct {
	StatementID string    `json:"statement_id"` // the statement's own id; of an episode's first statement it is the anomaly's
	ComponentID string    `json:"component_id"`
	ConfigHash  string    `json:"config_hash"`
	Service     string    `json:"service"`
	WindowStart time.Time `json:"window_start"` // of the window that was judged
	WindowEnd   time.Time `json:"window_end"`
	Kind        Kind      `json:"kind"`
	StreamType  Signal    `json:"stream_type"`
	Signals     []Signal  `json:"signals"`
	Channels    []Channel `json:"channels"`
	PValue      float64   `json:"p_value"`
	Score       float64   `json:"score"`
	PFloor      float64   `json:"p_floor"`
	Level       float64   `json:"level"`
	Bits        float64   `json:"bits"`
	Stated      bool      `json:"stated"` // p_value is at most level, or a metric point alerted
}
