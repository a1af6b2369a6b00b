package detect

import (
	"fmt"
	"math"
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
	return "#" + strconv.FormatUint(h, 16)
}

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
		r.Item = "all operations together"
	default:
		// A statement about the window as a whole.
	}
	switch it.Channel {
	case cbad.TraceNew, cbad.TraceCount, cbad.TraceError, cbad.TraceDuration:
		r.Context = d.parentOf(it.Context)
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
	r.Text = phrase(it.Channel, &r)
	return r
}

// phrase says what was observed against what was expected.
func phrase(channel cbad.ChannelKind, r *anomaly.Reason) string {
	times := count(r.Observed)
	switch channel {
	case cbad.LogNew:
		line := "log line"
		if r.Severity != "" {
			line = r.Severity + " log line"
		}
		return fmt.Sprintf("%s never written before, %s: %s", line, times, quote(r.Item))
	case cbad.LogTransition:
		return fmt.Sprintf("log line %s after %s, which it never followed, %s", quote(r.Item), quote(orStart(r.Context)), times)
	case cbad.LogCount:
		return fmt.Sprintf("log line %s %s, usual %s", quote(r.Item), times, number(r.Expected))
	case cbad.RequestExcess:
		return fmt.Sprintf("%s requests ran an unusual course, usual %s", number(r.Observed), number(r.Expected))
	case cbad.TraceNew:
		return fmt.Sprintf("call never seen before, %s: %s from %s", times, quote(r.Item), r.Context)
	case cbad.TraceCount:
		return fmt.Sprintf("%s called %s from %s, usual %s", quote(r.Item), times, r.Context, number(r.Expected))
	case cbad.TraceError:
		return fmt.Sprintf("%s failed %s, usual %s", quote(r.Item), times, number(r.Expected))
	case cbad.TraceDuration:
		return fmt.Sprintf("%s takes %s, usual %s", quote(r.Item), nanoseconds(r.Observed), nanoseconds(r.Expected))
	case cbad.TraceNet:
		return fmt.Sprintf("calls of %s by %s spend %s on the way, usual %s", quote(r.Item), r.Context, nanoseconds(r.Observed), nanoseconds(r.Expected))
	case cbad.MetricSum:
		if len(r.Band) == 2 && (r.Observed < r.Band[0] || r.Observed > r.Band[1]) {
			return fmt.Sprintf("%s is %s, usual %s to %s", r.Item, quantity(r.Observed, r.Unit), number(r.Band[0]), quantity(r.Band[1], r.Unit))
		}
		return fmt.Sprintf("%s is %s on an unusual course, usual about %s", r.Item, quantity(r.Observed, r.Unit), quantity(r.Expected, r.Unit))
	default:
		return fmt.Sprintf("%s: %s, usual %s", r.Item, number(r.Observed), number(r.Expected))
	}
}

// explain is one sentence for someone who was woken by it (what, where, since when, how sure), then the other reasons.
func (j *judgement) explain(a *anomaly.Anomaly) string {
	var b strings.Builder
	what := "does what its past does not explain (" + j.channel.Kind.String() + ")"
	if len(a.Reasons) > 0 {
		what = a.Reasons[0].Text
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
	for i := 1; i < min(len(a.Reasons), 5); i++ {
		fmt.Fprintf(&b, "\n- %s (%.1f bits)", a.Reasons[i].Text, a.Reasons[i].Bits)
	}
	if more := len(a.Reasons) - 5; more > 0 {
		fmt.Fprintf(&b, "\n- and %d more", more)
	}
	return b.String()
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
		return number(d.Minutes()) + " minutes"
	default:
		return number(d.Seconds()) + " seconds"
	}
}

func oneIn(p float64) string {
	if p <= 0 || 1/p > 1e15 {
		return "more than 1e15 windows"
	}
	return number(math.Round(1/p)) + " windows"
}

func orStart(s string) string {
	if s == "" {
		return "(start)"
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
	return number(n) + " times"
}

func number(v float64) string {
	switch a := math.Abs(v); {
	case a != 0 && (a >= 1e9 || a < 1e-3):
		return strconv.FormatFloat(v, 'g', 3, 64)
	case a >= 100 || v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

func quantity(v float64, unit string) string {
	switch unit {
	case "", "1":
		return number(v)
	case "%":
		return number(v) + " %"
	default:
		return number(v) + " " + unit
	}
}

func nanoseconds(v float64) string {
	d := time.Duration(v)
	switch {
	case d.Abs() >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d.Abs() >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.String()
	}
}
