package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
)

// explain is one sentence for someone who was woken by it (what, where, since when), then how sure it is, what else has to
// do with it, and the reasons with the bits that they cost.
func (d *Detector) explain(a *anomaly.Anomaly) string {
	var b strings.Builder
	what := "does what its past does not explain"
	first := headline(a.Reasons)
	if len(a.Reasons) > 0 {
		what = a.Reasons[first].Text
	}
	fmt.Fprintf(&b, "%s: %s, %s. ", a.Service, what, since(a))
	around(&b, a)
	if a.PValue <= a.Level {
		fmt.Fprintf(&b, "A window this odd is expected once in %s (p %.2g)", oneIn(a.PValue), a.PValue)
		if a.PFloor > a.PValue {
			fmt.Fprintf(&b, "; its history alone supports p %.2g, the rest is extrapolated", a.PFloor)
		}
	} else {
		fmt.Fprintf(&b, "A metric point reached the level of %g decades; the window as a whole has p %.2g", d.cfg.MetricLevel, a.PValue)
	}
	b.WriteByte('.')
	switch agree := agreeing(a); len(agree) {
	case 0, 1:
	case 2:
		fmt.Fprintf(&b, " %s%s and %s agree.", strings.ToUpper(agree[0][:1]), agree[0][1:], agree[1])
	default:
		b.WriteString(" All three signals agree.")
	}
	if a.Incomplete {
		b.WriteString(" Records were skipped under overload.")
	}
	list(&b, a, first)
	return b.String()
}

// since says when: the window, or how long it has been going on.
func since(a *anomaly.Anomaly) string {
	const clock = "2006-01-02 15:04:05 MST"
	if e := a.Episode; e != nil && e.Windows > 1 {
		return fmt.Sprintf("in the %s from %s; unusual since %s, %d windows so far",
			span(a.Timestamp.Sub(a.WindowStart)), a.WindowStart.Format("15:04:05"), e.Started.Format(clock), e.Windows)
	}
	return fmt.Sprintf("in the %s from %s", span(a.Timestamp.Sub(a.WindowStart)), a.WindowStart.Format(clock))
}

// around says where to look: the service that explains this one, the deploy before it, who else is affected.
func around(b *strings.Builder, a *anomaly.Anomaly) {
	if a.Cause != "" {
		fmt.Fprintf(b, "Look at %s first: it is odd at the same time and explains this. ", a.Cause)
	}
	if dep := a.Deploy; dep != nil {
		fmt.Fprintf(b, "%s went from version %s to %s at %s. ", a.Service, cmp.Or(dep.From, "(none)"), cmp.Or(dep.To, "(none)"), dep.At.UTC().Format("15:04:05"))
	}
	others := slices.DeleteFunc(slices.Clone(a.IncidentServices), func(s string) bool { return s == a.Service || s == a.Cause })
	switch n := len(others); {
	case n == 0:
	case n <= 3:
		fmt.Fprintf(b, "Also unusual: %s. ", strings.Join(others, ", "))
	default:
		fmt.Fprintf(b, "Also unusual: %s and %d more services. ", strings.Join(others[:3], ", "), n-3)
	}
}

// list gives the reasons other than the headline's, and what they leave of the bits.
func list(b *strings.Builder, a *anomaly.Anomaly, first int) {
	if len(a.Reasons) == 0 {
		return
	}
	listed, said := a.Reasons[first].Bits, 1
	fmt.Fprintf(b, "\nIt cost %.1f bits more than usual, %.1f of them for this", a.Bits, listed)
	if len(a.Reasons) > 1 {
		b.WriteByte(':')
	} else {
		b.WriteByte('.')
	}
	for i := 0; i < len(a.Reasons) && said < maxSaid; i++ {
		if i != first {
			fmt.Fprintf(b, "\n- %s (%.1f bits)", a.Reasons[i].Text, a.Reasons[i].Bits)
			listed += a.Reasons[i].Bits
			said++
		}
	}
	rest := a.Bits - listed
	switch more := len(a.Reasons) - said; {
	case more > 0 && rest >= 0.05:
		fmt.Fprintf(b, "\n- and %d more, with what is too small to list (%.1f bits)", more, rest)
	case more > 0:
		fmt.Fprintf(b, "\n- and %d more", more)
	case rest >= 0.05:
		fmt.Fprintf(b, "\n- and what is too small to list (%.1f bits)", rest)
	}
}

// maxSaid is how many reasons an explanation has room for.
const maxSaid = 5

// headline is the reason that an explanation begins with: the costliest; but where that is a number of odd requests, which says
// that something happened and not what, the first log line that is new, else the costliest that names something.
func headline(reasons []anomaly.Reason) int {
	vague := func(r anomaly.Reason) bool {
		return r.Channel == cbad.RequestExcess.String() || r.Item == allOperations
	}
	if len(reasons) == 0 || !vague(reasons[0]) {
		return 0
	}
	if at := slices.IndexFunc(reasons, func(r anomaly.Reason) bool { return r.Channel == cbad.LogNew.String() }); at >= 0 {
		return at
	}
	return max(0, slices.IndexFunc(reasons, func(r anomaly.Reason) bool { return !vague(r) && r.Bits >= telling }))
}

// telling is the bits from which on a reason may stand for a window: what is seen once in a thousand windows.
const telling = 10

// agreeing are the signals that find the window odd by themselves.
func agreeing(a *anomaly.Anomaly) []string {
	var names []string
	for _, s := range a.Signals {
		var ps []float64
		for _, c := range a.Channels {
			if c.Signal == s {
				ps = append(ps, c.P)
			}
		}
		if len(ps) > 0 {
			if p, _ := cbad.Combine(ps); p <= 1e-2 {
				names = append(names, string(s))
			}
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
