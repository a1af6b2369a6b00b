package detect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
)

// StatisticsFormat numbers the forms of Statistics. It rises when a field changes its meaning.
const StatisticsFormat = 1

// Statistics are what a statement's verdict follows from: what each channel's p rests on, what the windows just before said,
// the level and the parameters. Recompute makes the verdict of them again, with the functions that made it first. Floats are
// the shortest decimals that read back to the same bits, in Go and in the core alike.
//
// That the statistics follow from the records is not part of it: only judging the records again shows that.
type Statistics struct {
	Format      int         `json:"format"`
	CoreVersion string      `json:"core_version"`
	ComponentID string      `json:"component_id"`
	Service     string      `json:"service"`
	WindowStart time.Time   `json:"window_start"`
	WindowEnd   time.Time   `json:"window_end"`
	Parameters  *Parameters `json:"parameters,omitempty"` // left out where they are longer than maxParameters
	ConfigHash  string      `json:"config_hash"`          // of the parameters

	Streams []StreamStatistics `json:"streams,omitempty"` // of the service, in this window
	Before  []LookStatistics   `json:"before,omitempty"`  // the windows just before, as far as the second look reaches
	Alerts  []AlertStatistics  `json:"alerts,omitempty"`  // metric points that alerted, the strongest
	Gap     []GapStatistics    `json:"gap,omitempty"`     // instead of all these: signals that most services miss
	Level   LevelStatistics    `json:"level"`
}

// StreamStatistics are those of one signal of the service.
type StreamStatistics struct {
	Signal  anomaly.Signal `json:"signal"`
	Records uint64         `json:"records"`
	Adopted bool           `json:"adopted,omitempty"`
	// Channels are what the core's channels rest on; cbad.Recompute reads it.
	Channels json.RawMessage `json:"channels"`
	// Terms are what the costliest items of each channel rest on, where the core has them; cbad.RecomputeTerms reads an element.
	Terms json.RawMessage `json:"terms,omitempty"`
}

// LookStatistics are what an earlier window said, by share of its channels.
type LookStatistics struct {
	WindowStart time.Time       `json:"window_start"`
	Passing     ShareStatistics `json:"passing"`
	Novelty     ShareStatistics `json:"novelty"`
	Series      ShareStatistics `json:"series"`
}

// ShareStatistics are a combined p-value and the number of channels it is of.
type ShareStatistics struct {
	P float64 `json:"p_value"`
	N uint16  `json:"channels"`
}

// AlertStatistics are a metric point that alerted.
type AlertStatistics struct {
	Value    float64 `json:"value"`
	Severity float64 `json:"severity"` // decades
}

// GapStatistics are the windows that most services miss of one signal, and the past of such gaps.
type GapStatistics struct {
	Signal    anomaly.Signal `json:"signal"`
	Run       uint64         `json:"run"`
	Windows   float64        `json:"windows"`
	Begun     float64        `json:"begun"`
	Continued float64        `json:"continued"`
	Ended     float64        `json:"ended"`
	Warmup    uint32         `json:"warmup"` // windows without which nothing is said
}

// LevelStatistics are what the level follows from: a fixed one, or the budget, lowered by what the pool of all verdicts says.
type LevelStatistics struct {
	Fixed    float64         `json:"fixed,omitempty"`    // level.p
	PerDay   float64         `json:"per_day,omitempty"`  // false_alarms_per_day
	Services int             `json:"services,omitempty"` // active ones
	Metric   float64         `json:"metric,omitempty"`   // metric_level
	Pool     *PoolStatistics `json:"pool,omitempty"`
}

// PoolStatistics are the counts of windows by decades, empty bins left out.
type PoolStatistics struct {
	Width float64  `json:"width"`
	Bins  [][2]int `json:"bins"` // number, count
}

const (
	// maxParameters bounds the parameters' JSON: what statistics weigh has to have a bound.
	maxParameters = 8 << 10
	maxAlerts     = 8
)

// statistics makes the statistics of a statement on this window, without what is particular to it.
func (d *Detector) statistics(service string, start, end uint64) *Statistics {
	return &Statistics{
		Format: StatisticsFormat, CoreVersion: d.coreVersion, ComponentID: d.id, Service: service, WindowStart: at(start), WindowEnd: at(end),
		Parameters: d.parameters, ConfigHash: d.configHash,
		Level: LevelStatistics{Fixed: d.cfg.Level.P, Metric: d.cfg.MetricLevel},
	}
}

// budget notes where the level comes from when it is not fixed.
func (s *LevelStatistics) budget(perDay float64, active int) {
	if s.Fixed == 0 {
		s.PerDay, s.Services = perDay, active
	}
}

func (j *judgement) statistics(active int) *Statistics {
	d := j.m.d
	out := d.statistics(j.m.service.name, j.start, j.end)
	out.Level.budget(d.cfg.FalseAlarmsPerDay, active)
	for s := range signals {
		if v := &j.v.signals[s]; j.v.present[s] {
			out.Streams = append(out.Streams, StreamStatistics{
				Signal: signalNames[s], Records: v.Records, Adopted: v.Adopted, Channels: orNone(bytes.Clone(v.basis)), Terms: termsOf(v.evidence),
			})
		}
	}
	for l := range j.m.recent(j.start) {
		if l != &j.m.looks[0] { // the window itself
			of := func(k share) ShareStatistics { return ShareStatistics{l.p[k], l.n[k]} }
			out.Before = append(out.Before, LookStatistics{at(l.window), of(passing), of(novelty), of(series)})
		}
	}
	if j.latched {
		out.Alerts = alerts(j.v.signals[metrics].Points)
	}
	return out
}

// termsOf takes the terms out of a stream's evidence.
func termsOf(evidence []byte) json.RawMessage {
	var e struct{ Terms json.RawMessage }
	if len(evidence) == 0 || json.Unmarshal(evidence, &e) != nil || string(e.Terms) == "[]" {
		return nil
	}
	return e.Terms
}

// orNone is an empty list where a stream says nothing.
func orNone(list json.RawMessage) json.RawMessage {
	if len(list) == 0 {
		return json.RawMessage("[]")
	}
	return list
}

// pooled notes what the pool says at this moment.
func (s *LevelStatistics) pooled(p *pool) {
	s.Pool = &PoolStatistics{Width: poolWidth}
	for i, n := range p.Bins {
		if n > 0 {
			s.Pool.Bins = append(s.Pool.Bins, [2]int{i, int(n)})
		}
	}
}

// encode gives the statistics their form in an anomaly; nil where a number is none.
func (s *Statistics) encode() json.RawMessage {
	if s == nil {
		return nil
	}
	data, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return data
}

// alerts are the points that alerted, the strongest first.
func alerts(points []cbad.Point) []AlertStatistics {
	var all []AlertStatistics
	for i := range points {
		if p := &points[i]; p.Alert {
			all = append(all, AlertStatistics{finite(p.Value), finite(p.Severity)})
		}
	}
	slices.SortStableFunc(all, func(a, b AlertStatistics) int { return cmp.Compare(b.Severity, a.Severity) })
	return all[:min(len(all), maxAlerts)]
}

func gapStatistics(s signal, g *signalGap, warmup uint32) GapStatistics {
	return GapStatistics{signalNames[s], g.run, g.past.Windows, g.past.Begun, g.past.Continued, g.past.Ended, warmup}
}
