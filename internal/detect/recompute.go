package detect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
)

// MaxStatistics bounds the JSON that Recompute reads; what a detector writes is far below.
const MaxStatistics = 64 << 10

// InconsistentError is said of statistics that contradict themselves or cannot be any.
type InconsistentError struct {
	Path string // within the statistics, as a JSON pointer
	Why  string
}

func (e *InconsistentError) Error() string { return e.Path + " " + e.Why }

func inconsistent(path, format string, args ...any) error {
	return &InconsistentError{path, fmt.Sprintf(format, args...)}
}

// DecodeStatistics reads statistics strictly: nothing unknown, nothing twice as long as it could be.
func DecodeStatistics(data []byte) (*Statistics, error) {
	if len(data) > MaxStatistics {
		return nil, inconsistent("", "must have at most %d bytes (got %d)", MaxStatistics, len(data))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	s := new(Statistics)
	if err := d.Decode(s); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, inconsistent(pointer(wrong.Field), "cannot be a %s", wrong.Value)
		}
		return nil, inconsistent("", "cannot be read: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, inconsistent("", "are followed by something")
	}
	if s.Format != StatisticsFormat {
		return nil, inconsistent("/format", "is %d, this build reads %d", s.Format, StatisticsFormat)
	}
	return s, nil
}

// Recompute makes the verdict that follows from the statistics, with the functions that judge live.
func Recompute(s *Statistics) (*anomaly.Verdict, error) {
	r := recomputing{s: s}
	if err := r.check(); err != nil {
		return nil, err
	}
	v := &anomaly.Verdict{
		ComponentID: s.ComponentID, ConfigHash: s.ConfigHash, Service: s.Service, WindowStart: s.WindowStart.UTC(), WindowEnd: s.WindowEnd.UTC(),
		Level: r.level(),
	}
	if s.Parameters != nil {
		v.ConfigHash = s.Parameters.Hash()
	}
	var err error
	if len(s.Gap) > 0 {
		err = r.gap(v)
	} else {
		err = r.window(v)
	}
	if err != nil {
		return nil, err
	}
	v.StatementID = anomaly.NewID(v.ComponentID, v.Service, string(v.StreamType), v.WindowStart, v.ConfigHash)
	return v, nil
}

type recomputing struct {
	s          *Statistics
	start, end uint64
}

// check refuses what no detector states.
func (r *recomputing) check() error {
	s := r.s
	for _, t := range []struct {
		path string
		at   time.Time
		to   *uint64
	}{{"/window_start", s.WindowStart, &r.start}, {"/window_end", s.WindowEnd, &r.end}} {
		if !inTime(t.at) {
			return inconsistent(t.path, "must lie between 1970 and 2233 (got %s)", t.at)
		}
		*t.to = uint64(t.at.UnixNano())
	}
	if r.end <= r.start {
		return inconsistent("/window_end", "must lie behind window_start")
	}
	l := &s.Level
	for _, f := range []struct {
		path string
		v    float64
	}{{"/level/fixed", l.Fixed}, {"/level/per_day", l.PerDay}, {"/level/metric", l.Metric}} {
		if f.v < 0 {
			return inconsistent(f.path, "must not be negative (got %g)", f.v)
		}
	}
	if l.Services < 0 || l.Services == 0 && l.Fixed == 0 {
		return inconsistent("/level/services", "must be at least 1 where no level is fixed (got %d)", l.Services)
	}
	if len(s.Before) >= lookBack {
		return inconsistent("/before", "has at most %d windows (got %d)", lookBack-1, len(s.Before))
	}
	return r.agree()
}

// agree compares what is said twice: the parameters, and what of them the level follows from.
func (r *recomputing) agree() error {
	s, l, p := r.s, &r.s.Level, r.s.Parameters
	if p == nil {
		return nil
	}
	perDay := p.FalseAlarmsPerDay
	if l.Fixed > 0 {
		perDay = 0
	}
	for _, f := range []struct {
		path      string
		got, want any
	}{
		{"/config_hash", s.ConfigHash, p.Hash()},
		{"/window_end", r.end - r.start, uint64(p.Window)},
		{"/level/fixed", l.Fixed, p.Level},
		{"/level/per_day", l.PerDay, perDay},
		{"/level/metric", l.Metric, p.MetricLevel},
	} {
		if f.got != f.want {
			return inconsistent(f.path, "does not go with the parameters (%v, they say %v)", f.got, f.want)
		}
	}
	return nil
}

func inTime(t time.Time) bool { return t.Unix() >= 0 && t.Before(time.Unix(0, maxTime)) }

// level is the one that the window had to reach.
func (r *recomputing) level() float64 {
	l := &r.s.Level
	b := budget{perDay: l.PerDay, fixed: l.Fixed, windowsPerDay: float64(day*time.Hour) / float64(r.end-r.start)}
	level := b.among(l.Services)
	if l.Pool == nil || l.Fixed > 0 {
		return level
	}
	var p pool
	for _, bin := range l.Pool.Bins {
		if bin[0] >= 0 && bin[0] < poolBins {
			p.Bins[bin[0]] = float64(bin[1])
		}
	}
	return cbad.PoolLevel(p.Bins[:], l.Pool.Width, level)
}

