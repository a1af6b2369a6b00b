// Package imports holds the module to imports that go one way.
package imports

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/driftlock/driftlock/"

// listed is what `go list` says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	CgoFiles   []string
}

func packages(t *testing.T) (all []listed) {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps,CgoFiles", "./...")
	cmd.Dir = "../.."
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	d := json.NewDecoder(out)
	for {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if path, ours := strings.CutPrefix(p.ImportPath, module); ours {
			p.ImportPath = path
			all = append(all, p)
		}
	}
	require.NoError(t, cmd.Wait())
	require.NotEmpty(t, all)
	return all
}

// component is the folder of the collector component that a package belongs to; empty where it belongs to none.
func component(path string) string {
	kind, rest, _ := strings.Cut(path, "/")
	switch kind {
	case "processor", "exporter", "connector", "receiver", "extension":
		name, _, _ := strings.Cut(rest, "/")
		return kind + "/" + name
	}
	return ""
}

// Components never import each other, and nothing but the distribution imports a component.
func TestComponentsStandAlone(t *testing.T) {
	for _, p := range packages(t) {
		for _, dep := range p.Deps {
			path, ours := strings.CutPrefix(dep, module)
			if c := component(path); ours && c != "" && c != component(p.ImportPath) && p.ImportPath != "cmd/driftlock" {
				t.Errorf("%s depends on %s", p.ImportPath, path)
			}
		}
	}
}

// Below the components: what may not know of what.
func TestLayers(t *testing.T) {
	forbidden := map[string][]string{
		"internal/anomaly":   {"internal/store", "internal/detect", "internal/canonical", "internal/cbad", "internal/episode"},
		"internal/canonical": {"internal/detect", "internal/store"},
		"internal/cbad":      {"internal/"},
		"internal/detect":    {"internal/store", "internal/keeper", "internal/auth", "internal/live"},
		"internal/episode":   {"internal/detect", "internal/store"},
		"internal/store":     {"internal/detect", "internal/canonical", "internal/cbad", "internal/keeper", "internal/auth", "internal/live"},
		"internal/live":      {"internal/detect", "internal/cbad"},
		"internal/auth":      {"internal/detect", "internal/cbad"},
		"internal/join":      {"internal/detect", "internal/store", "internal/cbad"},
	}
	for _, p := range packages(t) {
		for layer, below := range forbidden {
			if p.ImportPath != layer && !strings.HasPrefix(p.ImportPath, layer+"/") {
				continue
			}
			for _, dep := range p.Deps {
				path, ours := strings.CutPrefix(dep, module)
				for _, no := range below {
					if ours && path != p.ImportPath && (path == no || strings.HasPrefix(path, strings.TrimSuffix(no, "/")+"/")) {
						t.Errorf("%s depends on %s", p.ImportPath, path)
					}
				}
			}
		}
	}
}

// The core is reached through one package.
func TestOnePackageImportsC(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.CgoFiles) > 0 && p.ImportPath != "internal/cbad" {
			t.Errorf("%s imports C", p.ImportPath)
		}
	}
}
