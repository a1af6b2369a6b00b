package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/grams"
)

// stored is what decides which statement a row keeps.
type stored struct {
	number          int64  // its rowid
	revision, worst uint32 // the newest revision, and the one whose scores and evidence the row has
	p               float64
}

func addAnomalies(ctx context.Context, tx *sql.Tx, list []*anomaly.Anomaly, now int64) (added int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	change, err := readCounter(ctx, tx)
	if err != nil {
		return 0, err
	}
	var known, insert, content, course *sql.Stmt
	for text, into := range map[string]**sql.Stmt{
		selectRevision: &known, insertAnomaly: &insert, updateContent: &content, updateCourse: &course,
	} {
		stmt, err := tx.PrepareContext(ctx, text)
		if err != nil {
			return 0, err
		}
		defer stmt.Close()
		*into = stmt
	}
	var texts []grams.Text
	for _, joined := range store.Join(list) {
		n, err := addAnomaly(ctx, joined, now, change+1, known, insert, content, course, &texts)
		if err != nil {
			return added, fmt.Errorf("anomaly %s: %w", joined.ID, err)
		}
		added += n
		change += int64(n)
	}
	if err := putTexts(ctx, tx, texts); err != nil {
		return added, fmt.Errorf("index texts: %w", err)
	}
	return added, writeCounter(ctx, tx, change)
}

// addAnomaly returns 1 where the row is new or says something new, which is then change number change. A text that is new it adds to texts.
func addAnomaly(ctx context.Context, joined store.Row, now, change int64, known, insert, content, course *sql.Stmt, texts *[]grams.Text) (int, error) {
	r, err := rowOf(joined)
	if err != nil {
		return 0, &store.PermanentError{Err: err}
	}
	var old stored
	switch err := known.QueryRowContext(ctx, r.id).Scan(&old.number, &old.revision, &old.worst, &old.p); {
	case errors.Is(err, sql.ErrNoRows):
		res, err := insert.ExecContext(ctx, append(append([]any{r.id, r.status}, append(r.content, r.course...)...), now, now, change)...)
		if err != nil {
			return 0, err
		}
		number, err := res.LastInsertId()
		*texts = append(*texts, grams.Text{Number: number, Text: store.SearchText(joined.Worst)})
		return 1, err
	case err != nil:
		return 0, err
	}
	changed := 0
	if store.Worse(joined.Worst.PValue, store.Revision(joined.Worst), old.p, old.worst) {
		if _, err := content.ExecContext(ctx, append(r.content, now, change, r.id)...); err != nil {
			return 0, err
		}
		*texts = append(*texts, grams.Text{Number: old.number, Text: store.SearchText(joined.Worst)})
		changed = 1
	}
	if store.Revision(joined.Newest) > old.revision {
		if _, err := course.ExecContext(ctx, append(r.course, now, change, r.id)...); err != nil {
			return 0, err
		}
		changed = 1
	}
	return changed, nil
}

// row is an anomaly as columns: content in the order of update_content.sql, course in that of update_course.sql.
type row struct {
	id, status      string
	content, course []any
}

func rowOf(joined store.Row) (*row, error) {
	a, now := joined.Worst, joined.Newest
	texts := make([]string, 0, 8)
	for _, v := range []any{a.Signals, a.Reasons, a.Channels, a.Requests, a.TraceIDs, a.Trimmed, a.Resource, now.IncidentServices} {
		s, err := encode(v)
		if err != nil {
			return nil, err
		}
		texts = append(texts, s)
	}
	r := &row{id: joined.ID, status: joined.Status}
	timestamp, start := now.Timestamp, now.WindowStart
	e := now.Episode
	if e == nil { // of a build that knew none: an episode of one statement
		e = &anomaly.Episode{Started: start, Last: timestamp, Windows: 1}
	} else {
		timestamp, start = e.Started.Add(timestamp.Sub(start)), e.Started
	}
	var deploy any
	if now.Deploy != nil {
		s, err := encode(now.Deploy)
		if err != nil {
			return nil, err
		}
		deploy = s
	}
	r.content = []any{
		store.Revision(a), nanos(a.WindowStart), string(a.StreamType), string(cmp.Or(a.Kind, anomaly.KindAnomaly)), a.Score, a.PValue, a.PFloor, a.Level,
		a.NCDScore, a.Bits, a.Explanation, int64(a.CompressionBaseline), int64(a.CompressionWindow), int64(a.CompressionCombined),
		a.EntropyBaseline, a.EntropyWindow, a.PermutationP, texts[0], texts[1], texts[2], texts[3], texts[4],
		optional(a.BaselineData), optional(a.WindowData), optional(a.Statistics), texts[5], a.Incomplete, texts[6],
	}
	r.course = []any{
		nanos(timestamp), nanos(start), now.Service, store.Revision(now), now.Episode != nil, nanos(e.Last), e.Windows, ended(e.Ended),
		now.IncidentID, texts[7], now.Cause, deploy, now.ComponentID, now.ConfigHash, now.CoreVersion, now.ProcessID,
	}
	return r, nil
}

func ended(t *time.Time) any {
	if t == nil {
		return nil
	}
	return nanos(*t)
}

func optional(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	return string(raw)
}
