package driftlockcbad

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/processor/driftlockcbad/internal/metadata"
)

// registry finds the group of a configuration. The collector makes one processor per pipeline and gives all that have the
// same component id the same configuration pointer, as it does for receivers that serve several signals.
type registry struct {
	mu     sync.Mutex
	groups map[*Config]*group
}

var groups = registry{groups: make(map[*Config]*group)}

func (r *registry) join(set processor.Settings, cfg *Config) (*group, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g, ok := r.groups[cfg]; ok {
		g.members++
		return g, nil
	}
	g := &group{registry: r, id: set.ID, cfg: cfg, set: set.TelemetrySettings, log: set.Logger, members: 1}
	var err error
	g.detector, err = detect.New(set.ID.String(), detect.Config(*cfg), detect.Settings{Logger: set.Logger, ProcessID: anomaly.ProcessID()}, g)
	if err != nil {
		return nil, err
	}
	r.groups[cfg] = g
	return g, nil
}

// group is one detector and its ports, one per pipeline. It is the detector's sink.
type group struct {
	registry *registry
	id       component.ID
	cfg      *Config
	set      component.TelemetrySettings
	log      *zap.Logger
	detector *detect.Detector
	lost     atomic.Uint64
	failing  atomic.Bool
	// patientFrom is when an anomaly may be offered again and again to a consumer that refuses; the detector's emitter alone reads and sets it.
	patientFrom time.Time

	members int // guarded by registry.mu, as are the next three
	started int
	stop    func() error
	storage *storageClient // nil: state is in memory

	mu    sync.Mutex
	ports []*port // started and not shut down, in order of their start
}

// port is a pipeline's place in the group.
type port struct {
	group *group
	out   sender
	// sending keeps Shutdown from returning while an item is on its way to the next consumer.
	sending sync.RWMutex
	open    bool
	started bool
	left    bool
}

func (g *group) newPort(out sender) *port { return &port{group: g, out: out} }

// Capabilities says that what passes is not changed.
func (p *port) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: false} }

// Start opens the port; the first opens the group.
func (p *port) Start(ctx context.Context, host component.Host) error {
	g := p.group
	g.registry.mu.Lock()
	defer g.registry.mu.Unlock()
	if p.started || p.left {
		return nil
	}
	if g.started == 0 {
		if err := g.start(ctx, host); err != nil {
			return err
		}
	}
	g.started++
	p.started = true
	p.sending.Lock()
	p.open = true
	p.sending.Unlock()
	g.mu.Lock()
	g.ports = append(g.ports, p)
	g.mu.Unlock()
	return nil
}

// start is for the first port.
func (g *group) start(ctx context.Context, host component.Host) error {
	if id := g.cfg.State.Storage; id != nil {
		c, refused, broken := openStorage(ctx, host, *id, g.id)
		if refused != nil {
			return refused
		}
		if broken != nil {
			g.log.Error("the state is neither loaded nor saved: streams warm up, and state stays in memory until the next start", zap.Error(broken))
		} else {
			g.storage = c
			g.detector.Keep(c)
		}
	}
	stop, err := metadata.Observe(g.set, g.values)
	if err == nil {
		if err = g.detector.Start(ctx); err == nil {
			g.stop = stop
			return nil
		}
		err = errors.Join(err, stop())
	}
	if g.storage != nil {
		err = errors.Join(err, g.storage.Close(ctx))
		g.storage = nil
	}
	return err
}

// Shutdown closes the port; the last one first lets the detector say what it has to say, through this port.
func (p *port) Shutdown(ctx context.Context) error {
	g := p.group
	g.registry.mu.Lock()
	defer g.registry.mu.Unlock()
	if p.left {
		return nil
	}
	p.left = true
	g.members--
	if g.members == 0 {
		delete(g.registry.groups, g.cfg)
	}
	if !p.started {
		return nil
	}
	g.started--
	var err error
	if g.started == 0 {
		err = errors.Join(g.detector.Shutdown(ctx), g.stop())
		if g.storage != nil {
			err = errors.Join(err, g.storage.Close(ctx))
		}
	}
	p.close()
	return err
}

func (p *port) close() {
	g := p.group
	g.mu.Lock()
	for i, other := range g.ports {
		if other == p {
			g.ports = append(g.ports[:i], g.ports[i+1:]...)
			break
		}
	}
	g.mu.Unlock()
	p.sending.Lock()
	p.open = false
	p.sending.Unlock()
}
