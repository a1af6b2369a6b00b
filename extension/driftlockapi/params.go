package driftlockapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/openapi"
	"github.com/driftlock/driftlock/internal/rfc3339"
	"github.com/driftlock/driftlock/internal/store"
)

// call is what the API's document says of a request: its operation, and the values of its query, which keep to it.
type call struct {
	operation *openapi.Operation
	query     map[string]string
}

func called(r *http.Request) call { return known(r).call }

// params reads a query that keeps to the document. What a schema cannot say, as that one time lies before another, is said by fail.
type params struct {
	values map[string]string
	err    *apiError
}

func parseParams(r *http.Request) *params { return &params{values: called(r).query} }

func (p *params) fail(name, format string, args ...any) {
	if p.err == nil {
		p.err = problem(http.StatusBadRequest, "%s %s", name, fmt.Sprintf(format, args...))
	}
}

func (p *params) text(name string) string { return p.values[name] }

// id takes a UUID as people write it and returns it as the store does.
func (p *params) id(name string) string { return storedID(p.values[name]) }

func storedID(text string) string {
	id, err := uuid.Parse(text)
	if err != nil {
		return text
	}
	return id.String()
}

func (p *params) fraction(name string) *float64 {
	f, err := strconv.ParseFloat(p.values[name], 64)
	if err != nil {
		return nil
	}
	return &f
}

// The times that anomalies can have: nanoseconds since 1970 reach no further. A filter beyond them means the same as one at them.
var (
	earliest = time.Unix(0, 0).UTC()
	latest   = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (p *params) time(name string) time.Time {
	t, err := rfc3339.Parse(p.values[name])
	switch {
	case err != nil:
		return time.Time{}
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	}
	return t
}

// span reads start_time and end_time, which must be in this order.
func (p *params) span() (start, end time.Time) {
	start, end = p.time("start_time"), p.time("end_time")
	if !start.IsZero() && !end.IsZero() && end.Before(start) {
		p.fail("end_time", "must not lie before start_time")
	}
	return start, end
}

// spanUntilNow is span for what needs both ends: the end is now and the start so long before it where they are not given.
func (p *params) spanUntilNow(long time.Duration) (start, end time.Time) {
	start, end = p.span()
	if end.IsZero() {
		end = time.Now().UTC()
	}
	if start.IsZero() {
		if start = end.Add(-long); start.Before(earliest) {
			start = earliest
		}
	}
	if !start.Before(end) {
		p.fail("end_time", "must lie after start_time; it is now where it is not given")
	}
	return start, end
}

func (p *params) duration(name string) time.Duration {
	d, _ := time.ParseDuration(p.values[name])
	return d
}

func (p *params) limit() int {
	if n, err := strconv.Atoi(p.values["limit"]); err == nil {
		return n
	}
	return store.DefaultLimit
}

// done returns the first thing that was wrong.
func (p *params) done() error {
	if p.err != nil {
		return p.err
	}
	return nil
}

// pathID is the anomaly's id in the path, as the store has it.
func pathID(r *http.Request) string { return storedID(r.PathValue("id")) }

// readBody reads a body that keeps to the document.
func readBody(r *http.Request, into any) error { return called(r).operation.Body(r, into) }

// documented is a route's pattern as the document writes it.
func documented(pattern string) string { return strings.TrimSuffix(pattern, "{$}") }
