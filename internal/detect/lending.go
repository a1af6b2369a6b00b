package detect

import (
	"cmp"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/pack"
)

// lending brings together what the series of all services showed, by metric, and lends it to those that have too little past of
// their own. It is done in rounds, by event time, in which all workers meet: each brings what its services share, the last one to come
// adds it to the pool, and all go on with the same one. So a verdict rests on what was shown before the round, whoever showed
// it, and not on which worker was how far.
type lending struct {
	d   *Detector
	due uint64    // the window with which the next round begins; the sequencer's
	of  cbad.Pool // of the last round; touched by workers in a round, and between two by tasks of the first one
}

// Windows from one round to the next.
const lendingWindows = 10

// round is one meeting of the workers.
type round struct {
	services [][]*models // by worker, in the order of first sight
	mu       sync.Mutex
	missing  int // workers
	shared   []shown
	pool     cbad.Pool // set before done is closed
	done     chan struct{}
}

// shown is what one service showed.
type shown struct {
	of   *models
	data []byte
}

// sweep begins a round when event time has reached the next. Under the sequencer's mutex.
func (l *lending) sweep(clock uint64) {
	now := l.d.windowOf(clock - min(clock, l.d.lateness))
	if now < l.due {
		return
	}
	first := l.due == 0
	l.due = now + lendingWindows*l.d.duration
	if first {
		return
	}
	r := &round{services: make([][]*models, len(l.d.workers)), missing: len(l.d.workers), done: make(chan struct{})}
	anybody := false
	for _, v := range l.d.registry.inOrder(nil) {
		if !v.rows { // a file's rows are judged by themselves
			at := slices.Index(l.d.workers, v.worker)
			r.services[at] = append(r.services[at], v.models)
			anybody = true
		}
	}
	if !anybody {
		return
	}
	for i, w := range l.d.workers {
		w.push(task{kind: taskCall, done: func() { r.meet(l, r.services[i]) }})
	}
}

// meet is a worker's part. Whatever others wait for was pushed before the round, so none waits for who waits here.
func (r *round) meet(l *lending, services []*models) {
	var mine []shown
	for _, m := range services {
		st := m.streams[metrics].model
		if st == nil {
			continue
		}
		data, err := st.Share()
		if err != nil {
			m.refused(metrics, "share", err)
			continue
		}
		if len(data) > 0 {
			m.mark.Changed()
			mine = append(mine, shown{m, data})
		}
	}
	r.mu.Lock()
	r.shared = append(r.shared, mine...)
	r.missing--
	last := r.missing == 0
	r.mu.Unlock()
	if last {
		r.pool = l.add(r.shared)
		close(r.done)
	}
	<-r.done
	for _, s := range mine {
		if err := s.of.streams[metrics].Lend(r.pool); err != nil {
			s.of.refused(metrics, "lend", err)
		}
	}
}

// add adds what was shared in the order of services, which does not depend on the workers.
func (l *lending) add(shared []shown) cbad.Pool {
	slices.SortFunc(shared, func(a, b shown) int { return cmp.Compare(a.of.service.index, b.of.service.index) })
	data := make([][]byte, len(shared))
	for i := range shared {
		data[i] = shared[i].data
	}
	pool, leftOut, err := l.of.Add(data, int(l.d.cfg.Limits.SymbolsPerStream))
	if err != nil {
		l.d.counters.coreErrors.Add(1)
		l.d.log.Error("the core refused what streams shared: new series are lent what there was", zap.Error(err))
		return l.of
	}
	l.d.counters.signals[metrics].modelEvicted.Add(uint64(leftOut))
	l.of = pool
	return pool
}

// lendingState is what a snapshot keeps of the pool; when the next round is due is the sequencer's to keep.
type lendingState struct{ Pool []byte }

func (l *lending) save() []byte { return pack.Marshal(lendingState{l.of}) }

// load refuses what is no pool.
func (l *lending) load(s *lendingState) error {
	if _, _, err := cbad.Pool(s.Pool).Add(nil, int(l.d.cfg.Limits.SymbolsPerStream)); err != nil {
		return err
	}
	l.of = s.Pool
	return nil
}
