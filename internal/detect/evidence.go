package detect

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
)

// How much of a window an anomaly carries.
const (
	maxReasons  = 12
	maxRequests = 10
	maxTraceIDs = 10
)

// reasons are the items that cost the bits, of all signals, costliest first, in the data's own words.
func (j *judgement) reasons() []anomaly.Reason {
	var all []anomaly.Reason
	for s := range signals {
		if !j.v.present[s] {
			continue
		}
		items, err := cbad.DecodeItems(j.v.signals[s].items)
		if err != nil {
			j.m.refused(s, "decode items", err)
		}
		for i := range items {
			j.m.d.hideSecrets(&items[i])
			all = append(all, j.reason(s, &items[i]))
		}
	}
	if j.latched && !j.m.d.hasMetricReason(all) {
		all = append(all, j.latchedReasons()...)
	}
	slices.SortStableFunc(all, func(a, b anomaly.Reason) int { return cmp.Compare(b.Bits, a.Bits) })
	return all[:min(len(all), maxReasons)]
}

func (d *Detector) hasMetricReason(all []anomaly.Reason) bool {
	return slices.ContainsFunc(all, func(r anomaly.Reason) bool { return r.Signal == anomaly.Metrics })
}

// latchedReasons say which points alerted where the window as a whole did not.
func (j *judgement) latchedReasons() []anomaly.Reason {
	var all []anomaly.Reason
	points := j.v.signals[metrics].Points
	for i := range points {
		p := &points[i]
		if !p.Alert {
			continue
		}
		r := anomaly.Reason{
			Signal: anomaly.Metrics, Channel: cbad.MetricSum.String(), Item: j.m.d.shownName(p.Family),
			Context: j.m.d.shownName(p.Instance), Observed: p.Value, Unit: j.m.d.names.Unit(p.Family),
		}
		r.Text = r.Item + " is " + anomaly.Quantity(p.Value, r.Unit) + ", out of line with its past"
		all = append(all, r)
	}
	return all
}

// requests are the oddest requests of the window.
func (j *judgement) requests() []anomaly.Request {
	var all []anomaly.Request
	for s := range signals {
		if !j.v.present[s] {
			continue
		}
		for _, r := range j.v.signals[s].Requests {
			if r.Anomalous {
				all = append(all, anomaly.Request{
					TraceID: hex.EncodeToString(r.TraceID[:]), Start: at(r.StartNs), End: at(r.EndNs), Score: r.Score, PValue: r.P,
				})
			}
		}
	}
	slices.SortFunc(all, func(a, b anomaly.Request) int {
		return cmp.Or(cmp.Compare(a.PValue, b.PValue), cmp.Compare(b.Score, a.Score), strings.Compare(a.TraceID, b.TraceID))
	})
	return all[:min(len(all), maxRequests)]
}

// traceIDs collects what the reasons and requests point at.
func traceIDs(a *anomaly.Anomaly) []string {
	var ids []string
	add := func(id string) {
		if id != "" && len(ids) < maxTraceIDs && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for i := range a.Reasons {
		for _, id := range a.Reasons[i].TraceIDs {
			add(id)
		}
	}
	for i := range a.Requests {
		add(a.Requests[i].TraceID)
	}
	return ids
}

// evidence adds the second opinions: those on the strongest signal, else on the first that has any; with them what the others show.
func (j *judgement) evidence(a *anomaly.Anomaly) {
	a.PermutationP = 1
	from := j.signal
	for s := signal(0); len(j.v.signals[from].evidence) == 0; s++ {
		if s == signals {
			return
		}
		if j.v.present[s] {
			from = s
		}
	}
	e := j.decoded(from)
	if e == nil {
		return
	}
	for _, c := range e.Compression {
		if c.Codec == "zstd" {
			a.NCDScore, a.CompressionBaseline, a.CompressionWindow, a.CompressionCombined = c.NCD, c.Baseline, c.Window, c.Combined
		}
	}
	a.EntropyBaseline, a.EntropyWindow, a.PermutationP = e.EntropyBaseline, e.EntropyWindow, e.PermutationP
	past, now := j.exhibits(from, e)
	for s := range signals {
		if s == from || !j.v.present[s] || len(j.v.signals[s].evidence) == 0 {
			continue
		}
		if e := j.decoded(s); e != nil {
			p, n := j.exhibits(s, e)
			past.Also, now.Also = append(past.Also, p), append(now.Also, n)
		}
	}
	a.BaselineData, a.WindowData = encode(past), encode(now)
}

// decoded is a signal's evidence; nil where it cannot be read.
func (j *judgement) decoded(s signal) *cbad.Evidence {
	e, err := cbad.DecodeEvidence(j.v.signals[s].evidence)
	if err != nil || e == nil {
		j.m.refused(s, "decode evidence", err)
		return nil
	}
	return e
}

func encode(e exhibit) json.RawMessage {
	data, err := json.Marshal(e)
	if err != nil { // a number that is not finite
		return nil
	}
	return data
}
