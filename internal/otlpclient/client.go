// Package otlpclient sends pdata to an OTLP receiver over gRPC or HTTP and waits out a receiver that is not up yet.
// It does not queue, batch or reorder: a call returns when the receiver has answered.
package otlpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// Config says where to send.
type Config struct {
	Endpoint string        // host:port for gRPC, http:// or https:// for HTTP
	Protocol string        // grpc, http, or empty: by the endpoint's form
	Patience time.Duration // how long to try again while the receiver refuses connections or asks to wait
	Headers  map[string]string
}

// Protocols that Config.Protocol takes.
const (
	GRPC = "grpc"
	HTTP = "http"
)

// Client is a connection to one receiver. It is safe for concurrent use.
type Client struct {
	config    Config
	transport transport
}

// transport makes one attempt.
type transport interface {
	traces(context.Context, ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error)
	logs(context.Context, plogotlp.ExportRequest) (plogotlp.ExportResponse, error)
	metrics(context.Context, pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error)
	close() error
}

// retryable marks an attempt that may succeed later.
type retryable struct{ error }

func (r retryable) Unwrap() error { return r.error }

// UnreachableError says that no receiver answered for as long as patience lasted.
type UnreachableError struct {
	Endpoint string
	Waited   time.Duration
	Cause    error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no OTLP receiver answered at %s within %s: %v", e.Endpoint, e.Waited.Round(time.Second/10), e.Cause)
}

func (e *UnreachableError) Unwrap() error { return e.Cause }

// New checks the configuration; it does not connect yet.
func New(c Config) (*Client, error) {
	isURL := strings.Contains(c.Endpoint, "://")
	if c.Protocol == "" {
		c.Protocol = GRPC
		if isURL {
			c.Protocol = HTTP
		}
	}
	var t transport
	var err error
	switch c.Protocol {
	case GRPC:
		t, err = newGRPC(c)
	case HTTP:
		if !isURL {
			c.Endpoint = "http://" + c.Endpoint
		}
		t, err = newHTTP(c)
	default:
		return nil, fmt.Errorf("protocol must be grpc or http (got %q)", c.Protocol)
	}
	if err != nil {
		return nil, err
	}
	return &Client{config: c, transport: t}, nil
}

// target splits an endpoint into host:port and whether TLS is asked for.
func target(endpoint string) (address string, secure bool, err error) {
	address = endpoint
	if strings.Contains(endpoint, "://") {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return "", false, fmt.Errorf("endpoint must be host:port, http://host:port or https://host:port (got %q)", endpoint)
		}
		address, secure = u.Host, u.Scheme == "https"
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return "", false, fmt.Errorf("endpoint must name host and port, for example localhost:4317 (got %q)", endpoint)
	}
	return address, secure, nil
}

// Endpoint is where the client sends, as configured.
func (c *Client) Endpoint() string { return c.config.Endpoint }

// Close ends the connection.
func (c *Client) Close() error { return c.transport.close() }

// Traces sends spans; the answer is how many of them the receiver rejected, and why.
func (c *Client) Traces(ctx context.Context, td ptrace.Traces) (rejected int64, why string, err error) {
	req := ptraceotlp.NewExportRequestFromTraces(td)
	err = c.retry(ctx, func(ctx context.Context) error {
		resp, err := c.transport.traces(ctx, req)
		if err == nil {
			rejected, why = resp.PartialSuccess().RejectedSpans(), resp.PartialSuccess().ErrorMessage()
		}
		return err
	})
	return rejected, why, wrap("send spans", err)
}

// Logs sends log records.
func (c *Client) Logs(ctx context.Context, ld plog.Logs) (rejected int64, why string, err error) {
	req := plogotlp.NewExportRequestFromLogs(ld)
	err = c.retry(ctx, func(ctx context.Context) error {
		resp, err := c.transport.logs(ctx, req)
		if err == nil {
			rejected, why = resp.PartialSuccess().RejectedLogRecords(), resp.PartialSuccess().ErrorMessage()
		}
		return err
	})
	return rejected, why, wrap("send log records", err)
}

// Metrics sends metric points.
func (c *Client) Metrics(ctx context.Context, md pmetric.Metrics) (rejected int64, why string, err error) {
	req := pmetricotlp.NewExportRequestFromMetrics(md)
	err = c.retry(ctx, func(ctx context.Context) error {
		resp, err := c.transport.metrics(ctx, req)
		if err == nil {
			rejected, why = resp.PartialSuccess().RejectedDataPoints(), resp.PartialSuccess().ErrorMessage()
		}
		return err
	})
	return rejected, why, wrap("send metric points", err)
}

func wrap(action string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", action, err)
}

// retry repeats the attempt while it may succeed later, with pauses that double from 100 ms to 2 s, until patience ends.
func (c *Client) retry(ctx context.Context, attempt func(context.Context) error) error {
	start, pause := time.Now(), 100*time.Millisecond
	for {
		err := attempt(ctx)
		var again retryable
		if !errors.As(err, &again) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if waited := time.Since(start); waited+pause > c.config.Patience {
			return &UnreachableError{Endpoint: c.config.Endpoint, Waited: waited, Cause: again.error}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 2*time.Second)
	}
}
