package detect

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/join"
	"github.com/driftlock/driftlock/internal/redact"
)

// Detector judges the telemetry that it is given. All methods are safe for concurrent use.
type Detector struct {
	id          string
	cfg         Config
	set         Settings
	log         *zap.Logger
	configHash  string
	coreVersion string
	params      cbad.Params
	parameters  *Parameters // nil: too long to be stated
	secrets     *redact.Redactor
	newModel    func(cbad.Kind, cbad.Params) (model, error)
	loadModel   func(cbad.Kind, cbad.Params, []byte) (model, error)
	keeper      *keeper // nil: state stays in memory

	duration, lateness uint64 // ns
	maxPending         uint64 // bytes
	maxModels          int64  // bytes

	names     *canonical.Names
	resources *canonical.Resources
	gate      *gate
	workers   []*worker
	emitter   *emitter
	counters  counters
	evicting  atomic.Int64 // bytes of models that are about to be freed

	mu             sync.Mutex // the sequencer's, see sequencer.go
	registry       *registry
	budget         *budget
	silence        *silence
	lending        *lending
	spans          *join.Table // made at the first span
	pending        uint64
	visit          uint64
	sequenceNumber uint64
	newestSeen     uint64 // replay's clock
	// The time for which there was no detector: between the snapshot that was loaded and the start.
	downFrom, downUntil uint64
	last                bool // windows that close now are the last
	started             bool
	stopped             bool

	cancel  context.CancelFunc
	running sync.WaitGroup
	emitted chan struct{}
}

// New makes a detector for one component id; it says nothing before Start.
func New(componentID string, cfg Config, set Settings, sink Sink) (*Detector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("detector %s: %w", componentID, err)
	}
	if err := cbad.CheckABI(); err != nil {
		return nil, fmt.Errorf("detector %s: %w", componentID, err)
	}
	d := &Detector{
		id: componentID, cfg: cfg, set: set, log: set.Logger, configHash: cfg.Hash(), coreVersion: cbad.Version(),
		params: cfg.params(), parameters: cfg.parameters().stated(), newModel: newCoreModel, loadModel: loadCoreModel,
		duration: uint64(cfg.Window.Duration), lateness: uint64(cfg.Window.Lateness),
		maxPending: cfg.Limits.PendingMiB << 20, maxModels: int64(min(cfg.Limits.MemoryMiB, 1<<40)) << 20,
		names: canonical.NewNames(cfg.Limits.Names), gate: newGate(cfg.Limits.QueueMiB << 20),
		registry: newRegistry(), budget: newBudget(&cfg), emitted: make(chan struct{}),
	}
	var err error
	if d.secrets, err = redact.New(cfg.Evidence.Redact, cfg.Evidence.RedactDefaults); err != nil {
		return nil, fmt.Errorf("detector %s: evidence.redact%w", componentID, err) // Validate said so before
	}
	if d.log == nil {
		d.log = zap.NewNop()
	}
	if d.set.Clock == nil {
		d.set.Clock = time.Now
	}
	d.resources = canonical.NewResources(cfg.ServiceAttributes, 2*cfg.Limits.Streams, d.names)
	d.silence, d.lending = newSilence(d), &lending{d: d}
	d.emitter = newEmitter(d, sink)
	n := cfg.Workers
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	for range n {
		d.workers = append(d.workers, newWorker(d))
	}
	return d, nil
}

func newCoreModel(k cbad.Kind, p cbad.Params) (model, error) { return cbad.New(k, p) }

// loadCoreModel goes on with a saved stream, at the thresholds of now.
func loadCoreModel(k cbad.Kind, p cbad.Params, saved []byte) (model, error) {
	s, err := cbad.Load(saved)
	if err != nil {
		return nil, err
	}
	if s.Kind() != k {
		err = fmt.Errorf("a stream of %s was saved as one of %s", s.Kind(), k)
	} else {
		err = s.Tune(p)
	}
	if err != nil {
		s.Free()
		return nil, err
	}
	return s, nil
}

