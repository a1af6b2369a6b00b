// Command synthetic sends the telemetry of a simulated shop over OTLP, with incidents on demand.
// It does not detect anything, and needs nothing but a receiver, or a file to write to.
package main

import (
	"os"

	"github.com/driftlock/driftlock/internal/cli"
)

func main() { os.Exit(cli.Run(newCommand)) }
