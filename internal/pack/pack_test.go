package pack

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type inner struct {
	A uint8
	B int32
	_ [3]byte
}

// value has one of each type.
type value struct {
	Flag     bool
	Small    uint8
	Big      uint64
	Negative int64
	Real     float64
	Text     string
	Bytes    []byte
	List     []inner
	Fixed    [2]float64
	Table    map[string]uint64
	Link     *inner
	Nothing  *inner
}

// sample has an unexported field.
type sample struct{ inner2 }

type inner2 struct{ C uint16 }

func values() []value {
	return []value{
		{},
		{
			Flag: true, Small: 255, Big: math.MaxUint64, Negative: math.MinInt64, Real: math.Inf(-1), Text: "grün", Bytes: []byte{0, 255},
			List: []inner{{A: 1, B: -1}, {A: 2, B: math.MaxInt32}}, Fixed: [2]float64{math.Copysign(0, -1), math.Pi},
			Table: map[string]uint64{"b": 2, "a": 1, "": 0}, Link: &inner{A: 9},
		},
	}
}

func TestValuesComeBack(t *testing.T) {
	type exported struct {
		S []value
	}
	for _, v := range values() {
		in := exported{S: []value{v, v}}
		var out exported
		require.NoError(t, Unmarshal(Marshal(in), &out))
		assert.Equal(t, in, out)
		assert.Equal(t, Marshal(in), Marshal(out), "one value, one encoding")
	}
}

func TestNotANumberKeepsItsBits(t *testing.T) {
	in := math.Float64frombits(0x7ff8000000000123)
	var out float64
	require.NoError(t, Unmarshal(Marshal(in), &out))
	assert.Equal(t, math.Float64bits(in), math.Float64bits(out))
}

func TestEveryTruncationIsRefused(t *testing.T) {
	b := Marshal(values()[1])
	for n := range b {
		var out value
		assert.ErrorIs(t, Unmarshal(b[:n], &out), ErrDamaged, "%d bytes", n)
	}
	var out value
	assert.ErrorIs(t, Unmarshal(append(b, 0), &out), ErrDamaged, "a byte too many")
}

func TestOneEncodingOnly(t *testing.T) {
	refused := func(b []byte, v any) { t.Helper(); assert.ErrorIs(t, Unmarshal(b, v), ErrDamaged) }
	refused([]byte{2}, new(bool))
	refused([]byte{0x80, 0}, new(uint64))                                     // a longer 0
	refused([]byte{0x80, 2}, new(uint8))                                      // 256
	refused([]byte{2, 2, 1, 2, 1}, new(map[uint8]uint8))                      // a key twice
	refused([]byte{2, 2, 1, 1, 1}, new(map[uint8]uint8))                      // keys fall
	refused([]byte{0xff, 0xff, 0xff, 0xff, 0x7f}, new([]inner))               // more than there can be
	refused([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0}, new([]float64)) // the same
	refused(nil, new(string))
}

func TestMistakesOfTheProgramPanic(t *testing.T) {
	assert.PanicsWithValue(t, "pack: pack.sample has the unexported field inner2", func() { Marshal(sample{}) })
	assert.PanicsWithValue(t, "pack: no encoding for func()", func() { Marshal(struct{ F func() }{}) })
	assert.PanicsWithValue(t, "pack: no encoding for chan int", func() { Layout(make(chan int)) })
}

func TestLayoutTellsTypesApart(t *testing.T) {
	assert.Equal(t, "{A uint8;B int32;}", Layout(inner{}))
	assert.Equal(t, "[]map[string]*[2]float64", Layout([]map[string]*[2]float64{}))
	assert.NotEqual(t, Layout(struct{ A uint8 }{}), Layout(struct{ B uint8 }{}))
}

// Whatever is read writes the same bytes again, and nothing panics or asks for memory without end.
func FuzzUnmarshal(f *testing.F) {
	for _, v := range values() {
		f.Add(Marshal(v))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var out value
		if Unmarshal(b, &out) == nil {
			if again := Marshal(out); !bytes.Equal(b, again) {
				t.Fatalf("%x was read and became %x: %+v", b, again, out)
			}
		}
		var nested map[string][]map[uint16]*[]string
		if Unmarshal(b, &nested) == nil && !reflect.DeepEqual(b, Marshal(nested)) {
			t.Fatalf("%x was read as %v", b, nested)
		}
	})
}
