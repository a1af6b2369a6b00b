package detect

import (
	"encoding/json"
	"fmt"

	"github.com/driftlock/driftlock/internal/episode"
)

// emitterState is what a snapshot keeps of the emitter, once everything judged before the snapshot was said.
type emitterState struct {
	Ledger  []uint64 // times of episodes, oldest first
	Pool    pool
	Tracker []byte // JSON of episode.State: it holds anomalies, whose one form that is
}

// save is called by the emitter's goroutine, between two outcomes.
func (e *emitter) save() (emitterState, error) {
	tracker, err := json.Marshal(e.tracker.State())
	if err != nil {
		return emitterState{}, fmt.Errorf("episodes: %w", err)
	}
	return emitterState{Ledger: e.ledger.save(), Pool: e.pool, Tracker: tracker}, nil
}

// load fills an emitter that has said nothing yet.
func (e *emitter) load(s *emitterState) error {
	if len(s.Ledger) > len(e.ledger.times) {
		return fmt.Errorf("%d anomalies in the ledger, at most %d are remembered", len(s.Ledger), len(e.ledger.times))
	}
	var state episode.State
	if len(s.Tracker) > 0 {
		if err := json.Unmarshal(s.Tracker, &state); err != nil {
			return fmt.Errorf("episodes: %w", err)
		}
	}
	if err := e.tracker.Restore(state); err != nil {
		return err
	}
	e.ledger, e.pool = ledger{}, s.Pool
	for _, endNs := range s.Ledger {
		e.ledger.spend(endNs)
	}
	return nil
}

func (l *ledger) save() []uint64 {
	var out []uint64
	for i := range l.times {
		if t := l.times[(l.next+i)%len(l.times)]; t != 0 {
			out = append(out, t)
		}
	}
	return out
}
