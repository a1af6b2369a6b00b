package store

import (
	"encoding/json"
	"strings"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Matches says whether an anomaly passes the query's filters, as List would: for those that are at hand already.
func (q *Query) Matches(a *anomaly.Anomaly) bool {
	return (q.StreamType == "" || a.StreamType == q.StreamType) && (q.Service == "" || a.Service == q.Service) && (q.Status == "" || a.Status == q.Status) &&
		(q.Kind == "" || a.Kind == q.Kind) && (q.IncidentID == "" || a.IncidentID == q.IncidentID) &&
		(q.MinNCDScore == nil || a.NCDScore >= *q.MinNCDScore) && (q.MaxPValue == nil || a.PValue <= *q.MaxPValue) &&
		(q.Start.IsZero() || !a.Timestamp.Before(q.Start)) && (q.End.IsZero() || a.Timestamp.Before(q.End)) &&
		(q.Text == "" || q.contains(a))
}

func (q *Query) contains(a *anomaly.Anomaly) bool {
	text := fold(q.Text)
	if strings.Contains(fold(a.Explanation), text) || strings.Contains(fold(a.Service), text) {
		return true
	}
	reasons, err := json.Marshal(a.Reasons)
	if err != nil {
		return false
	}
	// As the stores have them: <, > and & as they are.
	plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(reasons))
	return strings.Contains(fold(plain), text)
}

// fold makes ASCII letters small.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
