package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Problem is what is wrong with a request, and the status to answer with.
type Problem struct {
	Status int
	Text   string
}

func (p *Problem) Error() string { return p.Text }

func problem(status int, format string, args ...any) error {
	return &Problem{status, fmt.Sprintf(format, args...)}
}

func bad(format string, args ...any) error { return problem(http.StatusBadRequest, format, args...) }

// Params holds a request's path, query and headers to what is described and returns the query's values by name.
func (o *Operation) Params(r *http.Request) (map[string]string, error) {
	query, err := o.parseQuery(r)
	if err != nil {
		return nil, err
	}
	var values map[string]string
	for i := range o.params {
		p := &o.params[i]
		var given []string
		switch p.in {
		case "path":
			given = []string{r.PathValue(p.name)}
		case "query":
			given = query[p.name]
		case "header":
			given = r.Header.Values(p.name)
		}
		if err := p.check(given); err != nil {
			return nil, err
		}
		if p.in == "query" && len(given) == 1 {
			if values == nil {
				values = make(map[string]string, len(query))
			}
			values[p.name] = given[0]
		}
	}
	return values, nil
}

func (o *Operation) parseQuery(r *http.Request) (url.Values, error) {
	if o.free || r.URL.RawQuery == "" {
		return nil, nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad("the query cannot be read: %s", clip(err.Error()))
	}
	return query, o.known(query)
}

// known refuses parameters that the document does not have: a filter that is silently ignored shows somebody the wrong list.
func (o *Operation) known(query url.Values) error {
	var unknown []string
	for name := range query {
		if !slices.Contains(o.query, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	known := "none"
	if len(o.query) > 0 {
		known = strings.Join(o.query, ", ")
	}
	return bad("unknown parameter %q; known: %s", clip(slices.Min(unknown)), known)
}

func (p *param) check(given []string) error {
	switch {
	case len(given) == 0 && p.required:
		return bad("%s is missing; it must %s", p.name, p.must)
	case len(given) == 0:
		return nil
	case len(given) > 1:
		return bad("%s may be given once (got %d)", p.name, len(given))
	case !utf8.ValidString(given[0]):
		return bad("%s must be UTF-8", p.name)
	}
	v, err := p.value(given[0])
	if err == nil {
		err = p.schema.Validate(v)
	}
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) && (p.must == "" || aboutLength(invalid)) {
		return bad("%s", explain(invalid, p.name, nil))
	}
	if err != nil {
		return bad("%s must %s (got %q)", p.name, p.must, clip(given[0]))
	}
	return nil
}

// JSON's numbers: Go's own readers take more, such as NaN, 0x1p4 and 1_000.
var (
	wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	anyNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// value is a parameter's text as a value of its schema's type.
func (p *param) value(s string) (any, error) {
	form := anyNumber
	switch p.kind {
	case "integer":
		form = wholeNumber
	case "number":
	default:
		return s, nil
	}
	if !form.MatchString(s) {
		return nil, errors.New("is no number")
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, errors.New("is out of range")
	}
	return f, nil
}

// Body reads a request's body, holds it to what is described, and decodes it.
func (o *Operation) Body(r *http.Request, into any) error {
	schema, err := o.bodySchema(r)
	if err != nil {
		return err
	}
	var read bytes.Buffer
	if err := ReadAll(r.Body, &read); err != nil {
		return err
	}
	b := read.Bytes()
	v, err := parse(b)
	if err != nil {
		return err
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(v); errors.As(err, &invalid) {
		return bad("%s", explain(invalid, "the body", o.document))
	} else if err != nil {
		return bad("the body is not what is expected: %s", clip(err.Error()))
	}
	if err := json.Unmarshal(b, into); err != nil {
		return bad("the body is not what is expected: %s", clip(err.Error()))
	}
	return nil
}

// Media is the content type of a request's body, one of those described.
func (o *Operation) Media(r *http.Request) (string, error) {
	given := r.Header.Get("Content-Type")
	if _, described := o.bodies[given]; described {
		return given, nil
	}
	kind, ok := mediaType(given)
	if _, described := o.bodies[kind]; !ok || !described {
		return "", problem(http.StatusUnsupportedMediaType, "Content-Type must be %s (got %q)", o.media(), clip(given))
	}
	return kind, nil
}

func (o *Operation) bodySchema(r *http.Request) (*jsonschema.Schema, error) {
	kind, err := o.Media(r)
	return o.bodies[kind], err
}

// ReadAll reads a body as long as the server lets it be.
func ReadAll(body io.Reader, into *bytes.Buffer) error {
	_, err := into.ReadFrom(body)
	if err == nil {
		return nil
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return problem(http.StatusRequestEntityTooLarge, "the body must have at most %d bytes (max_request_body_size)", large.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return problem(http.StatusRequestTimeout, "the body did not come in time (read_timeout)")
	}
	return bad("the body cannot be read: it is shorter than it says, or its encoding is broken")
}

// clip keeps a client's text short in messages.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
