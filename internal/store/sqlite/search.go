package sqlite

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/grams"
)

// search returns the numbers of the selection's first n rows whose text has this one in it.
func search(ctx context.Context, tx *sql.Tx, sel *selection, text string, n int) ([]int64, error) {
	var found []int64
	var number int64
	var hit bool
	rows := 0
	query, args := sel.query("rowid, instr((SELECT text FROM anomaly_texts WHERE number = anomalies.rowid), ?) > 0", grams.FirstWalk)
	err := each(ctx, tx, query, append([]any{text}, args...), []any{&number, &hit}, func() {
		rows++
		if hit {
			found = append(found, number)
		}
	})
	if err != nil || len(found) >= n || rows < grams.FirstWalk {
		return found[:min(n, len(found))], err
	}
	c, err := candidatesOf(ctx, tx, text)
	if err != nil {
		return nil, err
	}
	if c.Count <= grams.SortMost {
		return sorted(ctx, tx, sel, c.Numbers(), text, n)
	}
	return along(ctx, tx, sel, c, text, n)
}

// sorted reads candidates and puts them in order.
func sorted(ctx context.Context, tx *sql.Tx, sel *selection, numbers []int64, text string, n int) ([]int64, error) {
	having, err := verified(ctx, tx, numbers, text)
	if err != nil || len(having) == 0 {
		return nil, err
	}
	return inOrder(ctx, tx, sel, having, n)
}

// inOrder returns the first n of some rows, as far as they are in the selection.
func inOrder(ctx context.Context, tx *sql.Tx, sel *selection, numbers []int64, n int) (found []int64, err error) {
	query := "SELECT rowid FROM anomalies NOT INDEXED WHERE rowid IN (SELECT value FROM json_each(?))"
	for _, condition := range sel.where {
		query += " AND " + condition
	}
	var number int64
	err = each(ctx, tx, query+sel.by+" LIMIT ?", append(append([]any{list(numbers)}, sel.args...), n), []any{&number}, func() { found = append(found, number) })
	return found, err
}

// along walks the selection's index, which costs nothing against reading rows, and reads the texts of candidates only.
func along(ctx context.Context, tx *sql.Tx, sel *selection, c *grams.Candidates, text string, n int) (found []int64, err error) {
	length := max(grams.FirstWalk, min(c.Expected(n), grams.Stride))
	for {
		query, args := sel.query("rowid", length)
		var packed sql.RawBytes
		var numbers []int64
		rows := 0
		err := each(ctx, tx, "SELECT group_concat(rowid, ' ') FROM ("+query+")", args, []any{&packed}, func() {
			eachNumber(packed, func(number int64) {
				rows++
				if c.Has(number) {
					numbers = append(numbers, number)
				}
			})
		})
		if err != nil {
			return nil, err
		}
		having, err := verified(ctx, tx, numbers, text)
		if err != nil {
			return nil, err
		}
		if len(having) > 0 {
			more, err := inOrder(ctx, tx, sel, having, n-len(found))
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		}
		if len(found) >= n || rows < length {
			return found, nil
		}
		last, err := sel.place(ctx, tx, length)
		if err != nil {
			return nil, err
		}
		sel.goOn(last)
		length = grams.Stride
	}
}

// place is where the n-th row of the selection stands.
func (s *selection) place(ctx context.Context, tx *sql.Tx, n int) (*store.Position, error) {
	var p store.Position
	into := []any{&p.Value, &p.ID}
	var at int64
	if s.field == store.ByTimestamp {
		into[0] = &at
	}
	query, args := s.query(columns[s.field].column+", id", 1)
	err := tx.QueryRowContext(ctx, query+" OFFSET ?", append(args, n-1)...).Scan(into...)
	p.Time = moment(at)
	return &p, err
}

// verified are those whose text has this one in it.
func verified(ctx context.Context, tx *sql.Tx, numbers []int64, text string) (having []int64, err error) {
	var number int64
	err = each(ctx, tx, "SELECT number FROM anomaly_texts WHERE number IN (SELECT value FROM json_each(?)) AND instr(text, ?) > 0", []any{list(numbers), text},
		[]any{&number}, func() { having = append(having, number) })
	return having, err
}

const (
	selectBlocks = "SELECT (SELECT min(block) FROM text_blocks), (SELECT max(block) FROM text_blocks)"

	// Of each block asked for, the rows of the grams of a range.
	selectRows = `SELECT block, rows FROM json_each(?) AS wanted CROSS JOIN text_blocks WHERE block = wanted.value AND gram BETWEEN ? AND ?`
)

// candidatesOf reads the text index.
func candidatesOf(ctx context.Context, tx *sql.Tx, text string) (*grams.Candidates, error) {
	var first, last sql.NullInt64
	if err := tx.QueryRowContext(ctx, selectBlocks).Scan(&first, &last); err != nil {
		return nil, err
	}
	if !first.Valid {
		last.Int64 = -1
	}
	read, err := tx.PrepareContext(ctx, selectRows) // it is asked for every gram
	if err != nil {
		return nil, err
	}
	defer read.Close()
	return grams.Find(ctx, text, first.Int64, last.Int64, func(ctx context.Context, ranges []grams.Range, wanted []int64) ([]map[int64]*grams.Set, error) {
		sets := make([]map[int64]*grams.Set, len(ranges))
		for i, r := range ranges {
			if sets[i], err = readBlocks(ctx, read, r, list(wanted)); err != nil {
				return nil, err
			}
		}
		return sets, nil
	})
}

func readBlocks(ctx context.Context, read *sql.Stmt, r grams.Range, wanted string) (map[int64]*grams.Set, error) {
	rows, err := read.QueryContext(ctx, wanted, r.From, r.To)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	blocks := map[int64]*grams.Set{}
	var block int64
	var packed sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&block, &packed); err != nil {
			return nil, err
		}
		grams.Merge(blocks, block, packed)
	}
	return blocks, rows.Err()
}

// list is numbers as a JSON array.
func list(numbers []int64) string {
	b := []byte{'['}
	for i, n := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return string(append(b, ']'))
}

// eachNumber reads what group_concat wrote.
func eachNumber(text []byte, f func(int64)) {
	var n int64
	for i, c := range text {
		if c == ' ' {
			f(n)
			n = 0
			continue
		}
		n = n*10 + int64(c-'0')
		if i == len(text)-1 {
			f(n)
		}
	}
}
