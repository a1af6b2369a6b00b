package driftlockapi

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/openapi"
	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/live"
	"github.com/driftlock/driftlock/internal/store"
)

// handler answers all requests.
type handler struct {
	store   store.Store
	keys    *auth.Keys
	gate    *auth.Gate
	limits  limits
	cfg     *Config
	logger  *zap.Logger
	version string
	next    http.Handler

	telemetry *telemetry

	document *openapi.Document
	signer   ed25519.PrivateKey // of exported bundles; nil: they are not signed

	sink    *eventSink
	config  *atomic.Pointer[configAnswer]
	hub     *live.Hub
	away    atomic.Bool     // the store was, when last asked whether it is ready
	closing context.Context // ends when the API goes down: streams end then
	close   context.CancelFunc
}

func newHandler(s store.Store, cfg *Config, tokens *auth.Tokens, logger *zap.Logger, version string) *handler {
	h := &handler{telemetry: untold(), document: openapi.Served(), sink: &eventSink{}, config: &atomic.Pointer[configAnswer]{}, store: s, keys: auth.NewKeys(s, nil), limits: cfg.RateLimit.tables(), cfg: cfg, logger: logger, version: version}
	h.hub = live.NewHub(s, cfg.Stream.Remember, cfg.Stream.Clients, logger)
	h.closing, h.close = context.WithCancel(context.Background())
	h.gate = auth.NewGate(h.keys, tokens, cfg.local() || cfg.Insecure)
	mux := http.NewServeMux()
	for pattern, methods := range h.routes() {
		mux.Handle(pattern, h.serve(documented(pattern), methods))
	}
	mux.HandleFunc(everything, func(w http.ResponseWriter, r *http.Request) {
		if navigates(r) {
			sendNoPage(w, r)
			return
		}
		h.fail(w, r, problem(http.StatusNotFound, "nothing is at %s; /openapi.json lists what is", clip(r.URL.Path)))
	})
	h.next = mux
	return h
}

// everything is the pattern of what no route has.
const everything = "/"

// route is a handler that returns what went wrong instead of writing it, and the role that it takes; none: it is open to all.
type route struct {
	need  auth.Role
	serve func(w http.ResponseWriter, r *http.Request) error
	lasts bool // as long as the client stays: query_timeout does not apply
}

// methods are the routes of one path. What GET does, HEAD does.
type methods map[string]route

// routes are all paths. A test goes through every one of them with every role.
func (h *handler) routes() map[string]methods {
	return map[string]methods{
		"/healthz": {http.MethodGet: {"", h.healthz, false}},
		"/readyz":  {http.MethodGet: {"", h.readyz, false}},

		"/openapi.json": {http.MethodGet: {"", h.openAPI, false}},

		"/{$}":           {http.MethodGet: {"", h.page, false}},
		"/streams":       {http.MethodGet: {"", h.page, false}},
		"/settings":      {http.MethodGet: {"", h.page, false}},
		anomalyPage:      {http.MethodGet: {"", h.page, false}},
		"/assets/{name}": {http.MethodGet: {"", h.asset, false}},

		"/v1/anomalies":              {http.MethodGet: {auth.Reader, h.listAnomalies, false}},
		"/v1/anomalies/{id}":         {http.MethodGet: {auth.Reader, h.getAnomaly, false}},
		"/v1/anomalies/export":       {http.MethodGet: {auth.Reader, h.exportAnomalies, false}},
		"/v1/anomalies/{id}/export":  {http.MethodGet: {auth.Reader, h.exportAnomaly, false}},
		"/v1/anomalies/{id}/status":  {http.MethodPatch: {auth.Writer, h.patchStatus, false}},
		"/v1/anomalies/{id}/similar": {http.MethodGet: {auth.Reader, h.listSimilar, false}},
		"/v1/about":                  {http.MethodGet: {auth.Reader, h.about, false}},
		"/v1/overview":               {http.MethodGet: {auth.Reader, h.overview, false}},
		"/v1/lanes":                  {http.MethodGet: {auth.Reader, h.lanes, false}},
		"/v1/windows":                {http.MethodGet: {auth.Reader, h.listWindows, false}},
		"/v1/levels":                 {http.MethodGet: {auth.Reader, h.levels, false}},
		"/v1/streams":                {http.MethodGet: {auth.Reader, h.listStreams, false}},
		"/v1/events":                 {http.MethodPost: {auth.Writer, h.postEvents, false}},
		"/v1/stream/anomalies":       {http.MethodGet: {auth.Reader, h.follow, true}},
		"/v1/stats":                  {http.MethodGet: {auth.Reader, h.stats, false}},
		"/v1/audit":                  {http.MethodGet: {auth.Reader, h.listAudit, false}},
		"/v1/audit/check":            {http.MethodGet: {auth.Admin, h.checkAudit, false}},
		"/v1/config":                 {http.MethodGet: {auth.Admin, h.getConfig, false}},
		"/v1/keys":                   {http.MethodGet: {auth.Admin, h.listKeys, false}, http.MethodPost: {auth.Admin, h.createKey, false}},
		"/v1/keys/{id}":              {http.MethodDelete: {auth.Admin, h.revokeKey, false}},
	}
}

