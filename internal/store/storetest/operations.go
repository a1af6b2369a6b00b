package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

var alice = store.Actor{Name: "alice", Role: "writer", Address: "192.0.2.7"}

func statusFollowsTheTable(t *testing.T, s Opened, clock *Clock) {
	all := map[string][]string{
		"pending": {"acknowledged", "investigating", "dismissed"}, "acknowledged": {"investigating", "resolved", "dismissed"},
		"investigating": {"resolved", "dismissed"}, "resolved": {"pending"}, "dismissed": {"pending"},
	}
	for i, from := range store.Statuses {
		for j, to := range store.Statuses {
			a := Anomaly(2000 + 10*i + j)
			a.Status = from
			add(t, s, a)
			clock.Advance(time.Minute)
			got, err := s.SetStatus(t.Context(), store.StatusChange{ID: a.ID, To: to, Note: "why not", By: alice})
			allowed := false
			for _, v := range all[from] {
				allowed = allowed || v == to
			}
			if !allowed {
				var refused *store.TransitionError
				require.ErrorAs(t, err, &refused, "%s to %s", from, to)
				require.Equal(t, all[from], store.Allowed(refused.From))
				kept, err := s.Get(t.Context(), a.ID)
				require.NoError(t, err)
				require.Equal(t, from, kept.Status)
				continue
			}
			require.NoError(t, err, "%s to %s", from, to)
			require.Equal(t, to, got.Status)
			require.Equal(t, clock.Now(), *got.UpdatedAt)
			stored, err := s.Get(t.Context(), a.ID)
			require.NoError(t, err)
			require.Equal(t, got, stored)
			n, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{a}})
			require.NoError(t, err)
			require.Zero(t, n.Anomalies, "a statement that comes again does not take the status back")
		}
	}
	_, err := s.SetStatus(t.Context(), store.StatusChange{ID: "00000000-0000-8000-8000-000000000000", To: "dismissed"})
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.SetStatus(t.Context(), store.StatusChange{ID: Anomaly(2000).ID, To: "forgotten"})
	require.ErrorContains(t, err, `no status "forgotten"; there are pending`)
	require.True(t, store.IsPermanent(err))
}

func statusNeedsTheRowThatWasSeen(t *testing.T, s Opened, _ *Clock) {
	add(t, s, Anomaly(1))
	seen, err := s.Get(t.Context(), Anomaly(1).ID)
	require.NoError(t, err)
	got, err := s.SetStatus(t.Context(), store.StatusChange{ID: seen.ID, To: "acknowledged", Unmodified: seen.UpdatedAt, By: alice})
	require.NoError(t, err)
	require.True(t, got.UpdatedAt.After(*seen.UpdatedAt), "even though the clock stands still")
	_, err = s.SetStatus(t.Context(), store.StatusChange{ID: seen.ID, To: "resolved", Unmodified: seen.UpdatedAt, By: alice})
	require.ErrorIs(t, err, store.ErrModified)
	entries, err := s.Audit(t.Context(), store.AuditQuery{})
	require.NoError(t, err)
	require.Len(t, entries, 1, "what was refused is not audited")

	// Of many who saw the same row, one succeeds.
	seen = got
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = s.SetStatus(context.Background(), store.StatusChange{ID: seen.ID, To: "investigating", Unmodified: seen.UpdatedAt, By: alice})
		})
	}
	wg.Wait()
	succeeded := 0
	for _, err := range errs {
		if err == nil {
			succeeded++
		} else {
			require.ErrorIs(t, err, store.ErrModified)
		}
	}
	require.Equal(t, 1, succeeded)
}

