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
	c, err := candidatesOf(ctx, tx, text)
	if err != nil {
		return nil, err
	}
	if c.Few() {
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
	for length := c.Expected(n); ; {
		numbers, err := sel.numbers(ctx, tx, length)
		if err != nil {
			return nil, err
		}
		having, err := verified(ctx, tx, c.Among(numbers), text)
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
		if len(found) >= n || len(numbers) < length {
			return found, nil
		}
		last, err := sel.place(ctx, tx, numbers[length-1])
		if err != nil {
			return nil, err
		}
		sel.goOn(last)
		length = grams.Further(length, len(having), n-len(found))
	}
}

// numbers are those of the selection's first rows, in order: as one text, since each row that is handed over takes longer than walking over ten.
func (s *selection) numbers(ctx context.Context, tx *sql.Tx, length int) (all []int64, err error) {
	query, args := s.query("rowid", length)
	var packed sql.RawBytes
	err = each(ctx, tx, "SELECT group_concat(rowid, ' ') FROM ("+query+")", args, []any{&packed}, func() {
		all = make([]int64, 0, length)
		eachNumber(packed, func(number int64) { all = append(all, number) })
	})
	return all, err
}

// place is where a row stands in the order.
func (s *selection) place(ctx context.Context, tx *sql.Tx, number int64) (*store.Position, error) {
	var p store.Position
	into := []any{&p.Value, &p.ID}
	var at int64
	if s.field == store.ByTimestamp {
		into[0] = &at
	}
	err := tx.QueryRowContext(ctx, "SELECT "+columns[s.field].column+", id FROM anomalies WHERE rowid = ?", number).Scan(into...)
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
	return grams.Find(ctx, text, first.Int64, last.Int64, func(ctx context.Context, ranges []grams.Range, wanted []int64, f func(int, int64, []byte)) error {
		blocks := list(wanted)
		for i, r := range ranges {
			if err := readBlocks(ctx, read, r, blocks, func(block int64, packed []byte) { f(i, block, packed) }); err != nil {
				return err
			}
		}
		return nil
	})
}

func readBlocks(ctx context.Context, read *sql.Stmt, r grams.Range, wanted string, f func(block int64, packed []byte)) error {
	rows, err := read.QueryContext(ctx, wanted, r.From, r.To)
	if err != nil {
		return err
	}
	defer rows.Close()
	var block int64
	var packed sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&block, &packed); err != nil {
			return err
		}
		f(block, packed)
	}
	return rows.Err()
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
