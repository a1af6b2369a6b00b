package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Get returns one anomaly.
func (s *Store) Get(ctx context.Context, id string) (*anomaly.Anomaly, error) {
	const action = "read anomaly"
	if err := s.usable(action); err != nil {
		return nil, err
	}
	a, err := scanAnomaly(s.db.read.QueryRowContext(ctx, selectAnomalies+" WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%s %s: %w", action, id, store.ErrNotFound)
	}
	if err != nil {
		return nil, s.wrap(action+" "+id, err)
	}
	return a, nil
}

func conditions(q store.Query) (where []string, args []any) {
	add := func(condition string, values ...any) {
		where = append(where, condition)
		args = append(args, values...)
	}
	if q.StreamType != "" {
		add("stream_type = ?", string(q.StreamType))
	}
	if q.Service != "" {
		add("service = ?", q.Service)
	}
	if q.Status != "" {
		add("status = ?", q.Status)
	}
	if q.Kind != "" {
		add("kind = ?", string(q.Kind))
	}
	if q.IncidentID != "" {
		add("incident_id <> '' AND incident_id = ?", q.IncidentID) // the first half is what its index is on
	}
	if q.MinNCDScore != nil {
		add("ncd_score >= ?", *q.MinNCDScore)
	}
	if q.MaxPValue != nil {
		add("p_value <= ?", *q.MaxPValue)
	}
	if !q.Start.IsZero() {
		add("timestamp >= ?", nanos(q.Start))
	}
	if !q.End.IsZero() {
		add("timestamp < ?", nanos(q.End))
	}
	if q.Text != "" {
		add("instr((SELECT text FROM anomaly_texts WHERE number = anomalies.rowid), ?) > 0", store.Fold(q.Text))
	}
	return where, args
}

type scanner interface{ Scan(...any) error }

// scanAnomaly reads a row of select_anomalies.sql.
func scanAnomaly(row scanner) (*anomaly.Anomaly, error) {
	a, _, err := scanChange(row)
	return a, err
}

// scanChange is scanAnomaly with the number of the row's newest change.
func scanChange(row scanner) (_ *anomaly.Anomaly, change int64, _ error) {
	var a anomaly.Anomaly
	var e anomaly.Episode
	var timestamp, start, worst, last, created, updated int64
	var worstRevision uint32
	var hasEpisode bool
	var over sql.NullInt64
	var signals, reasons, channels, requests, traceIDs, trimmed, resource, services []byte
	var baseline, window, statistics, deploy sql.NullString
	if err := row.Scan(
		&a.ID, &a.Status,
		&worstRevision, &worst, &a.StreamType, &a.Kind, &a.Score, &a.PValue, &a.PFloor, &a.Level,
		&a.NCDScore, &a.Bits, &a.Explanation, &a.CompressionBaseline, &a.CompressionWindow, &a.CompressionCombined,
		&a.EntropyBaseline, &a.EntropyWindow, &a.PermutationP, &signals, &reasons, &channels, &requests, &traceIDs,
		&baseline, &window, &statistics, &trimmed, &a.Incomplete, &resource,
		&timestamp, &start, &a.Service, &e.Revision, &hasEpisode, &last, &e.Windows, &over, &a.IncidentID, &services, &a.Cause, &deploy,
		&a.ComponentID, &a.ConfigHash, &a.CoreVersion, &a.ProcessID, &created, &updated, &change,
	); err != nil {
		return nil, 0, err
	}
	for _, part := range []struct {
		column string
		text   []byte
		into   any
	}{
		{"signals", signals, &a.Signals}, {"reasons", reasons, &a.Reasons}, {"channels", channels, &a.Channels}, {"requests", requests, &a.Requests},
		{"trace_ids", traceIDs, &a.TraceIDs}, {"trimmed", trimmed, &a.Trimmed}, {"resource", resource, &a.Resource},
		{"incident_services", services, &a.IncidentServices},
	} {
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return nil, 0, fmt.Errorf("column %s of anomaly %s: %w", part.column, a.ID, err)
		}
	}
	if deploy.Valid {
		if err := json.Unmarshal([]byte(deploy.String), &a.Deploy); err != nil {
			return nil, 0, fmt.Errorf("column deploy of anomaly %s: %w", a.ID, err)
		}
	}
	if baseline.Valid {
		a.BaselineData = json.RawMessage(baseline.String)
	}
	if window.Valid {
		a.WindowData = json.RawMessage(window.String)
	}
	if statistics.Valid {
		a.Statistics = json.RawMessage(statistics.String)
	}
	a.Timestamp, a.WindowStart = moment(timestamp), moment(start)
	if hasEpisode {
		e.ID, e.Started, e.Last, e.PeakP, e.Peak = a.ID, a.WindowStart, moment(last), a.PValue, moment(worst)
		if over.Valid {
			t := moment(over.Int64)
			e.Ended = &t
		}
		a.Episode = &e
	}
	c, u := moment(created), moment(updated)
	a.CreatedAt, a.UpdatedAt = &c, &u
	return &a, change, nil
}

func moment(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// Windows returns a service's window items.
func (s *Store) Windows(ctx context.Context, q store.WindowQuery) ([]*anomaly.Window, error) {
	end := int64(math.MaxInt64)
	if !q.End.IsZero() {
		end = nanos(q.End)
	}
	start := int64(0)
	if !q.Start.IsZero() {
		start = nanos(q.Start)
	}
	after, component, process := int64(-1), "", ""
	if q.After != nil {
		after, component, process = nanos(q.After.Time), q.After.Component, q.After.Process
	}
	return s.windows(ctx, "list windows", selectWindows, q.Service, start, end, after, component, process, store.ClampLimit(q.Limit))
}

// Latest returns the newest window item of each service and component.
func (s *Store) Latest(ctx context.Context, q store.LatestQuery) ([]*anomaly.Window, error) {
	const action = "list streams"
	if q.Service != "" {
		return s.windows(ctx, action, selectLatestOfService, q.Service, q.AfterComponent, store.ClampLimit(q.Limit))
	}
	return s.windows(ctx, action, selectLatest, q.AfterService, q.AfterComponent, store.ClampLimit(q.Limit))
}

func (s *Store) windows(ctx context.Context, action, query string, args ...any) ([]*anomaly.Window, error) {
	if err := s.usable(action); err != nil {
		return nil, err
	}
	rows, err := s.db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.wrap(action, err)
	}
	defer rows.Close()
	var out []*anomaly.Window
	for rows.Next() {
		var w anomaly.Window
		var timestamp, start int64
		var streams []byte
		if err := rows.Scan(&w.ComponentID, &w.ProcessID, &w.Service, &timestamp, &start, &w.Score, &w.PValue, &w.Level, &w.Anomaly,
			&w.BudgetPerDay, &w.BudgetSpent, &streams); err != nil {
			return nil, s.wrap(action, err)
		}
		if err := json.Unmarshal(streams, &w.Streams); err != nil {
			return nil, s.wrap(action, fmt.Errorf("streams of service %q: %w", w.Service, err))
		}
		w.Timestamp, w.WindowStart = moment(timestamp), moment(start)
		out = append(out, &w)
	}
	return out, s.wrap(action, rows.Err())
}
