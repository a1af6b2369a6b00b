package detect

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/driftlock/driftlock/internal/redact"
)

// Every key is part of the hash, and so of each anomaly's id and evidence, or stands here because it decides at most whether a
// verdict comes about, not what it is.
func TestEveryKeyIsHashedOrListed(t *testing.T) {
	t.Parallel()
	free := []string{
		"Window.IdleTimeout", "Evidence.Redact", "Evidence.RedactDefaults", "Limits.MemoryMiB", "Limits.Streams", "Limits.Names", "Limits.QueueMiB",
		"Limits.PendingMiB", "OnOverload", "Workers", "State.Storage", "State.Interval", "EmitWindows",
	}
	seen := 0
	var walk func(path string, index []int, t reflect.Type)
	walk = func(path string, index []int, of reflect.Type) {
		for i := range of.NumField() {
			f := of.Field(i)
			if !f.IsExported() {
				continue
			}
			name, at := path+f.Name, append(slices.Clone(index), i)
			if f.Type.Kind() == reflect.Struct {
				walk(name+".", at, f.Type)
				continue
			}
			cfg := DefaultConfig()
			before := cfg.Hash()
			change(reflect.ValueOf(&cfg).Elem().FieldByIndex(at))
			seen++
			assert.Equal(t, !slices.Contains(free, name), cfg.Hash() != before, name)
		}
	}
	walk("", nil, reflect.TypeFor[Config]())
	assert.Greater(t, seen, len(free)+15)
}

func change(v reflect.Value) {
	switch v.Interface().(type) {
	case time.Duration:
		v.SetInt(v.Int() + int64(time.Second))
	case []string:
		v.Set(reflect.Append(v, reflect.ValueOf("more")))
	case []redact.Rule:
		v.Set(reflect.Append(v, reflect.ValueOf(redact.Rule{Pattern: "x"})))
	case bool:
		v.SetBool(!v.Bool())
	case Overload:
		v.SetString(string(Block))
	case float64:
		v.SetFloat(v.Float() + 0.25)
	case int, uint32, uint64:
		if v.CanInt() {
			v.SetInt(v.Int() + 1)
		} else {
			v.SetUint(v.Uint() + 1)
		}
	default: // the storage's id
		v.Set(reflect.New(v.Type().Elem()))
	}
}
