package detect

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every field of what lives from one window to the next is either kept in a snapshot, under its own name, or listed here
// with the reason why a restart may lose it. So a new field cannot be forgotten.
func TestEveryFieldIsKeptOrListed(t *testing.T) {
	for _, c := range []struct {
		lives, kept any
		not         map[string]string
	}{
		{service{}, serviceState{}, map[string]string{
			"worker":  "which one follows from the hash and the number of workers",
			"models":  "have a record of their own",
			"evicted": "is not in the registry any more",
			"prev":    "the order of use is kept as a list", "next": "the same", "segment": "the same",
			"visit": "is compared within one arrival",
		}},
		{stream{}, streamState{}, map[string]string{"arrival": "the wall clock begins anew"}},
		{openWindow{}, windowState{}, map[string]string{"spans": "are in the service's record"}},
		{replicas{}, struct{ Hashes, Seen, Used any }{}, nil}, // as a list of replicaState
		{registry{}, sequencerState{}, map[string]string{"streams": "are counted anew"}},
		{budget{}, sequencerState{}, map[string]string{
			"perDay": "configuration", "fixed": "configuration", "windowsPerDay": "configuration",
			"newest": "kept as NewestHour",
		}},
		{changes{}, changesState{}, nil},
		{version{}, versionState{}, nil},
		{silence{}, silenceState{}, map[string]string{
			"d": "the detector", "moved": "the wall clock begins anew", "order": "reused memory", "missing": "the same",
		}},
		{signalGap{}, gapState{}, nil},
		{lending{}, lendingState{}, map[string]string{"d": "the detector", "due": "kept as LendingDue", "of": "kept as Pool"}},
		{models{}, modelsState{}, map[string]string{
			"d": "the detector", "service": "its own record",
			"batch": "reused memory", "spare": "the same", "beside": "the same", "ps": "the same",
			"rows":     "a file's rows are judged in one call",
			"bytes":    "the sum of measured",
			"measured": "kept per stream", "warmth": "kept per stream",
			"mark": "of the snapshots", "holds": "of the snapshots",
		}},
		{models{}.streams[0], modelState{}, map[string]string{"model": "kept as Core"}},
		{heldLoad{}, loadState{}, map[string]string{"load": "kept as Bytes, Offsets, Points and Buckets"}},
		{load{}, struct{ Batch, Points, Buckets, Spans any }{}, nil},
		{verdict{}, verdictState{}, nil},
		{signalVerdict{}, signalVerdictState{}, nil},
		{look{}, lookState{}, nil},
		{emitter{}, emitterState{}, map[string]string{
			"mu": "", "changed": "", "waiting": "all is said before", "next": "sequence numbers begin anew", "closed": "of the process",
			"sink": "", "counters": "of the process", "perDay": "configuration", "fixed": "configuration", "explain": "the detector's",
			"processID": "of the process",
		}},
		{ledger{}, struct{ Times any }{}, map[string]string{"next": "the list of times is in order"}},
	} {
		lives := reflect.TypeOf(c.lives)
		kept := reflect.TypeOf(c.kept)
		for i := range lives.NumField() {
			name := lives.Field(i).Name
			_, isKept := kept.FieldByName(strings.ToUpper(name[:1]) + name[1:])
			_, isListed := c.not[name]
			assert.True(t, isKept != isListed,
				"%s.%s: keep it in %s (and in its save and load), or say in this test why a restart may lose it", lives, name, kept)
		}
		for name := range c.not {
			_, there := lives.FieldByName(name)
			assert.True(t, there, "%s has no field %s", lives, name)
		}
	}
}
