package otlpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// maxAnswer bounds what is read of a receiver's answer.
const maxAnswer = 64 << 10

type httpTransport struct {
	base    string
	headers map[string]string
	client  *http.Client
}

func newHTTP(c Config) (transport, error) {
	if _, _, err := target(c.Endpoint); err != nil {
		return nil, err
	}
	return &httpTransport{base: strings.TrimRight(c.Endpoint, "/"), headers: c.Headers,
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 4, Proxy: http.ProxyFromEnvironment}}}, nil
}

type message interface{ MarshalProto() ([]byte, error) }

type answer interface{ UnmarshalProto([]byte) error }

func (h *httpTransport) post(ctx context.Context, path string, m message, into answer) error {
	body, err := m.MarshalProto()
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for k, v := range h.headers {
		req.Header.Set(k, v)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := h.client.Do(req)
	if err != nil {
		return retryable{err}
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return retryable{fmt.Errorf("read the answer: %w", err)}
	}
	switch resp.StatusCode {
	case http.StatusOK:
		if err := into.UnmarshalProto(text); err != nil {
			return fmt.Errorf("%s%s does not answer as an OTLP receiver: %w", h.base, path, err)
		}
		return nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return retryable{errors.New(resp.Status)}
	default:
		return fmt.Errorf("POST %s%s: %s: %s", h.base, path, resp.Status, strings.ToValidUTF8(string(text[:min(len(text), 300)]), "?"))
	}
}

func (h *httpTransport) traces(ctx context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	resp := ptraceotlp.NewExportResponse()
	return resp, h.post(ctx, "/v1/traces", r, resp)
}

func (h *httpTransport) logs(ctx context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	resp := plogotlp.NewExportResponse()
	return resp, h.post(ctx, "/v1/logs", r, resp)
}

func (h *httpTransport) metrics(ctx context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	resp := pmetricotlp.NewExportResponse()
	return resp, h.post(ctx, "/v1/metrics", r, resp)
}

func (h *httpTransport) close() error {
	h.client.CloseIdleConnections()
	return nil
}
