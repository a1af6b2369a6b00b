package cbad

/*
#cgo CFLAGS: -I${SRCDIR}/../../cbad-core/include
#cgo LDFLAGS: ${SRCDIR}/../../cbad-core/target/release/libcbad_core.a -lm -ldl -lpthread
#cgo noescape cbad_go_new
#cgo nocallback cbad_go_new
#cgo noescape cbad_go_load
#cgo nocallback cbad_go_load
#cgo nocallback cbad_go_free
#cgo noescape cbad_go_observe
#cgo nocallback cbad_go_observe
#cgo noescape cbad_go_close
#cgo nocallback cbad_go_close
#cgo noescape cbad_go_per_span
#cgo nocallback cbad_go_per_span
#cgo noescape cbad_go_points
#cgo nocallback cbad_go_points
#cgo noescape cbad_go_requests
#cgo nocallback cbad_go_requests
#cgo noescape cbad_go_items
#cgo nocallback cbad_go_items
#cgo noescape cbad_go_evidence
#cgo nocallback cbad_go_evidence
#cgo noescape cbad_go_save
#cgo nocallback cbad_go_save
#cgo noescape cbad_go_share
#cgo nocallback cbad_go_share
#cgo noescape cbad_go_lend
#cgo nocallback cbad_go_lend
#cgo noescape cbad_go_pool_add
#cgo nocallback cbad_go_pool_add
#cgo noescape cbad_go_describe
#cgo nocallback cbad_go_describe
#cgo noescape cbad_go_tune
#cgo nocallback cbad_go_tune
#cgo noescape cbad_go_memory
#cgo nocallback cbad_go_memory
#cgo noescape cbad_combine
#cgo nocallback cbad_combine
#cgo noescape cbad_product
#cgo nocallback cbad_product
#cgo noescape cbad_pool_level
#cgo nocallback cbad_pool_level
#cgo noescape cbad_gaps_present
#cgo nocallback cbad_gaps_present
#cgo noescape cbad_gaps_over
#cgo nocallback cbad_gaps_over
#cgo noescape cbad_gaps_p
#cgo nocallback cbad_gaps_p
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Stream is one stream's model in the core. Make it with New or Load, release it with Free.
type Stream struct {
	handle  C.cbad_stream // a number, see cbad.h
	kind    Kind
	state   atomic.Uint32
	cleanup runtime.Cleanup

	// Places for the core to write to; here, they cost no allocation per call.
	message C.cbad_go_message
	window  C.cbad_window
	verdict C.cbad_verdict
	length  C.size_t
}

// Bits of Stream.state.
const (
	inUse = 1 << iota
	freed
)

// New makes a stream with nothing learnt. The error of a bad parameter names it, its rule and its value.
func New(kind Kind, p Params) (*Stream, error) {
	cp, err := p.c()
	if err != nil {
		return nil, err
	}
	s := &Stream{kind: kind}
	if status := C.cbad_go_new(C.uint32_t(kind), &cp, &s.handle, &s.message); status != C.CBAD_OK {
		return nil, s.fail("new stream", status)
	}
	return s.watch(), nil
}

// Load makes a stream from what Save returned. It goes on bit for bit where the saved one stood, with its parameters
// (Params tells them). The error's status tells damage from age: StatusSnapshotForeign and its neighbours.
func Load(snapshot []byte) (*Stream, error) {
	s := &Stream{}
	buf := (*C.uint8_t)(unsafe.SliceData(snapshot))
	if status := C.cbad_go_load(buf, C.size_t(len(snapshot)), &s.handle, &s.message); status != C.CBAD_OK {
		return nil, s.fail("load stream", status)
	}
	s.watch()
	var kind C.uint32_t
	if status := C.cbad_go_describe(s.handle, &kind, nil, &s.message); status != C.CBAD_OK {
		err := s.fail("load stream", status)
		s.Free()
		return nil, err
	}
	s.kind = Kind(kind)
	return s, nil
}

// watch frees the core's side of a stream that was dropped without Free.
func (s *Stream) watch() *Stream {
	s.cleanup = runtime.AddCleanup(s, func(h C.cbad_stream) { C.cbad_go_free(h) }, s.handle)
	return s
}

// Kind tells which records the stream takes.
func (s *Stream) Kind() Kind { return s.kind }

// enter takes the stream for one call.
func (s *Stream) enter(action string) error {
	if s.state.CompareAndSwap(0, inUse) {
		return nil
	}
	if s.state.Load()&freed != 0 {
		return &Error{Action: action, Status: StatusBadHandle, Message: "the stream was freed"}
	}
	return &Error{Action: action, Status: StatusBusy, Message: "another goroutine is inside this stream: one at a time"}
}

// leave gives the stream back, and frees it when Free was called meanwhile.
func (s *Stream) leave() {
	if !s.state.CompareAndSwap(inUse, 0) {
		s.release()
	}
}

func (s *Stream) fail(action string, status C.int32_t) error {
	text := unsafe.Slice((*byte)(&s.message.text[0]), s.message.len)
	return &Error{Action: action, Status: Status(status), Message: string(text)}
}

// Free releases the stream. Calling it again, or while another goroutine is inside, is harmless: then the call that
// is under way ends first.
func (s *Stream) Free() {
	for {
		old := s.state.Load()
		if old&freed != 0 {
			return
		}
		if s.state.CompareAndSwap(old, old|freed) {
			if old&inUse == 0 {
				s.release()
			}
			return
		}
	}
}

func (s *Stream) release() {
	s.cleanup.Stop()
	C.cbad_go_free(s.handle)
	runtime.KeepAlive(s)
}

// Observe adds a batch to the open window, all of it or, with an error, nothing. The batch may be reused at once.
func (s *Stream) Observe(b *Batch) error {
	if len(b.Offsets) == 0 && len(b.Bytes) == 0 {
		return nil
	}
	if err := s.enter("observe"); err != nil {
		return err
	}
	defer s.leave()
	status := C.cbad_go_observe(s.handle,
		(*C.uint8_t)(unsafe.SliceData(b.Bytes)), C.size_t(len(b.Bytes)),
		(*C.uint32_t)(unsafe.SliceData(b.Offsets)), C.size_t(len(b.Offsets)), &s.message)
	if status != C.CBAD_OK {
		return s.fail("observe", status)
	}
	return nil
}

// Close scores the open window, learns it as the core decides, and opens the next. It fills v and reuses its slices.
func (s *Stream) Close(w Window, v *Verdict) error {
	if err := s.enter("close window"); err != nil {
		return err
	}
	defer s.leave()
	s.window = w.c()
	s.verdict.struct_size = C.sizeof_cbad_verdict
	if status := C.cbad_go_close(s.handle, &s.window, &s.verdict, &s.message); status != C.CBAD_OK {
		return s.fail("close window", status)
	}
	v.fill(&s.verdict)

	v.Points = resize(v.Points, int(s.verdict.n_points))
	if len(v.Points) > 0 {
		out := (*C.cbad_point)(unsafe.Pointer(unsafe.SliceData(v.Points)))
		status := C.cbad_go_points(s.handle, out, C.size_t(len(v.Points)), &s.length, &s.message)
		if status != C.CBAD_OK {
			return s.fail("fetch points", status)
		}
	}
	v.Requests = resize(v.Requests, int(s.verdict.n_requests))
	if len(v.Requests) > 0 {
		out := (*C.cbad_request)(unsafe.Pointer(unsafe.SliceData(v.Requests)))
		status := C.cbad_go_requests(s.handle, out, C.size_t(len(v.Requests)), &s.length, &s.message)
		if status != C.CBAD_OK {
			return s.fail("fetch requests", status)
		}
	}
	return nil
}

// PerSpan judges how many records a closed window of logs had beside the spans of the service in it, and learns that. Windows
// come in order, each once and after its Close. counted are the bits that the counts of its lines and calls cost (LogCount,
// TraceCount), which are not said again. It fills v, which has one channel where there were fewer than usual and none
// otherwise; Items and Basis then are of it, until the next Close.
func (s *Stream) PerSpan(w Window, records, spans uint64, counted float64, v *Verdict) error {
	if err := s.enter("judge records beside spans"); err != nil {
		return err
	}
	defer s.leave()
	s.window = w.c()
	s.verdict.struct_size = C.sizeof_cbad_verdict
	status := C.cbad_go_per_span(s.handle, &s.window, C.uint64_t(records), C.uint64_t(spans), C.double(counted), &s.verdict, &s.message)
	if status != C.CBAD_OK {
		return s.fail("judge records beside spans", status)
	}
	v.fill(&s.verdict)
	return nil
}

// resize returns a slice of n elements, the same memory where it is large enough.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// Evidence is what stands behind the last Close, as JSON (DecodeEvidence reads it); nil when there is none.
func (s *Stream) Evidence() ([]byte, error) {
	return s.fetch("fetch evidence", func(buf *C.uint8_t, n C.size_t) C.int32_t {
		return C.cbad_go_evidence(s.handle, buf, n, &s.length, &s.message)
	})
}

// Items are the costliest items of the last Close, as JSON (DecodeItems reads it), whatever its p.
func (s *Stream) Items() ([]byte, error) {
	return s.fetch("fetch items", func(buf *C.uint8_t, n C.size_t) C.int32_t {
		return C.cbad_go_items(s.handle, buf, n, &s.length, &s.message)
	})
}

// Save returns a snapshot, records of the open window included; what the last Close said is not part of it.
func (s *Stream) Save() ([]byte, error) {
	return s.fetch("save stream", func(buf *C.uint8_t, n C.size_t) C.int32_t {
		return C.cbad_go_save(s.handle, buf, n, &s.length, &s.message)
	})
}

// fetch asks for the length, then for the bytes.
func (s *Stream) fetch(action string, call func(*C.uint8_t, C.size_t) C.int32_t) ([]byte, error) {
	if err := s.enter(action); err != nil {
		return nil, err
	}
	defer s.leave()
	status := call(nil, 0)
	if status == C.CBAD_OK {
		return nil, nil
	}
	if status != C.CBAD_BUFFER_TOO_SMALL {
		return nil, s.fail(action, status)
	}
	out := make([]byte, int(s.length))
	if status := call((*C.uint8_t)(unsafe.SliceData(out)), C.size_t(len(out))); status != C.CBAD_OK {
		return nil, s.fail(action, status)
	}
	return out[:int(s.length)], nil
}

// Params returns the stream's parameters; those of a loaded one are the saved ones.
func (s *Stream) Params() (Params, error) {
	if err := s.enter("describe stream"); err != nil {
		return Params{}, err
	}
	defer s.leave()
	cp := C.cbad_params{struct_size: C.sizeof_cbad_params}
	if status := C.cbad_go_describe(s.handle, nil, &cp, &s.message); status != C.CBAD_OK {
		return Params{}, s.fail("describe stream", status)
	}
	return paramsFrom(&cp), nil
}

// Tune changes the thresholds (EvidenceP, QuarantineP, AdoptAfter, MetricLevel, WarmupWindows) from the next Close on. The
// other parameters must be what they are: what the stream remembers was made with them.
func (s *Stream) Tune(p Params) error {
	cp, err := p.c()
	if err != nil {
		return err
	}
	if err := s.enter("tune stream"); err != nil {
		return err
	}
	defer s.leave()
	if status := C.cbad_go_tune(s.handle, &cp, &s.message); status != C.CBAD_OK {
		return s.fail("tune stream", status)
	}
	return nil
}

// Memory is roughly how many bytes the core holds for the stream; 0 when it cannot be asked (freed, poisoned, in use).
func (s *Stream) Memory() uint64 {
	if s.enter("measure stream") != nil {
		return 0
	}
	defer s.leave()
	var n C.uint64_t
	if status := C.cbad_go_memory(s.handle, &n, &s.message); status != C.CBAD_OK {
		return 0
	}
	return uint64(n)
}

// Combine gives the harmonic mean of p-values that may depend on each other, and its decades −log10 p.
// Without any, p is 1; one that is not a number counts as 1.
func Combine(ps []float64) (p, decades float64) {
	var cp, cd C.double
	C.cbad_combine((*C.double)(unsafe.SliceData(ps)), C.size_t(len(ps)), &cp, &cd)
	return float64(cp), float64(cd)
}

// Product gives the chance that independent p-values have a product this small, each counting four decades at most.
// Without any it is 1; one that is not a number counts as 1.
func Product(ps []float64) float64 {
	p := C.double(1)
	C.cbad_product((*C.double)(unsafe.SliceData(ps)), C.size_t(len(ps)), &p)
	return float64(p)
}

// PoolLevel gives the p at which the realised chance of pooled p-values is the given one, at most that itself. Bins count
// windows by decades, so many decades wide. What the core refuses, as a p of 0, is given back.
func PoolLevel(bins []float64, width, p float64) float64 {
	level := C.double(p)
	C.cbad_pool_level((*C.double)(unsafe.SliceData(bins)), C.size_t(len(bins)), C.double(width), C.double(p), &level)
	return float64(level)
}

// Gaps is how often something pauses and for how long.
type Gaps struct{ Windows, Begun, Continued, Ended float64 }

func (g *Gaps) c() *C.cbad_gaps { return (*C.cbad_gaps)(unsafe.Pointer(g)) }

// Four numbers here as there.
var _ = [1]struct{}{}[C.size_t(unsafe.Sizeof(Gaps{}))-C.sizeof_cbad_gaps]

// Present learns a window without a gap.
func (g *Gaps) Present() { C.cbad_gaps_present(g.c()) }

// Over learns a gap of so many windows.
func (g *Gaps) Over(run uint64) { C.cbad_gaps_over(g.c(), C.uint64_t(run)) }

// P is the probability of a gap of at least so many windows.
func (g *Gaps) P(run uint64) float64 {
	p := C.double(1)
	C.cbad_gaps_p(g.c(), C.uint64_t(run), &p)
	return float64(p)
}

// Version is the core's version.
func Version() string { return C.GoString(C.cbad_version()) }

// CheckABI fails when the linked core is not the one this program was compiled against. Components call it at Start.
func CheckABI() error {
	if have := uint32(C.cbad_abi_version()); have != C.CBAD_ABI_VERSION {
		return &Error{Action: "check core", Status: StatusABI, Message: abiMismatch(have, C.CBAD_ABI_VERSION)}
	}
	return nil
}

// emptyCall crosses into C and back; benchmarks compare with it.
func emptyCall() { C.cbad_go_nothing() }

// c is the window as the core takes it.
func (w Window) c() C.cbad_window {
	out := C.cbad_window{
		struct_size: C.sizeof_cbad_window,
		start_ns:    C.uint64_t(w.StartNs),
		end_ns:      C.uint64_t(w.EndNs),
	}
	if w.Incomplete {
		out.flags |= C.CBAD_WINDOW_INCOMPLETE
	}
	if w.InstanceChanged {
		out.flags |= C.CBAD_WINDOW_INSTANCE_CHANGED
	}
	if w.Deployed {
		out.flags |= C.CBAD_WINDOW_DEPLOYED
	}
	if w.Partial {
		out.flags |= C.CBAD_WINDOW_PARTIAL
	}
	if w.Last {
		out.flags |= C.CBAD_WINDOW_LAST
	}
	return out
}

// fill copies all but points and requests.
func (v *Verdict) fill(c *C.cbad_verdict) {
	v.WindowStartNs, v.WindowEndNs = uint64(c.window_start_ns), uint64(c.window_end_ns)
	v.Records, v.RecordsOverCap, v.RecordsUnusable = uint64(c.records), uint64(c.records_over_cap), uint64(c.records_unusable)
	v.Evicted = uint64(c.evicted)
	v.Bits, v.P, v.PFloor = float64(c.bits), float64(c.p), float64(c.p_floor)
	v.WarmupSeen, v.WarmupNeeded = uint32(c.warmup_seen), uint32(c.warmup_needed)
	v.Learnt = c.flags&C.CBAD_VERDICT_LEARNT != 0
	v.Quarantined = c.flags&C.CBAD_VERDICT_QUARANTINED != 0
	v.Adopted = c.flags&C.CBAD_VERDICT_ADOPTED != 0
	v.Ready = c.flags&C.CBAD_VERDICT_READY != 0
	v.HasEvidence = c.flags&C.CBAD_VERDICT_EVIDENCE != 0
	v.Items = int(c.n_items)
	v.Channels = resize(v.Channels, int(c.n_channels))
	for i := range v.Channels {
		ch := &c.channels[i]
		v.Channels[i] = Channel{
			Kind: ChannelKind(ch.kind), Statistic: float64(ch.statistic), P: float64(ch.p), PFloor: float64(ch.p_floor),
		}
	}
}

// c is the parameters as the core takes them.
func (p Params) c() (C.cbad_params, error) {
	if p.RequestIdle < 0 {
		return C.cbad_params{}, &Error{Action: "new stream", Status: StatusInvalid,
			Message: "request_idle must not be negative (got " + p.RequestIdle.String() + ")"}
	}
	return C.cbad_params{
		struct_size:      C.sizeof_cbad_params,
		adopt_after:      C.uint32_t(p.AdoptAfter),
		seed:             C.uint64_t(p.Seed),
		evidence_p:       C.double(p.EvidenceP),
		quarantine_p:     C.double(p.QuarantineP),
		metric_level:     C.double(p.MetricLevel),
		request_p:        C.double(p.RequestP),
		request_idle_ns:  C.uint64_t(p.RequestIdle),
		max_records:      C.uint32_t(p.MaxRecords),
		max_symbols:      C.uint32_t(p.MaxSymbols),
		max_requests:     C.uint32_t(p.MaxRequests),
		max_sample_bytes: C.uint32_t(p.MaxSampleBytes),
		warmup_windows:   C.uint32_t(p.WarmupWindows),
	}, nil
}

func paramsFrom(c *C.cbad_params) Params {
	return Params{
		Seed:           uint64(c.seed),
		EvidenceP:      float64(c.evidence_p),
		QuarantineP:    float64(c.quarantine_p),
		AdoptAfter:     uint32(c.adopt_after),
		MetricLevel:    float64(c.metric_level),
		RequestP:       float64(c.request_p),
		RequestIdle:    duration(uint64(c.request_idle_ns)),
		MaxRecords:     uint32(c.max_records),
		MaxSymbols:     uint32(c.max_symbols),
		MaxRequests:    uint32(c.max_requests),
		MaxSampleBytes: uint32(c.max_sample_bytes),
		WarmupWindows:  uint32(c.warmup_windows),
	}
}

// The core writes points and requests straight into Go slices, so the layouts must agree to the byte.
const (
	_ = -(unsafe.Sizeof(Point{}) ^ C.sizeof_cbad_point)
	_ = -(unsafe.Sizeof(Request{}) ^ C.sizeof_cbad_request)
	_ = -(unsafe.Offsetof(Point{}.Alert) ^ 56)
	_ = -(unsafe.Offsetof(Request{}.Anomalous) ^ 52)
)
