package detect

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/episode"
)

// How silence and gaps are put into words.

var nouns = [signals]string{logs: "log lines", metrics: "metric points", traces: "spans"}

// Pipeline is the service of a statement about all of them.
const Pipeline = "(pipeline)"

// kind is silence where the least likely thing about the window is that a stream had nothing, else shift where a change has
// lasted until it is the new normal with this window.
func (j *judgement) kind() anomaly.Kind {
	if volume(j.channel.Kind) && j.v.signals[j.signal].Records == 0 {
		return anomaly.KindSilence
	}
	if j.v.adopted() {
		return anomaly.KindShift
	}
	return anomaly.KindAnomaly
}

// volumeReason fills in what the core says of a window's volume: how many records, and for how many windows there were none.
func (j *judgement) volumeReason(s signal, it *cbad.Item, r *anomaly.Reason) {
	r.Item, r.Context, r.Unit = nouns[s], "", ""
	duration := time.Duration(j.m.d.duration)
	per := "a " + span(duration)
	if !strings.HasPrefix(span(duration), "minute") && !strings.HasPrefix(span(duration), "hour") {
		per = "in " + span(duration)
	}
	usual := anomaly.Number(it.Expected)
	if it.Observed > 0 {
		r.Text = fmt.Sprintf("only %s %s %s, usual %s", anomaly.Number(it.Observed), nouns[s], per, usual)
		return
	}
	since := at(j.start).Add(-time.Duration(max(it.Context, 1)-1) * duration)
	r.Text = fmt.Sprintf("no %s since %s, usual %s %s", nouns[s], since.Format("15:04 MST"), usual, per)
}

// sayGap states a gap of the pipeline, once, when its past makes it improbable enough.
func (q *silence) sayGap(regular [signals]int) {
	d := q.d
	level := d.budget.level(q.swept)
	p, worst := worstGap(&q.signals, d.cfg.WarmupWindows)
	if q.said || worst == signals || p > level {
		return
	}
	q.said = true
	start := q.swept - d.duration
	_, decades := cbad.Combine([]float64{p})
	g := &q.signals[worst]
	said := d.statistics(Pipeline, start, q.swept)
	said.Level.budget(d.cfg.FalseAlarmsPerDay, d.budget.activeAt(q.swept))
	a := d.origin().Anomaly(Pipeline, signalNames[worst], at(start), at(q.swept))
	a.Kind, a.Score, a.PValue, a.PFloor, a.Level = anomaly.KindGap, decades, p, 1/(g.past.Windows+1), level
	for sig := range signals {
		if q.signals[sig].run > 0 {
			a.Signals = append(a.Signals, signalNames[sig])
			said.Gap = append(said.Gap, gapStatistics(sig, &q.signals[sig], d.cfg.WarmupWindows))
		}
	}
	a.Reasons = []anomaly.Reason{{
		Signal: signalNames[worst], Channel: gapChannels[worst].String(), Item: nouns[worst], Observed: 0, Expected: float64(regular[worst]),
		Bits: decades * math.Log2(10),
		Text: fmt.Sprintf("no %s of most services since %s, most likely a gap in the pipeline", nouns[worst], at(g.since).Format("15:04 MST")),
	}}
	a.Bits = a.Reasons[0].Bits
	judged := &episode.Judged{
		Service: Pipeline, Hash: canonical.HashString(Pipeline), Start: start, End: q.swept, P: p, Evidence: episode.Evidence{All: decades}, Alone: true, Statement: a,
	}
	d.workers[0].push(task{kind: taskSay, said: &outcome{endNs: q.swept, judged: judged, statistics: said}, judging: judging{sequence: d.nextSequence()}})
}

// worstGap is the least likely of the gaps that have lasted for two windows, where enough is known of gaps.
func worstGap(gaps *[signals]signalGap, warmup uint32) (p float64, worst signal) {
	p, worst = 1.0, signals
	for sig := range signals {
		g := &gaps[sig]
		if g.run < 2 || g.past.Windows < float64(warmup) {
			continue
		}
		if now := g.past.P(g.run); worst == signals || now < p {
			p, worst = now, sig
		}
	}
	return p, worst
}

var gapChannels = [signals]cbad.ChannelKind{logs: cbad.LogVolume, metrics: cbad.MetricVolume, traces: cbad.TraceVolume}
