package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Patience is how long an anomaly may be pending with nobody touching it before the system acknowledges it. Zero: for ever.
type Patience time.Duration

// acknowledgeBatch bounds one transaction, which writes an audit row for each anomaly.
const acknowledgeBatch = 200

// Apply acknowledges what nobody has touched for that long at the time now, batch after batch, until nothing is left, ctx ends, or another
// process is found doing it.
func (p Patience) Apply(ctx context.Context, s Store, now time.Time) (int, error) {
	total := 0
	for p > 0 {
		n, err := s.Acknowledge(ctx, now.Add(-time.Duration(p)), acknowledgeBatch)
		total += n
		switch {
		case errors.Is(err, ErrLocked):
			return total, nil
		case err != nil:
			return total, fmt.Errorf("acknowledge anomalies that nobody touched: %w", err)
		case n < acknowledgeBatch:
			return total, nil
		}
	}
	return total, nil
}

// Run applies the patience now and then every period until ctx ends. It reports each round that acknowledged something or failed.
func (p Patience) Run(ctx context.Context, s Store, every time.Duration, report func(int, error)) {
	if p <= 0 {
		return
	}
	repeat(ctx, every, func() {
		if n, err := p.Apply(ctx, s, time.Now()); ctx.Err() == nil && (err != nil || n > 0) {
			report(n, err)
		}
	})
}

// repeat does something now and then every period until ctx ends.
func repeat(ctx context.Context, every time.Duration, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
