package openapi

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// answer is what an operation says for one status.
type answer struct {
	headers []param
	content map[string]*jsonschema.Schema
}

func (d *Document) answer(pointer string) (answer, error) {
	pointer, o := d.resolve(pointer)
	a := answer{content: map[string]*jsonschema.Schema{}}
	for name := range object(o["headers"]) {
		p, err := d.param(pointer + "/headers/" + escape(name))
		if err != nil {
			return a, err
		}
		p.name = name
		a.headers = append(a.headers, p)
	}
	for kind := range object(o["content"]) {
		s, err := d.compile(pointer + "/content/" + escape(kind) + "/schema")
		if err != nil {
			return a, err
		}
		a.content[kind] = s
	}
	return a, nil
}

// CheckAnswer holds an answer to what is described; tests let every answer pass through it. Of HEAD there is no body.
func (o *Operation) CheckAnswer(method string, status int, header http.Header, body []byte) error {
	a, ok := o.answers[status]
	if !ok {
		return fmt.Errorf("%s: the status %d is not described", o.ID, status)
	}
	for _, p := range a.headers {
		if err := p.check(header.Values(p.name)); err != nil {
			return fmt.Errorf("%s: %d: header: %w", o.ID, status, err)
		}
	}
	if len(a.content) == 0 {
		if len(body) > 0 || header.Get("Content-Type") != "" {
			return fmt.Errorf("%s: %d has a body", o.ID, status)
		}
		return nil
	}
	kind, utf8 := mediaType(header.Get("Content-Type"))
	schema, ok := a.content[kind]
	if !ok || !utf8 {
		return fmt.Errorf("%s: %d: the content type %q is not described", o.ID, status, header.Get("Content-Type"))
	}
	if method == http.MethodHead {
		if len(body) > 0 {
			return fmt.Errorf("%s: an answer to HEAD has a body", o.ID)
		}
		return nil
	}
	if !strings.HasSuffix(kind, "json") || kind == "application/x-ndjson" {
		return nil
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %d: %w", o.ID, status, err)
	}
	if err := schema.Validate(v); err != nil {
		return fmt.Errorf("%s: %d: %w", o.ID, status, err)
	}
	return nil
}
