package detect

import (
	"cmp"
	"math"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/episode"
)

// judging is what the sequencer decided about a window's verdict.
type judging struct {
	sequence uint64
	level    float64
	active   int // services, among which the budget is shared
	resource *canonical.Resource
	deploy   *anomaly.Deploy // nil: none lately
	queued   time.Time
	// Instead of a window's verdict: the end of a file, or the requests that a replay's end completed.
	rows         *rows
	requestsOnly bool
}

// judge combines what the signals said about a window. It never returns nil, because every sequence number is waited for.
func (m *models) judge(t *task) *outcome {
	if r := t.judging.rows; r != nil {
		return r.outcome()
	}
	o := &outcome{endNs: t.window + m.d.duration}
	v := m.remove(t.window)
	if v == nil {
		return o
	}
	defer func() { m.spare = v }()
	j := judgement{m: m, v: v, level: t.judging.level, start: t.window, end: o.endNs}
	if t.judging.requestsOnly {
		o.scores = j.requestScores(nil)
		return o
	}
	m.d.counters.judged.Add(1)
	m.d.counters.lag.Store(int64(time.Since(t.judging.queued)))

	m.perSpan(v)
	j.p, j.decades = m.combine(v)
	j.signal, j.channel = v.strongest()
	if j.signal == signals {
		return o
	}
	j.latched = m.d.cfg.MetricLevel > 0 && v.present[metrics] && latched(v.signals[metrics].Points)
	j.anomalous = j.p <= j.level || j.latched
	o.judged, o.level, o.latched, o.again = j.judged(), j.level, j.latched, m.oddBefore(j.start)
	if j.anomalous {
		o.judged.Statement = j.anomaly(t.judging.resource)
		o.judged.Statement.Deploy = t.judging.deploy
		o.statistics = j.statistics(t.judging.active)
	}
	if m.d.cfg.EmitWindows && m.rows == nil {
		o.window = j.window()
	}
	if m.d.set.Scores && m.rows == nil {
		o.scores = j.scores()
	}
	return o
}

// judged is what the course of the service's episodes depends on.
func (j *judgement) judged() *episode.Judged {
	s := j.m.service
	out := &episode.Judged{
		Service: s.name, Hash: s.hash, Start: j.start, End: j.end, P: j.p, Alone: j.m.rows != nil, Evidence: j.parts(),
		Adopted: j.v.adopted(),
	}
	if j.v.present[traces] {
		out.Callers = j.v.signals[traces].callers
	}
	return out
}

// parts is how much of the window's oddity comes from where.
func (j *judgement) parts() episode.Evidence {
	own := func(k cbad.ChannelKind) bool { // what a service calls is its own doing, too
		return k == cbad.TraceDuration || k == cbad.TraceNew || k == cbad.MetricSum || k == cbad.MetricVolume
	}
	fell, asked := j.metricsFell()
	less := func(k cbad.ChannelKind) bool { return volume(k) || asked && k == cbad.MetricSum }
	idle := func(k cbad.ChannelKind) bool { return less(k) || proportion(k) || fell && k == cbad.MetricSum }
	return episode.Evidence{
		All:       finite(j.decades),
		Own:       j.decadesOf(own),
		Rest:      j.decadesOf(func(k cbad.ChannelKind) bool { return k != cbad.TraceNet }),
		Volume:    j.decadesOf(volume),
		Less:      j.decadesOf(less),
		Busy:      j.decadesOf(func(k cbad.ChannelKind) bool { return !idle(k) }),
		Timeless:  j.decadesOf(func(k cbad.ChannelKind) bool { return k != cbad.TraceDuration }),
		Resources: j.decadesOf(func(k cbad.ChannelKind) bool { return own(k) && k != cbad.TraceDuration }),
	}
}

// metricsFell tells whether what is odd about a window's metrics is that they are lower than expected, by three of four of
// their bits, and whether that says by as much that the service is asked less. A mean time that falls does not: what the
// service calls may have stopped, and so may the slow ones among its requests. But nor does it say that the service is busy.
func (j *judgement) metricsFell() (fell, asked bool) {
	v := &j.v.signals[metrics]
	if !j.v.present[metrics] || len(v.items) == 0 || v.P > odd {
		return false, false
	}
	items, err := cbad.DecodeItems(v.items)
	if err != nil {
		j.m.refused(metrics, "decode items", err)
	}
	less, time, all := 0.0, 0.0, 0.0
	for i := range items {
		it := &items[i]
		if it.Channel != cbad.MetricSum {
			continue
		}
		all += it.Bits
		switch {
		case it.Observed >= it.Expected:
		case isTime(j.m.d.names.Unit(it.ID)):
			time += it.Bits
		default:
			less += it.Bits
		}
	}
	return less+time >= 0.75*all, less >= 0.75*all
}

// isTime tells whether a unit is one of time (UCUM); processor time a second is none.
func isTime(unit string) bool {
	switch unit {
	case "s", "ms", "us", "ns", "min", "h", "d":
		return true
	}
	return false
}

