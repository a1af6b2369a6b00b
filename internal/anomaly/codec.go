package anomaly

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// writer puts fields under one prefix and keeps the first error. Empty optional values are left out.
type writer struct {
	m      pcommon.Map
	prefix string
	err    error
}

func (w *writer) str(name, v string) {
	if v != "" {
		w.m.PutStr(w.prefix+name, toUTF8(v))
	}
}

func (w *writer) strs(name string, v []string) {
	if len(v) == 0 {
		return
	}
	s := w.m.PutEmptySlice(w.prefix + name)
	s.EnsureCapacity(len(v))
	for _, e := range v {
		s.AppendEmpty().SetStr(toUTF8(e))
	}
}

func (w *writer) float(name string, v float64) { w.m.PutDouble(w.prefix+name, v) }

func (w *writer) uint(name string, v uint64) { w.m.PutInt(w.prefix+name, int64(v)) } // check keeps v below 2^63

func (w *writer) flag(name string, v bool) {
	if v {
		w.m.PutBool(w.prefix+name, true)
	}
}

func (w *writer) time(name string, v time.Time) {
	w.m.PutStr(w.prefix+name, v.UTC().Format(time.RFC3339Nano))
}

func (w *writer) json(name string, v any, n int) {
	if n == 0 || w.err != nil {
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		w.err = fmt.Errorf("write %s%s: %w", w.prefix, name, err)
		return
	}
	w.m.PutStr(w.prefix+name, string(b))
}

// reader takes fields from under one prefix and keeps the first error. A field that is missing is empty.
type reader struct {
	m      pcommon.Map
	prefix string
	err    error
}

func (r *reader) get(name string, types ...pcommon.ValueType) (pcommon.Value, bool) {
	v, ok := r.m.Get(r.prefix + name)
	if !ok {
		return v, false
	}
	for _, t := range types {
		if v.Type() == t {
			return v, true
		}
	}
	r.fail(name, fmt.Errorf("has type %s, want %s", v.Type(), types[0]))
	return v, false
}

func (r *reader) fail(name string, err error) {
	if r.err == nil {
		r.err = fmt.Errorf("attribute %s%s: %w", r.prefix, name, err)
	}
}

func (r *reader) str(name string) string {
	if v, ok := r.get(name, pcommon.ValueTypeStr); ok {
		return toUTF8(v.Str())
	}
	return ""
}

func (r *reader) strs(name string) []string {
	v, ok := r.get(name, pcommon.ValueTypeSlice)
	if !ok || v.Slice().Len() == 0 {
		return nil
	}
	out := make([]string, 0, v.Slice().Len())
	for _, e := range v.Slice().All() {
		if e.Type() != pcommon.ValueTypeStr {
			r.fail(name, fmt.Errorf("has an element of type %s, want %s", e.Type(), pcommon.ValueTypeStr))
			return nil
		}
		out = append(out, toUTF8(e.Str()))
	}
	return out
}

// float takes integers too: a processor on the way may have turned 3.0 into 3.
func (r *reader) float(name string) float64 {
	v, ok := r.get(name, pcommon.ValueTypeDouble, pcommon.ValueTypeInt)
	switch {
	case !ok:
		return 0
	case v.Type() == pcommon.ValueTypeInt:
		return float64(v.Int())
	case math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0):
		r.fail(name, fmt.Errorf("must be finite (got %v)", v.Double()))
		return 0
	}
	return v.Double()
}

func (r *reader) uint(name string) uint64 {
	v, ok := r.get(name, pcommon.ValueTypeInt)
	if !ok {
		return 0
	}
	if v.Int() < 0 {
		r.fail(name, fmt.Errorf("must not be negative (got %d)", v.Int()))
		return 0
	}
	return uint64(v.Int())
}

func (r *reader) uint32(name string) uint32 {
	return uint32(min(r.uint(name), math.MaxUint32)) //nolint:gosec // G115: bounded in this line
}

func (r *reader) flag(name string) bool {
	v, ok := r.get(name, pcommon.ValueTypeBool)
	return ok && v.Bool()
}

func (r *reader) time(name string) time.Time {
	v, ok := r.get(name, pcommon.ValueTypeStr)
	if !ok {
		if r.err == nil {
			r.fail(name, fmt.Errorf("is missing"))
		}
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, v.Str())
	if err != nil {
		r.fail(name, fmt.Errorf("must be a time as in RFC 3339 (got %q)", clip(v.Str(), 64)))
		return time.Time{}
	}
	return t.UTC()
}

func (r *reader) json(name string, into any) {
	if s := r.str(name); s != "" {
		if err := json.Unmarshal([]byte(s), into); err != nil {
			r.fail(name, err)
		}
	}
}

func (r *reader) raw(name string) json.RawMessage {
	s := r.str(name)
	if s != "" && !json.Valid([]byte(s)) {
		r.fail(name, fmt.Errorf("is not JSON"))
		return nil
	}
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}
