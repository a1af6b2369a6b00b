package detect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/join"
	"github.com/driftlock/driftlock/internal/pack"
	"github.com/driftlock/driftlock/internal/snapshot"
)

// restore loads the snapshot that was found, before anything runs. What cannot be used is said and counted; the detector then
// starts without it.
func (k *keeper) restore(ctx context.Context) {
	d := k.d
	state, why := k.book.Found()
	switch state {
	case snapshot.None:
		d.log.Info("the storage holds no state: streams warm up")
		return
	case snapshot.Newer:
		k.leave(why)
		return
	case snapshot.Damaged:
		d.counters.setAside.Add(1)
		d.log.Error("the saved state is damaged and was set aside: streams warm up anew", zap.Error(why))
		return
	case snapshot.Older:
		d.log.Warn("the saved state is too old: streams warm up anew, and the next snapshot replaces it", zap.Error(why))
		return
	case snapshot.Usable:
	}
	began := time.Now()
	var a about
	if err := pack.Unmarshal(k.book.About(), &a); err != nil {
		d.log.Error("the saved state does not say what it is: streams warm up anew", zap.Error(err))
		return
	}
	if other := a.otherMeaning(d); other != "" {
		d.log.Warn("the saved state belongs to another configuration: streams warm up anew, and the next snapshot replaces it",
			zap.String("differs", other))
		return
	}
	switch err := k.load(ctx, &a); {
	case errors.Is(err, cbad.StatusSnapshotNewer):
		d.empty()
		k.leave(err)
	case errors.Is(err, cbad.StatusSnapshotOlder):
		d.empty()
		d.log.Warn("the saved state is of an older core: streams warm up anew, and the next snapshot replaces it", zap.Error(err))
	case err != nil:
		d.empty()
		d.counters.setAside.Add(1)
		d.log.Error("the saved state cannot be used: streams warm up anew", zap.Error(err))
	default:
		d.counters.restored.Store(uint64(len(d.registry.services)))
		d.log.Info("the state is loaded", zap.Int("services", len(d.registry.services)), zap.Time("saved", time.Unix(0, a.SavedAt)),
			zap.Bool("at_shutdown", a.Clean), zap.Duration("took", time.Since(began)))
	}
}

// leave gives up saving for this run.
func (k *keeper) leave(why error) {
	k.book.Leave()
	k.d.keeper = nil
	k.d.log.Error("the saved state is of a newer version and is left alone: streams warm up anew, and state stays in memory; run the newer version again, or give this one another storage",
		zap.Error(why))
}

// load reads all records. Of services, spans, names and what was said a damaged record is left out; without the sequencer's there is nothing.
func (k *keeper) load(ctx context.Context, a *about) error {
	d := k.d
	var s sequencerState
	if err := k.read(ctx, sequencerName, &s); err != nil {
		return fmt.Errorf("%s: %w", sequencerName, err)
	}
	if err := d.loadSequencer(&s); err != nil {
		return k.unusable(ctx, sequencerName, err)
	}
	for _, v := range d.registry.inOrder(nil) {
		err := k.loadModels(ctx, v)
		if errors.Is(err, cbad.StatusSnapshotNewer) || errors.Is(err, cbad.StatusSnapshotOlder) {
			return err
		}
		if err != nil {
			k.without("the models of a service", err, zap.String("service", v.name))
			v.startAnew()
		}
	}
	if err := k.loadSpans(ctx); err != nil {
		k.without("the table of spans", err)
	}
	var e emitterState
	err := k.read(ctx, emitterName, &e)
	if err == nil {
		err = d.emitter.load(&e)
	}
	if err != nil {
		k.without("what was said", err)
	}
	var lent lendingState
	if err = k.read(ctx, lendingName, &lent); err == nil {
		if err = d.lending.load(&lent); err != nil {
			err = k.unusable(ctx, lendingName, err)
		}
	}
	if err != nil {
		k.without("what is lent to new series", err)
	}
	var n canonical.NamesState
	if err := k.read(ctx, namesName, &n); err != nil {
		k.without("the names", err)
	} else {
		d.names.Load(n)
		k.names, k.known = snapshot.Loaded(), d.names.Changes()
	}
	d.missed(a)
	d.makeRoom(nil) // limits may be lower than they were
	return nil
}

