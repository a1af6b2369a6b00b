package store

import (
	"fmt"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// StatsQuery selects the anomalies whose timestamp lies in [Start, End) and says into how many spans of time they are sorted.
type StatsQuery struct {
	Start, End time.Time
	Step       time.Duration // of a bucket; the number of buckets is bounded by MaxBuckets
}

// Check says what is wrong with the query; nil where nothing is.
func (q StatsQuery) Check() error {
	switch {
	case q.Step == 0:
		return nil
	case q.Start.IsZero() || q.End.IsZero() || !q.Start.Before(q.End):
		return fmt.Errorf("buckets need a start before an end")
	case q.Step < time.Second || q.End.Sub(q.Start)/q.Step >= MaxBuckets:
		return fmt.Errorf("buckets must be at least 1s long and at most %d (got %s each in %s)", MaxBuckets, q.Step, q.End.Sub(q.Start))
	}
	return nil
}

// Buckets says whether the query asks for any.
func (q StatsQuery) Buckets() bool { return q.Step > 0 }

// MaxBuckets bounds the answer of Stats.
const MaxBuckets = 1000

// Stats counts anomalies.
type Stats struct {
	Total      int            `json:"total"`
	Status     map[string]int `json:"by_status"`
	StreamType map[string]int `json:"by_stream_type"`
	Kind       map[string]int `json:"by_kind"`
	Services   []ServiceStats `json:"services"` // those with most anomalies first, of equals by name; at most MaxLimit
	Buckets    []Bucket       `json:"buckets"`  // those that have any, oldest first
}

// ServiceStats counts one service's anomalies.
type ServiceStats struct {
	Service  string    `json:"service"`
	Count    int       `json:"count"`
	MaxScore float64   `json:"max_score"`
	Last     time.Time `json:"last"` // the newest anomaly's timestamp
}

// Bucket counts the anomalies of [Start, Start + Step).
type Bucket struct {
	Start    time.Time `json:"start"`
	Count    int       `json:"count"`
	MaxScore float64   `json:"max_score"`
}

// NewStats is a count of nothing.
func NewStats() *Stats {
	return &Stats{Status: map[string]int{}, StreamType: map[string]int{}, Kind: map[string]int{}, Services: []ServiceStats{}, Buckets: []Bucket{}}
}

// Count adds n anomalies of one sort.
func (s *Stats) Count(status string, stream anomaly.Signal, kind anomaly.Kind, n int) {
	s.Total += n
	s.Status[status] += n
	s.StreamType[string(stream)] += n
	s.Kind[string(kind)] += n
}
