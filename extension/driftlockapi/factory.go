package driftlockapi

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/metadata"
)

// NewFactory makes the extension's factory.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return &api{cfg: cfg.(*Config), telemetry: set.TelemetrySettings, build: set.BuildInfo}, nil
}
