package cbad

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The bytes are a contract with the core, so they are written out.
func TestLayouts(t *testing.T) {
	trace := [16]byte{0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	var b Batch
	assert.Zero(t, b.Len())

	b.AppendLog(0x0102030405060708, trace, 17, "hé")
	assert.Equal(t, append(append([]byte{8, 7, 6, 5, 4, 3, 2, 1}, trace[:]...), 17, 0, 0, 0, 'h', 0xc3, 0xa9), b.Bytes)
	assert.Equal(t, []uint32{0, 31}, b.Offsets)

	b.Reset()
	b.AppendPoint(Measurement{TimeNs: 1, Family: 2, Instance: 3, Kin: 4, Metric: 5, Value: 1.5, Tag: math.MaxUint64})
	assert.Equal(t, []byte{
		1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 255, 255, 255, 255, 255, 255, 255, 255, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
	}, b.Bytes)

	b.Reset()
	b.AppendSpan(&Span{
		EndNs: 1, TraceID: trace, Parent: 2, Operation: 3, Caller: 4, DurationNs: 5, ExclusiveNs: 6, NetNs: -2, Error: true,
		RemoteChild: true,
	})
	want := append([]byte{1, 0, 0, 0, 0, 0, 0, 0}, trace[:]...)
	for _, v := range []byte{2, 3, 4, 5, 6} {
		want = append(want, v, 0, 0, 0, 0, 0, 0, 0)
	}
	want = append(want, 0xfe, 255, 255, 255, 255, 255, 255, 255, 3, 0, 0, 0, 0, 0, 0, 0)
	assert.Equal(t, want, b.Bytes)
	assert.Equal(t, 1, b.Len())
}

// A reused buffer holds old bytes; the zero bytes of a record must not be theirs.
func TestReusedBufferLeavesNothingBehind(t *testing.T) {
	var b Batch
	b.AppendLog(math.MaxUint64, [16]byte{255, 255}, 255, "\xff\xff\xff\xff\xff\xff\xff\xff")
	b.Reset()
	b.AppendLog(1, [16]byte{}, 0, "")
	assert.Equal(t, append([]byte{1}, make([]byte, 27)...), b.Bytes)
}

func TestBeginLogAndEnd(t *testing.T) {
	var one, two Batch
	one.AppendLog(7, [16]byte{1}, 9, "body key=value")
	two.BeginLog(7, [16]byte{1}, 9)
	two.Bytes = append(two.Bytes, "body"...)
	two.Bytes = append(two.Bytes, " key=value"...)
	two.End()
	assert.Equal(t, one, two)
}

func TestAppendDoesNotAllocate(t *testing.T) {
	var b Batch
	span := Span{EndNs: 1}
	fill := func() {
		b.Reset()
		for i := range uint64(100) {
			b.AppendLog(i, [16]byte{}, 9, "user 17 logged in")
			b.AppendPoint(Measurement{TimeNs: i, Family: 1, Instance: 2, Kin: 1, Value: 3, Tag: 4})
			b.AppendSpan(&span)
		}
	}
	fill()
	assert.Zero(t, testing.AllocsPerRun(100, fill))
}

func TestObserveAndCloseDoNotAllocate(t *testing.T) {
	for _, kind := range kinds {
		s := newStream(t, kind)
		b := oneOfEach(kind)
		var v Verdict
		w := Window{}
		step := func() {
			w.StartNs, w.EndNs = w.EndNs, w.EndNs+60*second
			if err := s.Observe(b); err != nil {
				panic(err)
			}
			if err := s.Close(w, &v); err != nil {
				panic(err)
			}
		}
		step()
		require.Zero(t, testing.AllocsPerRun(20, step), "%s", kind)
	}
}
