package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/episode"
)

// explain is one sentence for someone who was woken by it (what, where, since when), then where to look, how sure it is,
// and the reasons with the bits that they cost.
func (d *Detector) explain(said episode.Said) string {
	a := said.Anomaly
	var b strings.Builder
	first := headline(a.Reasons)
	fmt.Fprintf(&b, "%s: %s, %s.", a.Service, what(a.Reasons, first), when(a))
	around(&b, said)
	if a.PValue <= a.Level {
		sure(&b, a)
	} else {
		fmt.Fprintf(&b, " A metric point reached the level of %g decades; the window as a whole has p %.2g.", d.cfg.MetricLevel, a.PValue)
	}
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

// what happened: the headline's reason and, where it is another, the error line that came with it.
func what(reasons []anomaly.Reason, first int) string {
	if len(reasons) == 0 {
		return "does what its past does not explain"
	}
	text := reasons[first].Text
	if at := newLine(reasons, plog.SeverityNumberError); at >= 0 && at != first {
		text += "; " + reasons[at].Text
	}
	return text
}

// newLine is the first log line that is new and at least so severe, or -1.
func newLine(reasons []anomaly.Reason, severity plog.SeverityNumber) int {
	return slices.IndexFunc(reasons, func(r anomaly.Reason) bool {
		if r.Channel != cbad.LogNew.String() {
			return false
		}
		for n := severity; n <= plog.SeverityNumberFatal4; n++ {
			if strings.EqualFold(r.Severity, n.String()) {
				return true
			}
		}
		return severity == plog.SeverityNumberUnspecified
	})
}

// when is the window, and how long it has been going on.
func when(a *anomaly.Anomaly) string {
	text := fmt.Sprintf("in the %s from %s", span(a.Timestamp.Sub(a.WindowStart)), a.WindowStart.Format("2006-01-02 15:04:05 MST"))
	e := a.Episode
	if e == nil || e.Windows < 2 {
		return text
	}
	clock := "15:04:05"
	if a.WindowStart.Sub(e.Started) >= 24*time.Hour {
		clock = "2006-01-02 15:04:05"
	}
	return fmt.Sprintf("%s, the %s unusual one since %s", text, ordinal(int(e.Windows)), e.Started.Format(clock))
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// around says where to look: the service that explains this one, the deploy before it, who suffers and who else is odd.
func around(b *strings.Builder, said episode.Said) {
	a := said.Anomaly
	if a.Cause != "" {
		fmt.Fprintf(b, " Look at %s first: it is unusual at the same time and explains this", a.Cause)
		if said.CauseP > 0 {
			fmt.Fprintf(b, " (p %.2g, too little to be stated by itself)", said.CauseP)
		}
		b.WriteByte('.')
	}
	if v := a.Deploy; v != nil {
		fmt.Fprintf(b, " %s went from version %s to %s at %s.", a.Service, cmp.Or(v.From, "(none)"), cmp.Or(v.To, "(none)"), v.At.UTC().Format("15:04:05"))
	}
	if len(said.Explains) > 0 {
		fmt.Fprintf(b, " It explains what is unusual in %s.", names(said.Explains))
	}
	others := slices.DeleteFunc(slices.Clone(a.IncidentServices), func(s string) bool {
		return s == a.Service || s == a.Cause || slices.Contains(said.Explains, s)
	})
	if len(others) > 0 {
		fmt.Fprintf(b, " Unusual at the same time: %s.", names(others))
	}
}

// names lists services, the first few by name.
func names(list []string) string {
	const most = 4
	switch n := len(list); {
	case n == 1:
		return list[0]
	case n <= most:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	default:
		return fmt.Sprintf("%s and %d more services", strings.Join(list[:most-1], ", "), n-most+1)
	}
}

// sure says how often a window like this comes about by chance, and how much of that is measured.
func sure(b *strings.Builder, a *anomaly.Anomaly) {
	chance := "is practically never seen by chance"
	if a.PValue > 1e-9 {
		chance = "is expected once in " + oneIn(a.PValue)
	}
	fmt.Fprintf(b, " A window this odd %s (p %.2g", chance, a.PValue)
	if a.PFloor > a.PValue {
		fmt.Fprintf(b, "; its history alone supports p %.2g, the rest is extrapolated", a.PFloor)
	}
	b.WriteString(").")
}

// list gives the reasons other than the headline's, and what they leave of the bits.
func list(b *strings.Builder, a *anomaly.Anomaly, first int) {
	if len(a.Reasons) == 0 {
		return
	}
	listed, said := a.Reasons[first].Bits, 1
	fmt.Fprintf(b, "\nThe window cost %.1f bits more than usual, %.1f of them for what is said first", a.Bits, listed)
	if len(a.Reasons) > 1 {
		b.WriteString("; the rest:")
	} else {
		b.WriteByte('.')
	}
	for i := 0; i < len(a.Reasons) && said < maxSaid; i++ {
		if i != first && a.Reasons[i].Bits >= 0.05 {
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

// headline is the reason that an explanation begins with: the costliest; but where that is a number of odd requests or of
// lines, which says that something happened and not what, the first log line that is new, else the costliest that names
// something.
func headline(reasons []anomaly.Reason) int {
	if len(reasons) == 0 {
		return 0
	}
	vague := func(r anomaly.Reason) bool {
		return r.Channel == cbad.RequestExcess.String() || r.Item == allOperations
	}
	counted := slices.Contains(countsOfLines, reasons[0].Channel)
	if !vague(reasons[0]) && !counted {
		return 0
	}
	if at := newLine(reasons, plog.SeverityNumberWarn); at >= 0 {
		return at
	}
	if counted {
		return 0
	}
	if at := newLine(reasons, plog.SeverityNumberUnspecified); at >= 0 {
		return at
	}
	return max(0, slices.IndexFunc(reasons, func(r anomaly.Reason) bool { return !vague(r) && r.Bits >= telling }))
}

// countsOfLines are the channels that say how many lines there were.
var countsOfLines = []string{cbad.LogCount.String(), cbad.LogTransition.String(), cbad.LogPerSpan.String()}

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
