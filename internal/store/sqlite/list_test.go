package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/grams"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

// opened is a store with so many anomalies.
func opened(t *testing.T, n int) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "a.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	add(t, s, 0, n)
	return s
}

// add stores the anomalies of these numbers.
func add(t *testing.T, s *Store, from, to int) {
	t.Helper()
	var items anomaly.Items
	for i := from; i < to; i++ {
		items.Anomalies = append(items.Anomalies, storetest.Anomaly(i))
	}
	_, err := s.Add(t.Context(), items)
	require.NoError(t, err)
}

// inTx runs f in a transaction that only reads.
func inTx(t *testing.T, s *Store, f func(*sql.Tx)) {
	t.Helper()
	require.NoError(t, s.view(t.Context(), "test", func(tx *sql.Tx) error {
		f(tx)
		return nil
	}))
}

func number(f float64) *float64 { return &f }

// TestListsUseIndexes asks SQLite how it would read each list by each index that may be chosen for it: in the index alone, and sorted only
// where the filter's order is another.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	s := opened(t, 1)
	at := storetest.Anomaly(0).Timestamp
	everything := store.Query{
		StreamType: anomaly.Logs, Service: "cart", Status: "pending", Kind: anomaly.KindAnomaly, MinNCDScore: number(.5), MaxPValue: number(.1),
		Start: at, End: at.Add(time.Hour),
	}
	queries := []store.Query{{}, everything, {IncidentID: storetest.Incident(1)}, {Start: at}, {End: at}}
	for _, f := range filtersOf(everything) {
		queries = append(queries, f.query)
	}
	inTx(t, s, func(tx *sql.Tx) {
		for _, q := range queries {
			for _, field := range store.Fields {
				for _, ascending := range []bool{true, false} {
					for _, after := range []*store.Position{nil, {Time: at, Value: .5, ID: "x"}} {
						q.Sort, q.After = store.Sort{Field: field, Ascending: ascending}, after
						o, err := orderOf(q.Sort)
						require.NoError(t, err)
						sel, err := s.selectionOf(t.Context(), tx, o, q)
						require.NoError(t, err)
						indexes := map[string]store.Field{o.index: field}
						for _, f := range filtersOf(q) {
							indexes[f.index] = f.order
						}
						if q.IncidentID != "" {
							indexes = map[string]store.Field{sel.index: store.ByTimestamp}
						}
						require.Contains(t, indexes, sel.index)
						for index, by := range indexes {
							sel.index = index
							query, args := sel.query("rowid", 51)
							steps := strings.Join(plan(t, tx, query, args...), "\n")
							if q.IncidentID == "" {
								require.Contains(t, steps, "USING COVERING INDEX "+index, query)
							}
							require.Equal(t, by != field, strings.Contains(steps, "TEMP B-TREE"), "%s\n%s", query, steps)
						}
						_, err = s.List(t.Context(), q)
						require.NoError(t, err)
					}
				}
			}
		}
		for _, step := range plan(t, tx, selectBlocks) {
			require.NotRegexp(t, "^SCAN text_blocks", step)
		}
		for query, args := range map[string][]any{
			selectRows: {"[1]", 1, 1},
			"SELECT number FROM anomaly_texts WHERE number IN (SELECT value FROM json_each(?)) AND instr(text, ?) > 0": {"[1]", "x"},
			selectSummaries + " NOT INDEXED WHERE rowid IN (SELECT value FROM json_each(?))":                           {"[1]"},
		} {
			for _, step := range plan(t, tx, query, args...) {
				if strings.HasPrefix(step, "SCAN") {
					require.NotRegexp(t, "^SCAN (anomalies|anomaly_texts|text_blocks$)", step, query)
				}
			}
		}
	})
}

func plan(t *testing.T, tx *sql.Tx, query string, args ...any) (steps []string) {
	t.Helper()
	var id, parent, unused int
	var detail string
	err := each(t.Context(), tx, "EXPLAIN QUERY PLAN "+query, args, []any{&id, &parent, &unused, &detail}, func() { steps = append(steps, detail) })
	require.NoError(t, err, query)
	require.NotEmpty(t, steps)
	return steps
}