// serve finds the method's route, lets the request pass, holds it to the document and bounds the time that the store may take.
func (h *handler) serve(at string, all methods) http.Handler {
	allowed := slices.Sorted(maps.Keys(all))
	if _, ok := all[http.MethodGet]; ok {
		allowed = append(allowed, http.MethodHead)
	}
	allow := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		route, ok := all[method]
		if !ok {
			w.Header().Set("Allow", allow)
			h.fail(w, r, problem(http.StatusMethodNotAllowed, "%s takes %s (got %s)", clip(r.URL.Path), allow, clip(r.Method)))
			return
		}
		if ctx := known(r); !route.lasts {
			ctx.bound(h.cfg.QueryTimeout)
			defer ctx.end()
		}
		err := h.admit(w, r, route.need)
		if err == nil {
			err = h.check(r, at)
			if err != nil && at == anomalyPage && navigates(r) {
				sendNoPage(w, r)
				return
			}
		}
		if err == nil {
			err = route.serve(w, r)
		}
		if err != nil {
			h.fail(w, r, err)
		}
	})
}

// check holds a request's path, query and headers to the document; its body is held to it where it is read.
func (h *handler) check(r *http.Request, at string) (err error) {
	c := &known(r).call
	if c.operation = h.document.Operation(at, r.Method); c.operation == nil {
		return fmt.Errorf("%s %s is not in the API's document", r.Method, at)
	}
	c.query, err = c.operation.Params(r)
	return err
}

// acceptableID is what we take over from a client or proxy as request id: it goes into headers and logs.
var acceptableID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func requestID(r *http.Request) string { return known(r).id }

// ServeHTTP wraps all routes: request id, headers, the host's name, panics, and what is told about each.
func (h *handler) ServeHTTP(w http.ResponseWriter, outer *http.Request) {
	begun := time.Now()
	r := h.begin(w, outer)
	out := &writer{ResponseWriter: w}
	defer func() { h.ended(outer, r, out.status(), begun) }()
	defer h.recover(out, r)
	if !h.expects(r.Host) {
		h.fail(out, r, problem(http.StatusMisdirectedRequest, "this API serves this machine only, as localhost (got host %q); set insecure: true to serve others", clip(r.Host)))
		return
	}
	if p := r.URL.Path; p != canonical(p) { // http.ServeMux would redirect, before anybody had to say who they are
		if navigates(r) {
			sendNoPage(out, r)
			return
		}
		h.fail(out, r, problem(http.StatusNotFound, "nothing is at %s; a path has no empty, . or .. steps", clip(p)))
		return
	}
	h.next.ServeHTTP(out, r)
}

// canonical is a path as a route writes it.
func canonical(p string) string {
	if p == "" || p[0] != '/' {
		return "/" + p
	}
	clean := path.Clean(p)
	if clean != "/" && strings.HasSuffix(p, "/") {
		clean += "/"
	}
	return clean
}

// begin gives a request its id and its answer the headers that every answer has.
func (h *handler) begin(w http.ResponseWriter, r *http.Request) *http.Request {
	id := r.Header.Get("X-Request-Id")
	if id == "" || !acceptableID.MatchString(id) {
		id = uuid.NewString()
	}
	note(r, id)
	w.Header().Set("X-Request-Id", id)
	maps.Copy(w.Header(), security)
	return r.WithContext(&facts{Context: r.Context(), id: id})
}

// security tells browsers to run no script, embed nothing and be embedded nowhere. All answers share these values; pages say what they load.
var security = map[string][]string{
	"Content-Security-Policy":      {"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"},
	"Referrer-Policy":              {"no-referrer"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
}

// expects refuses names that do not mean this machine where only this machine may ask: with a name of its own that resolves to 127.0.0.1,
// a web page somewhere could otherwise read the answers in its visitor's browser (DNS rebinding).
func (h *handler) expects(host string) bool {
	if h.cfg.Insecure || !h.cfg.local() || host == "" {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return loopback(host) || len(host) > 2 && host[0] == '[' && loopback(host[1:len(host)-1])
}

// recover turns a panic into a structured error, or cuts the connection where an answer had begun.
func (h *handler) recover(w *writer, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	h.logger.Error("request panicked", zap.Any("panic", v), zap.String("path", r.URL.Path), zap.String("request_id", requestID(r)), zap.ByteString("stack", debug.Stack()))
	if w.wrote {
		panic(http.ErrAbortHandler)
	}
	h.fail(w, r, problem(http.StatusInternalServerError, "the collector's log says more under request_id %s", requestID(r)))
}

// writer remembers whether an answer has begun, and with which status.
type writer struct {
	http.ResponseWriter
	wrote bool
	code  int
}

// WriteHeader begins the answer.
func (w *writer) WriteHeader(code int) {
	if !w.wrote {
		w.code = code
	}
	w.wrote = true
	w.ResponseWriter.WriteHeader(code)
}

// status is what the client got; without a word of ours net/http says 200.
func (w *writer) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

// Write begins the answer too.
func (w *writer) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the connection's own writer.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// clip keeps a client's text short in messages.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
