package detect

import (
	"context"
	"fmt"
	"time"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
)

// rows collects the verdicts on the rows of one file.
type rows struct {
	d      *Detector
	level  float64
	scores []Score
}

func (r *rows) take(points []cbad.Point) {
	for i := range points {
		p := &points[i]
		if p.Tag < uint64(len(r.scores)) {
			s := &r.scores[p.Tag]
			s.Score, s.PValue, s.Anomaly = p.Severity, p.P, r.d.pointDecision(p, r.level)
		}
	}
}

func (r *rows) outcome() *outcome {
	if !r.d.set.Scores {
		return &outcome{}
	}
	return &outcome{scores: r.scores}
}

// ConsumeRows judges one whole series: the rows of one CSV file, in the file's order. With Settings.Scores the sink gets
// exactly one Score per row, in order, also for rows that could not be judged (late, not finite), with p_value 1.
// The service is the source; a source is consumed once.
func (d *Detector) ConsumeRows(_ context.Context, source string, times []time.Time, values []float64) error {
	if len(times) != len(values) {
		return fmt.Errorf("rows of %s: %d times and %d values", source, len(times), len(values))
	}
	if len(times) == 0 {
		return nil
	}
	res := d.resources.Named(source)
	family := d.names.Enter("value")
	collected := &rows{d: d, scores: make([]Score, len(times))}
	for i, t := range times {
		collected.scores[i] = Score{
			Source: source, Start: t.UTC(), End: t.UTC(), Signal: signalNames[metrics], Service: res.Service, Stream: "value", PValue: 1,
		}
	}

	_, limit := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return nil
	}
	v := d.service(res)
	if v.rows {
		return fmt.Errorf("rows of %s: a source is judged once", source)
	}
	v.rows = true
	collected.level = d.budget.level(uint64(max(times[0].UnixNano(), 0)))
	v.worker.push(task{kind: taskCall, done: func() { v.models.rows = collected }})
	one := []part{{}}
	for i, t := range times {
		ns := t.UnixNano()
		d.counters.signals[metrics].records.Add(1)
		if ns <= 0 || uint64(ns) > limit {
			d.counters.signals[metrics].future.Add(1)
			continue
		}
		l := takeLoad(metrics)
		l.points = append(l.points, canonical.Point{
			TimeNs: uint64(ns), Family: family, Instance: res.Instance, Tag: uint64(i), Value: values[i],
		})
		one[0] = part{
			resource: res, window: d.windowOf(uint64(ns)), oldest: uint64(ns), newest: uint64(ns), records: 1, load: l,
		}
		d.sequence(metrics, one)
	}
	d.closeService(v)
	v.worker.push(task{kind: taskJudge, models: v.models, judging: judging{sequence: d.nextSequence(), rows: collected}})
	return nil
}
