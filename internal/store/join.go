package store

import (
	"github.com/driftlock/driftlock/internal/anomaly"
)

// Row is what the statements about one episode have in common, as far as they are known: how the episode stands is taken from its
// newest revision, scores and evidence from its worst window. Both are maxima, so that statements may come in any order and more than
// once and the row is the same in the end.
type Row struct {
	ID            string
	Status        string
	Worst, Newest *anomaly.Anomaly
}

// Join makes one row for each episode among the statements, in the order in which the episodes come.
func Join(list []*anomaly.Anomaly) []Row {
	rows := make([]Row, 0, len(list))
	at := make(map[string]int, len(list))
	for _, a := range list {
		id := EpisodeID(a)
		i, ok := at[id]
		if !ok {
			at[id] = len(rows)
			status := a.Status
			if status == "" {
				status = Statuses[0]
			}
			rows = append(rows, Row{ID: id, Status: status, Worst: a, Newest: a})
			continue
		}
		r := &rows[i]
		if Worse(a.PValue, Revision(a), r.Worst.PValue, Revision(r.Worst)) {
			r.Worst = a
		}
		if Revision(a) > Revision(r.Newest) {
			r.Newest = a
		}
	}
	return rows
}

// Worse says whether a window with p in revision r takes the place of the worst one so far: smaller p, of equals the first.
func Worse(p float64, r uint32, worst float64, worstRevision uint32) bool {
	return p < worst || (p == worst && r < worstRevision)
}

// EpisodeID is the id of the row that a statement belongs to.
func EpisodeID(a *anomaly.Anomaly) string {
	if a.Episode == nil {
		return a.ID
	}
	return a.Episode.ID
}

// Revision is the number of a statement within its episode, from 1 on.
func Revision(a *anomaly.Anomaly) uint32 {
	if a.Episode == nil {
		return 1
	}
	return a.Episode.Revision
}
