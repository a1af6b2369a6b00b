package evidence_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/internal/evidence"
	"github.com/driftlock/driftlock/internal/shop"
	"github.com/driftlock/driftlock/internal/store"
)

var check = evidence.Check{Recompute: detect.RecomputeJSON, CoreVersion: cbad.Version()}

type listener struct{ anomalies []*anomaly.Anomaly }

func (l *listener) Anomaly(_ context.Context, a *anomaly.Anomaly) {
	c := *a
	l.anomalies = append(l.anomalies, &c)
}
func (l *listener) Window(context.Context, *anomaly.Window) {}
func (l *listener) Score(context.Context, *detect.Score)    {}

// said are the statements of two hours of the shop, with several incidents at their end.
var said = sync.OnceValues(func() ([]*anomaly.Anomaly, error) {
	began := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	at := began.Add(110 * time.Minute)
	var incidents []shop.Incident
	for kind, service := range map[shop.Kind]string{
		shop.Errors: "payment", shop.NewLogLine: "users", shop.Latency: "catalogue", shop.Silence: "cart", shop.NewDependency: "checkout", shop.ValueOutOfRange: "shipping",
	} {
		incidents = append(incidents, shop.Incident{Kind: kind, Service: service, Start: at, End: at.Add(8 * time.Minute)})
	}
	slices.SortFunc(incidents, func(a, b shop.Incident) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	g, err := shop.New(shop.Config{Seed: 7, Rate: 4, Start: began, Incidents: incidents})
	if err != nil {
		return nil, err
	}
	cfg := detect.DefaultConfig()
	cfg.OnOverload = detect.Block
	l := &listener{}
	d, err := detect.New("driftlockcbad", cfg, detect.Settings{Replay: true}, l)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		return nil, err
	}
	for g.Now().Before(at.Add(8 * time.Minute)) {
		b := g.Next(g.Now().Add(10 * time.Second))
		for _, err := range []error{d.ConsumeLogs(ctx, b.Logs), d.ConsumeMetrics(ctx, b.Metrics), d.ConsumeTraces(ctx, b.Traces)} {
			if err != nil {
				return nil, err
			}
		}
	}
	if err := d.Flush(ctx); err != nil {
		return nil, err
	}
	return l.anomalies, d.Shutdown(ctx)
})

func statements(t *testing.T) []*anomaly.Anomaly {
	t.Helper()
	if testing.Short() {
		t.Skip("replays hours of telemetry")
	}
	all, err := said()
	require.NoError(t, err)
	all = slices.DeleteFunc(slices.Clone(all), func(a *anomaly.Anomaly) bool { return a.Episode.Ended != nil })
	require.Greater(t, len(all), 5)
	return all
}

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
}

func seal(t *testing.T, a *anomaly.Anomaly, key ed25519.PrivateKey, history ...*store.Entry) []byte {
	t.Helper()
	b, err := evidence.New(a, history)
	require.NoError(t, err)
	bundle, digest, err := evidence.Seal(b, key)
	require.NoError(t, err)
	require.Contains(t, string(bundle), digest)
	return bundle
}

func verify(t *testing.T, bundle []byte, c evidence.Check) *evidence.Report {
	t.Helper()
	r, err := evidence.Verify(bundle, c)
	require.NoError(t, err)
	return r
}