func auditTellsWhatHappened(t *testing.T, s Opened, clock *Clock) {
	add(t, s, Anomaly(1), Anomaly(3))
	n, err := s.CheckAudit(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	for i, c := range []store.StatusChange{
		{ID: Anomaly(1).ID, To: "investigating", Note: "looking <&> 100%", By: alice},
		{ID: Anomaly(3).ID, To: "dismissed", By: store.System},
		{ID: Anomaly(1).ID, To: "resolved", Note: "restarted", By: alice},
	} {
		clock.Advance(time.Duration(i+1) * time.Second)
		_, err := s.SetStatus(t.Context(), c)
		require.NoError(t, err)
	}
	all, err := s.Audit(t.Context(), store.AuditQuery{})
	require.NoError(t, err)
	require.Len(t, all, 3)
	newest := all[0]
	require.Equal(t, int64(3), newest.Seq)
	require.Equal(t, clock.Now(), newest.At)
	require.Equal(t, []string{"alice", "writer", "192.0.2.7", store.ActionStatus, Anomaly(1).ID, "restarted"},
		[]string{newest.Actor, newest.Role, newest.Address, newest.Action, newest.Target, newest.Note})
	require.JSONEq(t, `{"status":"investigating"}`, string(newest.Before))
	require.JSONEq(t, `{"status":"resolved"}`, string(newest.After))
	require.Equal(t, all[1].Hash, newest.Previous)
	require.Equal(t, "looking <&> 100%", all[2].Note)

	for want, q := range map[int]store.AuditQuery{
		2: {Target: Anomaly(1).ID}, 1: {Actor: "system"}, 3: {Action: store.ActionStatus}, 0: {Action: "x"},
	} {
		list, err := s.Audit(t.Context(), q)
		require.NoError(t, err)
		require.Len(t, list, want, "%+v", q)
	}
	list, err := s.Audit(t.Context(), store.AuditQuery{Before: 3, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, all[1:2], list)
	list, err = s.Audit(t.Context(), store.AuditQuery{Start: all[1].At, End: all[0].At})
	require.NoError(t, err)
	require.Equal(t, all[1:2], list)
	n, err = s.CheckAudit(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
}

// auditShowsTampering changes the log behind the store's back, with the triggers out of the way, in each way that somebody might try.
func auditShowsTampering(t *testing.T, s Opened, _ *Clock) {
	var list []*anomaly.Anomaly
	for i := range 5 {
		list = append(list, Anomaly(i))
	}
	add(t, s, list...)
	for _, a := range list {
		_, err := s.SetStatus(t.Context(), store.StatusChange{ID: a.ID, To: "dismissed", By: alice})
		require.NoError(t, err)
	}
	for _, statement := range []string{"UPDATE audit_log SET actor = 'mallory' WHERE seq = 2", "DELETE FROM audit_log WHERE seq = 2"} {
		require.Error(t, s.Exec(statement), "the log is only ever added to")
	}
	for _, statement := range s.Unprotect {
		require.NoError(t, s.Exec(statement))
	}
	for _, c := range []struct{ statement, undo, want string }{
		{"UPDATE audit_log SET actor = 'mallory' WHERE seq = 2", "UPDATE audit_log SET actor = 'alice' WHERE seq = 2", "audit row 2 was altered"},
		{`UPDATE audit_log SET after = '{}' WHERE seq = 1`, `UPDATE audit_log SET after = '{"status":"dismissed"}' WHERE seq = 1`, "audit row 1 was altered"},
		{"UPDATE audit_head SET seq = 6", "UPDATE audit_head SET seq = 5", "the audit log ends at row 5, but 6 rows were written"},
		{"DELETE FROM audit_log WHERE seq = 5", "", "the audit log ends at row 4, but 5 rows were written"},
		{"DELETE FROM audit_log WHERE seq = 3", "", "audit row 3 is missing"},
	} {
		require.NoError(t, s.Exec(c.statement))
		_, err := s.CheckAudit(t.Context())
		require.ErrorContains(t, err, c.want)
		if c.undo != "" {
			require.NoError(t, s.Exec(c.undo))
			_, err := s.CheckAudit(t.Context())
			require.NoError(t, err)
		}
	}
}

func acknowledgeWhatNobodyTouched(t *testing.T, s Opened, clock *Clock) {
	for i := range 25 {
		add(t, s, Anomaly(i))
	}
	_, err := s.SetStatus(t.Context(), store.StatusChange{ID: Anomaly(3).ID, To: "investigating", By: alice})
	require.NoError(t, err)
	clock.Advance(24 * time.Hour)
	add(t, s, Anomaly(100))
	before := clock.Now().Add(-time.Hour)
	total := 0
	for {
		n, err := s.Acknowledge(t.Context(), before, 10)
		require.NoError(t, err)
		if n == 0 {
			break
		}
		require.LessOrEqual(t, n, 10)
		total += n
	}
	require.Equal(t, 24, total)
	page, err := s.List(t.Context(), store.Query{Status: "acknowledged"})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, 24)
	fresh, err := s.Get(t.Context(), Anomaly(100).ID)
	require.NoError(t, err)
	require.Equal(t, "pending", fresh.Status)
	entries, err := s.Audit(t.Context(), store.AuditQuery{Actor: "system"})
	require.NoError(t, err)
	require.Len(t, entries, 24)
	_, err = s.CheckAudit(t.Context())
	require.NoError(t, err)
}

func retentionIsAudited(t *testing.T, s Opened, clock *Clock) {
	add(t, s, Anomaly(1), Anomaly(2))
	clock.Advance(48 * time.Hour)
	n, err := store.Retention{Anomalies: 24 * time.Hour}.Apply(t.Context(), s, clock.Now())
	require.NoError(t, err)
	require.Equal(t, 2, n.Anomalies)
	entries, err := s.Audit(t.Context(), store.AuditQuery{})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, store.ActionRetention, entries[0].Action)
	require.JSONEq(t, `{"anomalies":2}`, string(entries[0].Before))
}

// follow tails until nothing is left, and checks that marks only rise.
func follow(t *testing.T, s store.Store, after store.Mark, q store.Query, each func(store.Change)) store.Mark {
	t.Helper()
	for {
		list, err := s.Tail(t.Context(), after, q)
		require.NoError(t, err)
		for _, c := range list {
			require.True(t, c.Mark.Tx > after.Tx || c.Mark.Tx == after.Tx && c.Mark.Seq > after.Seq, "%v after %v", c.Mark, after)
			after = c.Mark
			each(c)
		}
		if len(list) == 0 {
			return after
		}
	}
}

func tailFollowsChanges(t *testing.T, s Opened, _ *Clock) {
	head, err := s.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, store.Mark{}, head)
	// A row is held back while an older transaction runs, of whatever database of the server.
	expect := func(after store.Mark, q store.Query, message string, want ...string) (end store.Mark) {
		t.Helper()
		var got []string
		require.Eventually(t, func() bool {
			got = nil
			end = follow(t, s, after, q, func(c store.Change) { got = append(got, c.Anomaly.ID) })
			return slices.Equal(got, want)
		}, 10*time.Second, 10*time.Millisecond, message)
		return end
	}
	add(t, s, Anomaly(1))
	add(t, s, Anomaly(3))
	end := expect(head, store.Query{Limit: 1}, "in order", Anomaly(1).ID, Anomaly(3).ID)
	head, err = s.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, end, head)
	expect(head, store.Query{}, "nothing is left")

	_, err = s.SetStatus(t.Context(), store.StatusChange{ID: Anomaly(1).ID, To: "dismissed", By: alice})
	require.NoError(t, err)
	for _, a := range Episode(5, 1e-4, 1e-6) {
		add(t, s, a)
	}
	add(t, s, Anomaly(3)) // says nothing new
	expect(head, store.Query{}, "each once, as it stands now", Anomaly(1).ID, Episode(5)[0].ID)
	expect(store.Mark{}, store.Query{Status: "dismissed"}, "filtered", Anomaly(1).ID)

	parsed, err := store.ParseMark(end.String())
	require.NoError(t, err)
	require.Equal(t, end, parsed)
}

