package rig

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/big"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

// Printed is what a store makes of the anomalies that a replay printed, as Stored gives it.
func Printed(t testing.TB, lines string) map[string]string {
	t.Helper()
	var stated []*anomaly.Anomaly
	for line := range strings.Lines(lines) {
		a := plain(t, []byte(line))
		stated = append(stated, &a)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "printed.db")})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Add(t.Context(), anomaly.Items{Anomalies: stated})
	require.NoError(t, err)
	all := map[string]string{}
	for _, a := range stated {
		row, err := s.Get(t.Context(), a.Episode.ID)
		require.NoError(t, err)
		body, err := json.Marshal(row)
		require.NoError(t, err)
		all[row.ID] = text(t, plain(t, body))
	}
	return all
}

// Before keeps the printed anomalies stated of windows that ended by then.
func Before(t testing.TB, lines string, then time.Time) string {
	t.Helper()
	var kept strings.Builder
	for line := range strings.Lines(lines) {
		var a anomaly.Anomaly
		require.NoError(t, json.Unmarshal([]byte(line), &a))
		if !a.Timestamp.After(then) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// Stored is what the API has: the JSON of each anomaly by its id, without what only a store or a process adds.
func (c *Collector) Stored(query url.Values) map[string]string {
	c.t.Helper()
	all := map[string]string{}
	for _, a := range c.Anomalies(query) {
		_, twice := all[a.ID]
		require.False(c.t, twice, "anomaly %s is listed twice", a.ID)
		status, body, err := c.Get("/v1/anomalies/"+a.ID, nil)
		require.NoError(c.t, err)
		require.Equal(c.t, 200, status)
		all[a.ID] = text(c.t, plain(c.t, body))
	}
	return all
}

// Same fails where the two are not the same anomalies with the same JSON, and shows where the texts part, not all of them.
func Same(t testing.TB, want, got map[string]string) {
	t.Helper()
	for id, text := range want {
		have, ok := got[id]
		if !ok {
			t.Errorf("missing: %s", text[:min(len(text), 600)])
			continue
		}
		at := 0
		for at < min(len(text), len(have)) && text[at] == have[at] {
			at++
		}
		if text != have {
			from := max(0, at-80)
			t.Errorf("anomaly %s differs:\n  want …%s\n  have …%s", id, text[from:min(len(text), at+80)], have[from:min(len(have), at+80)])
		}
	}
	for id, text := range got {
		if _, ok := want[id]; !ok {
			t.Errorf("too much: %s", text[:min(len(text), 600)])
		}
	}
}

// AwaitSame waits until the two are the same, and fails as Same does where they never are.
func AwaitSame(t testing.TB, limit time.Duration, want map[string]string, got func() map[string]string) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if maps.Equal(want, got()) {
			return
		}
	}
	Same(t, want, got())
}

func plain(t testing.TB, body []byte) anomaly.Anomaly {
	t.Helper()
	var a anomaly.Anomaly
	require.NoError(t, json.Unmarshal(body, &a))
	a.ProcessID, a.CreatedAt, a.UpdatedAt, a.IncidentServices = "", nil, nil, nil // others may join after the last window
	if e := a.Episode; e != nil && e.Ended != nil {                               // replay prints stated windows, not ends
		e.Ended = nil
		e.Revision--
	}
	return a
}

// text is the anomaly's JSON with its keys in order and each number in one form: a database may keep neither as it was.
func text(t testing.TB, a anomaly.Anomaly) string {
	t.Helper()
	b, err := json.Marshal(a)
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	b, err = json.Marshal(inOneForm(t, v))
	require.NoError(t, err)
	return string(b)
}

func inOneForm(t testing.TB, v any) any {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = inOneForm(t, v[k])
		}
	case []any:
		for i := range v {
			v[i] = inOneForm(t, v[i])
		}
	case json.Number:
		exact, ok := new(big.Rat).SetString(v.String())
		require.True(t, ok, "%s is no number", v)
		return exact.RatString()
	}
	return v
}
