// Package keeper is what the exporters that store anomalies share: it lifts the items out of what a pipeline brings, decides which of
// them may be stored, stores them, and deletes them when their time has passed. It knows no database.
package keeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/observe"
)

// Settings are what an exporter tells its keeper.
type Settings struct {
	// Open opens the store and names it for the log. A store that cannot be reached yet is told to away, and is no error; one that cannot
	// index what it stores is told to unindexed.
	Open func(ctx context.Context, away, unindexed func(why error)) (s store.Store, where string, err error)
	// AcceptRemote also stores items that another process made.
	AcceptRemote bool
	Retention    RetentionConfig
	// Options are exporterhelper's: timeout, retry and queue.
	Options []exporterhelper.Option
}

// keeper is what the three signals share: the store and the decision what goes into it.
type keeper struct {
	Settings
	id        component.ID
	set       component.TelemetrySettings
	logger    *zap.Logger
	telemetry *telemetry

	members int // under the registry's mutex

	mu      sync.Mutex // held while the store is opened and closed
	started int
	store   store.Store
	cancel  context.CancelFunc
	done    sync.WaitGroup

	refusals, damages quiet
}

func newKeeper(set exporter.Settings, s Settings) (*keeper, error) {
	t, err := newTelemetry(set.TelemetrySettings, set.ID.Type())
	if err != nil {
		return nil, fmt.Errorf("make counters: %w", err)
	}
	return &keeper{Settings: s, id: set.ID, set: set.TelemetrySettings, logger: set.Logger, telemetry: t}, nil
}

func (m *member) options() []exporterhelper.Option {
	return append([]exporterhelper.Option{
		exporterhelper.WithStart(m.start), exporterhelper.WithShutdown(m.shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
	}, m.keeper.Options...)
}

func (k *keeper) open(ctx context.Context) error {
	s, where, err := k.Open(ctx, func(why error) {
		k.logger.Warn("the store cannot be reached; anomalies wait in the sending queue until it can", zap.Error(why))
	}, func(why error) {
		k.logger.Warn("texts of anomalies cannot be indexed; searches find them, more slowly the more there are, until it works again", zap.Error(why))
	})
	if err != nil {
		return err
	}
	if k.store, err = observe.Store(s, k.set, scope(k.id.Type()), prefix(k.id.Type())); err != nil {
		return errors.Join(err, s.Close())
	}
	run, cancel := context.WithCancel(context.Background()) // the context of Start ends when Start does
	k.cancel = cancel
	k.done.Go(func() {
		keep := store.Retention{Anomalies: k.Retention.Anomalies, Windows: k.Retention.Windows}
		keep.Run(run, k.store, k.Retention.Interval, k.expired)
	})
	k.logger.Info("storing anomalies", zap.String("store", where), zap.Bool("accept_remote", k.AcceptRemote))
	return nil
}

func (k *keeper) close() error {
	k.cancel()
	k.done.Wait()
	return k.store.Close()
}

func (k *keeper) expired(n store.Counts, err error) {
	k.telemetry.expired.Add(context.Background(), int64(n.Anomalies+n.Windows))
	if err != nil {
		k.logger.Warn("cannot delete old items; the store grows until it works again", zap.Error(err))
	}
}

// admit reports what was damaged and keeps of the rest what this exporter may store.
func (k *keeper) admit(ctx context.Context) func(anomaly.Items, error) anomaly.Items {
	return func(items anomaly.Items, err error) anomaly.Items {
		if err != nil {
			k.damaged(ctx, err)
		}
		if k.AcceptRemote || items.Len() == 0 {
			return items
		}
		before, own := items.Len(), anomaly.ProcessID()
		items.Anomalies = slices.DeleteFunc(items.Anomalies, func(a *anomaly.Anomaly) bool { return a.ProcessID != own })
		items.Windows = slices.DeleteFunc(items.Windows, func(w *anomaly.Window) bool { return w.ProcessID != own })
		if n := before - items.Len(); n > 0 {
			k.telemetry.refused.Add(ctx, int64(n))
			if k.refusals.may() {
				k.logger.Warn("refused items that another process made; if it is an agent of yours and its sender is authenticated, set accept_remote: true", zap.Int("items", n))
			}
		}
		return items
	}
}

// damaged counts what cannot be stored. It is no error of the pipeline: sending the same bytes again would mend nothing.
func (k *keeper) damaged(ctx context.Context, err error) {
	n := 1
	var list interface{ Unwrap() []error }
	if errors.As(err, &list) {
		n = len(list.Unwrap())
	}
	k.leaveOut(ctx, n, err)
}

func (k *keeper) leaveOut(ctx context.Context, n int, err error) {
	k.telemetry.damaged.Add(ctx, int64(n))
	if k.damages.may() {
		k.logger.Warn("left out items that are damaged", zap.Int("items", n), zap.Error(err))
	}
}

// add stores items. What came damaged out of the queue is reported; the rest is stored all the same.
func (k *keeper) add(ctx context.Context, items anomaly.Items, damage error) error {
	if damage != nil {
		k.damaged(ctx, damage)
	}
	n, err := k.store.Add(ctx, items)
	if store.IsPermanent(err) && !errors.Is(err, store.ErrClosed) && items.Len() > 1 {
		return k.addHalves(ctx, items)
	}
	if err != nil {
		return classify(err)
	}
	added := n.Anomalies + n.Windows
	k.telemetry.stored.Add(ctx, int64(added))
	k.telemetry.known.Add(ctx, int64(items.Len()-added))
	return nil
}

// addHalves finds what the store will never take, so that the rest of its batch is stored all the same: one row that breaks a rule would take
// hundreds with it. Where the store takes nothing at all, that is no fault of the items', and the error stands for all of them.
func (k *keeper) addHalves(ctx context.Context, items anomaly.Items) error {
	var refused []anomaly.Items
	var why error
	halves := split(items)
	for _, half := range halves {
		err := k.add(ctx, half, nil)
		if err != nil && !consumererror.IsPermanent(err) {
			return err // all of it is tried again, and what was stored meanwhile is known by then
		}
		if err != nil {
			refused, why = append(refused, half), err
		}
	}
	if len(refused) == len(halves) {
		return why
	}
	for _, half := range refused {
		k.leaveOut(ctx, half.Len(), why)
	}
	return nil
}

func split(items anomaly.Items) []anomaly.Items {
	a, w := len(items.Anomalies), len(items.Windows)
	if a > 0 && w > 0 {
		return []anomaly.Items{{Anomalies: items.Anomalies}, {Windows: items.Windows}}
	}
	return []anomaly.Items{
		{Anomalies: items.Anomalies[:a/2], Windows: items.Windows[:w/2]},
		{Anomalies: items.Anomalies[a/2:], Windows: items.Windows[w/2:]},
	}
}

// classify decides whether exporterhelper tries again.
func classify(err error) error {
	if store.IsPermanent(err) {
		return consumererror.NewPermanent(err)
	}
	return err
}

// quiet lets one message through a minute: how often it happened is what the counters are for.
type quiet struct {
	mu   sync.Mutex
	next time.Time
}

func (q *quiet) may() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if now.Before(q.next) {
		return false
	}
	q.next = now.Add(time.Minute)
	return true
}
