package cbad

import (
	"encoding/binary"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const second = uint64(1_000_000_000)

func newStream(t testing.TB, kind Kind) *Stream {
	t.Helper()
	s, err := New(kind, DefaultParams())
	require.NoError(t, err)
	t.Cleanup(s.Free)
	return s
}

// oneOfEach is a batch of one record of the kind.
func oneOfEach(kind Kind) *Batch {
	b := new(Batch)
	switch kind {
	case Logs:
		b.AppendLog(10*second, [16]byte{1}, 9, "user 17 logged in")
	case Metrics:
		b.AppendPoint(Measurement{TimeNs: 10 * second, Family: 3, Instance: 4, Kin: 3, Value: 0.5, Tag: 99})
	case Traces:
		b.AppendSpan(&Span{EndNs: 10 * second, TraceID: [16]byte{1}, Operation: 7, DurationNs: 1000, ExclusiveNs: 900, NetNs: NoNet})
	}
	return b
}

var kinds = []Kind{Logs, Metrics, Traces}

func TestCheckABI(t *testing.T) {
	require.NoError(t, CheckABI())
	assert.Regexp(t, `^\d+\.\d+\.\d+`, Version())
}

func TestWindowOfEachKind(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			s := newStream(t, kind)
			assert.Equal(t, kind, s.Kind())
			require.NoError(t, s.Observe(oneOfEach(kind)))
			require.NoError(t, s.Observe(new(Batch)), "an empty batch is nothing to refuse")
			var v Verdict
			require.NoError(t, s.Close(Window{StartNs: 0, EndNs: 60 * second}, &v))
			assert.EqualValues(t, 1, v.Records)
			assert.Equal(t, 60*second, v.WindowEndNs)
			assert.False(t, v.Ready)
			assert.GreaterOrEqual(t, v.WarmupNeeded, DefaultParams().WarmupWindows, "a kind may need more than it is given")
			assert.Greater(t, v.P, 0.0)
			assert.LessOrEqual(t, v.P, 1.0)
			for _, c := range v.Channels {
				assert.NotContains(t, c.Kind.String(), " ", "a channel without a name")
				assert.Greater(t, c.P, 0.0)
			}
			assert.Positive(t, s.Memory())
			items, err := s.Items()
			require.NoError(t, err)
			decoded, err := DecodeItems(items)
			require.NoError(t, err)
			assert.Len(t, decoded, v.Items)
		})
	}
}

func TestEvictionsAreTold(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			p := DefaultParams()
			p.MaxSymbols = 16
			s, err := New(kind, p)
			require.NoError(t, err)
			defer s.Free()
			var v Verdict
			last := uint64(0)
			for window := range uint64(4) {
				b := new(Batch)
				for i := range uint64(40) {
					id, at := window*40+i+1, window*60*second+i
					switch kind {
					case Logs:
						b.AppendLog(at, [16]byte{1}, 9, strings.Repeat(string(rune('g'+window)), int(i+1))+" happened")
					case Metrics:
						b.AppendPoint(Measurement{TimeNs: at, Family: id, Instance: 1, Kin: id, Value: 0.5, Tag: 99})
					case Traces:
						b.AppendSpan(&Span{EndNs: at, TraceID: [16]byte{1}, Operation: id, DurationNs: 1000, ExclusiveNs: 900, NetNs: NoNet})
					}
				}
				require.NoError(t, s.Observe(b))
				require.NoError(t, s.Close(Window{StartNs: window * 60 * second, EndNs: (window + 1) * 60 * second}, &v))
				assert.GreaterOrEqual(t, v.Evicted, last, "it counts from the beginning")
				last = v.Evicted
			}
			assert.Positive(t, last)
		})
	}
}

