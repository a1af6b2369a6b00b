package detect

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Sink takes what a detector says. It is called from one goroutine, in judged order: the same arrivals give the same
// calls in the same order, whatever the number of workers. It owns what it is given.
type Sink interface {
	Anomaly(ctx context.Context, a *anomaly.Anomaly)
	// Window is called for every judged service and window unless emit_windows is off.
	Window(ctx context.Context, w *anomaly.Window)
	// Score is called only where Settings.Scores asks for it.
	Score(ctx context.Context, s *Score)
}

// Score is one scored window, request or metric point.
type Score struct {
	Source  string         `json:"source,omitempty"` // the source given to ConsumeRows; empty for OTLP data
	Start   time.Time      `json:"start"`
	End     time.Time      `json:"end"`
	Signal  anomaly.Signal `json:"signal"`
	Service string         `json:"service"`
	Stream  string         `json:"stream"` // window: the service; request: "requests"; point: the series
	TraceID string         `json:"trace_id,omitempty"`
	Score   float64        `json:"score"` // decades; of points with metric_level set, the severity that the level is compared with
	PValue  float64        `json:"p_value"`
	// Anomaly is the decision. Windows: p at or below the level in force, or a latched point alert. Requests: p at or
	// below requests.p. Points: the latched alert where metric_level is set, else p at or below the level in force.
	Anomaly bool `json:"anomaly"`
}

// Settings are what surrounds a detector.
type Settings struct {
	Logger *zap.Logger // nil: nothing is logged
	// Clock is the wall clock; nil means time.Now.
	Clock func() time.Time
	// ProcessID marks the items as made by this process; empty in replay, so that its output does not vary.
	ProcessID string
	// Replay turns off the idle timer and lets event times be up to a year ahead of the clock instead of
	// window.max_future. A record without any time then gets the newest event time seen.
	Replay bool
	// Scores asks for Sink.Score.
	Scores bool
}