// tailMissesNothing follows while many write, transactions of different length at once.
func tailMissesNothing(t *testing.T, s Opened, _ *Clock) {
	const writers, each = 6, 20
	done := make(chan struct{})
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				var items anomaly.Items
				for k := range 1 + w*3 {
					items.Anomalies = append(items.Anomalies, Anomaly(10_000*w+100*i+k))
				}
				if _, err := s.Add(context.Background(), items); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { wg.Wait(); close(done) }()
	wake, err := s.Watch(t.Context())
	require.NoError(t, err)
	seen := map[string]int{}
	var mark store.Mark
	look := func() {
		mark = follow(t, s, mark, store.Query{Detail: store.Summary}, func(c store.Change) { seen[c.Anomaly.ID]++ })
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-wake:
		case <-time.After(5 * time.Second):
			t.Fatal("nobody was woken")
		}
		look()
	}
	want := 0
	for w := range writers {
		want += each * (1 + w*3)
	}
	// A transaction that was running at the last look may have held rows back.
	require.Eventually(t, func() bool { look(); return len(seen) == want }, 10*time.Second, 20*time.Millisecond, "%d of %d", len(seen), want)
	for id, n := range seen {
		require.Equal(t, 1, n, "%s came twice", id)
	}
}

func watchEnds(t *testing.T, s Opened, _ *Clock) {
	ctx, cancel := context.WithCancel(t.Context())
	byContext, err := s.Watch(ctx)
	require.NoError(t, err)
	byClose, err := s.Watch(t.Context())
	require.NoError(t, err)
	ends := func(c <-chan struct{}) {
		deadline := time.After(10 * time.Second)
		for {
			select {
			case _, open := <-c:
				if !open {
					return
				}
			case <-deadline:
				t.Fatal("the channel stays open")
			}
		}
	}
	cancel()
	ends(byContext)
	require.NoError(t, s.Close())
	ends(byClose)
	_, err = s.Watch(t.Context())
	require.ErrorIs(t, err, store.ErrClosed)
}

