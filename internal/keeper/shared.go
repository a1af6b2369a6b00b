package keeper

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
)

// registry finds the keeper of a configuration. The collector makes one exporter for each signal and gives all that have the same component
// id the same configuration pointer: they share one store, so that its limits hold for all of them together and old items are deleted once.
type registry struct {
	mu      sync.Mutex
	keepers map[component.Config]*keeper
}

var keepers = registry{keepers: map[component.Config]*keeper{}}

func (r *registry) join(set exporter.Settings, cfg component.Config, s Settings) (*member, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.keepers[cfg]
	if !ok {
		var err error
		if k, err = newKeeper(set, s); err != nil {
			return nil, err
		}
		r.keepers[cfg] = k
	}
	k.members++
	return &member{keeper: k, leave: func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if k.members--; k.members == 0 && r.keepers[cfg] == k {
			delete(r.keepers, cfg)
		}
	}}, nil
}

// member is one signal's part in a keeper.
type member struct {
	keeper        *keeper
	leave         func()
	started, left bool
}

// start opens the store where this is the first signal.
func (m *member) start(ctx context.Context, _ component.Host) error {
	k := m.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if m.started {
		return nil
	}
	if k.started == 0 {
		if err := k.open(ctx); err != nil {
			return err
		}
	}
	k.started++
	m.started = true
	return nil
}

// shutdown closes the store after the last signal, whose queue is empty by then.
func (m *member) shutdown(context.Context) error {
	k := m.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	if !m.left {
		m.left = true
		m.leave()
	}
	if !m.started {
		return nil
	}
	m.started = false
	if k.started--; k.started > 0 {
		return nil
	}
	return k.close()
}
