package detect

import "fmt"

// emitterState is what a snapshot keeps of the emitter, once everything judged before the snapshot was said.
type emitterState struct {
	Ledger []uint64 // times of anomalies, oldest first
}

// save is called by the emitter's goroutine, between two outcomes.
func (e *emitter) save() emitterState { return emitterState{Ledger: e.ledger.save()} }

// load fills an emitter that has said nothing yet.
func (e *emitter) load(s *emitterState) error {
	if len(s.Ledger) > len(e.ledger.times) {
		return fmt.Errorf("%d anomalies in the ledger, at most %d are remembered", len(s.Ledger), len(e.ledger.times))
	}
	e.ledger = ledger{}
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
