package detect

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
)

// nameOf is what a hash stands for, or the hash.
func (d *Detector) nameOf(h uint64) string {
	if name := d.names.Get(h); name != "" {
		return name
	}
	return unnamed + strconv.FormatUint(h, 16)
}

// unnamed begins what stands for a name that was never given or is forgotten.
const unnamed = "#"

// parentOf is a span's parent in words; the two values that are no hash are join's.
func (d *Detector) parentOf(h uint64) string {
	switch h {
	case 0:
		return "(root)"
	case 1:
		return "(parent not seen)"
	default:
		return d.nameOf(h)
	}
}

// reason puts an item into words.
func (j *judgement) reason(s signal, it *cbad.Item) anomaly.Reason {
	d := j.m.d
	r := anomaly.Reason{
		Signal: signalNames[s], Channel: it.Channel.String(), Bits: it.Bits, Observed: it.Observed, Expected: it.Expected,
		TraceIDs: it.TraceIDs, Sample: it.Sample, Item: it.Template, Context: it.ContextTemplate,
	}
	if it.Band != nil {
		r.Band = it.Band[:]
	}
	if it.Severity > 0 {
		r.Severity = strings.ToUpper(plog.SeverityNumber(it.Severity).String())
	}
	switch {
	case r.Item != "":
	case it.ID != 0:
		r.Item = d.nameOf(it.ID)
	case s == traces:
		r.Item = allOperations
	default:
		// A statement about the window as a whole.
	}
	switch it.Channel {
	case cbad.TraceNew, cbad.TraceCount, cbad.TraceError, cbad.TraceDuration:
		if it.ID != 0 { // all operations together have no parent
			r.Context = d.parentOf(it.Context)
		}
	case cbad.TraceNet, cbad.MetricSum:
		if it.Context != 0 {
			r.Context = d.nameOf(it.Context)
		}
	default:
		// The context of logs is a template, and there already.
	}
	switch it.Channel {
	case cbad.TraceDuration, cbad.TraceNet:
		r.Unit = "ns"
	case cbad.MetricSum:
		r.Unit = d.names.Unit(it.ID)
	default:
		// Counts have no unit.
	}
	if isVolume(it.Channel) {
		j.volumeReason(s, it, &r)
	}
	r.Text = phrase(it.Channel, &r)
	return r
}

// phrase says what was observed against what was expected.
func phrase(channel cbad.ChannelKind, r *anomaly.Reason) string {
	times, usual := count(r.Observed), anomaly.Number(r.Expected)
	quantity := func(v float64) string { return anomaly.Quantity(v, r.Unit) }
	switch channel {
	case cbad.LogNew:
		line := "log line"
		if r.Severity != "" {
			line = r.Severity + " log line"
		}
		return fmt.Sprintf("%s never written before, %s: %s", line, times, quote(r.Item))
	case cbad.LogTransition:
		if r.Item == end {
			return fmt.Sprintf("log line %s was the last of its request, which it never was, %s", quote(orStart(r.Context)), times)
		}
		return fmt.Sprintf("log line %s after %s, which it never followed, %s", quote(r.Item), quote(orStart(r.Context)), times)
	case cbad.LogCount:
		switch {
		case r.Item == end:
			return fmt.Sprintf("log line %s was the last of its request %s, usual %s", quote(orStart(r.Context)), times, usual)
		case r.Context == start:
			return fmt.Sprintf("log line %s began a request %s, usual %s", quote(r.Item), times, usual)
		case r.Context != "":
			return fmt.Sprintf("log line %s after %s %s, usual %s", quote(r.Item), quote(r.Context), times, usual)
		default:
			return fmt.Sprintf("log line %s %s, usual %s", quote(r.Item), times, usual)
		}
	case cbad.RequestExcess:
		if r.Observed == 1 {
			return fmt.Sprintf("1 request ran an unusual course, usual %s", usual)
		}
		return fmt.Sprintf("%s requests ran an unusual course, usual %s", anomaly.Number(r.Observed), usual)
	case cbad.TraceNew:
		return fmt.Sprintf("call never seen before, %s: %s from %s", times, quote(r.Item), r.Context)
	case cbad.TraceCount:
		return fmt.Sprintf("%s called %s from %s, usual %s", quote(r.Item), times, r.Context, usual)
	case cbad.TraceError:
		return fmt.Sprintf("%s from %s failed %s, usual %s", quote(r.Item), r.Context, times, usual)
	case cbad.TraceDuration:
		if r.Item == allOperations {
			return fmt.Sprintf("%s take %s, usual %s", r.Item, quantity(r.Observed), quantity(r.Expected))
		}
		return fmt.Sprintf("%s from %s takes %s, usual %s", quote(r.Item), r.Context, quantity(r.Observed), quantity(r.Expected))
	case cbad.TraceNet:
		return fmt.Sprintf("calls of %s by %s spend %s on the way, usual %s", quote(r.Item), r.Context, quantity(r.Observed), quantity(r.Expected))
	case cbad.MetricSum:
		what := r.Item
		if r.Context != "" && !strings.HasPrefix(r.Context, unnamed) { // two pods' series have one name
			what += " of " + r.Context
		}
		if len(r.Band) == 2 && (r.Observed < r.Band[0] || r.Observed > r.Band[1]) {
			low, high := quantity(r.Band[0]), quantity(r.Band[1])
			if bare := anomaly.Number(r.Band[0]); strings.TrimPrefix(low, bare) == strings.TrimPrefix(high, anomaly.Number(r.Band[1])) {
				low = bare // the unit once
			}
			return fmt.Sprintf("%s is %s, usual %s to %s", what, quantity(r.Observed), low, high)
		}
		return fmt.Sprintf("%s is %s on an unusual course, usual about %s", what, quantity(r.Observed), quantity(r.Expected))
	case cbad.LogVolume, cbad.TraceVolume, cbad.MetricVolume:
		return r.Text
	default:
		return fmt.Sprintf("%s: %s, usual %s", r.Item, anomaly.Number(r.Observed), usual)
	}
}

