package postgres

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/grams"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func count(t *testing.T, s *Store, query string) (n int) {
	t.Helper()
	require.NoError(t, s.pool.QueryRow(t.Context(), query).Scan(&n))
	return n
}

// indexed waits until no text waits.
func indexed(t *testing.T, s *Store) {
	t.Helper()
	require.Eventually(t, func() bool { return count(t, s, "SELECT count(*) FROM texts_to_index") == 0 }, time.Minute, 20*time.Millisecond)
}

// TestTextsThatCannotBeIndexed: it is told once, they are found all the same, and indexed once it works again.
func TestTextsThatCannotBeIndexed(t *testing.T) {
	told := make(chan error, 9)
	s := open(t, Options{indexFrom: 1, Unindexed: func(why error) { told <- why }})
	rename := func(from, to string) {
		_, err := s.pool.Exec(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to)
		require.NoError(t, err)
	}
	add := func(i int) {
		a := storetest.Anomaly(i)
		a.Explanation = fmt.Sprintf("unheard-of %d", i)
		_, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{a}})
		require.NoError(t, err)
	}
	rename("text_sets", "away")
	add(1)
	require.ErrorContains(t, <-told, "text_sets")
	require.Equal(t, 1, s.TextsWaiting())
	add(2)
	rename("away", "text_sets")
	page, err := s.List(t.Context(), store.Query{Text: "unheard-of", Limit: 9})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, 2)
	add(3)
	indexed(t, s)
	require.Empty(t, told, "told once")
	require.Eventually(t, func() bool { return s.TextsWaiting() == 0 }, time.Minute, 20*time.Millisecond)
}

// TestSearchByEveryWay compares the ways to search with each other, over blocks of which most rows have the text or few have.
func TestSearchByEveryWay(t *testing.T) {
	s := open(t, Options{indexFrom: 1})
	const rows = 9500
	var all []*anomaly.Anomaly
	for from := 0; from < rows; from += 1000 {
		if from%4000 == 3000 {
			goOnWith(t, s, (from/4000+1)*grams.BlockRows-300)
		}
		var items anomaly.Items
		for i := from; i < min(from+1000, rows); i++ {
			a := storetest.Anomaly(i)
			a.Explanation = fmt.Sprintf("number %06d of %d kinds", i, i%3)
			if i%700 == 3 {
				a.Explanation += " seldom"
			}
			items.Anomalies = append(items.Anomalies, a)
		}
		all = append(all, items.Anomalies...)
		_, err := s.Add(t.Context(), items)
		require.NoError(t, err)
	}
	check := func() {
		for _, c := range []struct{ text, service string }{
			{"seldom", ""}, {"seldom", "cart"}, {"1 kinds", ""}, {"1 kinds", "cart"}, {"number 008", ""}, {"numb 008er", ""}, {"of", ""}, {"z", ""}, {"m", "cart"},
		} {
			for _, field := range store.Fields[:2] {
				q := store.Query{Text: c.text, Service: c.service, Sort: store.Sort{Field: field, Ascending: true}}
				o, err := orderOf(q.Sort)
				require.NoError(t, err)
				want := 0
				for _, a := range all {
					if q.Matches(a) {
						want++
					}
				}
				require.NoError(t, pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
					ids := func(list []*anomaly.Anomaly, err error) []string {
						require.NoError(t, err)
						all := []string{}
						for _, a := range list {
							all = append(all, a.ID)
						}
						return all
					}
					byReading := ids(along(t.Context(), tx, o, q, grams.Everything, rows))
					require.Len(t, byReading, want)
					cs, err := candidatesOf(t.Context(), tx, c.text)
					require.NoError(t, err)
					if cs != grams.Everything {
						require.Equal(t, byReading, ids(having(t.Context(), tx, o, q, cs.Numbers(), rows)), "%v", c)
					}
					require.Equal(t, byReading, ids(along(t.Context(), tx, o, q, cs, rows)), "%v", c)
					require.Equal(t, byReading[:min(120, want)], ids(find(t.Context(), tx, o, q, 120)), "%v by %s", c, field)
					return nil
				}))
			}
		}
	}
	indexed(t, s)
	check()
	_, err := s.pool.Exec(t.Context(), "INSERT INTO texts_to_index SELECT number FROM anomalies WHERE number % 3 = 1; DELETE FROM text_sets WHERE block = 1;"+
		" INSERT INTO texts_to_index SELECT number FROM anomalies WHERE number / "+strconv.Itoa(grams.BlockRows)+" = 1")
	require.NoError(t, err)
	check() // while texts wait
	s.changed()
	indexed(t, s)
	check()
}

// goOnWith gives the next row a number.
func goOnWith(t *testing.T, s *Store, number int) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), "SELECT setval('anomaly_numbers', $1, false)", number)
	require.NoError(t, err)
}

// TestNumbersAreNotUsedUp: statements that come again, or say something new of a known row, take none.
func TestNumbersAreNotUsedUp(t *testing.T) {
	s := open(t, Options{})
	for range 3 {
		for _, a := range storetest.Episode(1, 1e-4, 1e-6, 1e-5) {
			_, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{a, storetest.Anomaly(2)}})
			require.NoError(t, err)
		}
	}
	require.Equal(t, 3, count(t, s, "SELECT nextval('anomaly_numbers')"))
	require.Equal(t, 3, count(t, s, "SELECT sum(number) FROM anomalies"))
}

// TestTextsGoWithTheirRows: retention leaves no block all of whose rows are gone.
func TestTextsGoWithTheirRows(t *testing.T) {
	s := open(t, Options{indexFrom: 1})
	var items anomaly.Items
	goOnWith(t, s, grams.BlockRows-20)
	for i := range 40 {
		items.Anomalies = append(items.Anomalies, storetest.Anomaly(i))
	}
	_, err := s.Add(t.Context(), items)
	require.NoError(t, err)
	indexed(t, s)
	require.Equal(t, 2, count(t, s, "SELECT count(DISTINCT block) FROM text_sets"))
	_, err = store.Retention{Anomalies: time.Nanosecond}.Apply(t.Context(), s, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Zero(t, count(t, s, "SELECT count(*) FROM text_sets"))
	_, err = s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(7)}})
	require.NoError(t, err)
	page, err := s.List(t.Context(), store.Query{Text: "a new line"})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, 1)
}
