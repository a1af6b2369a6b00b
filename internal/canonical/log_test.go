package canonical

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/driftlock/driftlock/internal/cbad"
)

// naiveText is the specification of appendText, built from strings.
func naiveText(v pcommon.Value, depth int) string {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str()
	case pcommon.ValueTypeBytes:
		return string(v.Bytes().AsRaw())
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	case pcommon.ValueTypeBool:
		return strconv.FormatBool(v.Bool())
	case pcommon.ValueTypeSlice:
		var parts []string
		if depth > 0 {
			for _, e := range v.Slice().All() {
				parts = append(parts, naiveText(e, depth-1))
			}
		}
		return "[" + strings.Join(parts, " ") + "]"
	case pcommon.ValueTypeMap:
		if depth == 0 {
			return "{}"
		}
		var keys, parts []string
		for k := range v.Map().All() {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			e, _ := v.Map().Get(k)
			parts = append(parts, k+"="+naiveText(e, depth-1))
		}
		text := strings.Join(parts, " ")
		if depth < maxDepth {
			text = "{" + text + "}"
		}
		return text
	default:
		return ""
	}
}

// naiveFields is the specification of a structured body without roles: (key, value) by key, variables between marks.
func naiveFields(v pcommon.Value, key string, depth int, out *[][2]string) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		if depth == 0 || v.Map().Len() == 0 && key != "" {
			*out = append(*out, [2]string{key, "{}"})
			return
		}
		for k, e := range v.Map().All() {
			under := key
			if key != "" && k != "" {
				under += "."
			}
			naiveFields(e, under+k, depth-1, out)
		}
	case pcommon.ValueTypeSlice:
		if depth == 0 || v.Slice().Len() == 0 {
			*out = append(*out, [2]string{key, "[]"})
		}
		for _, e := range v.Slice().All() {
			if depth > 0 {
				naiveFields(e, key, depth-1, out)
			}
		}
	case pcommon.ValueTypeStr:
		text := strings.ReplaceAll(v.Str(), "\xff", "?")
		if roleOf([]byte(key)) == roleNone && text != "" {
			text = "\xff" + text + "\xff"
		}
		*out = append(*out, [2]string{key, text})
	case pcommon.ValueTypeBytes:
		*out = append(*out, [2]string{key, ""})
	default:
		*out = append(*out, [2]string{key, naiveText(v, depth)})
	}
}

func naiveBody(v pcommon.Value) string {
	if v.Type() != pcommon.ValueTypeMap {
		return naiveText(v, maxDepth)
	}
	var fields [][2]string
	naiveFields(v, "", maxDepth, &fields)
	slices.SortStableFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	var parts []string
	for _, f := range fields {
		parts = append(parts, f[0]+"="+f[1])
	}
	return strings.Join(parts, " ")
}

func naiveLog(lr plog.LogRecord) string {
	parts := []string{}
	body := naiveBody(lr.Body())
	if message, ok := lr.Attributes().Get("exception.message"); ok && body == "" {
		body = naiveText(message, maxDepth)
	}
	if body != "" {
		parts = append(parts, body)
	}
	if lr.EventName() != "" {
		parts = append(parts, "event.name="+lr.EventName())
	}
	for _, key := range DefaultLogAttributes {
		if v, ok := lr.Attributes().Get(key); ok && (key != "event.name" || lr.EventName() == "") {
			parts = append(parts, key+"="+naiveText(v, maxDepth))
		}
	}
	return strings.Join(parts, " ")
}

func TestLogsMatchNaiveText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s Scratch
	var b cbad.Batch
	for range 20_000 {
		lr := randomLog(r)
		b.Reset()
		AppendLog(&b, lr, 77, &s)
		assert.Equal(t, 1, b.Len())
		assert.EqualValues(t, 77, binary.LittleEndian.Uint64(b.Bytes))
		id := lr.TraceID()
		assert.Equal(t, id[:], b.Bytes[8:24])
		assert.LessOrEqual(t, b.Bytes[24], byte(24))
		if !assert.Equal(t, naiveLog(lr), string(b.Bytes[28:])) {
			return
		}
	}
	assert.Zero(t, s.Truncated)
	s.Release()
	for _, p := range s.pairs[:cap(s.pairs)] {
		assert.Zero(t, p, "the scratch still refers to data")
	}
	for _, f := range s.fields[:cap(s.fields)] {
		assert.Zero(t, f, "the scratch still refers to data")
	}
}

func TestOrderOfAttributesDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var s Scratch
	for range 2000 {
		m := pcommon.NewMap()
		randomMap(r, m, 4)
		other := shuffled(r, m)
		assert.Equal(t, hashMap(m), hashMap(other))
		assert.Equal(t, s.appendMap(nil, m, 1<<20, maxDepth), s.appendMap(nil, other, 1<<20, maxDepth))
	}
}

func TestHashTellsAttributesApart(t *testing.T) {
	seen := map[uint64]string{}
	for _, pairs := range [][]string{
		{}, {"a", ""}, {"a", "b"}, {"b", "a"}, {"a", "b", "c", "d"}, {"a", "d", "c", "b"}, {"ab", ""}, {"a", "b", "c", ""}, {"", ""},
	} {
		m := pcommon.NewMap()
		for i := 0; i < len(pairs); i += 2 {
			m.PutStr(pairs[i], pairs[i+1])
		}
		h := hashMap(m)
		assert.Empty(t, seen[h], "%q", pairs)
		seen[h] = fmt.Sprint(pairs)
	}
	one, text := pcommon.NewMap(), pcommon.NewMap()
	one.PutInt("a", 1)
	text.PutStr("a", "1")
	assert.NotEqual(t, hashMap(one), hashMap(text))
}

func TestLongTextsAreCut(t *testing.T) {
	var s Scratch
	var b cbad.Batch
	for _, fill := range []func(pcommon.Value){
		func(v pcommon.Value) { v.SetStr(strings.Repeat("x", 1<<20)) },
		func(v pcommon.Value) { v.SetEmptyBytes().FromRaw(make([]byte, 1<<20)) },
		func(v pcommon.Value) {
			m := v.SetEmptyMap()
			for i := range 3000 {
				m.PutStr(fmt.Sprintf("a long key %d", i), "value")
			}
		},
		func(v pcommon.Value) {
			for range 1000 {
				v.SetEmptySlice()
				v = v.Slice().AppendEmpty()
			}
		},
	} {
		lr := plog.NewLogRecord()
		fill(lr.Body())
		b.Reset()
		AppendLog(&b, lr, 1, &s)
		assert.LessOrEqual(t, len(b.Bytes), 28+MaxText)
	}
	assert.EqualValues(t, 3, s.Truncated, "all but the deep one")
}

func TestLogTime(t *testing.T) {
	lr := plog.NewLogRecord()
	assert.EqualValues(t, 9, LogTime(lr, 9))
	lr.SetObservedTimestamp(8)
	assert.EqualValues(t, 8, LogTime(lr, 9))
	lr.SetTimestamp(7)
	assert.EqualValues(t, 7, LogTime(lr, 9))
}

func TestSeverity(t *testing.T) {
	for text, want := range map[string]plog.SeverityNumber{
		"": 0, "TRACE": plog.SeverityNumberTrace, "debug": plog.SeverityNumberDebug, "Info": plog.SeverityNumberInfo,
		"notice": plog.SeverityNumberInfo, "WARNING": plog.SeverityNumberWarn, "err": plog.SeverityNumberError,
		"E": plog.SeverityNumberError, "emerg": plog.SeverityNumberFatal, "crit": plog.SeverityNumberFatal, "Fatal": plog.SeverityNumberFatal,
		"panic": plog.SeverityNumberFatal, "alert": plog.SeverityNumberFatal, "???": 0,
	} {
		lr := plog.NewLogRecord()
		lr.SetSeverityText(text)
		assert.EqualValues(t, want, severity(lr), text)
		lr.SetSeverityNumber(plog.SeverityNumberWarn2)
		assert.EqualValues(t, plog.SeverityNumberWarn2, severity(lr), text)
	}
}