func TestEveryStatementVerifies(t *testing.T) {
	t.Parallel()
	for _, a := range statements(t) {
		bundle := seal(t, a, key('k'))
		r := verify(t, bundle, check)
		require.Empty(t, r.Differences, "%s", bundle)
		require.Empty(t, r.Unverifiable)
		require.Empty(t, r.SignatureProblem)
		require.NotEmpty(t, r.Signer)
		require.Equal(t, bundle, seal(t, a, key('k')), "the same bytes every time")
		require.NotContains(t, string(bundle), `"process_id"`)

		// The same after an OTLP hop.
		ld, err := a.ToLogs()
		require.NoError(t, err)
		items, err := anomaly.LiftLogs(ld)
		require.NoError(t, err)
		require.Len(t, items.Anomalies, 1)
		require.Equal(t, string(bundle), string(seal(t, items.Anomalies[0], key('k'))))
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	a := statements(t)[0]
	public := func(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }
	trusting := check
	trusting.Trusted = public(key('k'))

	r := verify(t, seal(t, a, key('k')), trusting)
	assert.Equal(t, evidence.KeyID(public(key('k'))), r.Signer)
	assert.True(t, r.Trusted)
	assert.False(t, verify(t, seal(t, a, key('k')), check).Trusted, "a key that comes with the bundle proves nothing by itself")
	assert.Contains(t, verify(t, seal(t, a, key('x')), trusting).SignatureProblem, "not by key "+evidence.KeyID(public(key('k'))))
	assert.Contains(t, verify(t, seal(t, a, nil), trusting).SignatureProblem, "not signed")
	assert.Empty(t, verify(t, seal(t, a, nil), check).SignatureProblem)

	for field, want := range map[string]string{
		"value": "not that of key", "key_id": "/signature/key_id", "public_key": "/signature/key_id", "algorithm": "this build knows Ed25519",
	} {
		tree := parse(t, seal(t, a, key('k')))
		s := tree["signature"].(map[string]any)
		text := s[field].(string)
		other := "A" // a digit of base64
		if text[0] == 'A' {
			other = "B"
		}
		s[field] = other + text[1:]
		assert.Contains(t, verify(t, write(t, tree), check).SignatureProblem, want, field)
	}
	// Sealed anew by somebody without the key.
	tree := parse(t, seal(t, a, key('k')))
	tree["body"].(map[string]any)["status"].(map[string]any)["now"] = "dismissed"
	r = verify(t, reseal(t, tree), check)
	assert.Empty(t, r.Differences)
	assert.Contains(t, r.SignatureProblem, "over this body")
}

func parse(t *testing.T, bundle []byte) map[string]any {
	t.Helper()
	var tree map[string]any
	require.NoError(t, json.Unmarshal(bundle, &tree))
	return tree
}

func write(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return data
}

// reseal makes the digest fit again, as somebody would who wants a change to go unseen. The signature stays.
func reseal(t *testing.T, tree map[string]any) []byte {
	t.Helper()
	var b evidence.Body
	require.NoError(t, json.Unmarshal(write(t, tree["body"]), &b))
	sealed, _, err := evidence.Seal(&b, nil)
	require.NoError(t, err)
	again := parse(t, sealed)
	if s, ok := tree["signature"]; ok {
		again["signature"] = s
	}
	return write(t, again)
}

// Whatever leaf of a bundle is changed, the check names the member; and if the digest is made to fit, still every leaf of
// the verdict and nearly all that it follows from.
func TestEveryChangedFieldIsFound(t *testing.T) {
	t.Parallel()
	history := &store.Entry{Seq: 4, At: time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC), Actor: "ops", Role: "writer", Action: store.ActionStatus, Before: []byte(`{"status":"pending"}`), After: []byte(`{"status":"acknowledged"}`), Hash: "ab"}
	list := statements(t)
	a := slices.MaxFunc(list, func(a, b *anomaly.Anomaly) int { return len(a.Channels) - len(b.Channels) })
	tree := parse(t, seal(t, a, nil, history))
	seen := map[string]int{}
	leaves(tree["body"], "/body", func(path string, set func(any), old any) {
		set(changed(path, old))
		defer set(old)
		member := strings.Join(strings.SplitN(path, "/", 4)[:3], "/")
		seen[member]++

		r, err := evidence.Verify(write(t, tree), check)
		if err == nil {
			require.True(t, slices.ContainsFunc(r.Differences, func(d evidence.Difference) bool { return d.Path == member }), "%s: %v", path, r.Differences)
		}

		var b evidence.Body
		if json.Unmarshal(write(t, tree["body"]), &b) != nil {
			return
		}
		r, err = evidence.Verify(reseal(t, tree), check)
		if err != nil {
			return
		}
		switch {
		case strings.HasPrefix(path, "/body/verdict/"):
			require.True(t, slices.ContainsFunc(r.Differences, func(d evidence.Difference) bool { return d.Path == path }), "%s: %v", path, r.Differences)
		case strings.HasPrefix(path, "/body/statistics/"), path == "/body/core_version", path == "/body/statement/id", path == "/body/statement/service":
			if !mayNotMatter(path) {
				require.NotEmpty(t, r.Differences, path)
			}
		default: // covered by the digest and the signature alone
			require.True(t, freely(member), path)
		}
	})
	for _, member := range []string{"/body/verdict", "/body/statistics", "/body/statement", "/body/baseline", "/body/window", "/body/status", "/body/schema", "/body/core_version"} {
		assert.Positive(t, seen[member], member)
	}
}

// freely tells the members that nothing else in the bundle says.
func freely(member string) bool {
	return slices.Contains([]string{"/body/statement", "/body/baseline", "/body/window", "/body/status"}, member)
}

