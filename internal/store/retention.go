package store

import (
	"context"
	"fmt"
	"time"
)

// Retention says how long items are kept, counted from when they were stored.
type Retention struct {
	Anomalies time.Duration // 0: for ever
	Windows   time.Duration // 0: for ever
}

// pruneBatch bounds one transaction, so that writers wait for milliseconds and not for the whole clean-up.
const pruneBatch = 1000

// Apply deletes what is too old at the time now, batch after batch, until nothing is left or ctx ends.
func (r Retention) Apply(ctx context.Context, s Store, now time.Time) (Counts, error) {
	var before Cutoffs
	if r.Anomalies > 0 {
		before.Anomalies = now.Add(-r.Anomalies)
	}
	if r.Windows > 0 {
		before.Windows = now.Add(-r.Windows)
	}
	var total Counts
	if before == (Cutoffs{}) {
		return total, nil
	}
	for {
		n, err := s.Prune(ctx, before, pruneBatch)
		total.Anomalies += n.Anomalies
		total.Windows += n.Windows
		if err != nil {
			return total, fmt.Errorf("delete items past their retention: %w", err)
		}
		if n.Anomalies < pruneBatch && n.Windows < pruneBatch {
			return total, nil
		}
	}
}

// Run applies the retention now and then every period until ctx ends. It reports each round that deleted something or failed.
func (r Retention) Run(ctx context.Context, s Store, every time.Duration, report func(Counts, error)) {
	repeat(ctx, every, func() {
		if n, err := r.Apply(ctx, s, time.Now()); ctx.Err() == nil && (err != nil || n != (Counts{})) {
			report(n, err)
		}
	})
}
