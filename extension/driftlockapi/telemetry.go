package driftlockapi

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/metadata"
	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/limit"
)

// telemetry is what the extension tells about itself. Of the span of a request confighttp takes care; we name its route and the request's id.
type telemetry struct {
	*metadata.Telemetry
	requests sync.Map // answered → metric.MeasurementOption, made once each: as many as there are routes, methods and statuses
}

// answered is a request that ended.
type answered struct {
	method, route string
	status        int
}

func newTelemetry(set component.TelemetrySettings) (*telemetry, error) {
	m, err := metadata.NewTelemetry(set)
	return &telemetry{Telemetry: m}, err
}

// untold is for a handler that nobody listens to.
func untold() *telemetry {
	t, _ := newTelemetry(component.TelemetrySettings{MeterProvider: noop.NewMeterProvider()}) // a noop never fails
	return t
}

// The attributes of the metrics, made once.
var (
	limitOf  = options("limit", "address", "key", "failed_logins")
	reasonOf = options("reason", "missing", "invalid", "expired", "revoked", "client", "slow", "credentials", "store", "shutdown")
	outcome  = options("outcome", "accepted", "rejected", "refused")
)

func options(key string, values ...string) map[string]metric.MeasurementOption {
	all := map[string]metric.MeasurementOption{}
	for _, v := range values {
		all[v] = metadata.Attribute(key, v)
	}
	return all
}

// reasons are what is wrong with credentials.
var reasons = map[error]string{auth.ErrMissing: "missing", auth.ErrInvalid: "invalid", auth.ErrExpired: "expired", auth.ErrRevoked: "revoked"}

// values are what is looked up when the metrics are collected.
func (h *handler) values() metadata.Values {
	v := metadata.Values{StreamClients: h.hub.Clients(), StreamDropped: h.hub.Dropped()}
	for _, t := range []struct {
		name  string
		table *limit.Table
	}{{"address", h.limits.address}, {"key", h.limits.key}, {"failed_logins", h.limits.failed}} {
		if t.table != nil {
			held, evicted := t.table.Size()
			v.Limits = append(v.Limits, metadata.Held{Limit: limitOf[t.name], Clients: held, Evicted: evicted})
		}
	}
	return v
}

// ended notes a request that was answered, and names its route to whoever measures it outside.
func (h *handler) ended(outer, r *http.Request, status int, begun time.Time) {
	s := answered{method: method(r), status: status}
	if r.Pattern != everything {
		s.route = r.Pattern
		outer.Pattern = r.Pattern // confighttp's span takes its name and its metrics http.route from here
		if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
			span.SetAttributes(attribute.String("http.route", s.route))
		}
	}
	set, ok := h.telemetry.requests.Load(s)
	if !ok {
		set, _ = h.telemetry.requests.LoadOrStore(s, metadata.Request(s.method, s.route, s.status))
	}
	took := time.Since(begun)
	h.telemetry.RequestDuration.Record(r.Context(), took.Seconds(), set.(metric.MeasurementOption))
	if e := h.logger.Check(zap.DebugLevel, "request"); e != nil { // without its query, which may hold what people search for
		e.Write(zap.String("method", s.method), zap.String("route", s.route), zap.Int("status", status), zap.Duration("took", took), zap.String("request_id", requestID(r)))
	}
}

var methodsKnown = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace,
}

// method is a request's, or _OTHER: clients can make up any number of them.
func method(r *http.Request) string {
	if slices.Contains(methodsKnown, r.Method) {
		return r.Method
	}
	return "_OTHER"
}

// note lets a request's id be found in its trace.
func note(r *http.Request, id string) {
	if span := trace.SpanFromContext(r.Context()); span.IsRecording() {
		span.SetAttributes(attribute.String("driftlock.request.id", id))
	}
}

// joined makes a request part of its sender's trace, by the W3C's headers. The collector's own setting (service::telemetry::traces::propagators)
// is empty by default, and then confighttp would begin a trace of its own.
func joined(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			r = r.WithContext(propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header)))
		}
		next.ServeHTTP(w, r)
	})
}

// wrong is which of the reasons an error has.
func wrong(err error) error {
	for _, e := range []error{auth.ErrMissing, auth.ErrExpired, auth.ErrRevoked, auth.ErrInvalid} {
		if errors.Is(err, e) {
			return e
		}
	}
	return nil
}
