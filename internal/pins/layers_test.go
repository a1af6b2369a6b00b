package pins

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/driftlock/driftlock/"

// listed is what `go list -json` tells about a package.
type listed struct {
	ImportPath string
	Imports    []string
	CgoFiles   []string
	Deps       []string
}

// Imports go one way: commands → components → internal/. Components never import each other:
// where two must meet, the interface lies in internal/.
func TestImportsGoOneWay(t *testing.T) {
	for _, p := range listPackages(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		if path != "internal/cbad" {
			assert.Empty(t, p.CgoFiles, "%s imports \"C\": only internal/cbad may", path)
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, module) {
				continue
			}
			imported = strings.TrimPrefix(imported, module)
			switch {
			case isCommand(imported):
				t.Errorf("%s imports the command %s", path, imported)
			case isComponent(imported) && isInternal(path):
				t.Errorf("%s imports the component %s: imports go from components to internal/", path, imported)
			case isComponent(imported) && isComponent(path) && component(path) != component(imported):
				t.Errorf("the components %s and %s meet: let them meet in an interface in internal/", path, imported)
			}
		}
	}
}

// What an anomaly is must not depend on how it is found, kept or carried.
func TestAnomalyDependsOnDataAlone(t *testing.T) {
	packages := listPackages(t)
	i := slices.IndexFunc(packages, func(p listed) bool { return p.ImportPath == module+"internal/anomaly" })
	require.GreaterOrEqual(t, i, 0)
	for _, dep := range packages[i].Deps {
		if strings.HasPrefix(dep, module) {
			t.Errorf("internal/anomaly depends on %s", dep)
		}
		if strings.HasPrefix(dep, "go.opentelemetry.io/collector/") &&
			!strings.HasPrefix(dep, "go.opentelemetry.io/collector/pdata") &&
			!strings.HasPrefix(dep, "go.opentelemetry.io/collector/featuregate") {
			t.Errorf("internal/anomaly depends on %s: of the collector it may use pdata alone", dep)
		}
	}
}

func isCommand(path string) bool  { return strings.HasPrefix(path, "cmd/") }
func isInternal(path string) bool { return strings.HasPrefix(path, "internal/") }

func isComponent(path string) bool {
	kind, _, found := strings.Cut(path, "/")
	return found && slices.Contains([]string{"connector", "exporter", "extension", "processor", "receiver"}, kind)
}

// component("processor/x/internal/metadata") is "processor/x".
func component(path string) string {
	parts := strings.SplitN(path, "/", 3)
	return parts[0] + "/" + parts[1]
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,CgoFiles,Deps", module+"...")
	list.Dir = "../.."
	out, err := list.Output()
	require.NoError(t, err)

	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else {
			require.NoError(t, err)
		}
		packages = append(packages, p)
	}
}
