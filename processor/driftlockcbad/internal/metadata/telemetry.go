package metadata

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Prefix is what the names of the component's metrics begin with.
const Prefix = "otelcol_processor_driftlockcbad_"

// Value is one value of one metric of the component.
type Value struct {
	Metric Metric
	Set    metric.MeasurementOption // nil: no attributes
	Int    int64
	Float  float64 // of the metrics that are Float
}

// Metric is one of the component's metrics.
type Metric int

// The metrics of metadata.yaml, in its order.
const (
	Records Metric = iota
	RecordsUnscored
	TextsTruncated
	WindowsScored
	WindowsPartial
	WindowsQuarantined
	ChangesAdopted
	ModelEntriesEvicted
	WindowsJudged
	WindowsDropped
	Anomalies
	Episodes
	Incidents
	CoursesEvicted
	StatementsHeldShort
	ItemsLost
	StreamsBegun
	StreamsEvicted
	SpansDuplicate
	SpansOrphaned
	SpansEvicted
	CounterResets
	NamesForgotten
	CoreErrors
	Streams
	ServicesActive
	BudgetSpent
	BudgetLeft
	ModelSize
	QueueSize
	PendingSize
	ScoringLag
	Snapshots
	SnapshotsFailed
	StateSetAside
	ServicesRestored
	SnapshotSize
	SnapshotDuration
	metrics
)

// Description tells what a metric is.
type Description struct {
	Name, Text, Unit string
	Gauge, Float     bool
}

// Descriptions are those of metadata.yaml, prefix left out.
var Descriptions = [metrics]Description{
	Records:             {Name: "records", Text: "Records taken in.", Unit: "{record}"},
	RecordsUnscored:     {Name: "records_unscored", Text: "Records that were passed on and not scored, or only counted, by reason.", Unit: "{record}"},
	TextsTruncated:      {Name: "texts_truncated", Text: "Log records whose text was cut before it was scored.", Unit: "{record}"},
	WindowsScored:       {Name: "windows_scored", Text: "Windows of streams (service and signal) that were scored.", Unit: "{window}"},
	WindowsPartial:      {Name: "windows_partial", Text: "Windows scored of which records had been skipped under overload.", Unit: "{window}"},
	WindowsQuarantined:  {Name: "windows_quarantined", Text: "Windows scored and not learnt because they are too odd.", Unit: "{window}"},
	ChangesAdopted:      {Name: "changes_adopted", Text: "Lasting changes that became the new normal.", Unit: "{change}"},
	ModelEntriesEvicted: {Name: "model_entries_evicted", Text: "Entries of the models (templates, operations, series, requests, counts of them, metrics that lend) given up or refused at limits.symbols_per_stream and limits.requests_per_stream.", Unit: "{entry}"},
	WindowsJudged:       {Name: "windows_judged", Text: "Windows of services that got a verdict.", Unit: "{window}"},
	WindowsDropped:      {Name: "windows_dropped", Text: "Windows of evicted services that got none.", Unit: "{window}"},
	Anomalies:           {Name: "anomalies", Text: "Anomalies stated.", Unit: "{anomaly}"},
	Episodes:            {Name: "episodes", Text: "Episodes begun: what the budget counts.", Unit: "{episode}"},
	Incidents:           {Name: "incidents", Text: "Incidents begun, of one episode or several.", Unit: "{incident}"},
	CoursesEvicted:      {Name: "courses_evicted", Text: "Services, calls between them, episodes and members of incidents forgotten at a limit.", Unit: "{entry}"},
	StatementsHeldShort: {Name: "statements_held_short", Text: "Anomalies stated before the other services' windows were judged, for want of room.", Unit: "{anomaly}"},
	ItemsLost:           {Name: "items_lost", Text: "Anomalies and window items that the next consumers did not take.", Unit: "{item}"},
	StreamsBegun:        {Name: "streams_begun", Text: "Streams (service and signal) seen for the first time; a new stream is no anomaly.", Unit: "{stream}"},
	StreamsEvicted:      {Name: "streams_evicted", Text: "Streams given up at limits.streams or limits.memory_mib.", Unit: "{stream}"},
	SpansDuplicate:      {Name: "spans_duplicate", Text: "Spans seen before.", Unit: "{span}"},
	SpansOrphaned:       {Name: "spans_orphaned", Text: "Spans whose parent was not known when their window closed.", Unit: "{span}"},
	SpansEvicted:        {Name: "spans_evicted", Text: "Spans forgotten at limits.spans.", Unit: "{span}"},
	CounterResets:       {Name: "counter_resets", Text: "Restarts of cumulative counters seen.", Unit: "{reset}"},
	NamesForgotten:      {Name: "names_forgotten", Text: "Names of operations and series forgotten at limits.names.", Unit: "{name}"},
	CoreErrors:          {Name: "core_errors", Text: "Calls that the core refused.", Unit: "{call}"},
	Streams:             {Name: "streams", Text: "Streams held.", Unit: "{stream}", Gauge: true},
	ServicesActive:      {Name: "services_active", Text: "Services with data in the last day of event time; the budget is divided among them.", Unit: "{service}", Gauge: true},
	BudgetSpent:         {Name: "budget_spent", Text: "Episodes begun in the last 24 hours of event time, which are false alarms if all are false.", Unit: "{alarm}", Gauge: true, Float: true},
	BudgetLeft:          {Name: "budget_left", Text: "What false_alarms_per_day leaves of it, never below 0; absent where the level is fixed.", Unit: "{alarm}", Gauge: true, Float: true},
	ModelSize:           {Name: "model_size", Text: "Memory of the streams' models.", Unit: "By", Gauge: true},
	QueueSize:           {Name: "queue_size", Text: "Records waiting for a worker.", Unit: "By", Gauge: true},
	PendingSize:         {Name: "pending_size", Text: "Records waiting for an earlier window to close.", Unit: "By", Gauge: true},
	ScoringLag:          {Name: "scoring_lag", Text: "Time from the end of a window's wait to its verdict, of the last verdict.", Unit: "us", Gauge: true},
	Snapshots:           {Name: "snapshots", Text: "Snapshots of the state written.", Unit: "{snapshot}"},
	SnapshotsFailed:     {Name: "snapshots_failed", Text: "Snapshots of the state that could not be written, and storages that could not be read.", Unit: "{snapshot}"},
	StateSetAside:       {Name: "state_set_aside", Text: "Parts of a saved state that were damaged or missing and were begun anew.", Unit: "{record}"},
	ServicesRestored:    {Name: "services_restored", Text: "Services whose state was loaded at the start.", Unit: "{service}"},
	SnapshotSize:        {Name: "snapshot_size", Text: "What the last snapshot wrote.", Unit: "By", Gauge: true},
	SnapshotDuration:    {Name: "snapshot_duration", Text: "Time that the last snapshot took.", Unit: "us", Gauge: true},
}