// TestTheFilterThatLeavesFewestChooses: where few rows pass one of the filters, they are what is read.
func TestTheFilterThatLeavesFewestChooses(t *testing.T) {
	t.Parallel()
	s := opened(t, 300)
	choose := func(q store.Query) (index string) {
		inTx(t, s, func(tx *sql.Tx) {
			o, err := orderOf(q.Sort)
			require.NoError(t, err)
			index, err = indexFor(t.Context(), tx, o, q)
			require.NoError(t, err)
		})
		return index
	}
	byScore := store.Sort{Field: store.ByScore}
	require.Equal(t, "anomalies_by_time", choose(store.Query{}))
	require.Equal(t, "anomalies_by_score", choose(store.Query{Sort: byScore}))
	require.Equal(t, "anomalies_by_service", choose(store.Query{Service: "cart"}))
	require.Equal(t, "anomalies_by_ncd", choose(store.Query{MinNCDScore: number(.95)}))
	require.Equal(t, "anomalies_by_status", choose(store.Query{Service: "cart", Status: "resolved"}))
	require.Equal(t, "anomalies_by_p_value", choose(store.Query{Service: "cart", MaxPValue: number(1e-9), Sort: byScore}))
	require.Equal(t, "anomalies_by_incident", choose(store.Query{IncidentID: storetest.Incident(1), Service: "cart"}))
	inTx(t, s, func(tx *sql.Tx) {
		n, err := filtersOf(store.Query{Status: "pending"})[0].count(t.Context(), tx, 7)
		require.NoError(t, err)
		require.Equal(t, 7, n, "no more is counted than need be")
	})
}

