package otlpclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type grpcTransport struct {
	conn    *grpc.ClientConn
	headers metadata.MD
	t       ptraceotlp.GRPCClient
	l       plogotlp.GRPCClient
	m       pmetricotlp.GRPCClient
}

func newGRPC(c Config) (transport, error) {
	address, secure, err := target(c.Endpoint)
	if err != nil {
		return nil, err
	}
	creds := insecure.NewCredentials()
	if secure {
		creds = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(math.MaxInt32)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: .2, MaxDelay: time.Second},
			MinConnectTimeout: 2 * time.Second,
		}))
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: %w", c.Endpoint, err)
	}
	return &grpcTransport{conn: conn, headers: metadata.New(c.Headers),
		t: ptraceotlp.NewGRPCClient(conn), l: plogotlp.NewGRPCClient(conn), m: pmetricotlp.NewGRPCClient(conn)}, nil
}

func (g *grpcTransport) context(ctx context.Context) context.Context {
	if len(g.headers) == 0 {
		return ctx
	}
	return metadata.NewOutgoingContext(ctx, g.headers)
}

func (g *grpcTransport) traces(ctx context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	resp, err := g.t.Export(g.context(ctx), r)
	return resp, classifyGRPC(err)
}

func (g *grpcTransport) logs(ctx context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	resp, err := g.l.Export(g.context(ctx), r)
	return resp, classifyGRPC(err)
}

func (g *grpcTransport) metrics(ctx context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	resp, err := g.m.Export(g.context(ctx), r)
	return resp, classifyGRPC(err)
}

func (g *grpcTransport) close() error { return g.conn.Close() }

// classifyGRPC follows OTLP's table of retryable codes. A message that is too large also answers RESOURCE_EXHAUSTED, and always will.
func classifyGRPC(err error) error {
	if err == nil {
		return nil
	}
	s := status.Convert(err)
	switch s.Code() {
	case codes.Unavailable, codes.Aborted, codes.OutOfRange, codes.DataLoss, codes.DeadlineExceeded:
		return retryable{err}
	case codes.ResourceExhausted:
		if strings.Contains(s.Message(), "larger than max") {
			return fmt.Errorf("%w (raise the receiver's max_recv_msg_size_mib)", err)
		}
		return retryable{err}
	default:
		return err
	}
}
