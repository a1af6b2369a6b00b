package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"slices"
	"sync"
)

// What a value becomes:
//
//	bool                a byte, 0 or 1
//	uint8 … uint64      a varint (as in Protocol Buffers) of the fewest bytes
//	int8 … int64, int   the same, zigzag
//	float64             8 bytes, little endian
//	string, []byte      length, bytes
//	slice               length, elements
//	array, struct       elements; exported fields in their order, blank ones left out
//	map                 length, then keys and values, rising by the keys' bytes
//	pointer             0, or 1 and what it points to
//
// A nil slice, map or []byte reads back as nil, and so does an empty one. Other types, among them structs with unexported fields, are a mistake
// of the program: Marshal, Unmarshal and Layout panic.

// ErrDamaged is what Unmarshal's errors are.
var ErrDamaged = errors.New("not a value of this layout")

// Marshal returns v's bytes.
func Marshal(v any) []byte { return Append(nil, v) }

// Append appends v's bytes.
func Append(b []byte, v any) []byte { return appendValue(b, reflect.ValueOf(v)) }

// Unmarshal reads what Marshal wrote into the variable that v points to. All bytes must be used.
func Unmarshal(b []byte, v any) error {
	r := reader{b: b}
	r.value(reflect.ValueOf(v).Elem())
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	return r.err
}

func appendValue(b []byte, v reflect.Value) []byte {
	switch t := v.Type(); t.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return binary.AppendUvarint(b, v.Uint())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float()))
	case reflect.String:
		b = binary.AppendUvarint(b, uint64(v.Len()))
		return append(b, v.String()...)
	case reflect.Slice:
		b = binary.AppendUvarint(b, uint64(v.Len()))
		if t.Elem().Kind() == reflect.Uint8 {
			return append(b, v.Bytes()...)
		}
		return appendElements(b, v)
	case reflect.Array:
		return appendElements(b, v)
	case reflect.Struct:
		for _, i := range fields(t) {
			b = appendValue(b, v.Field(i))
		}
		return b
	case reflect.Map:
		return appendMap(b, v)
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 0)
		}
		return appendValue(append(b, 1), v.Elem())
	default:
		panic(unsupported(t))
	}
}

func appendElements(b []byte, v reflect.Value) []byte {
	for i := range v.Len() {
		b = appendValue(b, v.Index(i))
	}
	return b
}

func appendMap(b []byte, v reflect.Value) []byte {
	type entry struct{ key, value []byte }
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		entries = append(entries, entry{appendValue(nil, it.Key()), appendValue(nil, it.Value())})
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	b = binary.AppendUvarint(b, uint64(len(entries)))
	for _, e := range entries {
		b = append(append(b, e.key...), e.value...)
	}
	return b
}

// fields are the fields of a structure that are written. Asking the type costs more than writing most of them.
func fields(t reflect.Type) []int {
	if known, ok := fieldsOf.Load(t); ok {
		return known.([]int)
	}
	var written []int
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		if !f.IsExported() {
			panic(fmt.Sprintf("pack: %s has the unexported field %s", t, f.Name))
		}
		written = append(written, i)
	}
	fieldsOf.Store(t, written)
	return written
}

var fieldsOf sync.Map // of reflect.Type to []int

func unsupported(t reflect.Type) string { return fmt.Sprintf("pack: no encoding for %s", t) }

// reader reads values; after the first error it reads nothing more.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
	}
	r.b = nil
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail("%d bytes are missing", n-uint64(len(r.b)))
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || size != max(1, (bits.Len64(n)+6)/7) {
		r.fail("no number")
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) flag() bool {
	b := r.take(1)
	if r.err != nil {
		return false
	}
	if b[0] > 1 {
		r.fail("%d is neither 0 nor 1", b[0])
	}
	return b[0] == 1
}

// count reads how many elements follow; each takes at least so many bytes, so no damage asks for more memory than the bytes
// could fill.
func (r *reader) count(least uint64) int {
	n := r.uvarint()
	if r.err == nil && n > uint64(len(r.b))/max(least, 1) {
		r.fail("%d elements do not fit", n)
	}
	if r.err != nil {
		return 0
	}
	return int(n) //nolint:gosec // G115: at most the length of r.b
}

func (r *reader) value(v reflect.Value) {
	if r.err != nil {
		return
	}
	switch t := v.Type(); t.Kind() {
	case reflect.Bool:
		v.SetBool(r.flag())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n := r.uvarint()
		if v.OverflowUint(n) {
			r.fail("%d does not fit %s", n, t)
			return
		}
		v.SetUint(n)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		u := r.uvarint()
		n := int64(u>>1) ^ -int64(u&1)
		if v.OverflowInt(n) {
			r.fail("%d does not fit %s", n, t)
			return
		}
		v.SetInt(n)
	case reflect.Float64:
		if b := r.take(8); r.err == nil {
			v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	case reflect.String:
		v.SetString(string(r.take(uint64(r.count(1)))))
	case reflect.Slice:
		r.slice(v)
	case reflect.Array:
		for i := range v.Len() {
			r.value(v.Index(i))
		}
	case reflect.Struct:
		for _, i := range fields(t) {
			r.value(v.Field(i))
		}
	case reflect.Map:
		r.mapping(v)
	case reflect.Pointer:
		v.SetZero()
		if r.flag() {
			v.Set(reflect.New(t.Elem()))
			r.value(v.Elem())
		}
	default:
		panic(unsupported(t))
	}
}

func (r *reader) slice(v reflect.Value) {
	t := v.Type()
	v.SetZero()
	n := r.count(least(t.Elem()))
	if n == 0 {
		return
	}
	if t.Elem().Kind() == reflect.Uint8 {
		v.SetBytes(bytes.Clone(r.take(uint64(n))))
		return
	}
	v.Set(reflect.MakeSlice(t, n, n))
	for i := range n {
		r.value(v.Index(i))
	}
}

func (r *reader) mapping(v reflect.Value) {
	t := v.Type()
	v.SetZero()
	n := r.count(least(t.Key()) + least(t.Elem()))
	if n == 0 {
		return
	}
	v.Set(reflect.MakeMapWithSize(t, n))
	var last []byte
	for i := range n {
		before := r.b
		key := reflect.New(t.Key()).Elem()
		r.value(key)
		if r.err != nil {
			return
		}
		this := before[:len(before)-len(r.b)]
		if i > 0 && bytes.Compare(last, this) >= 0 {
			r.fail("the keys of a map do not rise")
			return
		}
		last = this
		value := reflect.New(t.Elem()).Elem()
		r.value(value)
		v.SetMapIndex(key, value)
	}
}

// least is how many bytes a value takes at least.
func least(t reflect.Type) uint64 {
	switch t.Kind() {
	case reflect.Float64:
		return 8
	case reflect.Array:
		return uint64(t.Len()) * least(t.Elem())
	case reflect.Struct:
		n := uint64(0)
		for _, i := range fields(t) {
			n += least(t.Field(i).Type)
		}
		return n
	default:
		return 1
	}
}