// What stands for an item that has no name of its own.
const (
	allOperations = "all operations together"
	start         = "(start)" // of a request's log lines
	end           = "(end)"
)

// explain is one sentence for someone who was woken by it (what, where, since when, how sure), then the other reasons.
func (j *judgement) explain(a *anomaly.Anomaly) string {
	var b strings.Builder
	what := "does what its past does not explain (" + j.channel.Kind.String() + ")"
	first := headline(a.Reasons)
	if len(a.Reasons) > 0 {
		what = a.Reasons[first].Text
	}
	fmt.Fprintf(&b, "%s: %s, in the %s from %s. ", a.Service, what, span(time.Duration(j.end-j.start)),
		a.WindowStart.Format("2006-01-02 15:04:05 MST"))
	if j.p <= j.level {
		fmt.Fprintf(&b, "A window this odd is expected once in %s (p %.2g)", oneIn(j.p), j.p)
		if floor := a.PFloor; floor > j.p {
			fmt.Fprintf(&b, "; its history alone supports p %.2g, the rest is extrapolated", floor)
		}
	} else {
		fmt.Fprintf(&b, "A metric point reached the level of %g decades; the window as a whole has p %.2g", j.m.d.cfg.MetricLevel, j.p)
	}
	b.WriteByte('.')
	switch agree := j.agreeing(); len(agree) {
	case 0, 1:
	case 2:
		fmt.Fprintf(&b, " %s%s and %s agree.", strings.ToUpper(agree[0][:1]), agree[0][1:], agree[1])
	default:
		b.WriteString(" All three signals agree.")
	}
	if a.Incomplete {
		b.WriteString(" Records were skipped under overload.")
	}
	said := 1
	for i := 0; i < len(a.Reasons) && said < maxSaid; i++ {
		if i != first {
			fmt.Fprintf(&b, "\n- %s (%.1f bits)", a.Reasons[i].Text, a.Reasons[i].Bits)
			said++
		}
	}
	if more := len(a.Reasons) - maxSaid; more > 0 {
		fmt.Fprintf(&b, "\n- and %d more", more)
	}
	return b.String()
}

// maxSaid is how many reasons an explanation has room for.
const maxSaid = 5

// headline is the reason that an explanation begins with: the costliest; but where that is a number of odd requests, which says
// that something happened and not what, the first log line that is new, if there is one.
func headline(reasons []anomaly.Reason) int {
	if len(reasons) == 0 || reasons[0].Channel != cbad.RequestExcess.String() {
		return 0
	}
	at := slices.IndexFunc(reasons, func(r anomaly.Reason) bool { return r.Channel == cbad.LogNew.String() })
	return max(at, 0)
}

// agreeing are the signals that find the window odd by themselves.
func (j *judgement) agreeing() []string {
	var names []string
	for s := range signals {
		if j.v.present[s] && j.v.signals[s].P <= 1e-2 {
			names = append(names, string(signalNames[s]))
		}
	}
	return names
}

// span is a window's length in words.
func span(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "minute"
	case d == time.Hour:
		return "hour"
	case d%time.Minute == 0:
		return anomaly.Number(d.Minutes()) + " minutes"
	default:
		return anomaly.Number(d.Seconds()) + " seconds"
	}
}

// oneIn is 1/p windows, two digits of it.
func oneIn(p float64) string {
	n := 1 / p
	if p <= 0 || n > 1e15 {
		return "more than a million billion windows"
	}
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, " trillion"}, {1e9, " billion"}, {1e6, " million"}} {
		if n >= unit.size {
			return strconv.FormatFloat(twoDigits(n/unit.size), 'f', -1, 64) + unit.name + " windows"
		}
	}
	s := strconv.FormatFloat(twoDigits(n), 'f', -1, 64)
	if len(s) > 3 && n >= 1000 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s + " windows"
}

func twoDigits(v float64) float64 {
	step := math.Pow(10, math.Max(0, math.Floor(math.Log10(v))-1))
	if v < 10 {
		step = 0.1
	}
	return math.Round(v/step) / (1 / step)
}

func orStart(s string) string {
	if s == "" {
		return start
	}
	return s
}

// quote shortens a template for a sentence.
func quote(s string) string {
	const most = 160
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return "“" + s + "”"
}

func count(n float64) string {
	if n == 1 {
		return "once"
	}
	return anomaly.Number(n) + " times"
}
