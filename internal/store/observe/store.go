package observe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// observed is a store whose calls are measured.
type observed struct {
	store.Store
	*instruments
	tracer trace.Tracer
	stop   func() error
}

// Store returns a store that does what s does and tells the collector's own telemetry: metrics under the component's scope, their names
// beginning with prefix, and a span for each call that belongs to a trace. Closing it closes s.
func Store(s store.Store, set component.TelemetrySettings, scope, prefix string) (store.Store, error) {
	i, stop, err := newInstruments(s, set, scope, prefix)
	if err != nil {
		return nil, fmt.Errorf("make the store's metrics: %w", err)
	}
	return &observed{Store: s, instruments: i, tracer: set.TracerProvider.Tracer(scope), stop: stop}, nil
}

// operations are the names of the calls. Watch is none: it lasts, and what it costs is in tail.
var operations = []string{
	"add", "get", "list", "windows", "latest", "set_status", "acknowledge", "stats", "lanes", "levels", "overview", "prune", "tail", "head", "audit", "check_audit",
	"add_key", "keys", "key", "revoke_key", "key_used", "ping",
}

// call measures one call. A span is made only inside a trace: what polls in the background would make one every few seconds.
func call[T any](ctx context.Context, o *observed, op string, rows func(T) int, f func(context.Context) (T, error)) (T, error) {
	var span trace.Span
	if trace.SpanContextFromContext(ctx).IsValid() {
		ctx, span = o.tracer.Start(ctx, "store "+op, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("db.operation.name", op)))
	}
	begun := time.Now()
	v, err := f(ctx)
	n := 0
	if err == nil {
		n = rows(v)
	}
	o.record(ctx, op, time.Since(begun), n, err)
	if span != nil {
		span.SetAttributes(attribute.Int("db.response.returned_rows", n))
		if err != nil {
			k := kind(err)
			span.SetAttributes(attribute.String("error.type", k))
			if k != refused {
				span.SetStatus(codes.Error, k) // the message is in the log: it may hold what a client sent
			}
		}
		span.End()
	}
	return v, err
}

func one[T any](T) int { return 1 }

func length[T any](list []T) int { return len(list) }

func itself(n int) int { return n }

func sum(n store.Counts) int { return n.Anomalies + n.Windows }

type nothing struct{}

func none(nothing) int { return 0 }

func changedOne(nothing) int { return 1 }

// Add is store.Store's, as are all that follow.
func (o *observed) Add(ctx context.Context, items anomaly.Items) (store.Counts, error) {
	return call(ctx, o, "add", sum, func(ctx context.Context) (store.Counts, error) { return o.Store.Add(ctx, items) })
}

func (o *observed) Get(ctx context.Context, id string) (*anomaly.Anomaly, error) {
	return call(ctx, o, "get", one[*anomaly.Anomaly], func(ctx context.Context) (*anomaly.Anomaly, error) { return o.Store.Get(ctx, id) })
}

func (o *observed) List(ctx context.Context, q store.Query) (store.Page, error) {
	return call(ctx, o, "list", func(p store.Page) int { return len(p.Anomalies) }, func(ctx context.Context) (store.Page, error) { return o.Store.List(ctx, q) })
}

func (o *observed) Windows(ctx context.Context, q store.WindowQuery) ([]*anomaly.Window, error) {
	return call(ctx, o, "windows", length[*anomaly.Window], func(ctx context.Context) ([]*anomaly.Window, error) { return o.Store.Windows(ctx, q) })
}

func (o *observed) Latest(ctx context.Context, q store.LatestQuery) ([]*anomaly.Window, error) {
	return call(ctx, o, "latest", length[*anomaly.Window], func(ctx context.Context) ([]*anomaly.Window, error) { return o.Store.Latest(ctx, q) })
}

func (o *observed) SetStatus(ctx context.Context, c store.StatusChange) (*anomaly.Anomaly, error) {
	return call(ctx, o, "set_status", one[*anomaly.Anomaly], func(ctx context.Context) (*anomaly.Anomaly, error) { return o.Store.SetStatus(ctx, c) })
}

