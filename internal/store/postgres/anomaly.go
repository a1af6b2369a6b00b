package postgres

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// row is an anomaly on its way in.
type row struct {
	store.Row
	now time.Time
}

// content are the columns that follow the episode's worst window.
var content = []column[row]{
	integer("worst_revision", func(r *row) int64 { return int64(store.Revision(r.Worst)) }),
	moment("worst_start", func(r *row) time.Time { return r.Worst.WindowStart }),
	text("stream_type", func(r *row) string { return string(r.Worst.StreamType) }),
	text("kind", func(r *row) string { return string(cmp.Or(r.Worst.Kind, anomaly.KindAnomaly)) }),
	float("score", func(r *row) float64 { return r.Worst.Score }),
	float("p_value", func(r *row) float64 { return r.Worst.PValue }),
	float("p_floor", func(r *row) float64 { return r.Worst.PFloor }),
	float("level", func(r *row) float64 { return r.Worst.Level }),
	float("ncd_score", func(r *row) float64 { return r.Worst.NCDScore }),
	float("bits", func(r *row) float64 { return r.Worst.Bits }),
	text("glass_box_explanation", func(r *row) string { return r.Worst.Explanation }),
	integer("compression_baseline", func(r *row) int64 { return int64(r.Worst.CompressionBaseline) }),
	integer("compression_window", func(r *row) int64 { return int64(r.Worst.CompressionWindow) }),
	integer("compression_combined", func(r *row) int64 { return int64(r.Worst.CompressionCombined) }),
	float("entropy_baseline", func(r *row) float64 { return r.Worst.EntropyBaseline }),
	float("entropy_window", func(r *row) float64 { return r.Worst.EntropyWindow }),
	float("permutation_p", func(r *row) float64 { return r.Worst.PermutationP }),
	object("signals", func(r *row) any { return r.Worst.Signals }),
	object("reasons", func(r *row) any { return r.Worst.Reasons }),
	object("channels", func(r *row) any { return r.Worst.Channels }),
	object("requests", func(r *row) any { return r.Worst.Requests }),
	object("trace_ids", func(r *row) any { return r.Worst.TraceIDs }),
	object("baseline_data", func(r *row) any { return r.Worst.BaselineData }),
	object("window_data", func(r *row) any { return r.Worst.WindowData }),
	object("statistics", func(r *row) any { return r.Worst.Statistics }),
	object("trimmed", func(r *row) any { return r.Worst.Trimmed }),
	boolean("incomplete", func(r *row) bool { return r.Worst.Incomplete }),
	object("resource", func(r *row) any { return r.Worst.Resource }),
}

// course are the columns that follow the episode's newest revision.
var course = []column[row]{
	moment("timestamp", func(r *row) time.Time {
		start, _ := r.place()
		return start.Add(r.Newest.Timestamp.Sub(r.Newest.WindowStart))
	}),
	moment("window_start", func(r *row) time.Time { start, _ := r.place(); return start }),
	text("service", func(r *row) string { return r.Newest.Service }),
	integer("revision", func(r *row) int64 { return int64(store.Revision(r.Newest)) }),
	boolean("has_episode", func(r *row) bool { return r.Newest.Episode != nil }),
	moment("last", func(r *row) time.Time { _, e := r.place(); return e.Last }),
	integer("windows", func(r *row) int64 { _, e := r.place(); return int64(e.Windows) }),
	col("ended", "timestamptz", "", func(r *row) *time.Time { _, e := r.place(); return e.Ended }),
	col("incident_id", "text", "uuid", func(r *row) *string {
		if r.Newest.IncidentID == "" {
			return nil
		}
		return &r.Newest.IncidentID
	}),
	object("incident_services", func(r *row) any { return r.Newest.IncidentServices }),
	text("cause", func(r *row) string { return r.Newest.Cause }),
	object("deploy", func(r *row) any {
		if r.Newest.Deploy == nil {
			return nil
		}
		return r.Newest.Deploy
	}),
	text("component_id", func(r *row) string { return r.Newest.ComponentID }),
	text("config_hash", func(r *row) string { return r.Newest.ConfigHash }),
	text("core_version", func(r *row) string { return r.Newest.CoreVersion }),
	text("process_id", func(r *row) string { return r.Newest.ProcessID }),
}

// place is where the episode begins and how it stands; a statement without an episode is one of its own.
func (r *row) place() (time.Time, anomaly.Episode) {
	a := r.Newest
	if a.Episode == nil {
		return a.WindowStart, anomaly.Episode{Last: a.Timestamp, Windows: 1}
	}
	return a.Episode.Started, *a.Episode
}

// fixed are the columns that the first statement decides, apart from those about the store itself.
var fixed = []column[row]{
	col("id", "text", "uuid", func(r *row) string { return r.ID }),
	text("status", func(r *row) string { return r.Status }),
	moment("created_at", func(r *row) time.Time { return r.now }),
	moment("updated_at", func(r *row) time.Time { return r.now }),
}

// search is what texts are looked for in. It follows the content, and is never read back.
var search = []column[row]{
	text("search_text", func(r *row) string { return store.SearchText(r.Worst) }),
}