// TestSearchByEveryWay compares the three ways to search with each other, over blocks of which most rows have the text or few have.
func TestSearchByEveryWay(t *testing.T) {
	t.Parallel()
	s := opened(t, 0)
	const rows = 9500
	var all []*anomaly.Anomaly
	for from := 0; from < rows; from += 1000 {
		if from%4000 == 3000 {
			moveNewest(t, s, int64(from/4000+1)*grams.BlockRows-300)
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
	for _, c := range []struct{ text, service string }{
		{"seldom", ""}, {"seldom", "cart"}, {"1 kinds", ""}, {"1 kinds", "cart"}, {"kinds", ""}, {"number 008", ""}, {"numb 008er", ""}, {"of", ""}, {"z", ""}, {"m", "cart"},
	} {
		for _, field := range store.Fields {
			q := store.Query{Text: c.text, Service: c.service, Sort: store.Sort{Field: field, Ascending: true}}
			o, err := orderOf(q.Sort)
			require.NoError(t, err)
			want := 0
			for _, a := range all {
				if q.Matches(a) {
					want++
				}
			}
			inTx(t, s, func(tx *sql.Tx) {
				sel := func() *selection {
					sel, err := s.selectionOf(t.Context(), tx, o, q)
					require.NoError(t, err)
					return sel
				}
				cs, err := candidatesOf(t.Context(), tx, c.text)
				require.NoError(t, err)
				numbers := cs.Numbers()
				if cs == grams.Everything {
					var number int64
					require.NoError(t, each(t.Context(), tx, "SELECT number FROM anomaly_texts", nil, []any{&number}, func() { numbers = append(numbers, number) }))
				} else {
					require.Len(t, numbers, cs.Count)
				}
				bySorting, err := sorted(t.Context(), tx, sel(), numbers, c.text, rows)
				require.NoError(t, err)
				require.Len(t, bySorting, want, "%v", c)
				byWalking, err := along(t.Context(), tx, sel(), cs, c.text, rows)
				require.NoError(t, err)
				require.Equal(t, bySorting, byWalking, "%v", c)
				usual, err := search(t.Context(), tx, sel(), c.text, 120)
				require.NoError(t, err)
				require.Equal(t, bySorting[:min(120, want)], usual[:len(usual):len(usual)], "%v by %s", c, field)
			})
		}
	}
}

// moveNewest gives the newest row another number, so that the next ones have those behind it.
func moveNewest(t *testing.T, s *Store, number int64) {
	t.Helper()
	require.NoError(t, s.transact(t.Context(), func(tx *sql.Tx) error {
		moved := []grams.Text{{Number: number}}
		if err := tx.QueryRow("SELECT text FROM anomaly_texts ORDER BY number DESC LIMIT 1").Scan(&moved[0].Text); err != nil {
			return err
		}
		for _, statement := range []string{"UPDATE anomalies SET rowid = ? WHERE rowid = (SELECT max(rowid) FROM anomalies)",
			"UPDATE anomaly_texts SET number = ? WHERE number = (SELECT max(number) FROM anomaly_texts)"} {
			if _, err := tx.Exec(statement, number); err != nil {
				return err
			}
		}
		return indexTexts(t.Context(), tx, moved)
	}))
}

// TestOldRowsAreIndexed: a file of an older build can be searched as soon as it is open.
func TestOldRowsAreIndexed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(t.Context(), Options{Path: path})
	require.NoError(t, err)
	_, err = s.Add(t.Context(), anomaly.Items{Anomalies: storetest.Texts()})
	require.NoError(t, err)
	read := func() (texts []string, blocks int) {
		inTx(t, s, func(tx *sql.Tx) {
			var text string
			require.NoError(t, each(t.Context(), tx, "SELECT text FROM anomaly_texts ORDER BY number", nil, []any{&text}, func() { texts = append(texts, text) }))
			require.NoError(t, tx.QueryRow("SELECT count(*) FROM text_blocks").Scan(&blocks))
		})
		return texts, blocks
	}
	wantTexts, wantBlocks := read()
	require.Len(t, wantTexts, len(storetest.Texts()))
	require.NoError(t, s.Close())

	_, m, done := migrator(t, path)
	require.NoError(t, m.Migrate(6))
	done()
	s, err = Open(t.Context(), Options{Path: path})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	texts, blocks := read()
	require.Equal(t, wantTexts, texts)
	require.Equal(t, wantBlocks, blocks)
}

// TestTextsGoWithTheirRows: retention leaves no text behind, and no block all of whose rows are gone.
func TestTextsGoWithTheirRows(t *testing.T) {
	t.Parallel()
	s := opened(t, 1000)
	moveNewest(t, s, grams.BlockRows-5)
	const rows = 2000
	add(t, s, 1000, rows)
	count := func(query string, args ...any) (n int) {
		require.NoError(t, s.db.read.QueryRow(query, args...).Scan(&n))
		return n
	}
	require.Equal(t, 2, count("SELECT count(DISTINCT block) FROM text_blocks"))
	for left := rows; left > 0; {
		gone, err := s.Prune(t.Context(), store.Cutoffs{Anomalies: time.Now().Add(time.Hour)}, 300)
		require.NoError(t, err)
		left -= gone.Anomalies
		require.Equal(t, left, count("SELECT count(*) FROM anomaly_texts"))
		require.Zero(t, count("SELECT count(*) FROM text_blocks WHERE block < (SELECT min(number) / ? FROM anomaly_texts)", grams.BlockRows))
	}
	require.Zero(t, count("SELECT count(*) FROM text_blocks"))
	_, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(7)}})
	require.NoError(t, err)
	page, err := s.List(t.Context(), store.Query{Text: "a new line"})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, 1)
}

// TestVacuumKeepsNumbers: texts are found by rowid, which SQLite promises to keep only where it is a column.
func TestVacuumKeepsNumbers(t *testing.T) {
	t.Parallel()
	s := opened(t, 50)
	_, err := s.db.write.Exec("DELETE FROM anomalies WHERE rowid % 3 = 0")
	require.NoError(t, err)
	rows := func() (all []string) {
		var id string
		inTx(t, s, func(tx *sql.Tx) {
			require.NoError(t, each(t.Context(), tx, "SELECT rowid || ' ' || id FROM anomalies ORDER BY rowid", nil, []any{&id}, func() { all = append(all, id) }))
		})
		return all
	}
	before := rows()
	_, err = s.db.write.Exec("VACUUM")
	require.NoError(t, err)
	require.Equal(t, before, rows())
}
