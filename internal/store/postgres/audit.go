package postgres

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/store"
)

// entryColumns is how audit rows are written.
var entryColumns = []column[store.Entry]{
	integer("seq", func(e *store.Entry) int64 { return e.Seq }),
	moment("at", func(e *store.Entry) time.Time { return e.At }),
	text("actor", func(e *store.Entry) string { return e.Actor }),
	text("role", func(e *store.Entry) string { return e.Role }),
	text("address", func(e *store.Entry) string { return e.Address }),
	text("action", func(e *store.Entry) string { return e.Action }),
	text("target", func(e *store.Entry) string { return e.Target }),
	text("note", func(e *store.Entry) string { return e.Note }),
	text("before", func(e *store.Entry) string { return string(e.Before) }),
	text("after", func(e *store.Entry) string { return string(e.After) }),
	text("previous", func(e *store.Entry) string { return e.Previous }),
	text("hash", func(e *store.Entry) string { return e.Hash }),
}

var (
	insertEntries = insertion("audit_log", entryColumns)
	selectEntries = "SELECT " + strings.Join(names(entryColumns), ", ") + " FROM audit_log"
)

// appendAudit adds rows to the log. It comes last in a transaction: writers of the log wait for each other from here to the end.
func appendAudit(ctx context.Context, tx pgx.Tx, at time.Time, entries ...store.Entry) error {
	var seq int64
	var hash string
	if err := tx.QueryRow(ctx, "SELECT seq, hash FROM audit_head FOR UPDATE").Scan(&seq, &hash); err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		e.Actor, e.Role, e.Address, e.Target, e.Note = clean(e.Actor), clean(e.Role), clean(e.Address), clean(e.Target), clean(e.Note)
		e.Seal(at, seq, hash)
		seq, hash = e.Seq, e.Hash
	}
	if _, err := tx.Exec(ctx, insertEntries, arguments(entryColumns, entries)...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE audit_head SET seq = $1, hash = $2", seq, hash)
	return err
}

// Audit returns rows of the log, newest first.
func (s *Store) Audit(ctx context.Context, q store.AuditQuery) ([]*store.Entry, error) {
	const action = "read the audit log"
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	w := &where{}
	for _, c := range []struct{ column, value string }{{"target", q.Target}, {"actor", q.Actor}, {"action", q.Action}} {
		if c.value != "" {
			w.add(c.column+" = ?", c.value)
		}
	}
	if !q.Start.IsZero() {
		w.add("at >= ?", q.Start)
	}
	if !q.End.IsZero() {
		w.add("at < ?", q.End)
	}
	if q.Before > 0 {
		w.add("seq < ?", q.Before)
	}
	text := selectEntries
	if len(w.terms) > 0 {
		text += " WHERE " + strings.Join(w.terms, " AND ")
	}
	rows, err := s.pool.Query(ctx, text+" ORDER BY seq DESC LIMIT "+w.parameter(store.ClampLimit(q.Limit)), w.args...)
	if err != nil {
		return nil, s.wrap(action, err)
	}
	list, err := pgx.CollectRows(rows, scanEntry)
	return list, s.wrap(action, err)
}

func scanEntry(row pgx.CollectableRow) (*store.Entry, error) {
	var e store.Entry
	var before, after string
	err := row.Scan(&e.Seq, &e.At, &e.Actor, &e.Role, &e.Address, &e.Action, &e.Target, &e.Note, &before, &after, &e.Previous, &e.Hash)
	e.At, e.Before, e.After = e.At.UTC(), json.RawMessage(before), json.RawMessage(after)
	return &e, err
}

// CheckAudit reads the whole log as of one moment.
func (s *Store) CheckAudit(ctx context.Context) (int64, error) {
	const action = "check the audit log"
	if err := s.usable(ctx, action); err != nil {
		return 0, err
	}
	var n int64
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var head store.AuditHead
		if err := tx.QueryRow(ctx, "SELECT seq, hash FROM audit_head").Scan(&head.Seq, &head.Hash); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectEntries+" ORDER BY seq")
		if err != nil {
			return err
		}
		defer rows.Close()
		var chain store.Chain
		for rows.Next() {
			e, err := scanEntry(rows)
			if err != nil {
				return err
			}
			if err := chain.Next(e); err != nil {
				return &store.PermanentError{Err: err}
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		n, err = chain.End(head)
		if err != nil {
			return &store.PermanentError{Err: err}
		}
		return nil
	})
	return n, s.wrap(action, err)
}