// window makes the verdict on a service's window.
func (r *recomputing) window(out *anomaly.Verdict) error {
	v := &verdict{window: r.start}
	m := &models{d: &Detector{duration: r.end - r.start}}
	for i := range r.s.Streams {
		in := &r.s.Streams[i]
		path := fmt.Sprintf("/streams/%d", i)
		sig := signalOf(in.Signal)
		if sig == signals || v.present[sig] || len(out.Signals) > 0 && signalOf(out.Signals[len(out.Signals)-1]) > sig {
			return inconsistent(path+"/signal", "must be one of logs, metrics and traces, each once and in this order (got %q)", in.Signal)
		}
		channels, bits, err := cbad.Recompute(in.Channels)
		if err != nil {
			return inconsistent(path+"/channels", "cannot be judged again: %v", err)
		}
		if err := checkTerms(path+"/terms", in.Terms, channels); err != nil {
			return err
		}
		v.present[sig] = true
		v.signals[sig].Verdict = cbad.Verdict{Channels: channels, Bits: bits, Records: in.Records, Adopted: in.Adopted}
		out.Signals = append(out.Signals, in.Signal)
		for _, c := range channels {
			out.Channels = append(out.Channels, channelOf(sig, &c))
		}
	}
	for i := range r.s.Before {
		b := &r.s.Before[i]
		if !inTime(b.WindowStart) {
			return inconsistent(fmt.Sprintf("/before/%d/window_start", i), "must lie between 1970 and 2233 (got %s)", b.WindowStart)
		}
		l := look{window: uint64(b.WindowStart.UnixNano()), all: 1}
		for k, share := range []*ShareStatistics{&b.Passing, &b.Novelty, &b.Series} {
			l.p[k], l.n[k] = share.P, share.N
		}
		m.looks[i] = l
	}
	j := judgement{m: m, v: v, level: out.Level, start: r.start, end: r.end}
	j.p, j.decades = m.combine(v)
	if j.signal, j.channel = v.strongest(); j.signal == signals {
		return inconsistent("/streams", "must not be empty")
	}
	for _, a := range r.s.Alerts {
		j.latched = j.latched || r.s.Level.Metric > 0 && a.Severity >= r.s.Level.Metric
	}
	out.Kind, out.StreamType = j.kind(), signalNames[j.signal]
	out.PValue, out.Score, out.PFloor, out.Bits = j.p, j.decades, j.channel.PFloor, j.bits()
	out.Stated = j.p <= out.Level || j.latched
	return nil
}

// gap makes the verdict on the windows that most services miss.
func (r *recomputing) gap(out *anomaly.Verdict) error {
	if len(r.s.Streams)+len(r.s.Before)+len(r.s.Alerts) > 0 {
		return inconsistent("/gap", "goes with no streams")
	}
	var gaps [signals]signalGap
	for i, g := range r.s.Gap {
		sig := signalOf(g.Signal)
		if sig == signals || gaps[sig].run > 0 || g.Run == 0 {
			return inconsistent(fmt.Sprintf("/gap/%d", i), "must be of one of logs, metrics and traces, each once (got %q)", g.Signal)
		}
		gaps[sig] = signalGap{run: g.Run, past: cbad.Gaps{Windows: g.Windows, Begun: g.Begun, Continued: g.Continued, Ended: g.Ended}}
		out.Signals = append(out.Signals, g.Signal)
	}
	p, worst := worstGap(&gaps, r.s.Gap[0].Warmup)
	if worst == signals {
		return inconsistent("/gap", "has not lasted for two windows")
	}
	_, out.Score = cbad.Combine([]float64{p})
	out.Kind, out.StreamType, out.PValue, out.PFloor = anomaly.KindGap, signalNames[worst], p, 1/(gaps[worst].past.Windows+1)
	out.Bits, out.Stated = out.Score*math.Log2(10), p <= out.Level
	return nil
}

// signalOf is the place of a signal's name, or signals.
func signalOf(name anomaly.Signal) signal {
	for s := range signals {
		if signalNames[s] == name {
			return s
		}
	}
	return signals
}

func pointer(field string) string {
	if field == "" {
		return ""
	}
	return "/" + string(bytes.ReplaceAll([]byte(field), []byte("."), []byte("/")))
}

// Location is where in the statistics the fault is.
func (e *InconsistentError) Location() string { return e.Path }

// RecomputeJSON reads statistics as an anomaly carries them and makes their verdict.
func RecomputeJSON(data []byte) (*anomaly.Verdict, error) {
	s, err := DecodeStatistics(data)
	if err != nil {
		return nil, err
	}
	return Recompute(s)
}
