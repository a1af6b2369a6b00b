package detect

import (
	"encoding/hex"

	"github.com/driftlock/driftlock/internal/cbad"
)

// scores are the lines of one judged window: the window, the requests it completed, its points.
func (j *judgement) scores() []Score {
	d := j.m.d
	service := j.m.service.name
	out := []Score{{
		Start: at(j.start), End: at(j.end), Signal: signalNames[j.signal], Service: service, Stream: service,
		Score: j.decades, PValue: j.p, Anomaly: j.anomalous,
	}}
	out = j.requestScores(out)
	if j.v.present[metrics] {
		points := j.v.signals[metrics].Points
		for i := range points {
			p := &points[i]
			out = append(out, Score{
				Start: at(p.TimeNs), End: at(p.TimeNs), Signal: signalNames[metrics], Service: service,
				Stream: d.nameOf(p.Family), Score: p.Severity, PValue: p.P, Anomaly: d.pointDecision(p, j.level),
			})
		}
	}
	return out
}

// requestScores appends the lines of the requests that the window completed.
func (j *judgement) requestScores(out []Score) []Score {
	for s := range signals {
		if !j.v.present[s] {
			continue
		}
		for _, r := range j.v.signals[s].Requests {
			out = append(out, Score{
				Start: at(r.StartNs), End: at(r.EndNs), Signal: signalNames[s], Service: j.m.service.name, Stream: "requests",
				TraceID: hex.EncodeToString(r.TraceID[:]), Score: r.Score, PValue: r.P, Anomaly: r.Anomalous,
			})
		}
	}
	return out
}

// pointDecision is the latched alert where metric_level is set, else whether the point alone reaches the level in force.
func (d *Detector) pointDecision(p *cbad.Point, level float64) bool {
	if d.cfg.MetricLevel > 0 {
		return p.Alert
	}
	return p.P <= level
}
