// Command migrate brings the schema of a store of anomalies up to date, takes a migration back, or says how far it is.
// It stores and reads no anomalies.
package main

import (
	"os"

	"github.com/driftlock/driftlock/internal/cli"
)

func main() { os.Exit(cli.Run(newCommand)) }
