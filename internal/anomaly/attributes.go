package anomaly

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// An attribute is named after the field of the JSON form behind one of these prefixes, so that there is one vocabulary.
const (
	anomalyPrefix = "driftlock.anomaly."
	episodePrefix = anomalyPrefix + "episode."
	deployPrefix  = "driftlock.deploy."
	windowPrefix  = "driftlock.window."
)

// statusPending is where every anomaly starts: a status is the store's to keep, so the carriers do not carry it.
const statusPending = "pending"

// WriteTo writes the anomaly into attributes, all but its Resource, Status and the store's times.
// Lists and excerpts become JSON strings, since not every backend shows nested values.
// What does not fit into MaxItemBytes is left out and named in the attribute `driftlock.anomaly.trimmed`.
func (a *Anomaly) WriteTo(m pcommon.Map) error {
	if err := a.check(); err != nil {
		return fmt.Errorf("write anomaly: %w", err)
	}
	t, err := a.trim(MaxItemBytes)
	if err != nil {
		return fmt.Errorf("write anomaly %s: %w", a.ID, err)
	}
	return t.write(m)
}

// write puts an anomaly that is checked and fits into m.
func (a *Anomaly) write(m pcommon.Map) error {
	w := writer{m: m, prefix: anomalyPrefix}
	m.EnsureCapacity(32)
	w.str("id", a.ID)
	w.time("timestamp", a.Timestamp)
	w.time("window_start", a.WindowStart)
	w.str("service", a.Service)
	w.str("stream_type", string(a.StreamType))
	signals := make([]string, len(a.Signals))
	for i, s := range a.Signals {
		signals[i] = string(s)
	}
	w.strs("signals", signals)
	w.str("kind", string(a.Kind))
	w.str("incident_id", a.IncidentID)
	w.strs("incident_services", a.IncidentServices)
	w.str("cause", a.Cause)
	w.float("score", a.Score)
	w.float("p_value", a.PValue)
	w.float("p_floor", a.PFloor)
	w.float("level", a.Level)
	w.float("ncd_score", a.NCDScore)
	w.float("bits", a.Bits)
	w.str("glass_box_explanation", a.Explanation)
	w.json("reasons", a.Reasons, len(a.Reasons))
	w.json("channels", a.Channels, len(a.Channels))
	w.json("requests", a.Requests, len(a.Requests))
	w.strs("trace_ids", a.TraceIDs)
	w.uint("compression_baseline", a.CompressionBaseline)
	w.uint("compression_window", a.CompressionWindow)
	w.uint("compression_combined", a.CompressionCombined)
	w.float("entropy_baseline", a.EntropyBaseline)
	w.float("entropy_window", a.EntropyWindow)
	w.float("permutation_p", a.PermutationP)
	w.str("baseline_data", string(a.BaselineData))
	w.str("window_data", string(a.WindowData))
	w.str("statistics", string(a.Statistics))
	w.flag("incomplete", a.Incomplete)
	w.str("component_id", a.ComponentID)
	w.str("config_hash", a.ConfigHash)
	w.str("core_version", a.CoreVersion)
	w.str("process_id", a.ProcessID)
	w.strs("trimmed", a.Trimmed)
	if a.Episode != nil {
		a.Episode.write(m)
	}
	if a.Deploy != nil {
		a.Deploy.write(m)
	}
	return w.err
}