func (o *observed) Acknowledge(ctx context.Context, before time.Time, batch int) (int, error) {
	return call(ctx, o, "acknowledge", itself, func(ctx context.Context) (int, error) { return o.Store.Acknowledge(ctx, before, batch) })
}

func (o *observed) Stats(ctx context.Context, q store.StatsQuery) (*store.Stats, error) {
	return call(ctx, o, "stats", one[*store.Stats], func(ctx context.Context) (*store.Stats, error) { return o.Store.Stats(ctx, q) })
}

func (o *observed) Lanes(ctx context.Context, q store.LanesQuery) (*store.Lanes, error) {
	return call(ctx, o, "lanes", func(l *store.Lanes) int { return len(l.Services) }, func(ctx context.Context) (*store.Lanes, error) { return o.Store.Lanes(ctx, q) })
}

func (o *observed) Levels(ctx context.Context, q store.LevelsQuery) (*store.Levels, error) {
	return call(ctx, o, "levels", func(l *store.Levels) int { return len(l.Services) }, func(ctx context.Context) (*store.Levels, error) { return o.Store.Levels(ctx, q) })
}

func (o *observed) Overview(ctx context.Context, since time.Time) (*store.Overview, error) {
	return call(ctx, o, "overview", one[*store.Overview], func(ctx context.Context) (*store.Overview, error) { return o.Store.Overview(ctx, since) })
}

func (o *observed) Prune(ctx context.Context, before store.Cutoffs, batch int) (store.Counts, error) {
	return call(ctx, o, "prune", sum, func(ctx context.Context) (store.Counts, error) { return o.Store.Prune(ctx, before, batch) })
}

func (o *observed) Tail(ctx context.Context, after store.Mark, q store.Query) ([]store.Change, error) {
	return call(ctx, o, "tail", length[store.Change], func(ctx context.Context) ([]store.Change, error) { return o.Store.Tail(ctx, after, q) })
}

func (o *observed) Head(ctx context.Context) (store.Mark, error) {
	return call(ctx, o, "head", one[store.Mark], o.Store.Head)
}

func (o *observed) Audit(ctx context.Context, q store.AuditQuery) ([]*store.Entry, error) {
	return call(ctx, o, "audit", length[*store.Entry], func(ctx context.Context) ([]*store.Entry, error) { return o.Store.Audit(ctx, q) })
}

func (o *observed) CheckAudit(ctx context.Context) (int64, error) {
	return call(ctx, o, "check_audit", func(n int64) int { return int(n) }, o.Store.CheckAudit)
}

func (o *observed) AddKey(ctx context.Context, k store.Key, secret store.SecretHash, by store.Actor) error {
	_, err := call(ctx, o, "add_key", changedOne, func(ctx context.Context) (nothing, error) { return nothing{}, o.Store.AddKey(ctx, k, secret, by) })
	return err
}

func (o *observed) Keys(ctx context.Context) ([]*store.Key, error) {
	return call(ctx, o, "keys", length[*store.Key], o.Store.Keys)
}

func (o *observed) Key(ctx context.Context, id string) (*store.Key, store.SecretHash, error) {
	var hash store.SecretHash
	key, err := call(ctx, o, "key", one[*store.Key], func(ctx context.Context) (key *store.Key, err error) {
		key, hash, err = o.Store.Key(ctx, id)
		return key, err
	})
	return key, hash, err
}

func (o *observed) RevokeKey(ctx context.Context, id string, by store.Actor) (*store.Key, error) {
	return call(ctx, o, "revoke_key", one[*store.Key], func(ctx context.Context) (*store.Key, error) { return o.Store.RevokeKey(ctx, id, by) })
}

func (o *observed) KeyUsed(ctx context.Context, id string, at time.Time) error {
	_, err := call(ctx, o, "key_used", changedOne, func(ctx context.Context) (nothing, error) { return nothing{}, o.Store.KeyUsed(ctx, id, at) })
	return err
}

func (o *observed) Ping(ctx context.Context) error {
	_, err := call(ctx, o, "ping", none, func(ctx context.Context) (nothing, error) { return nothing{}, o.Store.Ping(ctx) })
	return err
}

// Close ends the metrics too: they would ask a store that is closed.
func (o *observed) Close() error { return errors.Join(o.stop(), o.Store.Close()) }
