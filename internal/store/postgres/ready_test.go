package postgres

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

// TestOpenWhileTheDatabaseIsAway opens an empty database that is stopped, and uses it once it is back.
func TestOpenWhileTheDatabaseIsAway(t *testing.T) {
	server, err := pgtest.Start()
	require.NoError(t, err)
	if !server.Ours() {
		t.Skipf("%s names a server that is not ours to stop", pgtest.Variable)
	}
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	require.NoError(t, server.Halt())

	o := Options{DSN: server.URL, MigrateAtStart: true, MaxOpen: 4, ConnectTimeout: time.Second}
	_, err = Open(t.Context(), o)
	require.Error(t, err, "without Away a database that is away is an error")
	var why []error
	o.Away = func(err error) { why = append(why, err) }
	s, err := Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.Len(t, why, 1)

	items := anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}}
	_, err = s.Add(t.Context(), items)
	require.Error(t, err)
	require.False(t, store.IsPermanent(err), "it is worth another try: %v", err)
	require.Error(t, s.Ping(t.Context()))

	require.NoError(t, server.Again())
	var wg sync.WaitGroup
	for range 8 { // all wait for the one who migrates
		wg.Go(func() {
			assert.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, 10*time.Second, 50*time.Millisecond)
		})
	}
	wg.Wait()
	n, err := s.Add(t.Context(), items)
	require.NoError(t, err)
	require.Equal(t, 1, n.Anomalies)
}

// TestWhatAnOperatorMustMendIsNoAbsence: another password or database is said at once.
func TestWhatAnOperatorMustMendIsNoAbsence(t *testing.T) {
	dsn := pgtest.Database(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path += "_not_there"
	_, err = Open(t.Context(), Options{DSN: u.String(), MigrateAtStart: true, Away: func(err error) { t.Errorf("called away: %v", err) }})
	require.ErrorContains(t, err, "does not exist")
	_, err = Open(t.Context(), Options{DSN: dsn, Away: func(err error) { t.Errorf("called away: %v", err) }})
	require.Error(t, err, "an empty database that nobody may migrate")
}

func TestReadiness(t *testing.T) {
	s := &Store{}
	s.open, s.shut = context.WithCancel(t.Context())
	calls, fail := 0, true
	release := make(chan struct{})
	s.ready.prepare = func(ctx context.Context) error {
		calls++
		select {
		case <-release:
		case <-ctx.Done():
			return ctx.Err()
		}
		if fail {
			return errors.New("no")
		}
		return nil
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.ready.wait(impatient, s), context.Canceled)
	close(release)
	require.EqualError(t, s.ready.wait(t.Context(), s), "no", "the attempt goes on without the caller who gave up")
	require.EqualError(t, s.ready.wait(t.Context(), s), "no")
	require.Equal(t, 1, calls, "a fresh failure is not repeated")
	fail = false
	s.ready.last.at = time.Now().Add(-tryAgainAfter)
	require.NoError(t, s.ready.wait(t.Context(), s))
	require.NoError(t, s.ready.wait(t.Context(), s))
	require.Equal(t, 2, calls)

	s.ready.done.Store(false)
	s.ready.last = nil
	s.ready.close()
	require.ErrorIs(t, s.ready.wait(t.Context(), s), store.ErrClosed)
	s.shut()
	s.background.Wait()
}