// read reads one record.
func (k *keeper) read(ctx context.Context, name string, into any) error {
	raw, err := k.book.Read(ctx, name)
	if err == nil {
		if err = pack.Unmarshal(raw, into); err != nil {
			err = k.setAside(ctx, raw, err)
		}
	}
	return err
}

func (k *keeper) setAside(ctx context.Context, raw []byte, why error) error {
	return errors.Join(fmt.Errorf("%w: %w", snapshot.ErrDamaged, why), k.book.SetAside(ctx, raw))
}

// unusable sets a record aside that is whole and makes no sense.
func (k *keeper) unusable(ctx context.Context, name string, why error) error {
	raw, err := k.book.Read(ctx, name)
	if err != nil {
		return errors.Join(why, err)
	}
	return k.setAside(ctx, raw, why)
}

// without says what is missing.
func (k *keeper) without(what string, err error, fields ...zap.Field) {
	k.d.counters.setAside.Add(1)
	k.d.log.Error("part of the saved state is damaged or missing and is begun anew", append(fields, zap.String("part", what), zap.Error(err))...)
}

func (k *keeper) loadModels(ctx context.Context, v *service) error {
	name := serviceName(v.hash)
	var s modelsState
	if err := k.read(ctx, name, &s); err != nil {
		return err
	}
	err := v.models.load(&s)
	for sig := range v.signals {
		if err == nil {
			err = v.signals[sig].openSpans(s.Streams[sig].Open)
		}
		v.models.holds = v.models.holds || len(s.Streams[sig].Open) > 0
	}
	switch {
	case err == nil:
		v.models.mark = snapshot.Loaded()
		return nil
	case errors.Is(err, cbad.StatusSnapshotNewer), errors.Is(err, cbad.StatusSnapshotOlder):
		return err
	default:
		return k.unusable(ctx, name, err)
	}
}

// startAnew is for a service whose models are lost: its streams begin again, in windows that lack what was lost.
func (s *service) startAnew() {
	s.models.free(0)
	s.models = newModels(s.models.d, s)
	for sig := range s.signals {
		for i := range s.signals[sig].open {
			w := &s.signals[sig].open[i]
			s.models.d.pending -= w.pending
			w.pending, w.spans, w.incomplete = 0, nil, true
		}
	}
}

func (k *keeper) loadSpans(ctx context.Context) error {
	var s join.State
	switch err := k.read(ctx, spansName, &s); {
	case errors.Is(err, snapshot.ErrMissing):
		return nil // no span yet
	case err != nil:
		return err
	}
	chunks := make([][]join.Entry, s.Chunks())
	for i := range chunks {
		if err := k.read(ctx, chunkName(i), &chunks[i]); err != nil {
			chunks[i] = nil
			k.without("spans", err)
		}
	}
	table, err := join.Load(k.d.cfg.Limits.Spans, s, chunks)
	if err != nil {
		return k.unusable(ctx, spansName, err)
	}
	k.d.spans = table
	return nil
}

// empty gives up what was loaded.
func (d *Detector) empty() {
	for _, v := range d.registry.services {
		v.models.free(0)
	}
	d.silence, d.lending = newSilence(d), &lending{d: d}
	d.registry, d.budget, d.spans, d.pending, d.newestSeen = newRegistry(), newBudget(&d.cfg), nil, 0, 0
	_ = d.emitter.load(&emitterState{}) // which is nothing
}

// missed marks windows that lack what came, or would have come, between the snapshot and now. Live data have clocks like
// ours, so these are the windows of that time. After a crash they are also those that were open: what came for them later is
// lost, wherever their times are.
func (d *Detector) missed(a *about) {
	now := d.wall().UnixNano()
	if d.set.Replay || now <= a.SavedAt {
		return
	}
	d.downFrom, d.downUntil = uint64(max(a.SavedAt-int64(d.lateness), 0)), uint64(now)
	for _, v := range d.registry.services {
		for sig := range v.signals {
			for i := range v.signals[sig].open {
				w := &v.signals[sig].open[i]
				w.incomplete = w.incomplete || !a.Clean || d.down(w.start)
			}
		}
	}
}

// down tells whether the detector was not there for part of a window.
func (d *Detector) down(start uint64) bool {
	return start < d.downUntil && start+d.duration > d.downFrom
}
