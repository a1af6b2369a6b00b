package store

import (
	"strings"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// SearchText is what Query.Text is looked for in: the service, the explanation and the words of the reasons, a line each, with ASCII
// letters small. Stores keep it beside the anomaly, so that all of them find the same.
func SearchText(a *anomaly.Anomaly) string {
	lines := make([]string, 0, 2+4*len(a.Reasons))
	add := func(texts ...string) {
		for _, t := range texts {
			if t != "" {
				lines = append(lines, t)
			}
		}
	}
	add(a.Service, a.Explanation)
	for i := range a.Reasons {
		r := &a.Reasons[i]
		add(r.Channel, r.Text, r.Item, r.Context, r.Severity)
		add(r.TraceIDs...)
		add(r.Sample)
	}
	return Fold(strings.Join(lines, "\n"))
}

// Fold makes ASCII letters small: the databases' own folding of other letters differs with their settings.
func Fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
