// Package e2e runs the built binaries as users do: a collector with a real configuration, telemetry over OTLP, questions to the API.
// It looks at nothing inside the process.
package e2e
