package pins

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// One release of the collector: stable modules are v1, the others v0.
const (
	collectorStable = "v1.64.0"
	collectorBeta   = "v0.158.0"
	contrib         = "v0.158.0"
	otelStable      = "v1.44.0"
)

// exceptions are the modules that the release above is used with at another version.
var exceptions = map[string]string{
	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/routingconnector":  "v0.157.0",
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/oidcauthextension": "v0.156.0",
	"go.opentelemetry.io/collector/config/confighttp/xconfighttp":                           "v0.155.0", // newest before the release that can be had
	"go.opentelemetry.io/otel/log":                "v0.20.0",
	"go.opentelemetry.io/otel/sdk/log":            "v0.20.0",
	"go.opentelemetry.io/contrib/bridges/otelzap": "v0.19.0",
}

var requirement = regexp.MustCompile(`(?m)^(?:require )?\s*(\S+\.\S+/\S+) (v\S+)`)

func TestCollectorModulesStayAtTheirPins(t *testing.T) {
	gomod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)

	checked := 0
	for _, m := range requirement.FindAllStringSubmatch(string(gomod), -1) {
		path, version := m[1], m[2]
		want := pin(path)
		if len(want) == 0 {
			continue
		}
		checked++
		assert.Containsf(t, want, version,
			"%s moved to %s. Undo go.mod and go.sum, run `go get %s@%s`, then tidy again: tidy takes the newest version of whatever is not required yet",
			path, version, path, want[0])
	}
	assert.Greater(t, checked, 100, "go.mod was not understood: too few collector modules found")
}

// pin gives the versions that a module may have; none means any.
func pin(path string) []string {
	if v, ok := exceptions[path]; ok {
		return []string{v}
	}
	switch {
	case strings.HasPrefix(path, "github.com/open-telemetry/opentelemetry-collector-contrib/"):
		return []string{contrib}
	case path == "go.opentelemetry.io/collector", strings.HasPrefix(path, "go.opentelemetry.io/collector/"):
		return []string{collectorBeta, collectorStable}
	case path == "go.opentelemetry.io/otel", path == "go.opentelemetry.io/otel/sdk",
		path == "go.opentelemetry.io/otel/metric", path == "go.opentelemetry.io/otel/trace":
		return []string{otelStable}
	}
	return nil
}
