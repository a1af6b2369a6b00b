// Package observe measures a store's calls and makes spans of them, for whichever component uses the store.
// It does not change what a call does or returns.
package observe

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/driftlock/driftlock/internal/store"
)

// boundaries are seconds: from an index look-up to query_timeout and beyond.
var boundaries = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// instruments are the metrics that each component with a store has; its metadata.yaml lists them.
type instruments struct {
	duration metric.Float64Histogram
	rows     metric.Int64Counter
	sets     map[string]sets // of each operation
}

// sets are an operation's attributes, made once: without and with each kind of error.
type sets struct {
	plain  metric.MeasurementOption
	errors map[string]metric.MeasurementOption
}

// The kinds of errors, as error.type has them.
const (
	refused   = "refused"   // the store is well and says no: no such row, not allowed, changed meanwhile
	canceled  = "canceled"  // whoever asked gave up
	timeout   = "timeout"   // the time for it was over
	permanent = "permanent" // would fail again
	retryable = "retryable" // may work later
)

var kinds = []string{refused, canceled, timeout, permanent, retryable}

// kind sorts an error.
func kind(err error) string {
	var transition *store.TransitionError
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrNoKey), errors.Is(err, store.ErrModified), errors.Is(err, store.ErrLocked), errors.As(err, &transition):
		return refused
	case errors.Is(err, context.Canceled):
		return canceled
	case errors.Is(err, context.DeadlineExceeded):
		return timeout
	case store.IsPermanent(err):
		return permanent
	}
	return retryable
}

// newInstruments registers the metrics under a component's scope and prefix. The result unregisters those that are looked up.
func newInstruments(s store.Store, set component.TelemetrySettings, scope, prefix string) (*instruments, func() error, error) {
	meter := set.MeterProvider.Meter(scope)
	i := &instruments{sets: map[string]sets{}}
	for _, op := range operations {
		name := attribute.String("db.operation.name", op)
		of := sets{plain: metric.WithAttributeSet(attribute.NewSet(name)), errors: map[string]metric.MeasurementOption{}}
		for _, k := range kinds {
			of.errors[k] = metric.WithAttributeSet(attribute.NewSet(name, attribute.String("error.type", k)))
		}
		i.sets[op] = of
	}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	var err error
	i.duration, err = meter.Float64Histogram(prefix+"store_duration", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(boundaries...),
		metric.WithDescription("Time of the store's calls, by operation and, where one failed, by kind of error."))
	note(err)
	i.rows, err = meter.Int64Counter(prefix+"store_rows", metric.WithUnit("{row}"), metric.WithDescription("Rows that the store's calls read or changed, by operation."))
	note(err)
	pooled, ok := s.(store.Pooled)
	if !ok {
		return i, func() error { return nil }, errors.Join(errs...)
	}
	connections, err := meter.Int64ObservableGauge(prefix+"store_connections", metric.WithUnit("{connection}"), metric.WithDescription("Connections to the store, by state: used or idle."))
	note(err)
	most, err := meter.Int64ObservableGauge(prefix+"store_connections_max", metric.WithUnit("{connection}"), metric.WithDescription("Connections that the store may have at most."))
	note(err)
	waits, err := meter.Int64ObservableCounter(prefix+"store_connection_waits", metric.WithUnit("{wait}"), metric.WithDescription("Calls that had to wait for a connection."))
	note(err)
	waited, err := meter.Float64ObservableCounter(prefix+"store_connection_wait_time", metric.WithUnit("s"), metric.WithDescription("Time that calls waited for a connection, in sum."))
	note(err)
	unindexed, err := meter.Int64ObservableGauge(prefix+"store_texts_unindexed", metric.WithUnit("{text}"), metric.WithDescription("Texts that wait to be indexed, counted up to some 20,000. A search reads up to so many; of more, it reads the texts of all rows."))
	note(err)
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	texts, _ := s.(store.Indexing)
	used, idle := metric.WithAttributeSet(attribute.NewSet(attribute.String("state", "used"))), metric.WithAttributeSet(attribute.NewSet(attribute.String("state", "idle")))
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		p := pooled.Pool()
		o.ObserveInt64(connections, int64(p.Used), used)
		o.ObserveInt64(connections, int64(p.Open-p.Used), idle)
		o.ObserveInt64(most, int64(p.Max))
		o.ObserveInt64(waits, p.Waits)
		o.ObserveFloat64(waited, p.Waited.Seconds())
		if texts != nil {
			o.ObserveInt64(unindexed, int64(texts.TextsWaiting()))
		}
		return nil
	}, connections, most, waits, waited, unindexed)
	if err != nil {
		return nil, nil, err
	}
	return i, registration.Unregister, nil
}

// record notes a call that ended.
func (i *instruments) record(ctx context.Context, op string, took time.Duration, rows int, err error) {
	of := i.sets[op]
	if err != nil {
		i.duration.Record(ctx, took.Seconds(), of.errors[kind(err)])
		return
	}
	i.duration.Record(ctx, took.Seconds(), of.plain)
	if rows > 0 {
		i.rows.Add(ctx, int64(rows), of.plain)
	}
}