func TestRecordsBesideSpans(t *testing.T) {
	s := newStream(t, Logs)
	var v Verdict
	for w := range uint64(40) {
		window := Window{StartNs: w * 60 * second, EndNs: (w + 1) * 60 * second}
		require.NoError(t, s.PerSpan(window, 200+w%7, 400, 0, &v))
		assert.Empty(t, v.Channels)
	}
	require.NoError(t, s.PerSpan(Window{StartNs: 2400 * second, EndNs: 2460 * second}, 90, 400, 0, &v))
	require.Len(t, v.Channels, 1)
	assert.Equal(t, LogPerSpan, v.Channels[0].Kind)
	assert.Less(t, v.Channels[0].P, 1e-4)
	basis, err := s.Basis(nil)
	require.NoError(t, err)
	again, bits, err := Recompute(basis)
	require.NoError(t, err)
	assert.Equal(t, v.Channels, again)
	assert.Equal(t, v.Bits, bits)
	items, err := s.Items()
	require.NoError(t, err)
	decoded, err := DecodeItems(items)
	require.NoError(t, err)
	require.Len(t, decoded, 1)
	assert.EqualValues(t, 400, decoded[0].Context)
	require.ErrorIs(t, newStream(t, Metrics).PerSpan(Window{EndNs: 60 * second}, 1, 1, 0, &v), StatusInvalid)
}

func TestSaveAndLoad(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			p := DefaultParams()
			p.Seed, p.RequestIdle = 77, 5*time.Second
			s, err := New(kind, p)
			require.NoError(t, err)
			defer s.Free()
			require.NoError(t, s.Observe(oneOfEach(kind)))
			snapshot, err := s.Save()
			require.NoError(t, err)

			loaded, err := Load(snapshot)
			require.NoError(t, err)
			defer loaded.Free()
			assert.Equal(t, kind, loaded.Kind())
			got, err := loaded.Params()
			require.NoError(t, err)
			assert.Equal(t, p, got)
			again, err := loaded.Save()
			require.NoError(t, err)
			assert.Equal(t, snapshot, again, "a snapshot of a loaded stream is the same")
			var v Verdict
			require.NoError(t, loaded.Close(Window{EndNs: 60 * second}, &v))
			assert.EqualValues(t, 1, v.Records, "the open window is part of the snapshot")
		})
	}
}

func TestLoadTellsDamageFromAge(t *testing.T) {
	s := newStream(t, Logs)
	require.NoError(t, s.Observe(oneOfEach(Logs)))
	good, err := s.Save()
	require.NoError(t, err)

	change := func(f func(b []byte) []byte) []byte { return f(append([]byte(nil), good...)) }
	format := func(f uint32) []byte {
		return change(func(b []byte) []byte { binary.LittleEndian.PutUint32(b[8:], f); return b })
	}
	for _, c := range []struct {
		name   string
		data   []byte
		status Status
		says   string
	}{
		{"nothing", nil, StatusSnapshotTruncated, "0 bytes of 48"},
		{"foreign", []byte("PK\x03\x04 something else"), StatusSnapshotForeign, "not a snapshot"},
		{"half a header", good[:20], StatusSnapshotTruncated, "20 bytes of 48"},
		{"last byte gone", good[:len(good)-1], StatusSnapshotTruncated, "truncated"},
		{"one more byte", change(func(b []byte) []byte { return append(b, 0) }), StatusSnapshotDamaged, "follow its end"},
		{"a bit flipped", change(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), StatusSnapshotDamaged, "checksum"},
		{"a bit of the kind flipped", change(func(b []byte) []byte { b[12] ^= 3; return b }), StatusSnapshotDamaged, "checksum"},
		{"older", format(0), StatusSnapshotOlder, "is older than"},
		{"newer", format(9000), StatusSnapshotNewer, "format 9000 of core " + Version() + " is newer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded, err := Load(c.data)
			require.ErrorIs(t, err, c.status)
			assert.ErrorContains(t, err, c.says)
			assert.Nil(t, loaded)
		})
	}
}

