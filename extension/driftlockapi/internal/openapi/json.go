package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// maxDepth bounds how deep the JSON of a body may be nested.
const maxDepth = 16

// parse reads one JSON value strictly: UTF-8, not too deep, no field twice, nothing behind it. Numbers are float64, so that one with
// a huge exponent is refused and not computed.
func parse(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, bad("the body must be UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	v, err := next(d, 0)
	var p *Problem
	switch {
	case errors.As(err, &p):
		return nil, p
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, bad("the body is not what is expected: the JSON does not end")
	case err != nil:
		return nil, bad("the body is not what is expected: %s", clip(err.Error()))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad("the body must be one JSON value, and something follows it")
	}
	return v, nil
}

func next(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, nested := t.(json.Delim)
	if !nested {
		return t, nil
	}
	if depth++; depth > maxDepth {
		return nil, bad("the body must be nested at most %d deep", maxDepth)
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := next(d, depth)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	o := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, bad("the body is not what is expected: a field's name must be a text")
		}
		if _, twice := o[name]; twice {
			return nil, bad("the field %q is there twice", clip(name))
		}
		if o[name], err = next(d, depth); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return o, err
}