// ReadAnomaly reads what WriteTo wrote. Unknown attributes are ignored and missing optional ones left empty, so that agents and gateways of different versions understand each other.
func ReadAnomaly(m pcommon.Map) (*Anomaly, error) {
	if n := mapSize(m); n > MaxItemBytes {
		return nil, fmt.Errorf("anomaly of %d bytes, more than the %d an item may have", n, MaxItemBytes)
	}
	r := reader{m: m, prefix: anomalyPrefix}
	a := &Anomaly{
		ID:                  r.str("id"),
		Timestamp:           r.time("timestamp"),
		WindowStart:         r.time("window_start"),
		Service:             r.str("service"),
		StreamType:          Signal(r.str("stream_type")),
		Status:              statusPending,
		Kind:                cmp.Or(Kind(r.str("kind")), KindAnomaly),
		IncidentID:          r.str("incident_id"),
		IncidentServices:    r.strs("incident_services"),
		Cause:               r.str("cause"),
		Score:               r.float("score"),
		PValue:              r.float("p_value"),
		PFloor:              r.float("p_floor"),
		Level:               r.float("level"),
		NCDScore:            r.float("ncd_score"),
		Bits:                r.float("bits"),
		Explanation:         r.str("glass_box_explanation"),
		TraceIDs:            r.strs("trace_ids"),
		CompressionBaseline: r.uint("compression_baseline"),
		CompressionWindow:   r.uint("compression_window"),
		CompressionCombined: r.uint("compression_combined"),
		EntropyBaseline:     r.float("entropy_baseline"),
		EntropyWindow:       r.float("entropy_window"),
		PermutationP:        r.float("permutation_p"),
		BaselineData:        r.raw("baseline_data"),
		WindowData:          r.raw("window_data"),
		Statistics:          r.raw("statistics"),
		Incomplete:          r.flag("incomplete"),
		ComponentID:         r.str("component_id"),
		ConfigHash:          r.str("config_hash"),
		CoreVersion:         r.str("core_version"),
		ProcessID:           r.str("process_id"),
		Trimmed:             r.strs("trimmed"),
	}
	for _, s := range r.strs("signals") {
		a.Signals = append(a.Signals, Signal(s))
	}
	r.json("reasons", &a.Reasons)
	r.json("channels", &a.Channels)
	r.json("requests", &a.Requests)
	var err error
	if a.Episode, err = readEpisode(m); r.err == nil {
		r.err = err
	}
	if a.Deploy, err = readDeploy(m); r.err == nil {
		r.err = err
	}
	if r.err != nil {
		return nil, fmt.Errorf("read anomaly %q: %w", clip(a.ID, 64), r.err)
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("read anomaly %q: %w", clip(a.ID, 64), err)
	}
	return a, nil
}

// check is what every anomaly must satisfy before it is sent and after it was received.
func (a *Anomaly) check() error {
	if err := checkID("id", a.ID); err != nil {
		return err
	}
	if err := checkWindow(a.Service, a.WindowStart, a.Timestamp); err != nil {
		return err
	}
	if !a.StreamType.valid() {
		return fmt.Errorf("stream_type must be logs, metrics or traces (got %q)", clip(string(a.StreamType), 64))
	}
	for _, s := range a.Signals {
		if !s.valid() {
			return fmt.Errorf("signals must be of logs, metrics, traces (got %q)", clip(string(s), 64))
		}
	}
	if err := a.checkEpisode(); err != nil {
		return err
	}
	if err := checkProbability("p_value", a.PValue); err != nil {
		return err
	}
	for _, f := range [...]struct {
		name  string
		value float64
	}{
		{"score", a.Score}, {"p_floor", a.PFloor}, {"level", a.Level}, {"ncd_score", a.NCDScore}, {"bits", a.Bits},
		{"entropy_baseline", a.EntropyBaseline}, {"entropy_window", a.EntropyWindow}, {"permutation_p", a.PermutationP},
	} {
		if math.IsNaN(f.value) || math.IsInf(f.value, 0) {
			return fmt.Errorf("%s must be finite (got %v)", f.name, f.value)
		}
	}
	for _, c := range [...]uint64{a.CompressionBaseline, a.CompressionWindow, a.CompressionCombined} {
		if c > math.MaxInt64 {
			return fmt.Errorf("a compressed size must be below 2^63 (got %d)", c)
		}
	}
	return nil
}

// WriteTo writes the window item into attributes. A list of streams that is too long is cut at its end and marked.
func (w *Window) WriteTo(m pcommon.Map) error {
	if err := w.check(); err != nil {
		return fmt.Errorf("write window item: %w", err)
	}
	t := w.trim(MaxItemBytes)
	return t.write(m)
}

func (w *Window) write(m pcommon.Map) error {
	out := writer{m: m, prefix: windowPrefix}
	m.EnsureCapacity(12)
	out.time("timestamp", w.Timestamp)
	out.time("window_start", w.WindowStart)
	out.str("service", w.Service)
	out.float("score", w.Score)
	out.float("p_value", w.PValue)
	out.float("level", w.Level)
	out.flag("anomaly", w.Anomaly)
	out.float("budget_per_day", w.BudgetPerDay)
	out.float("budget_spent", w.BudgetSpent)
	out.str("component_id", w.ComponentID)
	out.str("process_id", w.ProcessID)
	out.json("streams", w.Streams, len(w.Streams))
	return out.err
}

