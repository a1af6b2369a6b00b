package driftlockevents

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"

	"github.com/driftlock/driftlock/internal/events"
	"github.com/driftlock/driftlock/receiver/driftlockevents/internal/metadata"
)

// Config is what users set.
type Config struct {
	// API is the driftlockapi extension whose events are taken.
	API component.ID `mapstructure:"api"`
	// Metric is the metric's name, MetricKey the metadata key that may name another.
	Metric    string `mapstructure:"metric"`
	MetricKey string `mapstructure:"metric_key"`
	// Service is the service's name, ServiceKey the metadata key that may name another.
	Service    string `mapstructure:"service"`
	ServiceKey string `mapstructure:"service_key"`
	// Attributes are the metadata keys that become attributes: one series for each combination of their values.
	Attributes []string `mapstructure:"attributes"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{API: component.MustNewID("driftlockapi"), Metric: "event.value", MetricKey: "metric", Service: "events", ServiceKey: "service"}
}

// Validate names every key that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.API == (component.ID{}) {
		errs = append(errs, errors.New("api must name a driftlockapi extension"))
	}
	if c.Metric == "" || c.Service == "" {
		errs = append(errs, fmt.Errorf("metric and service must not be empty (got %q and %q)", c.Metric, c.Service))
	}
	if len(c.Attributes) > events.MaxMetadata {
		errs = append(errs, fmt.Errorf("attributes must be at most %d (got %d)", events.MaxMetadata, len(c.Attributes)))
	}
	return errors.Join(errs...)
}

// NewFactory makes the receiver's factory.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(metadata.Type, createDefaultConfig, receiver.WithMetrics(create, metadata.MetricsStability))
}

func create(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
	c := cfg.(*Config)
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set})
	if err != nil {
		return nil, err
	}
	return &intake{
		cfg: c, next: next, report: report,
		mapping: events.Mapping{Metric: c.Metric, MetricKey: c.MetricKey, Service: c.Service, ServiceKey: c.ServiceKey, Attributes: c.Attributes},
	}, nil
}

// intake is the receiver.
type intake struct {
	cfg     *Config
	mapping events.Mapping
	next    consumer.Metrics
	report  *receiverhelper.ObsReport
	leave   func()
}

// Start registers with the API.
func (r *intake) Start(_ context.Context, host component.Host) error {
	e, ok := host.GetExtensions()[r.cfg.API]
	if !ok {
		return fmt.Errorf("api names the extension %s, which is not among service.extensions", r.cfg.API)
	}
	api, ok := e.(events.Registrar)
	if !ok {
		return fmt.Errorf("api names the extension %s, which is no driftlockapi", r.cfg.API)
	}
	leave, err := api.RegisterEvents(r)
	if err != nil {
		return fmt.Errorf("take the events of %s: %w", r.cfg.API, err)
	}
	r.leave = leave
	return nil
}

// Shutdown leaves the API; whoever posts from then on is told so.
func (r *intake) Shutdown(context.Context) error {
	if r.leave != nil {
		r.leave()
	}
	return nil
}

// Consume hands events to the pipeline.
func (r *intake) Consume(ctx context.Context, list []events.Event) error {
	ctx = r.report.StartMetricsOp(ctx)
	err := r.next.ConsumeMetrics(ctx, r.mapping.Metrics(list))
	r.report.EndMetricsOp(ctx, "json", len(list), err)
	return err
}
