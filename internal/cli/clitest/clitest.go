// Package clitest calls commands as a shell would, within a test.
package clitest

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/driftlock/driftlock/internal/cli"
)

// Call runs a command and returns its exit code and all that it printed.
func Call(t testing.TB, command func(stdout, stderr io.Writer) *cobra.Command, args ...string) (int, string) {
	t.Helper()
	var out strings.Builder
	cmd := command(&out, &out)
	cmd.SetArgs(args)
	code := cli.ExitCode(cmd.Name(), cmd.ExecuteContext(t.Context()), &out)
	return code, out.String()
}