// ReadWindow reads what Window.WriteTo wrote.
func ReadWindow(m pcommon.Map) (*Window, error) {
	if n := mapSize(m); n > MaxItemBytes {
		return nil, fmt.Errorf("window item of %d bytes, more than the %d an item may have", n, MaxItemBytes)
	}
	r := reader{m: m, prefix: windowPrefix}
	w := &Window{
		Timestamp:    r.time("timestamp"),
		WindowStart:  r.time("window_start"),
		Service:      r.str("service"),
		Score:        r.float("score"),
		PValue:       r.float("p_value"),
		Level:        r.float("level"),
		Anomaly:      r.flag("anomaly"),
		BudgetPerDay: r.float("budget_per_day"),
		BudgetSpent:  r.float("budget_spent"),
		ComponentID:  r.str("component_id"),
		ProcessID:    r.str("process_id"),
	}
	r.json("streams", &w.Streams)
	if r.err == nil {
		r.err = w.check()
	}
	if r.err != nil {
		return nil, fmt.Errorf("read window item of service %q: %w", clip(w.Service, 64), r.err)
	}
	return w, nil
}

func (w *Window) check() error {
	if err := checkWindow(w.Service, w.WindowStart, w.Timestamp); err != nil {
		return err
	}
	if err := checkProbability("p_value", w.PValue); err != nil {
		return err
	}
	for _, f := range [...]struct {
		name  string
		value float64
	}{{"score", w.Score}, {"level", w.Level}, {"budget_per_day", w.BudgetPerDay}, {"budget_spent", w.BudgetSpent}} {
		if math.IsNaN(f.value) || math.IsInf(f.value, 0) {
			return fmt.Errorf("%s must be finite (got %v)", f.name, f.value)
		}
	}
	for _, s := range w.Streams {
		if !s.Signal.valid() {
			return fmt.Errorf("streams.signal must be logs, metrics or traces (got %q)", clip(string(s.Signal), 64))
		}
	}
	return nil
}

func (s Signal) valid() bool { return s == Logs || s == Metrics || s == Traces }

// latest is where nanoseconds since 1970 end in an int64, less a margin.
var latest = time.Date(2261, 1, 1, 0, 0, 0, 0, time.UTC)

func checkWindow(service string, start, end time.Time) error {
	switch {
	case service == "":
		return errors.New("service must not be empty")
	case len(service) > MaxServiceBytes:
		return fmt.Errorf("service must have at most %d bytes (got %d)", MaxServiceBytes, len(service))
	case start.Before(time.Unix(0, 0)) || end.After(latest):
		return fmt.Errorf("window_start and timestamp must lie between 1970 and 2261 (got %s, %s)", start.Format(time.RFC3339), end.Format(time.RFC3339))
	case end.Before(start):
		return fmt.Errorf("timestamp, the window's end, must not lie before window_start (got %s, %s)", end.Format(time.RFC3339Nano), start.Format(time.RFC3339Nano))
	}
	return nil
}

func checkTime(name string, t time.Time) error {
	if t.Before(time.Unix(0, 0)) || t.After(latest) {
		return fmt.Errorf("%s must lie between 1970 and 2261 (got %s)", name, t.Format(time.RFC3339))
	}
	return nil
}

func checkID(name, text string) error {
	if id, err := uuid.Parse(text); err != nil || id.String() != text {
		return fmt.Errorf("%s must be a UUID in lower case (got %q)", name, clip(text, 64))
	}
	return nil
}

func checkProbability(name string, p float64) error {
	if !(p >= 0 && p <= 1) { // also refuses NaN
		return fmt.Errorf("%s must lie in [0, 1] (got %v)", name, p)
	}
	return nil
}

// clip keeps foreign text short in messages.
func clip(s string, n int) string {
	if len(s) <= n {
		return toUTF8(s)
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// readResource copies a Resource's attributes as text.
func readResource(res pcommon.Resource) map[string]string {
	if res.Attributes().Len() == 0 {
		return nil
	}
	out := make(map[string]string, res.Attributes().Len())
	for k, v := range res.Attributes().All() {
		out[k] = v.AsString()
	}
	return out
}