// mayNotMatter tells the statistics that do not always show: a channel that is normal anyway stays so, a tail that is bound by
// another bound moves nothing, of windows before the deciding ones alone count, and the pool's level is rounded.
func mayNotMatter(path string) bool {
	if strings.Contains(path, "/terms/") {
		return !strings.HasSuffix(path, "/bits") // ids, and what a cap of the bits hides
	}
	for _, part := range []string{"/own", "/silent", "/records", "/adopted", "/rank/", "/pause/", "/requests/", "/before/", "/pool/", "/level/services"} {
		if strings.Contains(path, part) {
			return true
		}
	}
	return false
}

func changed(path string, old any) any {
	switch v := old.(type) {
	case float64:
		if strings.HasSuffix(path, "/p_value") {
			return v / 3
		}
		return v*1.5 + 1
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return at.Add(-time.Minute).Format(time.RFC3339Nano)
		}
		return v + "1"
	case bool:
		return !v
	default:
		return "something"
	}
}

// leaves calls f for every leaf of a JSON value, with a way to change it.
func leaves(v any, path string, f func(path string, set func(any), old any)) {
	each := func(key string, child any, set func(any)) {
		switch child.(type) {
		case map[string]any, []any:
			leaves(child, path+"/"+key, f)
		default:
			f(path+"/"+key, set, child)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			each(key, child, func(to any) { v[key] = to })
		}
	case []any:
		step := 1
		if len(v) > 8 && (strings.HasPrefix(path, "/body/baseline/") || strings.HasPrefix(path, "/body/window/")) {
			step = 8 // what is shown is long, alike, and covered by one digest
		}
		for i := 0; i < len(v); i += step {
			each(fmt.Sprint(i), v[i], func(to any) { v[i] = to })
		}
	}
}

func TestOldAndForeignStatements(t *testing.T) {
	t.Parallel()
	a := *statements(t)[0]
	other := check
	other.CoreVersion = "9.9.9"
	assert.Empty(t, verify(t, seal(t, &a, nil), other).Unverifiable, "what comes out equal is equal, whoever computed it")
	other.Recompute = func(s []byte) (*anomaly.Verdict, error) {
		v, err := detect.RecomputeJSON(s)
		if err == nil {
			v.PValue /= 2
		}
		return v, err
	}
	r := verify(t, seal(t, &a, nil), other)
	assert.Contains(t, r.Unverifiable, "this is core 9.9.9")
	require.Len(t, r.Differences, 1)
	assert.Equal(t, "/body/verdict/p_value", r.Differences[0].Path)

	a.Statistics, a.CoreVersion = nil, "0.0.1"
	r = verify(t, seal(t, &a, nil), check)
	assert.Contains(t, r.Unverifiable, "core 0.0.1")
	assert.Empty(t, r.Differences)
}

func TestWhatIsNoBundleIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``: "not a bundle", `null`: "schema", `[]`: "not a bundle", `{}`: "schema", `{"body":{"schema":"driftlock.evidence/2"}}`: "this build reads",
		`{"body":{},"body":{}}`: "not a bundle", `{"body":{}} {}`: "not a bundle", `{"body":{"schema":"driftlock.evidence/1","more":1}}`: "unknown field",
		"{\"body\":{\"schema\":\"\xff\"}}":                            "not a bundle",
		strings.Repeat("[", 100_000):                                  "not a bundle",
		`{"body":{"schema":"driftlock.evidence/1"},"digest":{"a":1}}`: "unknown field",
		strings.Repeat(" ", evidence.MaxBundle+1):                     "at most",
	} {
		_, err := evidence.Verify([]byte(text), check)
		assert.ErrorContains(t, err, want, "%.60q", text)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte(`{"body":{"schema":"driftlock.evidence/1","core_version":"0.1.0","verdict":{},"statement":{"id":"x"},"status":{}},"digest":{"sha256":"","parts":{}}}`))
	f.Add([]byte(`{"body":{"schema":"driftlock.evidence/1","statistics":{"format":1,"level":{"fixed":0.1}},"statement":{}},"digest":{},"signature":{"algorithm":"Ed25519","public_key":"","value":""}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := evidence.Verify(data, check)
		if err == nil && r.Unverifiable == "" && len(r.Differences) == 0 && len(r.Bundle.Body.Verdict.Channels) == 0 && r.Bundle.Body.Verdict.Kind != anomaly.KindGap {
			t.Errorf("verified: %s", data)
		}
	})
}
