package driftlockapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confighttp/xconfighttp"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/metadata"
	"github.com/driftlock/driftlock/internal/events"
	"github.com/driftlock/driftlock/internal/evidence"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/observe"
)

// api is the extension: it owns a listener, a server and a handle on the store.
type api struct {
	cfg       *Config
	telemetry component.TelemetrySettings
	build     component.BuildInfo

	store    store.Store
	listener net.Listener
	server   *http.Server
	serving  sync.WaitGroup
	handler  *handler
	events   eventSink
	config   atomic.Pointer[configAnswer] // once the collector has said it
	stop     func() error                 // ends the metrics that are looked up
}

var _ extensioncapabilities.Dependent = (*api)(nil)

// Dependencies make the collector start what checks tokens before the first request can come.
func (a *api) Dependencies() []component.ID {
	if a.cfg.Access.Authenticator == (component.ID{}) {
		return nil
	}
	return []component.ID{a.cfg.Access.Authenticator}
}

// maxHeaderBytes bounds a request's line and headers, of which no more than a few hundred bytes are of use here; more is a 431.
const maxHeaderBytes = 64 << 10

// acknowledgeEvery is how often anomalies that nobody touched are looked for. Of several collectors one does it each time.
const acknowledgeEvery = 10 * time.Minute

func (a *api) acknowledged(n int, err error) {
	if err != nil {
		a.telemetry.Logger.Warn("cannot acknowledge anomalies that nobody touched; trying again later", zap.Error(err))
	}
	if n > 0 {
		a.telemetry.Logger.Info("acknowledged anomalies that nobody touched", zap.Int("anomalies", n), zap.Duration("auto_acknowledge_after", a.cfg.Store.AutoAcknowledgeAfter))
	}
}

// Start opens the store and listens. What fails here stops the collector with a message that says what to mend.
func (a *api) Start(ctx context.Context, host component.Host) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Shutdown(ctx))
		}
	}()
	away := false
	s, where, err := a.cfg.Store.open(ctx, func(why error) {
		away = true
		a.telemetry.Logger.Warn("the store cannot be reached; the API answers 503 until it can", zap.Error(why))
	}, func(why error) {
		a.telemetry.Logger.Debug("texts of anomalies cannot be indexed; whoever stores them says so", zap.Error(why))
	})
	if err != nil {
		return err
	}
	if a.store, err = observe.Store(s, a.telemetry, metadata.ScopeName, metadata.Prefix); err != nil {
		return errors.Join(err, s.Close())
	}
	tokens, err := a.cfg.Access.tokens(host)
	if err != nil {
		return err
	}
	h := newHandler(a.store, a.cfg, tokens, a.telemetry.Logger, a.build.Version)
	if h.telemetry, err = newTelemetry(a.telemetry); err != nil {
		return fmt.Errorf("make the API's metrics: %w", err)
	}
	if path := a.cfg.Evidence.SigningKeyFile; path != "" {
		if h.signer, err = evidence.LoadPrivateKey(path); err != nil {
			return fmt.Errorf("evidence.signing_key_file: %w", err)
		}
	}
	if !away { // else who has no key is refused once it is there: the gate is only ever open where that is allowed
		if err := a.cfg.checkAccess(ctx, h.keys, tokens); err != nil {
			return err
		}
	}
	var theirs instrumentation
	server, err := a.cfg.ToServer(ctx, host.GetExtensions(), a.telemetry, h, confighttp.WithErrorHandler(h.refuse), xconfighttp.WithOtelHTTPOptions(otelhttp.WithFilter(theirs.wanted)))
	if err != nil {
		return fmt.Errorf("make the API's server: %w", err)
	}
	if err := theirs.find(ctx, a.telemetry); err != nil {
		return fmt.Errorf("make the API's metrics: %w", err)
	}
	listener, err := a.cfg.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("listen on endpoint %s for the API (is it taken by another program?): %w", a.cfg.NetAddr.Endpoint, err)
	}
	server.MaxHeaderBytes = maxHeaderBytes
	server.Handler = joined(server.Handler)
	if a.stop, err = h.telemetry.Observe(h.values); err != nil {
		return errors.Join(fmt.Errorf("make the API's metrics: %w", err), listener.Close())
	}
	h.sink, h.config = &a.events, &a.config
	a.server, a.listener, a.handler = server, listener, h
	a.serving.Go(func() { h.hub.Run(h.closing) })
	a.serving.Go(func() {
		store.Patience(a.cfg.Store.AutoAcknowledgeAfter).Run(h.closing, a.store, acknowledgeEvery, a.acknowledged)
	})
	a.serving.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(fmt.Errorf("serve the API: %w", err)))
		}
	})
	if open, err := h.gate.Open(ctx); err != nil && !away {
		return err
	} else if open {
		a.telemetry.Logger.Warn("the API is open: whoever can reach it may do everything, until there is a key (driftlock-keys create, or POST /v1/keys)",
			zap.String("address", listener.Addr().String()), zap.Bool("this_machine_only", a.cfg.local()))
	}
	a.telemetry.Logger.Info("serving the API", zap.String("address", listener.Addr().String()), zap.String("store", where))
	return nil
}

// Shutdown lets requests in flight end, as long as ctx allows, and closes the store after the last one.
func (a *api) Shutdown(ctx context.Context) error {
	var errs []error
	if a.server != nil {
		a.handler.close() // streams would never end by themselves
		if err := a.server.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("wait for the API's last requests: %w", err), a.server.Close())
		}
		a.serving.Wait()
		a.server = nil
	}
	if a.stop != nil {
		errs = append(errs, a.stop())
		a.stop = nil
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
		a.store = nil
	}
	return errors.Join(errs...)
}

// RegisterEvents lets a driftlockevents receiver take the events that are posted.
func (a *api) RegisterEvents(sink events.Sink) (func(), error) { return a.events.RegisterEvents(sink) }
