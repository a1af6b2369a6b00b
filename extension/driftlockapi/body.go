package driftlockapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"
)

// maxDepth bounds how deep the JSON of a request may be nested.
const maxDepth = 16

// readBody reads a JSON body strictly: its type, encoding and depth are checked, unknown fields and a second value are refused.
func readBody(r *http.Request, into any) error {
	if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" ||
		params["charset"] != "" && params["charset"] != "utf-8" {
		return problem(http.StatusUnsupportedMediaType, "Content-Type must be application/json (got %q)", clip(r.Header.Get("Content-Type")))
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return bodyError(err)
	}
	if err := checkJSON(b); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return problem(http.StatusBadRequest, "the body is not what is expected: %s", clip(err.Error()))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return problem(http.StatusBadRequest, "the body must be one JSON value, and something follows it")
	}
	return nil
}

// bodyError translates what reading a body failed with.
func bodyError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return problem(http.StatusRequestEntityTooLarge, "the body must have at most %d bytes (max_request_body_size)", large.Limit)
	}
	return problem(http.StatusBadRequest, "the body cannot be read: %s", clip(err.Error()))
}

func checkJSON(b []byte) error {
	if !utf8.Valid(b) {
		return problem(http.StatusBadRequest, "the body must be UTF-8")
	}
	depth, inText, escaped := 0, false, false
	for _, c := range b {
		switch {
		case escaped:
			escaped = false
		case inText && c == '\\':
			escaped = true
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return problem(http.StatusBadRequest, "the body must be nested at most %d deep", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
