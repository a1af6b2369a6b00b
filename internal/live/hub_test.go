package live

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func opened(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func running(t *testing.T, s store.Tailer, remember, clients int) *Hub {
	t.Helper()
	h := NewHub(s, remember, clients, zap.NewNop())
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { h.Run(ctx) })
	t.Cleanup(func() { cancel(); done.Wait() })
	return h
}

func add(t *testing.T, s store.Store, list ...*anomaly.Anomaly) {
	t.Helper()
	_, err := s.Add(t.Context(), anomaly.Items{Anomalies: list})
	require.NoError(t, err)
}

// take reads until the client has seen n events.
func take(t *testing.T, c *Client, n int) (ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(ids) < n {
		events, err := c.Next(ctx)
		require.NoError(t, err, "%d of %d", len(ids), n)
		for _, e := range events {
			ids = append(ids, e.Anomaly.ID)
		}
	}
	require.Len(t, ids, n)
	return ids
}

func TestNewClientsGetWhatIsNew(t *testing.T) {
	t.Parallel()
	s := opened(t)
	add(t, s, storetest.Anomaly(0))
	h := running(t, s, 10, 2)
	c, err := h.Join(t.Context(), store.Query{}, nil)
	require.NoError(t, err)
	defer c.Leave()
	only, err := h.Join(t.Context(), store.Query{Status: "dismissed"}, nil)
	require.NoError(t, err)
	_, err = h.Join(t.Context(), store.Query{}, nil)
	require.ErrorIs(t, err, ErrFull)
	require.Equal(t, 2, h.Clients())

	add(t, s, storetest.Anomaly(1))
	require.Equal(t, []string{storetest.Anomaly(1).ID}, take(t, c, 1))
	_, err = s.SetStatus(t.Context(), store.StatusChange{ID: storetest.Anomaly(0).ID, To: "dismissed"})
	require.NoError(t, err)
	require.Equal(t, []string{storetest.Anomaly(0).ID}, take(t, c, 1), "a change is news")
	require.Equal(t, []string{storetest.Anomaly(0).ID}, take(t, only, 1))
	only.Leave()
	brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = c.Next(brief)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// TestResume leaves at many places and comes back: over all visits each anomaly comes once, whether the hub still has it or the store must tell.
func TestResume(t *testing.T) {
	t.Parallel()
	for _, remember := range []int{1, 5, 1000} {
		t.Run(fmt.Sprint(remember), func(t *testing.T) {
			t.Parallel()
			s := opened(t)
			h := running(t, s, remember, 10)
			c, err := h.Join(t.Context(), store.Query{}, nil)
			require.NoError(t, err)
			mark := c.At()
			c.Leave()
			seen := map[string]int{}
			next := 0
			for visit := range 20 {
				for range visit {
					add(t, s, storetest.Anomaly(next))
					next++
				}
				if visit%3 == 0 { // the extension starts anew: another hub
					h = running(t, s, remember, 10)
				}
				c, err := h.Join(t.Context(), store.Query{}, &mark)
				require.NoError(t, err)
				for _, id := range take(t, c, visit) {
					seen[id]++
				}
				mark = c.At()
				c.Leave()
			}
			require.Len(t, seen, next)
			for id, n := range seen {
				require.Equal(t, 1, n, id)
			}
		})
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	s := opened(t)
	h := NewHub(s, 3, 10, zap.NewNop())
	h.patience = 0
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { h.Run(ctx) })
	defer func() { cancel(); done.Wait() }()
	slow, err := h.Join(t.Context(), store.Query{}, nil)
	require.NoError(t, err)
	defer slow.Leave()
	quick, err := h.Join(t.Context(), store.Query{}, nil)
	require.NoError(t, err)
	defer quick.Leave()
	at := slow.At()
	for i := range 10 {
		add(t, s, storetest.Anomaly(i))
		require.Equal(t, []string{storetest.Anomaly(i).ID}, take(t, quick, 1))
	}
	_, err = slow.Next(t.Context())
	require.ErrorIs(t, err, ErrSlow)
	back, err := h.Join(t.Context(), store.Query{}, &at)
	require.NoError(t, err)
	defer back.Leave()
	require.Len(t, take(t, back, 10), 10, "and gets all when it comes back")
}

// flaky fails now and then.
type flaky struct {
	store.Tailer
	mu sync.Mutex
	n  int
}

func (f *flaky) Tail(ctx context.Context, after store.Mark, q store.Query) ([]store.Change, error) {
	f.mu.Lock()
	f.n++
	fail := f.n%3 == 1
	f.mu.Unlock()
	if fail {
		return nil, errors.New("connection lost")
	}
	return f.Tailer.Tail(ctx, after, q)
}

func (f *flaky) Watch(context.Context) (<-chan struct{}, error) {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	close(c)
	return c, nil
}

func TestStoreThatFailsNowAndThen(t *testing.T) {
	t.Parallel()
	s := opened(t)
	h := NewHub(&flaky{Tailer: s}, 10, 10, zap.NewNop())
	for range 3 {
		_ = h.look(t.Context())
	}
	c, err := h.Join(t.Context(), store.Query{}, nil)
	require.NoError(t, err)
	defer c.Leave()
	add(t, s, storetest.Anomaly(1), storetest.Anomaly(3))
	for range 3 {
		_ = h.look(t.Context())
	}
	require.Len(t, take(t, c, 2), 2)
}

// quiet never wakes anybody, as a store whose changes another process makes.
type quiet struct{ store.Tailer }

func (quiet) Watch(ctx context.Context) (<-chan struct{}, error) {
	c := make(chan struct{})
	context.AfterFunc(ctx, func() { close(c) })
	return c, nil
}

func TestLooksByItself(t *testing.T) {
	t.Parallel()
	s := opened(t)
	h := running(t, quiet{s}, 10, 10)
	c, err := h.Join(t.Context(), store.Query{}, nil)
	require.NoError(t, err)
	defer c.Leave()
	add(t, s, storetest.Anomaly(1))
	require.Equal(t, []string{storetest.Anomaly(1).ID}, take(t, c, 1))
}

func TestManyClients(t *testing.T) {
	t.Parallel()
	const clients, changes = 300, 100
	s := opened(t)
	h := running(t, s, 1000, clients)
	var wg sync.WaitGroup
	failed := make(chan error, clients)
	for i := range clients {
		c, err := h.Join(t.Context(), store.Query{}, nil)
		require.NoError(t, err)
		wg.Go(func() {
			defer c.Leave()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			seen := map[string]bool{}
			for len(seen) < changes {
				events, err := c.Next(ctx)
				if err != nil {
					failed <- fmt.Errorf("client %d has %d: %w", i, len(seen), err)
					return
				}
				for _, e := range events {
					if seen[e.Anomaly.ID] {
						failed <- fmt.Errorf("%s came twice", e.Anomaly.ID)
					}
					seen[e.Anomaly.ID] = true
				}
			}
		})
	}
	for i := range changes {
		add(t, s, storetest.Anomaly(i))
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	require.Zero(t, h.Clients())
}
