package driftlockevents

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/internal/events"
	"github.com/driftlock/driftlock/receiver/driftlockevents/internal/metadata"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// api is an extension that takes one sink.
type api struct {
	component.Component
	sink events.Sink
}

func (a *api) RegisterEvents(s events.Sink) (func(), error) {
	if a.sink != nil {
		return nil, events.ErrTaken
	}
	a.sink = s
	return func() { a.sink = nil }, nil
}

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

func TestEventsReachThePipeline(t *testing.T) {
	extension := &api{}
	h := host{componenttest.NewNopHost(), map[component.ID]component.Component{component.MustNewID("driftlockapi"): extension, component.MustNewID("other"): nil}}
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	cfg.Attributes = []string{"region"}
	sink := new(consumertest.MetricsSink)
	r, err := NewFactory().CreateMetrics(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), h))
	second, err := NewFactory().CreateMetrics(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, sink)
	require.NoError(t, err)
	require.ErrorIs(t, second.Start(t.Context(), h), events.ErrTaken)
	require.NoError(t, second.Shutdown(t.Context()))

	list := []events.Event{{Time: time.Unix(1e9, 0), Value: 3, Metadata: []events.Pair{{Key: "region", Value: "eu"}, {Key: "service", Value: "shop"}}}}
	require.NoError(t, extension.sink.Consume(t.Context(), list))
	require.Equal(t, 1, sink.DataPointCount())
	require.NoError(t, r.Shutdown(t.Context()))
	require.Nil(t, extension.sink)

	failing, err := NewFactory().CreateMetrics(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewErr(errors.New("queue is full")))
	require.NoError(t, err)
	require.NoError(t, failing.Start(t.Context(), h))
	require.ErrorContains(t, extension.sink.Consume(t.Context(), list), "queue is full")
	require.NoError(t, failing.Shutdown(t.Context()))

	for name, want := range map[string]string{"missing": "not among service.extensions", "other": "is no driftlockapi"} {
		cfg.API = component.MustNewID(name)
		r, err := NewFactory().CreateMetrics(context.Background(), receivertest.NewNopSettings(metadata.Type), cfg, sink)
		require.NoError(t, err)
		require.ErrorContains(t, r.Start(t.Context(), h), want)
		require.NoError(t, r.Shutdown(t.Context()))
	}
}

func TestConfig(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.Validate(cfg))
	cfg.API, cfg.Metric, cfg.Attributes = component.ID{}, "", make([]string, 65)
	err := confmap.Validate(cfg)
	for _, want := range []string{"api must name", "metric and service must not be empty", "attributes must be at most 64 (got 65)"} {
		require.ErrorContains(t, err, want)
	}
}
