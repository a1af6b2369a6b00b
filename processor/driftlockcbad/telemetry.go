package driftlockcbad

import (
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/driftlock/driftlock/processor/driftlockcbad/internal/metadata"
)

// The attributes of the metrics, made once.
var (
	bySignal [3]metric.MeasurementOption
	unscored [3]map[string]metric.MeasurementOption
)

var reasons = []string{"late", "future", "skipped", "over_cap", "unusable", "shared"}

func init() {
	for i, signal := range []string{"logs", "metrics", "traces"} {
		bySignal[i] = metadata.Attributes("signal", signal)
		unscored[i] = make(map[string]metric.MeasurementOption, len(reasons))
		for _, reason := range reasons {
			unscored[i][reason] = metadata.Attributes("signal", signal, "reason", reason)
		}
	}
}

// values yields the component's metrics.
func (g *group) values(yield func(metadata.Value)) {
	s := g.detector.Stats()
	put := func(m metadata.Metric, set metric.MeasurementOption, n uint64) {
		yield(metadata.Value{Metric: m, Set: set, Int: int64(n)})
	}
	for i := range s.Signals {
		n, by := &s.Signals[i], bySignal[i]
		put(metadata.Records, by, n.Records)
		put(metadata.RecordsUnscored, unscored[i]["late"], n.Late)
		put(metadata.RecordsUnscored, unscored[i]["future"], n.Future)
		put(metadata.RecordsUnscored, unscored[i]["skipped"], n.Skipped)
		put(metadata.RecordsUnscored, unscored[i]["over_cap"], n.OverCap)
		put(metadata.RecordsUnscored, unscored[i]["unusable"], n.Unusable)
		put(metadata.WindowsScored, by, n.WindowsScored)
		put(metadata.WindowsPartial, by, n.WindowsPartial)
		put(metadata.WindowsQuarantined, by, n.Quarantined)
		put(metadata.ChangesAdopted, by, n.Adopted)
		put(metadata.ModelEntriesEvicted, by, n.ModelEvicted)
	}
	put(metadata.TextsTruncated, nil, s.Signals[0].Truncated)
	put(metadata.RecordsUnscored, unscored[1]["shared"], s.SharedPoints)
	put(metadata.WindowsJudged, nil, s.WindowsJudged)
	put(metadata.WindowsDropped, nil, s.WindowsDropped)
	put(metadata.Anomalies, nil, s.Anomalies)
	put(metadata.Episodes, nil, s.Episodes)
	put(metadata.Incidents, nil, s.Incidents)
	put(metadata.CoursesEvicted, nil, s.CoursesEvicted)
	put(metadata.StatementsHeldShort, nil, s.StatementsHeldShort)
	put(metadata.ItemsLost, nil, g.lost.Load())
	put(metadata.StreamsBegun, nil, s.StreamsBegun)
	put(metadata.StreamsEvicted, nil, s.StreamsEvicted)
	put(metadata.SpansDuplicate, nil, s.DuplicateSpans)
	put(metadata.SpansOrphaned, nil, s.OrphanSpans)
	put(metadata.SpansEvicted, nil, s.SpansEvicted)
	put(metadata.CounterResets, nil, s.CounterResets)
	put(metadata.NamesForgotten, nil, s.NamesForgotten)
	put(metadata.CoreErrors, nil, s.CoreErrors)
	put(metadata.Streams, nil, uint64(s.Streams))
	put(metadata.ServicesActive, nil, uint64(s.ServicesActive))
	yield(metadata.Value{Metric: metadata.BudgetSpent, Float: s.BudgetSpent})
	if s.BudgetPerDay > 0 {
		yield(metadata.Value{Metric: metadata.BudgetLeft, Float: max(s.BudgetPerDay-s.BudgetSpent, 0)})
	}
	put(metadata.ModelSize, nil, s.ModelBytes)
	put(metadata.QueueSize, nil, s.QueueBytes)
	put(metadata.PendingSize, nil, s.PendingBytes)
	put(metadata.ScoringLag, nil, uint64(s.ScoringLagNanos/int64(time.Microsecond)))
	put(metadata.Snapshots, nil, s.Snapshots)
	put(metadata.SnapshotsFailed, nil, s.SnapshotsFailed)
	put(metadata.StateSetAside, nil, s.StateSetAside)
	put(metadata.ServicesRestored, nil, s.ServicesRestored)
	put(metadata.SnapshotSize, nil, s.SnapshotBytes)
	put(metadata.SnapshotDuration, nil, uint64(s.SnapshotNanos/int64(time.Microsecond)))
}
