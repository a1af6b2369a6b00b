package detect

import (
	"fmt"
	"strconv"
	"strings"
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
		return d.shownName(h)
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
		r.Item = d.shownName(it.ID)
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
			r.Context = d.shownName(it.Context)
		}
	case cbad.LogPerSpan:
		r.Item, r.Context = nouns[logs], strconv.FormatUint(it.Context, 10)
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
	if volume(it.Channel) {
		j.volumeReason(s, it, &r)
	}
	r.Text = phrase(it.Channel, &r)
	if it.Channel == cbad.RequestExcess {
		r.Text += course(&r, it.Usual)
	}
	return r
}

// course says what the oddest of some requests did otherwise; its lines in order are the reason's sample.
func course(r *anomaly.Reason, usual string) string {
	oddest := "; the oddest of them "
	if r.Observed == 1 {
		oddest = "; it "
	}
	instead := ""
	if usual == end {
		instead = ", where one mostly ends"
	} else if usual != "" {
		instead = ", where mostly " + quote(usual) + " follows"
	}
	switch {
	case r.Sample == "":
		return ""
	case r.Item == "":
		return oddest + "wrote lines that do not come together"
	case r.Context == "":
		return oddest + "is odd for how often it wrote " + quote(r.Item)
	case r.Item == end:
		return oddest + "ended after " + quote(r.Context) + instead
	case r.Context == start:
		if usual != "" && usual != end {
			instead = ", where mostly " + quote(usual) + " does"
		}
		return oddest + "began with " + quote(r.Item) + instead
	default:
		return oddest + "went from " + quote(r.Context) + " to " + quote(r.Item) + instead
	}
}

// phrase says what was observed against what was expected.
func phrase(channel cbad.ChannelKind, r *anomaly.Reason) string {
	times, usual := count(r.Observed), usually(r.Expected)
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
			return fmt.Sprintf("log line %s was the last of its request %s, %s", quote(orStart(r.Context)), times, usual)
		case r.Context == start:
			return fmt.Sprintf("log line %s began a request %s, %s", quote(r.Item), times, usual)
		case r.Context != "":
			return fmt.Sprintf("log line %s after %s %s, %s", quote(r.Item), quote(r.Context), times, usual)
		default:
			return fmt.Sprintf("log line %s %s, %s", quote(r.Item), times, usual)
		}
	case cbad.RequestExcess:
		if r.Observed == 1 {
			return fmt.Sprintf("1 request ran an unusual course, %s", usual)
		}
		return fmt.Sprintf("%s requests ran an unusual course, %s", anomaly.Number(r.Observed), usual)
	case cbad.TraceNew:
		return fmt.Sprintf("call never seen before, %s: %s from %s", times, quote(r.Item), r.Context)
	case cbad.TraceCount:
		return fmt.Sprintf("%s called %s from %s, %s", quote(r.Item), times, caller(r), usual)
	case cbad.TraceError:
		return fmt.Sprintf("%s from %s failed %s, %s", quote(r.Item), caller(r), times, usual)
	case cbad.TraceDuration:
		if r.Item == allOperations {
			return fmt.Sprintf("%s take %s, usual %s", r.Item, quantity(r.Observed), quantity(r.Expected))
		}
		return fmt.Sprintf("%s from %s takes %s, usual %s", quote(r.Item), caller(r), quantity(r.Observed), quantity(r.Expected))
	case cbad.TraceNet:
		return fmt.Sprintf("calls from %s to %s lose %s in network or queue, usual %s", r.Context, quote(r.Item), quantity(r.Observed), quantity(r.Expected))
	case cbad.MetricSum:
		what := r.Item
		if r.Context != "" && !strings.HasPrefix(r.Context, unnamed) { // two pods' series have one name
			what += " of " + r.Context
		}
		if len(r.Band) == 2 && (r.Observed < r.Band[0] || r.Observed > r.Band[1]) {
			low, high := quantity(r.Band[0]), quantity(r.Band[1])
			if r.Band[0] < 0 && r.Observed >= 0 && r.Expected >= 0 {
				// A band is symmetric on the model's scale and may reach below what the value can be.
				return fmt.Sprintf("%s is %s, usual up to %s", what, quantity(r.Observed), high)
			}
			if low == high {
				return fmt.Sprintf("%s is %s, usual %s", what, quantity(r.Observed), high)
			}
			if bare := anomaly.Number(r.Band[0]); strings.TrimPrefix(low, bare) == strings.TrimPrefix(high, anomaly.Number(r.Band[1])) {
				low = bare // the unit once
			}
			return fmt.Sprintf("%s is %s, usual %s to %s", what, quantity(r.Observed), low, high)
		}
		return fmt.Sprintf("%s is %s, about %s was expected", what, quantity(r.Observed), quantity(r.Expected))
	case cbad.LogPerSpan:
		return fmt.Sprintf("only %s log lines where as many spans (%s) usually come with %s", anomaly.Number(r.Observed), r.Context, anomaly.Number(r.Expected))
	default:
		if r.Text != "" { // put into words already
			return r.Text
		}
		return fmt.Sprintf("%s: %s, usual %s", r.Item, anomaly.Number(r.Observed), anomaly.Number(r.Expected))
	}
}

// caller is the parent operation, by its service's name alone where it is called like the operation itself: a client's span.
func caller(r *anomaly.Reason) string {
	if name, same := strings.CutSuffix(r.Context, " "+r.Item); same && name != "" {
		return name
	}
	return r.Context
}

// usually is an expected count: nobody counts parts of a line.
func usually(n float64) string {
	switch {
	case n < 0.05:
		return "usually never"
	case n < 1:
		return "usually less than once"
	default:
		return "usual " + anomaly.Number(n)
	}
}

// What stands for an item that has no name of its own.
const (
	allOperations = "all operations together"
	start         = "(start)" // of a request's log lines
	end           = "(end)"
)

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