var anomalyColumns = concat(fixed, content, course, search)

// number is what the index of texts knows a row by. A row that is known gets none, so that statements which come again and again do not use
// numbers up. (It keeps its own; should it be deleted at this very moment, it shares 0 with the others to which that happened.)
var number = computed{"number", "CASE WHEN EXISTS (SELECT FROM anomalies AS known WHERE known.id = v.id::uuid) THEN 0 ELSE nextval('anomaly_numbers') END"}

// upsertAnomalies adds rows and brings those that are known up to what the statements together say. The texts of both are to be indexed.
var upsertAnomalies = func() string {
	const worse = "excluded.p_value < a.p_value OR excluded.p_value = a.p_value AND excluded.worst_revision < a.worst_revision"
	const newer = "excluded.revision > a.revision"
	var set []string
	for _, part := range []struct {
		when    string
		columns []column[row]
	}{{worse, content}, {newer, course}, {worse, search}} {
		for _, c := range part.columns {
			set = append(set, fmt.Sprintf("%[1]s = CASE WHEN %[2]s THEN excluded.%[1]s ELSE a.%[1]s END", c.name, part.when))
		}
	}
	return "WITH stored AS (" + insertion("anomalies AS a", anomalyColumns, number) + "\nON CONFLICT (id) DO UPDATE SET\n    " + strings.Join(set, ",\n    ") +
		",\n    updated_at = excluded.updated_at, change_tx = pg_current_xact_id(), change_seq = nextval('anomaly_changes')\nWHERE " + worse + " OR " + newer +
		"\nRETURNING number) INSERT INTO texts_to_index SELECT number FROM stored"
}()

func concat[T any](lists ...[]T) []T {
	var all []T
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

var (
	fields          = strings.Join(names(concat(fixed, content, course)), ", ")
	selectAnomalies = "SELECT " + fields + " FROM anomalies"
	// selectSummaries leaves out what is most of the bytes: it lies outside of the row and is not even read.
	selectSummaries = strings.NewReplacer("baseline_data", "NULL::jsonb", "window_data", "NULL::jsonb", "statistics", "NULL::jsonb").Replace(selectAnomalies)
)

type scanner interface{ Scan(...any) error }

// scanAnomaly reads a row of selectAnomalies, column by column as fields has them, and what follows into more.
func scanAnomaly(from scanner, more ...any) (*anomaly.Anomaly, error) {
	var a anomaly.Anomaly
	var e anomaly.Episode
	var id uuid.UUID
	var incident *uuid.UUID
	var created, updated, worst, last time.Time
	var worstRevision int64
	var hasEpisode bool
	var ended *time.Time
	var signals, reasons, channels, requests, traceIDs, baseline, window, statistics, trimmed, resource, services, deploy []byte
	if err := from.Scan(append([]any{
		&id, &a.Status, &created, &updated,
		&worstRevision, &worst, &a.StreamType, &a.Kind, &a.Score, &a.PValue, &a.PFloor, &a.Level, &a.NCDScore, &a.Bits, &a.Explanation,
		&a.CompressionBaseline, &a.CompressionWindow, &a.CompressionCombined, &a.EntropyBaseline, &a.EntropyWindow, &a.PermutationP,
		&signals, &reasons, &channels, &requests, &traceIDs, &baseline, &window, &statistics, &trimmed, &a.Incomplete, &resource,
		&a.Timestamp, &a.WindowStart, &a.Service, &e.Revision, &hasEpisode, &last, &e.Windows, &ended, &incident, &services, &a.Cause, &deploy,
		&a.ComponentID, &a.ConfigHash, &a.CoreVersion, &a.ProcessID,
	}, more...)...); err != nil {
		return nil, err
	}
	a.ID = id.String()
	if incident != nil {
		a.IncidentID = incident.String()
	}
	for _, part := range []struct {
		column string
		text   []byte
		into   any
	}{
		{"signals", signals, &a.Signals}, {"reasons", reasons, &a.Reasons}, {"channels", channels, &a.Channels}, {"requests", requests, &a.Requests},
		{"trace_ids", traceIDs, &a.TraceIDs}, {"trimmed", trimmed, &a.Trimmed}, {"resource", resource, &a.Resource},
		{"incident_services", services, &a.IncidentServices}, {"deploy", deploy, &a.Deploy},
	} {
		if len(part.text) == 0 {
			continue
		}
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return nil, fmt.Errorf("column %s of anomaly %s: %w", part.column, a.ID, err)
		}
	}
	a.BaselineData, a.WindowData, a.Statistics = compact(baseline), compact(window), compact(statistics)
	a.Timestamp, a.WindowStart = a.Timestamp.UTC(), a.WindowStart.UTC()
	if hasEpisode {
		e.ID, e.Started, e.Last, e.PeakP, e.Peak = a.ID, a.WindowStart, last.UTC(), a.PValue, worst.UTC()
		if ended != nil {
			t := ended.UTC()
			e.Ended = &t
		}
		a.Episode = &e
	}
	created, updated = created.UTC(), updated.UTC()
	a.CreatedAt, a.UpdatedAt = &created, &updated
	return &a, nil
}