func TestNewNamesTheBadParameter(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Params)
		says   string
	}{
		"p":           {func(p *Params) { p.EvidenceP = 2 }, "evidence_p must be in (0, 1] (got 2)"},
		"nan":         {func(p *Params) { p.QuarantineP = math.NaN() }, "quarantine_p must be in (0, 1] (got NaN)"},
		"limit":       {func(p *Params) { p.MaxRecords = 0 }, "max_records must be at least 16 (got 0)"},
		"negative":    {func(p *Params) { p.RequestIdle = -time.Second }, "request_idle must not be negative (got -1s)"},
		"adopt never": {func(p *Params) { p.AdoptAfter = 0 }, "adopt_after must be at least 1 (got 0)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			c.change(&p)
			_, err := New(Logs, p)
			require.ErrorIs(t, err, StatusInvalid)
			assert.ErrorContains(t, err, c.says)
		})
	}
	_, err := New(Kind(9), DefaultParams())
	require.ErrorIs(t, err, StatusInvalid)
	assert.ErrorContains(t, err, "(got 9)")
}

func TestBadBatchesAreRefusedWhole(t *testing.T) {
	for _, kind := range kinds {
		good := oneOfEach(kind)
		n := uint32(len(good.Bytes))
		for name, b := range map[string]*Batch{
			"no offsets":        {Bytes: good.Bytes},
			"does not start":    {Bytes: good.Bytes, Offsets: []uint32{1, n}},
			"falls":             {Bytes: good.Bytes, Offsets: []uint32{0, n, 3, n}},
			"runs over":         {Bytes: good.Bytes, Offsets: []uint32{0, n + 1}},
			"ends early":        {Bytes: good.Bytes, Offsets: []uint32{0, n - 1}},
			"only the end":      {Bytes: good.Bytes, Offsets: []uint32{0}},
			"second is short":   {Bytes: good.Bytes, Offsets: []uint32{0, n, n}},
			"first is too long": {Bytes: append(good.Bytes[:n:n], make([]byte, 27)...), Offsets: []uint32{0, n, n + 27}},
		} {
			t.Run(kind.String()+"/"+name, func(t *testing.T) {
				s := newStream(t, kind)
				require.ErrorIs(t, s.Observe(b), StatusBadBatch)
				var v Verdict
				require.NoError(t, s.Close(Window{EndNs: 60 * second}, &v), "the stream lives on")
				assert.Zero(t, v.Records, "nothing of a refused batch is observed")
			})
		}
	}
}

func TestBadWindowsAreRefused(t *testing.T) {
	s := newStream(t, Logs)
	var v Verdict
	for _, w := range []Window{{}, {StartNs: 5, EndNs: 5}, {StartNs: 6, EndNs: 5}} {
		err := s.Close(w, &v)
		require.ErrorIs(t, err, StatusInvalid)
		assert.ErrorContains(t, err, "must end after it starts")
	}
}

func TestUseAfterFree(t *testing.T) {
	s := newStream(t, Logs)
	handle := s.handle
	s.Free()
	s.Free()
	var v Verdict
	require.ErrorIs(t, s.Observe(oneOfEach(Logs)), StatusBadHandle)
	require.ErrorIs(t, s.Close(Window{EndNs: 1}, &v), StatusBadHandle)
	_, err := s.Save()
	require.ErrorIs(t, err, StatusBadHandle)
	_, err = s.Evidence()
	require.ErrorIs(t, err, StatusBadHandle)
	_, err = s.Params()
	require.ErrorIs(t, err, StatusBadHandle)
	assert.Zero(t, s.Memory())

	// The core refuses the old handle by itself, also when its place has a new tenant.
	other := newStream(t, Logs)
	stale := &Stream{handle: handle}
	require.NotEqual(t, other.handle, handle)
	err = stale.Observe(oneOfEach(Logs))
	require.ErrorIs(t, err, StatusBadHandle)
	assert.ErrorContains(t, err, "it was freed")
	for _, forged := range []uint64{0, 1, 1 << 32, math.MaxUint64, 0xdead_beef_0000_0000} {
		*(*uint64)(unsafe.Pointer(&stale.handle)) = forged
		if stale.handle == other.handle {
			continue
		}
		require.ErrorIs(t, stale.Observe(oneOfEach(Logs)), StatusBadHandle, "handle %#x", forged)
	}
}

