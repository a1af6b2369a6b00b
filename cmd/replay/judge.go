package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/internal/recording"
)

// judge hands the data to a detector.
type judge struct{ detector *detect.Detector }

func (j *judge) wantsSeries() bool { return true }

func (j *judge) item(ctx context.Context, it recording.Item) error {
	switch it.Signal {
	case recording.Logs:
		return j.detector.ConsumeLogs(ctx, it.Logs)
	case recording.Metrics:
		return j.detector.ConsumeMetrics(ctx, it.Metrics)
	case recording.Traces:
		return j.detector.ConsumeTraces(ctx, it.Traces)
	default:
		return nil
	}
}

func (j *judge) series(ctx context.Context, s *recording.Series) error {
	return j.detector.ConsumeRows(ctx, s.Path, s.Times, s.Values)
}

func (j *judge) finish(ctx context.Context) error { return j.detector.Flush(ctx) }

// output is the detector's sink: anomalies and scores as JSON lines. The detector calls it from one goroutine.
type output struct {
	anomalies *bufio.Writer
	scores    *bufio.Writer // nil: not wanted
	tally     *tally
	err       error
}

// scoreLine always has a source, which is empty for windows, since these come of several files.
type scoreLine struct {
	Source string `json:"source"`
	*detect.Score
}

// Anomaly writes a line for each stated window. That an episode is over is no window's anomaly, so it gets none.
func (o *output) Anomaly(_ context.Context, a *anomaly.Anomaly) {
	if a.Episode != nil && a.Episode.Ended != nil {
		return
	}
	o.tally.anomalies++
	o.write(o.anomalies, a)
	// Whoever reads along sees an anomaly when it is found.
	o.err = errors.Join(o.err, o.anomalies.Flush())
}

func (o *output) Window(context.Context, *anomaly.Window) {}

func (o *output) Score(_ context.Context, s *detect.Score) {
	if o.scores != nil {
		o.write(o.scores, scoreLine{s.Source, s})
	}
}

func (o *output) write(w *bufio.Writer, v any) {
	if o.err != nil {
		return
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	o.err = enc.Encode(v)
}

func (o *output) flush() error {
	err := o.err
	if err == nil {
		err = o.anomalies.Flush()
	}
	if err == nil && o.scores != nil {
		err = o.scores.Flush()
	}
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}
