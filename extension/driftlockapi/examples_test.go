package driftlockapi

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

const examplesFile = "../../docs/API.md"

// example of docs/API.md: commands, and what follows them as their answer.
type documentedExample struct{ commands, kind, answer string }

func readExamples(t *testing.T) (text string, list []documentedExample) {
	t.Helper()
	b, err := os.ReadFile(examplesFile)
	require.NoError(t, err)
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```\n```(json|text)\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		list = append(list, documentedExample{m[1], m[2], m[3]})
	}
	require.Equal(t, strings.Count(string(b), "```sh\n"), len(list), "every example has an answer")
	return string(b), list
}

// TestExamples runs all commands of docs/API.md in one shell against the extension, and holds what they print to what the page shows.
func TestExamples(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	cfg := testConfig(t)
	e := started(t, cfg)
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	it := anomaly.Items{}
	for i := range 120 {
		it.Anomalies = append(it.Anomalies, storetest.Anomaly(i))
	}
	for _, service := range []string{"cart", "checkout"} {
		it.Windows = append(it.Windows, storetest.Window(service, "driftlockcbad", "p", 3))
	}
	_, err := e.store.Add(t.Context(), it)
	require.NoError(t, err)
	k, token, hash, err := auth.NewKey("me", auth.Admin, nil, "system", time.Now())
	require.NoError(t, err)
	require.NoError(t, e.store.AddKey(t.Context(), k, hash, store.System))
	e.handler.keys.Forget(k.ID)
	_, err = e.RegisterEvents(&pipeline{})
	require.NoError(t, err)
	conf := confmap.NewFromStringMap(map[string]any{"extensions": map[string]any{"driftlockapi": map[string]any{"endpoint": "localhost:8080"}}})
	require.NoError(t, e.NotifyConfigSnapshot(t.Context(), extensioncapabilities.NewConfigSnapshot(conf, nil)))

	_, examples := readExamples(t)
	folder := t.TempDir()
	script := "set -eu\nexport LC_ALL=C\n"
	for i, x := range examples {
		script += fmt.Sprintf("{\n%s} > %s/%d\n", x.commands, folder, i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-c", script)
	shell.Env = append(os.Environ(), "API=http://"+e.listener.Addr().String(), "KEY="+token)
	out, err := shell.CombinedOutput()
	require.NoError(t, err, string(out))
	for i, x := range examples {
		printed, err := os.ReadFile(filepath.Join(folder, fmt.Sprint(i)))
		require.NoError(t, err)
		if x.kind == "text" {
			for line := range strings.Lines(x.answer) {
				require.Contains(t, string(printed), strings.TrimSpace(line), x.commands)
			}
			continue
		}
		var want, got any
		require.NoError(t, json.Unmarshal([]byte(x.answer), &want), x.answer)
		require.NoError(t, json.Unmarshal(printed, &got), "%s\n%s", x.commands, printed)
		for _, difference := range differs(want, got, "") {
			t.Errorf("%s%s\nthe page shows %s, the answer is %s", x.commands, difference, x.answer, printed[:min(len(printed), 2000)])
		}
	}
}

// differs says where an answer is not of the shape that is documented: every field shown is there, with a value of the same sort, and
// an error and what it says is the same.
func differs(want, got any, at string) (list []string) {
	if a, b := fmt.Sprintf("%T", want), fmt.Sprintf("%T", got); a != b {
		return []string{fmt.Sprintf("%s is %s, not %s", at, b, a)}
	}
	switch want := want.(type) {
	case map[string]any:
		got := got.(map[string]any)
		for name, v := range want {
			if _, there := got[name]; !there {
				list = append(list, at+"."+name+" is missing")
				continue
			}
			list = append(list, differs(v, got[name], at+"."+name)...)
		}
	case []any:
		got := got.([]any)
		if len(want) > 0 && len(got) == 0 {
			return []string{at + " is empty"}
		}
		if len(want) > 0 {
			list = differs(want[0], got[0], at+"[0]")
		}
	case float64:
		if at == ".code" && want != got {
			list = []string{fmt.Sprintf("the status is %v, not %v", got, want)}
		}
	case string:
		exact := []string{".message", ".details", ".status", ".rejected[0].error", ".role", ".note", ".step", ".signal", ".body.schema"}
		if slices.Contains(exact, at) && want != got {
			list = []string{fmt.Sprintf("%s is %q, not %q", at, got, want)}
		}
	}
	return list
}

// TestEveryRouteHasAnExample: the page and the routes are the same, pages for people left out.
func TestEveryRouteHasAnExample(t *testing.T) {
	t.Parallel()
	text, _ := readExamples(t)
	var described, routes []string
	for _, m := range regexp.MustCompile(`(?m)^### ([A-Z]+ /\S*)$`).FindAllStringSubmatch(text, -1) {
		described = append(described, m[1])
	}
	for pattern, all := range served(t, 0).routes() {
		for method := range all {
			if !strings.HasPrefix(pattern, "/v1/") && !slices.Contains([]string{"/healthz", "/readyz", "/openapi.json"}, pattern) {
				continue
			}
			routes = append(routes, method+" "+pattern)
		}
	}
	require.ElementsMatch(t, routes, described)
}
