package otlpclient

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func oneLog() plog.Logs {
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("x")
	return ld
}

// moody answers each call with the next of its errors, then well.
type moody struct {
	plogotlp.UnimplementedGRPCServer
	errs     []error
	calls    int
	rejected int64
}

func (m *moody) Export(context.Context, plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	m.calls++
	r := plogotlp.NewExportResponse()
	if len(m.errs) > 0 {
		err := m.errs[0]
		m.errs = m.errs[1:]
		return r, err
	}
	r.PartialSuccess().SetRejectedLogRecords(m.rejected)
	if m.rejected > 0 {
		r.PartialSuccess().SetErrorMessage("too old")
	}
	return r, nil
}

func serve(t *testing.T, m *moody) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	s := grpc.NewServer()
	plogotlp.RegisterGRPCServer(s, m)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		assert.NoError(t, <-done)
	})
	return l.Addr().String()
}

func client(t *testing.T, endpoint string, patience time.Duration) *Client {
	t.Helper()
	c, err := New(Config{Endpoint: endpoint, Patience: patience})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

func TestTriesAgainWhenAskedToWait(t *testing.T) {
	m := &moody{errs: []error{status.Error(codes.Unavailable, "starting"), status.Error(codes.ResourceExhausted, "memory")}}
	_, _, err := client(t, serve(t, m), 10*time.Second).Logs(t.Context(), oneLog())
	require.NoError(t, err)
	assert.Equal(t, 3, m.calls)
}

func TestDoesNotTryAgainWhatWillNeverWork(t *testing.T) {
	for want, e := range map[string]error{
		"bad":                   status.Error(codes.InvalidArgument, "bad"),
		"max_recv_msg_size_mib": status.Error(codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)"),
	} {
		m := &moody{errs: []error{e, e}}
		_, _, err := client(t, serve(t, m), 10*time.Second).Logs(t.Context(), oneLog())
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "send log records")
		assert.Equal(t, 1, m.calls)
	}
}

func TestReportsWhatWasRejected(t *testing.T) {
	rejected, why, err := client(t, serve(t, &moody{rejected: 4}), 0).Logs(t.Context(), oneLog())
	require.NoError(t, err)
	assert.EqualValues(t, 4, rejected)
	assert.Equal(t, "too old", why)
}

func TestGivesUpWhenPatienceEnds(t *testing.T) {
	c := client(t, "localhost:1", 300*time.Millisecond)
	_, _, err := c.Logs(t.Context(), oneLog())
	var lost *UnreachableError
	require.ErrorAs(t, err, &lost)
	assert.Equal(t, "localhost:1", lost.Endpoint)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = c.Logs(ctx, oneLog())
	assert.Error(t, err)
}

func TestHTTPStatusesMeanWhatOTLPSays(t *testing.T) {
	codesLeft := []int{503, 429, 200}
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		assert.Equal(t, "/v1/logs", r.URL.Path)
		assert.Equal(t, "k", r.Header.Get("X-Key"))
		w.WriteHeader(codesLeft[0])
		codesLeft = codesLeft[1:]
	}))
	defer s.Close()
	c, err := New(Config{Endpoint: s.URL, Patience: 10 * time.Second, Headers: map[string]string{"X-Key": "k"}})
	require.NoError(t, err)
	_, _, err = c.Logs(t.Context(), oneLog())
	require.NoError(t, err)
	assert.Equal(t, 3, calls)
	codesLeft = []int{404}
	_, _, err = c.Logs(t.Context(), oneLog())
	require.ErrorContains(t, err, "404")
	require.NoError(t, c.Close())
}

func TestNotAnOTLPReceiver(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer s.Close()
	_, _, err := client(t, s.URL, time.Second).Logs(t.Context(), oneLog())
	assert.ErrorContains(t, err, "does not answer as an OTLP receiver")
}
