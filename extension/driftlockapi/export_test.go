package driftlockapi

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/metadata"
	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/internal/evidence"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/postgres"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

type collected struct{ anomaly.Items }

func (c *collected) Anomaly(_ context.Context, a *anomaly.Anomaly) {
	one := *a
	c.Anomalies = append(c.Anomalies, &one)
}
func (c *collected) Window(context.Context, *anomaly.Window) {}
func (c *collected) Score(context.Context, *detect.Score)    {}

// incident is what a detector says of two hours of a service's log, which fails for some minutes.
func incident(t *testing.T) []*anomaly.Anomaly {
	t.Helper()
	cfg := detect.DefaultConfig()
	cfg.OnOverload = detect.Block
	said := &collected{}
	d, err := detect.New("driftlockcbad", cfg, detect.Settings{Replay: true}, said)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for minute := range 130 {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", "checkout")
		records := rl.ScopeLogs().AppendEmpty().LogRecords()
		line := func(i int, text string, severity plog.SeverityNumber) {
			lr := records.AppendEmpty()
			lr.SetTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Duration(minute)*time.Minute + time.Duration(i)*time.Second)))
			lr.Body().SetStr(text)
			lr.SetSeverityNumber(severity)
		}
		for i := range 50 + minute%5 {
			line(i, fmt.Sprintf("order %d placed", i), plog.SeverityNumberInfo)
			if minute >= 110 && minute < 115 && i%4 == 0 {
				line(i, fmt.Sprintf("cannot reach bank %d: refused", i), plog.SeverityNumberError)
			}
		}
		require.NoError(t, d.ConsumeLogs(t.Context(), ld))
	}
	require.NoError(t, d.Flush(t.Context()))
	require.NoError(t, d.Shutdown(t.Context()))
	require.Greater(t, len(said.Anomalies), 2, "an episode of several statements")
	return said.Anomalies
}

// The bundle of what went through a store verifies: what was said, by the statement that the row shows, to the bit.
func TestExportedBundlesVerify(t *testing.T) {
	t.Parallel()
	list := incident(t)
	for name, open := range map[string]func(t *testing.T) (store.Store, error){
		"sqlite": func(t *testing.T) (store.Store, error) {
			return sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db")})
		},
		"postgres": func(t *testing.T) (store.Store, error) {
			return postgres.Open(t.Context(), postgres.Options{DSN: pgtest.Database(t), MigrateAtStart: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := open(t)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			_, err = s.Add(t.Context(), anomaly.Items{Anomalies: list})
			require.NoError(t, err)
			h := newHandler(s, createDefaultConfig().(*Config), nil, zap.NewNop(), "0.1.0")
			public, private, err := ed25519.GenerateKey(nil)
			require.NoError(t, err)
			h.signer = private
			id := list[0].Episode.ID
			for _, to := range []string{"investigating", "resolved"} {
				send(t, h, http.MethodPatch, "/v1/anomalies/"+id+"/status", `{"status":"`+to+`","note":"by hand"}`)
			}

			w := get(t, h, "/v1/anomalies/"+id+"/export")
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			sum := sha256.Sum256(w.Body.Bytes())
			assert.Equal(t, "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":", w.Header().Get("Repr-Digest"))
			assert.Equal(t, `attachment; filename="driftlock-`+id+`.json"`, w.Header().Get("Content-Disposition"))
			r, err := evidence.Verify(w.Body.Bytes(), evidence.Check{Recompute: detect.RecomputeJSON, CoreVersion: cbad.Version(), Trusted: public})
			require.NoError(t, err)
			assert.Empty(t, r.Differences)
			assert.Empty(t, r.SignatureProblem)
			assert.Empty(t, r.Unverifiable)
			assert.True(t, r.Trusted)
			b := r.Bundle
			assert.Equal(t, `"`+b.Digest.SHA256+`"`, w.Header().Get("ETag"))
			assert.Equal(t, "resolved", b.Body.Status.Now)
			require.Len(t, b.Body.Status.History, 2)
			assert.JSONEq(t, `{"status":"investigating"}`, string(b.Body.Status.History[0].After))
			assert.Contains(t, string(b.Body.Window), "cannot reach bank")
			assert.Contains(t, string(b.Body.Baseline), `"score_history"`)

			again := get(t, h, "/v1/anomalies/"+id+"/export?format=json")
			assert.Equal(t, w.Body.String(), again.Body.String(), "the same bytes as long as nothing changes")
		})
	}
}

func TestExportOfWhatHasNoStatistics(t *testing.T) {
	t.Parallel()
	h := served(t, 4)
	id := decode[anomalyList](t, get(t, h, "/v1/anomalies?limit=1")).Anomalies[0].ID
	old, err := h.store.Get(t.Context(), id)
	require.NoError(t, err)
	old.Statistics, old.ID = nil, anomaly.NewID("c", "old", "logs", old.WindowStart, "h")
	old.Episode = nil
	_, err = h.store.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{old}})
	require.NoError(t, err)
	w := get(t, h, "/v1/anomalies/"+old.ID+"/export")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	r, err := evidence.Verify(w.Body.Bytes(), evidence.Check{Recompute: detect.RecomputeJSON, CoreVersion: cbad.Version()})
	require.NoError(t, err)
	assert.Contains(t, r.Unverifiable, "core 0.1.0 stated it in a build that kept none")
	assert.Empty(t, r.Differences)
	assert.Nil(t, r.Bundle.Signature)
}

