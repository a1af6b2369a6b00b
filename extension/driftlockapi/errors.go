package driftlockapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/openapi"
	"github.com/driftlock/driftlock/internal/store"
)

// apiError is the body of every answer that is not a success.
type apiError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Details string `json:"details"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.Message, e.Details) }

var messages = map[int]string{
	http.StatusBadRequest:            "Invalid request",
	http.StatusUnauthorized:          "Not authenticated",
	http.StatusForbidden:             "Not allowed",
	http.StatusRequestTimeout:        "Request too slow",
	http.StatusConflict:              "Change not allowed",
	http.StatusPreconditionFailed:    "Changed meanwhile",
	http.StatusRequestEntityTooLarge: "Body too large",
	http.StatusUnsupportedMediaType:  "Content type not supported",
	http.StatusUnprocessableEntity:   "Refused by the pipeline",
	http.StatusTooManyRequests:       "Too many requests",
	http.StatusNotFound:              "Resource not found",
	http.StatusMethodNotAllowed:      "Method not allowed",
	http.StatusMisdirectedRequest:    "Misdirected request",
	http.StatusInternalServerError:   "Internal error",
	http.StatusServiceUnavailable:    "Not available",
	http.StatusGatewayTimeout:        "Query took too long",
}

func problem(code int, format string, args ...any) *apiError {
	message, ok := messages[code]
	if !ok {
		message = http.StatusText(code)
	}
	return &apiError{Code: code, Message: message, Details: fmt.Sprintf(format, args...)}
}

// translate decides how a failure looks from outside. What only we can mend goes to the log, not to the client.
func (h *handler) translate(r *http.Request, err error) *apiError {
	var e *apiError
	var wrong *openapi.Problem
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &wrong):
		return problem(wrong.Status, "%s", wrong.Text)
	case errors.Is(err, store.ErrNotFound):
		return problem(http.StatusNotFound, "%s", err)
	case errors.Is(err, context.DeadlineExceeded):
		return problem(http.StatusGatewayTimeout, "the store needed more than query_timeout, %s; narrow the filters", h.cfg.QueryTimeout)
	case errors.Is(err, context.Canceled):
		return problem(http.StatusServiceUnavailable, "the request was given up")
	}
	var away net.Error
	if errors.As(err, &away) {
		h.logger.Warn("the store cannot be reached", zap.String("path", r.URL.Path), zap.String("request_id", requestID(r)), zap.Error(err))
		return problem(http.StatusServiceUnavailable, "the store cannot be reached right now; try again")
	}
	h.logger.Error("request failed", zap.String("path", r.URL.Path), zap.String("request_id", requestID(r)), zap.Error(err))
	return problem(http.StatusInternalServerError, "the collector's log says more under request_id %s", requestID(r))
}

// fail answers with an error.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := h.translate(r, err)
	h.answer(w, r, e.Code, e)
}

// refuse answers for confighttp: bodies it cannot decode, credentials it does not accept. It runs outside our own middleware.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, text string, code int) {
	begun, outer := time.Now(), r
	r = h.begin(w, r)
	h.answer(w, r, code, problem(code, "%s", text))
	h.ended(outer, r, code, begun)
}

// ofJSON are the headers of every answer in JSON, which all share these values.
var ofJSON = map[string][]string{
	"Content-Type":  {"application/json; charset=utf-8"},
	"Cache-Control": {"no-store"},
}

// buffers hold answers while they are encoded, and posted events while they are read. One that grew large is not kept.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func giveBack(b *bytes.Buffer) {
	if b.Cap() <= 64<<10 {
		b.Reset()
		buffers.Put(b)
	}
}

// answer writes JSON, indented where a browser shows it to a person. It is encoded before anything is sent, so that an error can still become one.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, code int, body any) {
	b := buffers.Get().(*bytes.Buffer)
	defer giveBack(b)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false) // <*> is a template's blank; the content type says that this is not HTML
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(body); err != nil {
		h.logger.Error("cannot encode an answer", zap.String("path", r.URL.Path), zap.String("request_id", requestID(r)), zap.Error(err))
		code = http.StatusInternalServerError
		b.Reset()
		b.WriteString(`{"code":500,"message":"Internal error","details":"the answer cannot be encoded"}` + "\n")
	}
	maps.Copy(w.Header(), ofJSON)
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
}
