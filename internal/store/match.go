package store

import (
	"strings"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Matches says whether an anomaly passes the query's filters, as List would: for those that are at hand already.
func (q *Query) Matches(a *anomaly.Anomaly) bool {
	return (q.StreamType == "" || a.StreamType == q.StreamType) && (q.Service == "" || a.Service == q.Service) && (q.Status == "" || a.Status == q.Status) &&
		(q.Kind == "" || a.Kind == q.Kind) && (q.IncidentID == "" || a.IncidentID == q.IncidentID) &&
		(q.MinNCDScore == nil || a.NCDScore >= *q.MinNCDScore) && (q.MaxPValue == nil || a.PValue <= *q.MaxPValue) &&
		(q.Start.IsZero() || !a.Timestamp.Before(q.Start)) && (q.End.IsZero() || a.Timestamp.Before(q.End)) &&
		(q.Text == "" || strings.Contains(SearchText(a), Fold(q.Text)))
}