// Observe registers a callback that yields the metrics' values whenever they are collected. The result ends that.
func Observe(set component.TelemetrySettings, values func(yield func(Value))) (stop func() error, err error) {
	meter := set.MeterProvider.Meter(ScopeName)
	var errs []error
	var instruments [metrics]metric.Int64Observable
	var floats [metrics]metric.Float64Observable
	all := make([]metric.Observable, 0, metrics)
	for i, d := range Descriptions {
		var instrument metric.Int64Observable
		var err error
		if d.Float {
			floats[i], err = meter.Float64ObservableGauge(Prefix+d.Name, metric.WithDescription(d.Text), metric.WithUnit(d.Unit))
			errs, all = append(errs, err), append(all, floats[i])
			continue
		}
		if d.Gauge {
			instrument, err = meter.Int64ObservableGauge(Prefix+d.Name, metric.WithDescription(d.Text), metric.WithUnit(d.Unit))
		} else {
			instrument, err = meter.Int64ObservableCounter(Prefix+d.Name, metric.WithDescription(d.Text), metric.WithUnit(d.Unit))
		}
		errs = append(errs, err)
		instruments[i] = instrument
		all = append(all, instrument)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		values(func(v Value) {
			if f := floats[v.Metric]; f != nil {
				o.ObserveFloat64(f, v.Float)
				return
			}
			if v.Set == nil {
				o.ObserveInt64(instruments[v.Metric], v.Int)
			} else {
				o.ObserveInt64(instruments[v.Metric], v.Int, v.Set)
			}
		})
		return nil
	}, all...)
	if err != nil {
		return nil, err
	}
	return registration.Unregister, nil
}

// Attributes of the metrics.
func Attributes(pairs ...string) metric.MeasurementOption {
	set := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		set = append(set, attribute.String(pairs[i], pairs[i+1]))
	}
	return metric.WithAttributeSet(attribute.NewSet(set...))
}