func TestExportErrors(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	for target, code := range map[string]int{
		"/v1/anomalies/1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f/export": 404, "/v1/anomalies/x/export": 400,
		"/v1/anomalies/1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f/export?format=csv": 400, "/v1/anomalies/export?format=json": 400, "/v1/anomalies/export?limit=501": 400,
	} {
		assert.Equal(t, code, get(t, h, target).Code, target)
	}
	tokens := tokensOf(t, h)
	assert.Equal(t, 401, get(t, h, "/v1/anomalies/export").Code)
	assert.Equal(t, 200, request(t, h, http.MethodGet, "/v1/anomalies/export", bearer(tokens[auth.Reader])).Code)
	gone := func(r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		*r = *r.WithContext(ctx)
	}
	for _, path := range []string{"/v1/anomalies/export", "/v1/anomalies/1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f/export"} {
		assert.Equal(t, 503, request(t, served(t, 1), http.MethodGet, path, gone).Code)
	}
}

func TestExportsOfLists(t *testing.T) {
	t.Parallel()
	h := served(t, 30)
	evil, err := h.store.Get(t.Context(), decode[anomalyList](t, get(t, h, "/v1/anomalies?limit=1")).Anomalies[0].ID)
	require.NoError(t, err)
	evil.ID, evil.Service, evil.Episode = anomaly.NewID("c", "evil", "logs", evil.WindowStart, "h"), `=HYPERLINK("http://x","y")`, nil
	evil.Explanation = "two\nlines, with \"quotes\""
	_, err = h.store.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{evil}})
	require.NoError(t, err)

	for _, format := range []string{"", "&format=ndjson", "&format=csv"} {
		var ids []string
		cursor := ""
		for {
			w := get(t, h, "/v1/anomalies/export?limit=8&sort=p_value"+format+"&cursor="+cursor)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			if format == "&format=csv" {
				rows, err := csv.NewReader(strings.NewReader(w.Body.String())).ReadAll()
				require.NoError(t, err)
				require.Equal(t, csvHeader, rows[0])
				for _, row := range rows[1:] {
					ids = append(ids, row[0])
					require.NotContains(t, "=+-@", row[3][:1])
				}
			} else {
				for line := range strings.Lines(w.Body.String()) {
					var a anomaly.Anomaly
					require.NoError(t, json.Unmarshal([]byte(line), &a))
					require.Empty(t, a.Statistics, "as lists have it")
					ids = append(ids, a.ID)
				}
			}
			if cursor = w.Header().Get("X-Next-Cursor"); cursor == "" {
				break
			}
		}
		want := decode[anomalyList](t, get(t, h, "/v1/anomalies?limit=500&sort=p_value")).Anomalies
		require.Len(t, ids, len(want))
		for i := range want {
			require.Equal(t, want[i].ID, ids[i])
		}
	}
	assert.Contains(t, get(t, h, "/v1/anomalies/export?format=csv").Body.String(), `"'=HYPERLINK(""http://x"",""y"")"`)
}

func TestSigningKeyFile(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.pem"), filepath.Join(dir, "bad.pem")
	require.NoError(t, os.WriteFile(good, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("s3cret"), 0o600))
	for path, want := range map[string]string{good: "", bad: "is no PEM file", filepath.Join(dir, "none"): "no such file"} {
		cfg := createDefaultConfig().(*Config)
		cfg.NetAddr.Endpoint, cfg.Store.Path, cfg.Evidence.SigningKeyFile = "localhost:0", filepath.Join(t.TempDir(), "a.db"), path
		e, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err)
		err = e.Start(t.Context(), componenttest.NewNopHost())
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, private, e.(*api).handler.signer)
		} else {
			require.ErrorContains(t, err, "evidence.signing_key_file: ")
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "s3cret")
		}
		require.NoError(t, e.Shutdown(t.Context()))
	}
}
