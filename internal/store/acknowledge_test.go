package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/postgres"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

// TestPatienceOfTwoInstances lets two collectors acknowledge at once what nobody touched: each anomaly once, each audited as the system's doing.
func TestPatienceOfTwoInstances(t *testing.T) {
	t.Parallel()
	const many = 450 // three batches
	path, dsn := filepath.Join(t.TempDir(), "a.db"), pgtest.Database(t)
	for name, open := range map[string]func() (store.Store, error){
		"sqlite": func() (store.Store, error) { return sqlite.Open(t.Context(), sqlite.Options{Path: path}) },
		"postgres": func() (store.Store, error) {
			return postgres.Open(t.Context(), postgres.Options{DSN: dsn, MigrateAtStart: true, MaxOpen: 3})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all [2]store.Store
			for i := range all {
				s, err := open()
				require.NoError(t, err)
				defer s.Close()
				all[i] = s
			}
			items := anomaly.Items{}
			for i := range many {
				items.Anomalies = append(items.Anomalies, storetest.Anomaly(i))
			}
			_, err := all[0].Add(t.Context(), items)
			require.NoError(t, err)
			touched := storetest.Anomaly(7).ID
			_, err = all[0].SetStatus(t.Context(), store.StatusChange{ID: touched, To: "investigating", By: store.Actor{Name: "alice", Role: "writer"}})
			require.NoError(t, err)

			n, err := store.Patience(time.Hour).Apply(t.Context(), all[0], time.Now())
			require.NoError(t, err)
			require.Zero(t, n, "not old enough")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var total atomic.Int64
			var both sync.WaitGroup
			for _, s := range all {
				both.Go(func() {
					store.Patience(time.Microsecond).Run(ctx, s, 5*time.Millisecond, func(n int, err error) {
						assert.NoError(t, err)
						if total.Add(int64(n)) == many-1 {
							cancel()
						}
					})
				})
			}
			both.Wait()
			require.EqualValues(t, many-1, total.Load())
			a, err := all[1].Get(t.Context(), touched)
			require.NoError(t, err)
			require.Equal(t, "investigating", a.Status)
			page, err := all[1].List(t.Context(), store.Query{Status: "pending"})
			require.NoError(t, err)
			require.Empty(t, page.Anomalies)
			seen := map[string]bool{}
			for before := int64(0); ; {
				rows, err := all[1].Audit(t.Context(), store.AuditQuery{Actor: "system", Action: store.ActionStatus, Before: before, Limit: 500})
				require.NoError(t, err)
				for _, e := range rows {
					require.False(t, seen[e.Target], "acknowledged twice")
					seen[e.Target], before = true, e.Seq
				}
				if len(rows) == 0 {
					break
				}
			}
			require.Len(t, seen, many-1)
			_, err = all[0].CheckAudit(t.Context())
			require.NoError(t, err)
		})
	}
}

// answers answers Acknowledge from a list.
type answers struct {
	store.Store
	errs  []error
	calls int
}

func (a *answers) Acknowledge(context.Context, time.Time, int) (int, error) {
	a.calls++
	if a.calls <= len(a.errs) {
		return 0, a.errs[a.calls-1]
	}
	return 0, nil
}

func TestPatienceGivesWay(t *testing.T) {
	t.Parallel()
	s := &answers{errs: []error{store.ErrLocked, errors.New("full")}}
	n, err := store.Patience(time.Hour).Apply(t.Context(), s, time.Now())
	require.NoError(t, err, "another process does it")
	require.Zero(t, n)
	_, err = store.Patience(time.Hour).Apply(t.Context(), s, time.Now())
	require.ErrorContains(t, err, "acknowledge anomalies that nobody touched: full")
	store.Patience(0).Run(t.Context(), s, time.Nanosecond, nil)
	require.Equal(t, 2, s.calls, "off")
}
