package detect

import (
	"sync/atomic"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// signal is an index into per-signal state.
type signal uint8

const (
	logs signal = iota
	metrics
	traces
	signals // how many
)

var signalNames = [signals]anomaly.Signal{anomaly.Logs, anomaly.Metrics, anomaly.Traces}

// SignalStats counts what became of one signal's records since the detector was made.
type SignalStats struct {
	Records        uint64 // taken in
	Late           uint64 // of a window that was closed already
	Future         uint64 // further ahead of the clock than window.max_future
	Skipped        uint64 // not scored under overload
	OverCap        uint64 // beyond limits.records_per_window: counted, not modelled
	Unusable       uint64 // not finite, or without a value
	Truncated      uint64 // texts cut at their limit
	WindowsScored  uint64
	WindowsPartial uint64 // of those, windows with records skipped
	Quarantined    uint64 // windows scored, not learnt
	Adopted        uint64 // changes that became the new normal
	ModelEvicted   uint64 // entries of the models given up or refused at their limits
}

// Stats is a snapshot of a detector's counters and gauges.
type Stats struct {
	Signals [3]SignalStats // in the order logs, metrics, traces

	WindowsJudged   uint64 // service windows
	Anomalies       uint64 // statements, several of one episode
	SharedPoints    uint64 // points of metrics shared with neighbours, left out
	CounterResets   uint64
	DuplicateSpans  uint64
	OrphanSpans     uint64 // spans whose parent was not known when their window closed
	SpansEvicted    uint64 // entries of the span table given up for newer ones
	NamesForgotten  uint64
	StreamsBegun    uint64  // streams seen for the first time
	BudgetPerDay    float64 // false alarms; 0 where the level is fixed
	BudgetSpent     float64 // alarms of the last 24 hours of event time, as of the window judged last
	StreamsEvicted  uint64  // streams given up at limits.streams or limits.memory_mib
	WindowsDropped  uint64  // open windows of evicted services
	CoreErrors      uint64  // calls that the core refused
	Streams         int     // streams held
	ServicesActive  int     // services with data in the last day of event time
	ModelBytes      uint64  // memory of the streams' models
	QueueBytes      uint64  // waiting for a worker
	PendingBytes    uint64  // waiting for an earlier window to close
	ScoringLagNanos int64   // wall-clock time from a window's close to its verdict, of the last one

	Snapshots        uint64 // written
	SnapshotsFailed  uint64
	StateSetAside    uint64 // of a saved state, damaged or missing
	ServicesRestored uint64 // from a saved state, at the start
	SnapshotBytes    uint64 // that the last snapshot wrote
	SnapshotNanos    int64  // that the last snapshot took

	Episodes            uint64 // begun
	Incidents           uint64 // begun, of one episode or several
	CoursesEvicted      uint64 // of what ties windows and services together, entries forgotten at a limit
	StatementsHeldShort uint64 // made before the other services' windows were judged, for want of room
}

// counters are the live form of Stats.
type counters struct {
	signals [signals]struct {
		records, late, future, skipped, overCap, unusable, truncated atomic.Uint64
		scored, partial, quarantined, adopted, modelEvicted          atomic.Uint64
	}
	begun                                                                       atomic.Uint64
	spent                                                                       atomic.Int64
	judged, anomalies, shared, resets, duplicates, evicted, dropped, coreErrors atomic.Uint64
	modelBytes                                                                  atomic.Int64
	lag                                                                         atomic.Int64
	snapshots, snapshotsFailed, snapshotBytes, restored, setAside               atomic.Uint64
	snapshotNanos                                                               atomic.Int64
}

// Stats returns a snapshot.
func (d *Detector) Stats() Stats {
	c := &d.counters
	s := Stats{
		WindowsJudged: c.judged.Load(), Anomalies: c.anomalies.Load(), SharedPoints: c.shared.Load(),
		CounterResets: c.resets.Load(), DuplicateSpans: c.duplicates.Load(), StreamsEvicted: c.evicted.Load(),
		WindowsDropped: c.dropped.Load(), CoreErrors: c.coreErrors.Load(), NamesForgotten: d.names.Forgotten(),
		ModelBytes: uint64(max(c.modelBytes.Load(), 0)), QueueBytes: d.gate.inUse(), ScoringLagNanos: c.lag.Load(),
		Snapshots: c.snapshots.Load(), SnapshotsFailed: c.snapshotsFailed.Load(), StateSetAside: c.setAside.Load(),
		ServicesRestored: c.restored.Load(), SnapshotBytes: c.snapshotBytes.Load(), SnapshotNanos: c.snapshotNanos.Load(),
	}
	for i := range c.signals {
		n := &c.signals[i]
		s.Signals[i] = SignalStats{
			Records: n.records.Load(), Late: n.late.Load(), Future: n.future.Load(), Skipped: n.skipped.Load(),
			OverCap: n.overCap.Load(), Unusable: n.unusable.Load(), Truncated: n.truncated.Load(),
			WindowsScored: n.scored.Load(), WindowsPartial: n.partial.Load(), Quarantined: n.quarantined.Load(), Adopted: n.adopted.Load(),
			ModelEvicted: n.modelEvicted.Load(),
		}
	}
	s.StreamsBegun, s.BudgetSpent = c.begun.Load(), float64(c.spent.Load())
	if d.cfg.Level.P == 0 {
		s.BudgetPerDay = d.cfg.FalseAlarmsPerDay
	}
	t := d.emitter.tracker.Stats()
	s.Episodes, s.Incidents, s.CoursesEvicted, s.StatementsHeldShort = t.Episodes, t.Incidents, t.Evicted, t.HeldShort
	d.mu.Lock()
	defer d.mu.Unlock()
	s.Streams, s.ServicesActive, s.PendingBytes = d.registry.streams, d.budget.active(), d.pending
	if d.spans != nil {
		t := d.spans.Stats()
		s.OrphanSpans, s.SpansEvicted = t.Orphans, t.Evicted
	}
	return s
}