func TestSecondGoroutineIsRefused(t *testing.T) {
	s := newStream(t, Logs)
	require.NoError(t, s.enter("test"))
	err := s.Observe(oneOfEach(Logs))
	require.ErrorIs(t, err, StatusBusy)
	var v Verdict
	require.ErrorIs(t, s.Close(Window{EndNs: 1}, &v), StatusBusy)
	assert.Zero(t, s.Memory())

	s.Free() // waits for the one inside
	require.ErrorIs(t, s.Observe(oneOfEach(Logs)), StatusBadHandle)
	stale := &Stream{handle: s.handle}
	require.NoError(t, stale.Observe(oneOfEach(Logs)), "not freed under the one inside")
	s.leave()
	require.ErrorIs(t, stale.Observe(oneOfEach(Logs)), StatusBadHandle, "freed when it left")
}

// Two Go streams with one handle stand for a caller that goes past the guard: the core's own guard holds.
func TestCoreRefusesConcurrentUse(t *testing.T) {
	s := newStream(t, Logs)
	big := new(Batch)
	for range 2000 {
		big.AppendLog(second, [16]byte{}, 9, "connection from 10.0.0.1 closed after 17 ms")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			own := &Stream{handle: s.handle, kind: Logs}
			for range 50 {
				if err := own.Observe(big); err != nil {
					assert.ErrorIs(t, err, StatusBusy)
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
	var v Verdict
	require.NoError(t, s.Close(Window{EndNs: 60 * second}, &v))
	assert.Zero(t, v.Records%2000, "batches go in whole")
}

func TestStreamsInParallel(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 50 {
				s, err := New(kinds[i%3], DefaultParams())
				if !assert.NoError(t, err) {
					return
				}
				assert.NoError(t, s.Observe(oneOfEach(kinds[i%3])))
				s.Free()
			}
		})
	}
	wg.Wait()
}

func TestDroppedStreamIsFreed(t *testing.T) {
	handle := func() *Stream {
		s, err := New(Logs, DefaultParams())
		require.NoError(t, err)
		return &Stream{handle: s.handle}
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		return handle.Observe(oneOfEach(Logs)) != nil
	}, 10*time.Second, time.Millisecond)
	require.ErrorIs(t, handle.Observe(oneOfEach(Logs)), StatusBadHandle)
}

func TestCombine(t *testing.T) {
	for _, c := range []struct {
		ps   []float64
		want float64
	}{
		{nil, 1},
		{[]float64{1}, 1},
		{[]float64{1e-3, 1e-3}, 1e-3},
		{[]float64{1e-4, 1, 1, 1}, 4 / (1e4 + 3)},
		{[]float64{1e-4, math.NaN(), 1, 1}, 4 / (1e4 + 3)},
		{[]float64{math.NaN()}, 1},
	} {
		p, decades := Combine(c.ps)
		assert.InEpsilon(t, c.want, p, 1e-12, "%v", c.ps)
		assert.InDelta(t, -math.Log10(c.want), decades, 1e-9, "%v", c.ps)
	}
	p, decades := Combine([]float64{0})
	assert.Greater(t, p, 0.0)
	assert.InDelta(t, 300, decades, 1e-6)
}

func TestProduct(t *testing.T) {
	assert.InDelta(t, 1, Product(nil), 0)
	assert.InDelta(t, 1, Product([]float64{math.NaN()}), 0)
	assert.InEpsilon(t, 1e-5*(1-math.Log(1e-5)), Product([]float64{1e-2, 1e-3}), 1e-12)
}

func TestErrorsNameTheAction(t *testing.T) {
	_, err := Load([]byte(strings.Repeat("x", 100)))
	assert.EqualError(t, err, "load stream: not a snapshot of a stream: the first 8 bytes are not CBADSNAP")
}