// decadesOf combines some of the channels. Where none is odd there is nothing to combine.
func (j *judgement) decadesOf(kind func(cbad.ChannelKind) bool) float64 {
	ps, least := j.m.ps[:0], 1.0
	for s := range signals {
		if j.v.present[s] {
			for _, c := range j.v.signals[s].Channels {
				if kind(c.Kind) {
					ps = append(ps, c.P)
					least = min(least, c.P)
				}
			}
		}
	}
	j.m.ps = ps
	if least > 1e-2 {
		return 0
	}
	_, decades := cbad.Combine(ps)
	return finite(decades)
}

// volume tells whether a channel says how much there was.
func volume(k cbad.ChannelKind) bool {
	return k == cbad.LogVolume || k == cbad.TraceVolume || k == cbad.MetricVolume
}

// proportion tells whether a channel says how much there was of each kind.
func proportion(k cbad.ChannelKind) bool {
	return k == cbad.LogCount || k == cbad.LogTransition || k == cbad.TraceCount || k == cbad.LogPerSpan
}

func latched(points []cbad.Point) bool {
	for i := range points {
		if points[i].Alert {
			return true
		}
	}
	return false
}

// judgement is one window's verdict in the making.
type judgement struct {
	m          *models
	v          *verdict
	start, end uint64
	level      float64
	p, decades float64
	signal     signal // of the smallest channel p
	channel    cbad.Channel
	latched    bool
	anomalous  bool
}

func channelOf(s signal, c *cbad.Channel) anomaly.Channel {
	return anomaly.Channel{Signal: signalNames[s], Name: c.Kind.String(), Statistic: finite(c.Statistic), P: c.P, PFloor: c.PFloor}
}

func at(ns uint64) time.Time { return time.Unix(0, int64(ns)).UTC() }

// bits is what the window cost above expectation, over its signals.
func (j *judgement) bits() float64 {
	sum := 0.0
	for s := range signals {
		if j.v.present[s] {
			sum += j.v.signals[s].Bits
		}
	}
	return finite(sum)
}

// finite keeps a number within what JSON can say: an anomaly must not be lost because it is too odd.
func finite(v float64) float64 {
	if math.IsNaN(v) || v == 0 { // -0 is not what every store gives back
		return 0
	}
	return max(-math.MaxFloat64, min(v, math.MaxFloat64))
}

func (j *judgement) window() *anomaly.Window {
	d := j.m.d
	w := &anomaly.Window{
		Timestamp: at(j.end), WindowStart: at(j.start), Service: j.m.service.name,
		Score: j.decades, PValue: j.p, Level: j.level, Anomaly: j.anomalous,
		ComponentID: d.id, ProcessID: d.set.ProcessID, Streams: make([]anomaly.Stream, 0, signals),
	}
	for s := range signals {
		if st, known := j.stream(s); known {
			w.Streams = append(w.Streams, st)
		}
	}
	return w
}

// stream is one signal as the window left it: of one without records in it, how far it is all the same.
func (j *judgement) stream(s signal) (st anomaly.Stream, known bool) {
	st = anomaly.Stream{Signal: signalNames[s], PValue: 1, MemoryBytes: uint64(max(j.m.measured[s], 0))}
	at := j.m.warmth[s]
	if j.v.present[s] {
		v := &j.v.signals[s]
		at.take(&v.Verdict) // a later window may be closed already
		st.Records, st.Unscored = v.Records, v.unscored+v.RecordsOverCap+v.RecordsUnusable
		st.PValue, st.Bits, st.Quarantined, st.Adopted = v.P, v.Bits, v.Quarantined, v.Adopted
	} else if j.m.streams[s].model == nil {
		return st, false
	}
	st.State, st.Seen, st.Needed, st.PFloor = at.state(), at.Seen, at.Needed, at.PFloor
	if at.Ready {
		st.Needed = cmp.Or(at.Needed, j.m.d.cfg.WarmupWindows)
		st.Seen = st.Needed
	}
	return st, true
}

func (j *judgement) anomaly(res *canonical.Resource) *anomaly.Anomaly {
	a := j.m.d.origin().Anomaly(j.m.service.name, signalNames[j.signal], at(j.start), at(j.end))
	a.Kind, a.Resource = j.kind(), j.m.d.shownResource(res.Attributes)
	a.Score, a.PValue, a.PFloor, a.Level, a.Bits = j.decades, j.p, j.channel.PFloor, j.level, j.bits()
	for s := range signals {
		if !j.v.present[s] {
			continue
		}
		v := &j.v.signals[s]
		a.Signals = append(a.Signals, signalNames[s])
		a.Incomplete = a.Incomplete || v.window.Incomplete
		for i := range v.Channels {
			a.Channels = append(a.Channels, channelOf(s, &v.Channels[i]))
		}
	}
	a.Requests = j.requests()
	a.Reasons = j.reasons()
	j.evidence(a)
	a.TraceIDs = traceIDs(a)
	return a
}