// params are what the core needs of the configuration. Evidence is computed for every window that can become an
// anomaly by itself: a combined p of at most the level implies a stream's p of at most eight times that, there being no
// more channels than that in a stream. The default of evidence.p covers most of those that only the last windows together
// make one.
func (c *Config) params() cbad.Params {
	p := cbad.DefaultParams()
	p.Seed = c.Seed
	p.EvidenceP = min(max(c.Evidence.P, 8*newBudget(c).highest()), 1)
	p.QuarantineP = c.Quarantine.P
	p.AdoptAfter = c.Quarantine.AdoptAfter
	p.MetricLevel = math.Inf(1)
	if c.MetricLevel > 0 {
		p.MetricLevel = c.MetricLevel
	}
	p.RequestP = c.Requests.P
	p.RequestIdle = c.Requests.Idle
	p.MaxRecords = c.Limits.RecordsPerWindow
	p.MaxSymbols = c.Limits.SymbolsPerStream
	p.MaxRequests = c.Limits.RequestsPerStream
	p.MaxSampleBytes = c.Limits.SampleBytes
	p.WarmupWindows = c.WarmupWindows
	return p
}

// Start loads the state, if it is kept, and starts the workers. Calling it again does nothing.
func (d *Detector) Start(load context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.started || d.stopped {
		return nil
	}
	d.started = true
	if d.keeper != nil {
		d.keeper.open(load)
	}
	// The goroutines outlive Start's context; Shutdown ends them.
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	for _, w := range d.workers {
		d.running.Go(w.run)
	}
	go func() {
		defer close(d.emitted)
		d.emitter.run(ctx)
	}()
	if !d.set.Replay {
		d.running.Go(func() { d.watchIdle(ctx) })
	}
	if d.keeper != nil {
		d.keeper.start()
	}
	return nil
}

// Shutdown closes and judges what is open, hands it to the sink and stops the workers. Where the state is kept, what is
// open is saved instead. When the context ends first, the
// sink's calls are cancelled and what was not said yet is lost. It is safe without Start and more than once.
func (d *Detector) Shutdown(ctx context.Context) error {
	// Whoever waits in Consume holds the sequencer; with the gate open there is no one left to wait for.
	d.gate.unblock()
	d.mu.Lock()
	if d.stopped || !d.started {
		d.stopped = true
		d.mu.Unlock()
		return nil
	}
	d.stopped = true
	d.mu.Unlock()

	kept := d.keeper != nil && d.keeper.last(ctx)
	d.mu.Lock()
	if !kept {
		d.closeAll(false)
		d.releaseHeld()
	}
	for _, v := range d.registry.services {
		v.worker.push(task{kind: taskEvict, models: v.models})
	}
	sequence := d.sequenceNumber
	d.mu.Unlock()

	err := d.emitter.wait(ctx, sequence)
	d.cancel()
	for _, w := range d.workers {
		w.finish()
	}
	d.running.Wait()
	d.emitter.finish()
	<-d.emitted
	if err != nil {
		return fmt.Errorf("detector %s: shut down before everything was said: %w", d.id, err)
	}
	return nil
}

func (d *Detector) origin() *anomaly.Origin {
	return &anomaly.Origin{ComponentID: d.id, ConfigHash: d.configHash, CoreVersion: d.coreVersion, ProcessID: d.set.ProcessID}
}

func (d *Detector) windowOf(timeNs uint64) uint64 { return timeNs - timeNs%d.duration }

func (d *Detector) wall() time.Time { return d.set.Clock() }

// now is the time for records that have none, and the last event time that is believed.
func (d *Detector) now() (now, limit uint64) {
	now = uint64(max(d.wall().UnixNano(), 0))
	if d.set.Replay {
		limit = min(now+replayFuture, maxTime)
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.newestSeen, limit
	}
	return now, min(now+uint64(d.cfg.Window.MaxFuture), maxTime)
}

// replayFuture is max_future of a replay: a broken timestamp must not close the windows of all that follows, and nobody
// has recordings of next year.
const replayFuture = uint64(366 * 24 * time.Hour)

// maxTime keeps event times within what a signed 64-bit number of nanoseconds holds, with room for windows to be added:
// the year 2233.
const maxTime = math.MaxInt64 / 10 * 9

func (d *Detector) nextSequence() uint64 {
	n := d.sequenceNumber
	d.sequenceNumber++
	return n
}
