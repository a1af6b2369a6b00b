package detect

import (
	"fmt"
	"sync/atomic"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/join"
	"github.com/driftlock/driftlock/internal/pack"
	"github.com/driftlock/driftlock/internal/snapshot"
)

// cut is the state between two arrivals: of the sequencer as it is under its mutex; of each service's models when their
// worker has done all tasks pushed before, and none pushed after; of what is lent when the first worker has;
// of the emitter when all was said that was judged before.
// So it is the state of a detector that was given these arrivals and no more, although nobody stopped.
type cut struct {
	base, serial uint64 // numbers of the last complete snapshot and of this one
	savedAt      int64  // wall clock, ns
	sequencer    sequencerState
	spans        *join.State
	chunks       []join.Chunk
	services     int

	parts chan savedRecord // room for all: nobody waits to send
	room  *gate            // bytes not written yet
	ended atomic.Bool
}

// savedRecord is a record of a cut that is made elsewhere than under the sequencer's mutex.
type savedRecord struct {
	name string
	data []byte
	kept bool // as in the snapshot before
	err  error
}

// maxUnwritten bounds the bytes of a snapshot that are in memory; workers wait for the storage beyond it.
const maxUnwritten = 64 << 20

// savingService is a worker's part of a cut.
type savingService struct {
	cut  *cut
	open [signals][]spansState
}

const (
	sequencerName = "sequencer"
	emitterName   = "emitter"
	lendingName   = "lending"
	namesName     = "names"
	spansName     = "spans"
)

func serviceName(hash uint64) string { return fmt.Sprintf("service/%016x", hash) }
func chunkName(index int) string     { return fmt.Sprintf("spans/%d", index) }

// cutNow takes a cut. Under the sequencer's mutex, where it copies what is small and pushes what is not.
func (d *Detector) cutNow(base, serial uint64) *cut {
	c := &cut{
		base: base, serial: serial, savedAt: d.wall().UnixNano(), sequencer: d.saveSequencer(), services: len(d.registry.services),
		parts: make(chan savedRecord, len(d.registry.services)+2), room: newGate(maxUnwritten),
	}
	if d.spans != nil {
		state, chunks := d.spans.Save(base, serial)
		c.spans, c.chunks = &state, chunks
	}
	for _, v := range d.registry.services {
		saving := &savingService{cut: c}
		for sig := range v.signals {
			for i := range v.signals[sig].open {
				// Not copied: later spans are appended behind, and the load goes back to its pool only when the worker
				// has closed the window, after this task.
				if w := &v.signals[sig].open[i]; w.spans != nil {
					saving.open[sig] = append(saving.open[sig], spansState{w.start, w.spans.spans})
				}
			}
		}
		v.worker.push(task{kind: taskSave, models: v.models, saving: saving})
	}
	d.workers[0].push(task{kind: taskCall, done: func() {
		r := savedRecord{name: lendingName, data: d.lending.save()}
		c.room.force(uint64(len(r.data)))
		c.parts <- r
	}})
	// The emitter may make whoever puts something wait, which the sequencer must not.
	sequence := d.nextSequence()
	d.workers[0].push(task{kind: taskCall, done: func() {
		d.emitter.put(sequence, &outcome{call: func() {
			state, err := d.emitter.save()
			r := savedRecord{name: emitterName, data: pack.Marshal(state), err: err}
			c.room.force(uint64(len(r.data))) // verdicts do not wait for the storage
			c.parts <- r
		}})
	}})
	return c
}

// do saves a service's models, or says that they are as they were.
func (s *savingService) do(m *models) {
	c := s.cut
	holds := false
	for sig := range s.open {
		holds = holds || len(s.open[sig]) > 0
	}
	if holds || m.holds {
		m.mark.Changed()
	}
	m.holds = holds
	if c.ended.Load() {
		m.mark.Changed()
		return
	}
	p := savedRecord{name: serviceName(m.service.hash)}
	if !m.mark.Save(c.base, c.serial) {
		p.kept = true
		c.give(p)
		return
	}
	state, err := m.save(s.open)
	if err != nil {
		p.err = fmt.Errorf("service %q: %w", m.service.name, err)
		c.give(p)
		return
	}
	p.data = pack.Append(make([]byte, 0, state.size()), *state)
	c.give(p)
}

func (c *cut) give(p savedRecord) {
	c.room.acquire(uint64(len(p.data)), true)
	c.parts <- p
}

// end lets go whoever waits for the storage.
func (c *cut) end() {
	c.ended.Store(true)
	c.room.unblock()
}

// stateFormat numbers the layouts of released versions.
const stateFormat = 2

// stateVersion names the layout of all records.
func stateVersion() snapshot.Version {
	layout := ""
	for _, v := range []any{sequencerState{}, modelsState{}, emitterState{}, lendingState{}, canonical.NamesState{}, join.State{}, []join.Entry{}, about{}} {
		layout += pack.Layout(v) + "\n"
	}
	return snapshot.Version{Format: stateFormat, Layout: layout}
}