func keysLiveAndEnd(t *testing.T, s Opened, clock *Clock) {
	expires := clock.Now().Add(time.Hour)
	one := store.Key{ID: "k1", Name: "ci", Role: "writer", CreatedAt: clock.Now(), CreatedBy: "alice", ExpiresAt: &expires}
	two := store.Key{ID: "k2", Name: "boss", Role: "admin", CreatedAt: clock.Now().Add(time.Second), CreatedBy: "alice"}
	require.NoError(t, s.AddKey(t.Context(), one, store.SecretHash{1}, alice))
	require.NoError(t, s.AddKey(t.Context(), two, store.SecretHash{2}, alice))
	require.ErrorIs(t, s.AddKey(t.Context(), one, store.SecretHash{3}, alice), store.ErrKeyID)
	got, hash, err := s.Key(t.Context(), "k1")
	require.NoError(t, err)
	require.Equal(t, &one, got)
	require.Equal(t, store.SecretHash{1}, hash)
	require.True(t, got.Usable(expires.Add(-time.Second)))
	require.False(t, got.Usable(expires))
	_, _, err = s.Key(t.Context(), "k3")
	require.ErrorIs(t, err, store.ErrNoKey)

	clock.Advance(time.Minute)
	used := clock.Now()
	require.NoError(t, s.KeyUsed(t.Context(), "k2", used))
	require.NoError(t, s.KeyUsed(t.Context(), "k2", used.Add(-time.Second)), "an older use does not count")
	revoked, err := s.RevokeKey(t.Context(), "k2", alice)
	require.NoError(t, err)
	require.Equal(t, used, *revoked.LastUsedAt)
	require.False(t, revoked.Usable(used))
	clock.Advance(time.Minute)
	again, err := s.RevokeKey(t.Context(), "k2", alice)
	require.NoError(t, err)
	require.Equal(t, revoked, again)
	_, err = s.RevokeKey(t.Context(), "k3", alice)
	require.ErrorIs(t, err, store.ErrNoKey)

	keys, err := s.Keys(t.Context())
	require.NoError(t, err)
	require.Equal(t, []*store.Key{&one, revoked}, keys)
	entries, err := s.Audit(t.Context(), store.AuditQuery{})
	require.NoError(t, err)
	require.Len(t, entries, 3)
	require.Equal(t, []string{store.ActionKeyRevoke, store.ActionKeyCreate, store.ActionKeyCreate}, []string{entries[0].Action, entries[1].Action, entries[2].Action})
	b, err := json.Marshal(entries)
	require.NoError(t, err)
	require.NotContains(t, string(b), "secret")
}

func statsAgreeWithTheList(t *testing.T, s Opened, _ *Clock) {
	var all []*anomaly.Anomaly
	for i := range 200 {
		all = append(all, Anomaly(i))
	}
	add(t, s, all...)
	q := store.StatsQuery{Start: base.Add(2 * time.Minute), End: base.Add(13 * time.Minute), Step: 5 * time.Minute}
	require.NoError(t, q.Check())
	got, err := s.Stats(t.Context(), q)
	require.NoError(t, err)
	want := store.NewStats()
	services, buckets := map[string]*store.ServiceStats{}, map[int]*store.Bucket{}
	for _, a := range all {
		if a.Timestamp.Before(q.Start) || !a.Timestamp.Before(q.End) {
			continue
		}
		want.Count(a.Status, a.StreamType, a.Kind, 1)
		v := services[a.Service]
		if v == nil {
			v = &store.ServiceStats{Service: a.Service}
			services[a.Service] = v
		}
		v.Count++
		v.MaxScore = max(v.MaxScore, a.Score)
		if a.Timestamp.After(v.Last) {
			v.Last = a.Timestamp
		}
		i := int(a.Timestamp.Sub(q.Start) / q.Step)
		b := buckets[i]
		if b == nil {
			b = &store.Bucket{Start: q.Start.Add(time.Duration(i) * q.Step)}
			buckets[i] = b
		}
		b.Count++
		b.MaxScore = max(b.MaxScore, a.Score)
	}
	require.Equal(t, want.Total, got.Total)
	require.Equal(t, want.Status, got.Status)
	require.Equal(t, want.StreamType, got.StreamType)
	require.Equal(t, want.Kind, got.Kind)
	require.Len(t, got.Services, len(services))
	for i, v := range got.Services {
		require.Equal(t, *services[v.Service], v)
		require.True(t, i == 0 || got.Services[i-1].Count >= v.Count)
	}
	require.Len(t, got.Buckets, len(buckets))
	for _, b := range got.Buckets {
		require.Equal(t, *buckets[int(b.Start.Sub(q.Start)/q.Step)], b)
	}
	whole, err := s.Stats(t.Context(), store.StatsQuery{})
	require.NoError(t, err)
	require.Equal(t, 200, whole.Total)
	require.Empty(t, whole.Buckets)
	for _, bad := range []store.StatsQuery{{Step: time.Minute}, {Step: time.Millisecond, Start: base, End: base.Add(time.Hour)}, {Step: time.Second, Start: base, End: base.Add(24 * time.Hour)}} {
		require.Error(t, bad.Check(), fmt.Sprint(bad))
	}
}
