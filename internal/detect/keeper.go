package detect

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/pack"
	"github.com/driftlock/driftlock/internal/snapshot"
)

// keeper saves the detector's state in a storage, every interval and at shutdown.
//
// One goroutine drives it. The sequencer is stopped for as long as copying its part takes, a worker for as long as its own
// services take, one after the other; the storage makes workers wait only when 64 MiB have not been written yet.
type keeper struct {
	d        *Detector
	storage  snapshot.Storage
	interval time.Duration

	mu      sync.Mutex // a snapshot is being taken
	book    *snapshot.Book
	serial  uint64
	base    uint64 // serial of the last complete snapshot
	failing atomic.Bool
	names   snapshot.Mark
	known   uint64 // changes of the names at the last snapshot

	cancel  context.CancelFunc
	running sync.WaitGroup
}

const (
	// snapshotTimeout bounds a snapshot; then it is given up.
	snapshotTimeout = 30 * time.Second
	// snapshotShare: so many times as long as a snapshot took nothing is saved afterwards, so that a large state or a slow
	// storage takes at most a tenth of the time.
	snapshotShare = 9
)

// Keep makes the detector load its state from a storage at Start, and save it there every state.interval and at Shutdown. Call it before
// Start. Shutdown then leaves open windows open: whoever starts next goes on with them.
func (d *Detector) Keep(s snapshot.Storage) {
	d.keeper = &keeper{d: d, storage: s, interval: d.cfg.State.Interval}
}

// open looks at the storage and loads what is there.
func (k *keeper) open(ctx context.Context) {
	d := k.d
	book, err := snapshot.Open(ctx, k.storage, stateVersion())
	if err != nil {
		d.counters.snapshotsFailed.Add(1)
		d.log.Error("the storage cannot be read: streams warm up anew, and state stays in memory until the next start", zap.Error(err))
		d.keeper = nil
		return
	}
	k.book = book
	k.restore(ctx)
}

func (k *keeper) start() {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	k.running.Go(func() { k.run(ctx) })
}

func (k *keeper) run(ctx context.Context) {
	wait := time.NewTimer(k.interval)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		began := time.Now()
		k.try(ctx, false)
		wait.Reset(max(k.interval, snapshotShare*time.Since(began)))
	}
}

// last stops saving at intervals and saves once more; the sequencer must take nothing in any more.
func (k *keeper) last(ctx context.Context) (ok bool) {
	k.cancel()
	k.running.Wait()
	return k.try(ctx, true)
}

// try takes a snapshot and says how it went.
func (k *keeper) try(ctx context.Context, clean bool) (ok bool) {
	c := &k.d.counters
	began := time.Now()
	w, err := k.take(ctx, clean)
	if err != nil {
		if errors.Is(err, context.Canceled) && !clean {
			return false // the last one comes at once
		}
		if c.snapshotsFailed.Add(1); !k.failing.Swap(true) {
			k.d.log.Error("the state was not saved; further failures are only counted", zap.Error(err))
		}
		return false
	}
	if k.failing.Swap(false) {
		k.d.log.Info("the state is saved again")
	}
	c.snapshots.Add(1)
	c.snapshotBytes.Store(w.Bytes)
	c.snapshotNanos.Store(int64(time.Since(began)))
	return true
}

// take writes one snapshot.
func (k *keeper) take(ctx context.Context, clean bool) (*snapshot.Writer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, snapshotTimeout)
	defer cancel()
	w, err := k.book.Begin(ctx)
	if err != nil {
		return nil, err
	}
	d := k.d
	k.serial++
	d.mu.Lock()
	c := d.cutNow(k.base, k.serial)
	d.mu.Unlock()
	defer c.end()
	stop := context.AfterFunc(ctx, c.end)
	defer stop()

	for range c.services + 2 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case r := <-c.parts:
			err := k.put(ctx, w, r)
			c.room.release(uint64(len(r.data)))
			if err != nil {
				return nil, err
			}
		}
	}
	if c.spans != nil {
		for i := range c.chunks {
			chunk := &c.chunks[i]
			r := savedRecord{name: chunkName(chunk.Index), kept: chunk.Kept}
			if !r.kept {
				r.data = pack.Marshal(chunk.Entries)
			}
			if err := k.put(ctx, w, r); err != nil {
				return nil, err
			}
		}
		if err := w.Put(ctx, spansName, pack.Marshal(*c.spans)); err != nil {
			return nil, err
		}
	}
	// Names come last: they are entered before what bears them is sequenced, so none is missing.
	if known := d.names.Changes(); known != k.known {
		k.names.Changed()
		k.known = known
	}
	r := savedRecord{name: namesName, kept: !k.names.Save(k.base, k.serial)}
	if !r.kept {
		r.data = pack.Marshal(d.names.Save())
	}
	if err := k.put(ctx, w, r); err != nil {
		return nil, err
	}
	if err := w.Put(ctx, sequencerName, pack.Marshal(c.sequencer)); err != nil {
		return nil, err
	}
	if err := w.Commit(ctx, pack.Marshal(d.about(c.savedAt, clean))); err != nil {
		return nil, err
	}
	k.base = k.serial
	return w, nil
}

func (k *keeper) put(ctx context.Context, w *snapshot.Writer, r savedRecord) error {
	switch {
	case r.err != nil:
		return r.err
	case !r.kept:
		return w.Put(ctx, r.name, r.data)
	case !w.Keep(r.name):
		return errors.New("the record " + r.name + " was to be kept and is not there")
	default:
		return nil
	}
}
